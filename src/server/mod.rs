//! A request and a shelf become a response (RFC 9110, 9111). The public listener hands out what was
//! published and asks for lazy feeds through a demand; the admin one tells how things are. Nothing
//! here knows how an edition is made.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How editions are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the public listener listens.
    pub listen: SocketAddr,
    /// Where the admin listener listens; `None`: there is none.
    pub admin: Option<SocketAddr>,
    /// Seconds that a copy of a feed is fresh.
    pub max_age_s: u64,
    /// Path → path below `/feeds/` (`latest.rss`): served as if it were that address.
    pub aliases: BTreeMap<String, String>,
    /// Path → URL or path: 301.
    pub redirects: BTreeMap<String, String>,
    /// Paths that are gone for good: 410.
    pub gone: Vec<String>,
}
