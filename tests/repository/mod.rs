//! A machine that has lost its state, or never had one: what the repository (articles, `feeds.toml`,
//! `feeds.lock`) and what is published are enough for.

mod learn;
mod locks;
mod machine;
mod prune;
