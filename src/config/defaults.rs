//! What an absent key gives. `defaults.toml` says the same to people, and a test compares the two.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::file::Each;
use crate::feed::{BodyMode, Definition, Order, Selection};
use crate::time::Zone;

pub(super) const CRON: &str = "0 */5 * * * *";
pub(super) const WATCH: bool = true;
pub(super) const LOOK_S: u64 = 10 * 60;
pub(super) const LIST_SEPARATOR: &str = ",";
pub(super) const DIR: &str = "public";
pub(super) const STATE: &str = ".feedwright";
pub(super) const LOCK_FILE: &str = "feeds.lock";
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
pub(super) const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
pub(super) const MAX_AGE_S: u64 = 5 * 60;

/// The zone of times written without one.
pub(super) fn zone() -> Zone {
    Zone::utc()
}

/// A feed of which only the name is written. Term feeds are lazy: there can be very many.
pub(super) fn feed(name: &str, each: Option<Each>) -> Definition {
    Definition {
        name: name.to_owned(),
        each: each.map(Each::taxonomy),
        title: None,
        description: None,
        home: None,
        language: None,
        selection: Selection::default(),
        limit: 50,
        within_s: 48 * 3600,
        max_entry_age_s: None,
        max_bytes: Some(1_000_000),
        order: Order::default(),
        resurface_s: None,
        body: BodyMode::Full,
        eager: matches!(each, None | Some(Each::Section)),
        tombstones_s: None,
        podcast: None,
    }
}
/// How late a change may be committed and is still seen at the next look.
pub(super) const LAG_S: u64 = 10 * 60;
/// How often what is later, or gone, is looked for.
pub(super) const SWEEP_S: u64 = 60 * 60;
