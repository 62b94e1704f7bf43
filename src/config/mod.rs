//! `feeds.toml` as written becomes each room's own options. Every mistake in the file is found in one
//! go and points at its place; rooms never see TOML, and nothing below this room checks again.

use crate::{run, server, worker};

/// What a whole `feeds.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What a run works on.
    pub plan: run::Plan,
    /// When runs happen.
    pub worker: worker::Options,
    /// How editions are served.
    pub server: server::Options,
}
