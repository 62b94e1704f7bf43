//! The codes of what can be wrong in a `feeds.toml`. Each has a section in
//! `docs/reference/problems.md`.

use crate::problem::Code;

/// The file isn't TOML.
pub(crate) const SYNTAX: Code = Code::new("config-syntax");
/// A key that no table of that name knows.
pub(crate) const KEY_UNKNOWN: Code = Code::new("config-key-unknown");
/// A key that has no default isn't there.
pub(crate) const KEY_MISSING: Code = Code::new("config-key-missing");
/// A key that means nothing beside another one.
pub(crate) const KEY_MISPLACED: Code = Code::new("config-key-misplaced");
/// A value of another type than the key's.
pub(crate) const TYPE: Code = Code::new("config-type");
/// A value of the right type that can't be used, and has no code of its own.
pub(crate) const VALUE: Code = Code::new("config-value");
/// `${NAME}` that the environment doesn't hold, or that isn't written so.
pub(crate) const VARIABLE: Code = Code::new("config-variable");
/// Not an address of the web.
pub(crate) const URL: Code = Code::new("config-url");
/// Not a schedule, or one that never comes.
pub(crate) const CRON: Code = Code::new("config-cron");
/// Not a time zone of the IANA database.
pub(crate) const ZONE: Code = Code::new("config-zone");
/// Not a language tag.
pub(crate) const LANGUAGE: Code = Code::new("config-language");
/// Not a permalink pattern.
pub(crate) const PERMALINK: Code = Code::new("config-permalink");
/// Not a glob.
pub(crate) const GLOB: Code = Code::new("config-glob");
/// A path that can't be one, or that would lie where it does harm.
pub(crate) const PATH: Code = Code::new("config-path");
/// Not a kind of source.
pub(crate) const KIND: Code = Code::new("config-kind");
/// A database that this release can't read.
pub(crate) const DATABASE: Code = Code::new("config-database");
/// A name that no address or line can hold.
pub(crate) const NAME: Code = Code::new("config-name");
/// A name that begins other addresses.
pub(crate) const NAME_RESERVED: Code = Code::new("config-name-reserved");
/// Two of one name.
pub(crate) const NAME_TWICE: Code = Code::new("config-name-twice");
/// Not a duration such as `"48h"`.
pub(crate) const DURATION: Code = Code::new("config-duration");
/// Not a size such as `"20KB"`.
pub(crate) const SIZE: Code = Code::new("config-size");
/// Not a term such as `section:world`, or terms that shut each other out.
pub(crate) const SELECTION: Code = Code::new("config-selection");
/// Not an address to listen at.
pub(crate) const LISTEN: Code = Code::new("config-listen");
/// An alias, redirect or gone path that can't work.
pub(crate) const ROUTE: Code = Code::new("config-route");
/// Not a category of Apple's directory.
pub(crate) const CATEGORY: Code = Code::new("config-category");

/// Warning: a podcast lacks what directories ask for.
pub(crate) const PODCAST: Code = Code::new("podcast-incomplete");
/// Note: no `site.base_url`.
pub(crate) const BASE_URL_MISSING: Code = Code::new("base-url-missing");
/// Note: `site.base_url` is this machine, `site.url` is not.
pub(crate) const BASE_URL_LOOPBACK: Code = Code::new("base-url-loopback");
/// Note: the admin listener can be reached from elsewhere.
pub(crate) const ADMIN_OPEN: Code = Code::new("admin-open");
