//! The keys that `feeds.toml` knows, table by table. The reader refuses any other, and tests hold
//! `defaults.toml` and `docs/reference/config.md` to this list.

/// A table of `feeds.toml`: how a person writes its header, and the keys in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keys {
    /// As it is written: `[site]`, `[[source]]`. Empty of the file's top.
    pub(crate) header: &'static str,
    /// Every key that it can hold.
    pub(crate) names: &'static [&'static str],
}

pub(crate) const TOP: Keys = Keys {
    header: "",
    names: &["site", "schedule", "source", "feed", "media", "output", "server", "guard"],
};

pub(crate) const SITE: Keys = Keys {
    header: "[site]",
    names: &[
        "title",
        "url",
        "description",
        "language",
        "timezone",
        "base_url",
        "authors",
        "copyright",
        "license",
        "icon",
        "logo",
        "contact",
    ],
};

/// An author of `[site]` who is written as a table.
pub(crate) const AUTHOR: Keys = Keys { header: "authors", names: &["name", "uri", "email"] };

pub(crate) const SCHEDULE: Keys = Keys { header: "[schedule]", names: &["cron", "watch", "look"] };

pub(crate) const GUARD: Keys =
    Keys { header: "[guard]", names: &["loss", "loss_min", "change", "change_min"] };

pub(crate) const SOURCE: Keys = Keys {
    header: "[[source]]",
    names: &[
        "name",
        "kind",
        "path",
        "include",
        "exclude",
        "url",
        "query",
        "table",
        "columns",
        "charset",
        "also",
        "changed_since",
        "lag",
        "sweep",
        "listen",
        "password_file",
        "tls_ca",
        "time_limit",
        "list_separator",
        "preset",
        "table_prefix",
        "blog",
        "types",
        "type_bases",
        "permalink",
        "timezone",
        "language",
        "authors",
        "section",
        "id_prefix",
    ],
};

pub(crate) const FEED: Keys = Keys {
    header: "[[feed]]",
    names: &[
        "name",
        "each",
        "title",
        "description",
        "home",
        "language",
        "any",
        "all",
        "none",
        "limit",
        "within",
        "max_entry_age",
        "max_bytes",
        "order",
        "resurface",
        "body",
        "eager",
        "tombstones",
        "podcast",
    ],
};

pub(crate) const PODCAST: Keys = Keys {
    header: "[feed.podcast]",
    names: &[
        "categories",
        "image",
        "explicit",
        "author",
        "owner_name",
        "owner_email",
        "type",
        "medium",
        "people",
        "funding",
        "funding_text",
        "license",
        "locked",
        "block",
        "complete",
        "new_feed_url",
        "guid",
        "txt",
    ],
};

/// Someone of `[feed.podcast] people`.
pub(crate) const PERSON: Keys = Keys { header: "people", names: &["name", "role", "uri", "image"] };

pub(crate) const MEDIA: Keys =
    Keys { header: "[media]", names: &["fetch", "budget", "budget_time", "max_age", "allow"] };

pub(crate) const OUTPUT: Keys = Keys { header: "[output]", names: &["dir", "state", "lock"] };

pub(crate) const SERVER: Keys = Keys {
    header: "[server]",
    names: &["listen", "admin", "max_age", "aliases", "fallbacks", "redirects", "gone"],
};

/// The tables that have a header of their own.
pub(crate) const TABLES: [Keys; 9] =
    [SITE, SCHEDULE, SOURCE, FEED, PODCAST, OUTPUT, SERVER, GUARD, MEDIA];

/// What may stand at a key whose strings are written in a way of their own.
pub(super) fn example(key: &str) -> Option<&'static str> {
    Some(match key {
        "within" => "48h",
        "max_entry_age" => "90d",
        "tombstones" => "30d",
        "resurface" => "7d",
        "look" => "10m",
        "time_limit" => "60s",
        "lag" => "10m",
        "sweep" => "1h",
        "max_age" => "5m",
        "max_bytes" => "1MB",
        "cron" => "0 */5 * * * *",
        "timezone" => "Asia/Baku",
        "language" => "en",
        "listen" => "127.0.0.1:8080",
        "admin" => "127.0.0.1:8081",
        _ => return None,
    })
}

/// What to say of a key that `table` doesn't know: the nearest that it does, the table that the
/// key belongs to, or all that would be right.
pub(super) fn help_for(unknown: &str, table: Keys) -> String {
    if let Some(near) = nearest(unknown, table.names) {
        return format!("did you mean `{near}`?");
    }
    let home = TABLES.iter().find(|t| t.header != table.header && t.names.contains(&unknown));
    if let Some(home) = home {
        return format!("`{unknown}` is a key of `{}`", home.header);
    }
    let all: Vec<String> = table.names.iter().map(|n| format!("`{n}`")).collect();
    let place = if table.header.is_empty() { "the file" } else { table.header };
    format!("the keys of {} are {}", code(place), all.join(", "))
}

fn code(place: &str) -> String {
    if place.starts_with('[') || matches!(place, "authors" | "people") {
        format!("`{place}`")
    } else {
        place.to_owned()
    }
}

/// Names longer than this are no slip of the pen, and comparing them is slow.
const NAME_CHARS_MAX: usize = 40;

/// The known name that `unknown` was probably meant to be.
pub(super) fn nearest<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    let length = unknown.chars().count();
    if !(2..=NAME_CHARS_MAX).contains(&length) {
        return None;
    }
    let folded = unknown.to_lowercase().replace('-', "_");
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &name.to_lowercase()), *name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= (length / 3).max(1));
    // A beginning is near too, either way round: `desc`, `directory`.
    let begins = |name: &&str| {
        length >= 4 && name.starts_with(&folded) || name.len() >= 3 && folded.starts_with(*name)
    };
    near.map(|(_, name)| name).or_else(|| known.iter().copied().find(begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_key() {
        for (unknown, table, expected) in [
            ("titel", SITE, "did you mean `title`?"),
            ("base-url", SITE, "did you mean `base_url`?"),
            ("Title", SITE, "did you mean `title`?"),
            ("desc", SITE, "did you mean `description`?"),
            ("directory", OUTPUT, "did you mean `dir`?"),
            ("max_age", FEED, "`max_age` is a key of `[server]`"),
            ("podcast", TOP, "`podcast` is a key of `[[feed]]`"),
            ("catgories", PODCAST, "did you mean `categories`?"),
        ] {
            assert!(help_for(unknown, table).starts_with(expected), "{}", help_for(unknown, table));
        }
    }

    #[test]
    fn nothing_is_guessed_of_a_name_far_from_all() {
        for unknown in ["colour", "subscribe", "x", "", &"title".repeat(100)] {
            assert_eq!(nearest(unknown, FEED.names), None, "{unknown}");
        }
    }
}
