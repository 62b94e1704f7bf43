//! feedwright turns a newsroom's articles into RSS, Atom and JSON feeds.
//!
//! The rooms below stand in reading order, and data flows down them only: a [`source`] finds
//! documents, [`document`] reads each into sightings of articles, the [`catalog`] keeps the last
//! good version of every article, [`feed`] says which articles a feed holds now, [`body`] and
//! [`render`] turn that window into bytes, and [`edition`] verifies, seals and publishes them. [`fetch`]
//! asks other servers what their media are, where an operator wants that.
//! [`press`] makes one edition of one feed, [`lint`] says what is wrong with any feed, [`net`] fetches, [`run`] is one regeneration from end to end,
//! [`worker`] decides when there is one, and [`server`] hands out what was published. [`config`]
//! fills each room's own options from `feeds.toml`; [`cli`] puts everything together.

pub mod problem;
pub mod time;

pub mod article;
pub mod body;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod document;
pub mod edition;
pub mod feed;
pub mod fetch;
pub mod lint;
pub mod net;
pub mod press;
pub mod render;
pub mod run;
pub mod server;
pub mod source;
pub mod state;
pub mod worker;
