//! The commands.

pub mod args;
pub mod output;
