//! `feeds.toml` as written becomes each room's own options.
