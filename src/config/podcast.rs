//! `[feed.podcast]`: what a feed says of itself as a podcast. What directories ask for and isn't there
//! is told here, at its line; what they ask of episodes is the feed room's.

use toml::Spanned;
use toml::de::DeValue;

use super::file::{Each, File};
use super::keys::{self, nearest};
use super::plan::{link, value};
use super::reader::Table;
use super::text::{At, Span, Str, Text, Wrong};
use super::{codes, places, values};
use crate::feed::podcast::{CATEGORIES, ROLES, Show, Voice};
use crate::problem::{Place, Severity};

/// A category, and the one below it.
type Category = (String, Option<String>);

/// The table as written.
pub(super) struct Written {
    span: Option<Span>,
    categories: Vec<At<Category>>,
    image: Option<Str>,
    explicit: Option<bool>,
    author: Option<At<String>>,
    owner_name: Option<At<String>>,
    owner_email: Option<At<String>>,
    serial: Option<At<bool>>,
    medium: Option<At<String>>,
    people: Vec<(Voice, Option<Str>, Option<Str>)>,
    funding: Option<Str>,
    funding_text: Option<At<String>>,
    license: Option<Str>,
    locked: Option<bool>,
    block: Option<bool>,
    complete: Option<bool>,
    new_feed_url: Option<Str>,
    guid: Option<At<String>>,
    txt: Vec<(At<String>, Str)>,
}

/// What the Podcast namespace knows a feed can be. Each but the last two may also be a list.
const MEDIA: [&str; 10] = [
    "podcast",
    "music",
    "video",
    "film",
    "audiobook",
    "newsletter",
    "blog",
    "publisher",
    "course",
    "mixed",
];

/// Reads the table; `None` where there is none.
pub(super) fn read(text: &mut Text<'_>, mut t: Table<'_>) -> Option<Written> {
    if !t.written() {
        return None;
    }
    let people = t.list(text, "people");
    let kinds = &[("episodic", false), ("serial", true)];
    let written = Written {
        span: t.span.clone(),
        categories: t.parsed_list(text, "categories", category),
        image: t.string(text, "image"),
        explicit: t.boolean(text, "explicit"),
        author: t.parsed(text, "author", values::text),
        owner_name: t.parsed(text, "owner_name", values::text),
        owner_email: t.parsed(text, "owner_email", places::email),
        serial: t.parsed(text, "type", values::word(codes::VALUE, kinds)),
        medium: t.parsed(text, "medium", medium),
        people: people.iter().filter_map(|one| person(text, one)).collect(),
        funding: t.string(text, "funding"),
        funding_text: t.parsed(text, "funding_text", values::text),
        license: t.string(text, "license"),
        locked: t.boolean(text, "locked"),
        block: t.boolean(text, "block"),
        complete: t.boolean(text, "complete"),
        new_feed_url: t.string(text, "new_feed_url"),
        guid: t.parsed(text, "guid", guid),
        txt: t.pairs(text, "txt", "applepodcastsverify = \"…\""),
    };
    missing(text, &t, &written);
    t.finish(text);
    Some(written)
}

/// Tells what directories ask for and the table hasn't, each once.
fn missing(text: &mut Text<'_>, t: &Table<'_>, written: &Written) {
    let asked = [
        (
            "categories",
            "a podcast without a category is refused by Apple",
            "categories = [\"News > Daily News\"]",
        ),
        (
            "explicit",
            "a podcast that doesn't say whether it is explicit is refused by Apple",
            "explicit = false",
        ),
    ];
    for (key, why, example) in asked {
        if !t.has(key) {
            let message = format!("`[feed.podcast]` has no `{key}`: {why}");
            tell(text, t.span.as_ref(), message, format!("add `{example}`"));
        }
    }
    for key in ["owner_name", "funding_text"] {
        let beside = if key == "owner_name" { "owner_email" } else { "funding" };
        if !t.has(beside) {
            t.refuse(text, key, &format!("means nothing without `{beside}`"), "name both, or none");
        }
    }
    if let Some(image) = &written.image
        && !matches!(
            crate::article::media::by_ending(&image.value),
            Some("image/jpeg" | "image/png")
        )
    {
        let message = "`image` is neither .jpg nor .png; Apple refuses the podcast";
        let help = "make it 3000 × 3000, as JPEG or PNG".to_owned();
        tell(text, Some(&image.span), message.to_owned(), help);
    }
}

fn tell(text: &mut Text<'_>, span: Option<&Span>, message: String, help: String) {
    text.tell(Severity::Warning, &codes::PODCAST, span, message, Some(help));
}

/// The table resolved: addresses are absolute. The place is where the artwork is named.
pub(super) fn resolve(
    text: &mut Text<'_>,
    written: &Written,
    each: Option<Each>,
    file: &File,
) -> (Show, Place) {
    let site = file.site.url.as_ref().map(|url| &url.value);
    let address = |text: &mut Text<'_>, key, at: &Option<Str>| link(text, key, at.as_ref(), site);
    let image = address(text, "image", &written.image);
    if written.image.is_none() && file.site.icon.is_none() {
        let message = "`[feed.podcast]` has no `image`, and the site no `icon`: a podcast without \
                       artwork is refused by Apple";
        let help = "add `image = \"/podcast/cover.jpg\"`: square, 1400 to 3000 pixels".to_owned();
        tell(text, written.span.as_ref(), message.to_owned(), help);
    }
    if each.is_some() {
        let of_one = [
            ("guid", written.guid.as_ref().map(|at| &at.span)),
            ("new_feed_url", written.new_feed_url.as_ref().map(|at| &at.span)),
        ];
        for (key, span) in of_one.into_iter().filter(|(_, span)| span.is_some()) {
            let message = format!("`{key}` is of one feed, and `each` makes many");
            text.error(&codes::KEY_MISPLACED, span, message, "declare that feed by itself");
        }
    }
    let funding = address(text, "funding", &written.funding);
    let words = value(&written.funding_text).unwrap_or_else(|| "Support the show".to_owned());
    let license = address(text, "license", &written.license);
    let new_feed_url = address(text, "new_feed_url", &written.new_feed_url);
    let people = written.people.iter().map(|(voice, uri, image)| Voice {
        uri: address(text, "uri", uri),
        image: address(text, "image", image),
        ..voice.clone()
    });
    let show = Show {
        people: people.collect(),
        categories: written.categories.iter().map(|at| at.value.clone()).collect(),
        image,
        author: value(&written.author),
        owner: value(&written.owner_email).map(|email| (value(&written.owner_name), email)),
        explicit: written.explicit,
        serial: value(&written.serial).unwrap_or(false),
        medium: value(&written.medium),
        locked: written.locked,
        funding: funding.map(|url| (url, words)),
        license,
        complete: written.complete.unwrap_or(false),
        blocked: written.block.unwrap_or(false),
        new_feed_url,
        guid: value(&written.guid),
        txt: written
            .txt
            .iter()
            .map(|(purpose, words)| (purpose.value.clone(), words.value.clone()))
            .collect(),
    };
    let span = written.image.as_ref().map(|image| &image.span).or(written.span.as_ref());
    (show, text.place(span))
}

/// A name alone, or a table.
fn person<'t>(
    text: &mut Text<'_>,
    one: &'t Spanned<DeValue<'t>>,
) -> Option<(Voice, Option<Str>, Option<Str>)> {
    let DeValue::Table(entries) = one.get_ref() else {
        let name = text.string_in("people", one)?;
        return match values::text(&name.value) {
            Ok(name) => Some((Voice { name, ..Voice::default() }, None, None)),
            Err(wrong) => {
                text.wrong("people", &name.span, wrong);
                None
            }
        };
    };
    let mut t = Table::new(keys::PERSON, Some(one.span()), entries);
    t.require(text, "name", "write `{ name = \"Ann Editor\", role = \"host\" }`");
    let name = t.parsed(text, "name", values::text);
    let role = t.parsed(text, "role", role).map(|role| role.value);
    let (uri, image) = (t.string(text, "uri"), t.string(text, "image"));
    t.finish(text);
    Some((Voice { name: name?.value, role, ..Voice::default() }, uri, image))
}

fn role(written: &str) -> Result<String, Wrong> {
    let role = written.trim().to_lowercase();
    let known: Vec<&str> = ROLES.iter().flat_map(|(_, roles)| roles.iter().copied()).collect();
    if known.contains(&role.as_str()) {
        return Ok(role);
    }
    let help = match nearest(&role, &known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "write \"host\", \"co-host\", \"guest\" or \"producer\", for example".to_owned(),
    };
    Err(Wrong::new(codes::VALUE, "isn't a role of the Podcast Taxonomy", help))
}

/// `News > Daily News`, or either of them alone. `/` and `›` separate too.
fn category(written: &str) -> Result<Category, Wrong> {
    let same = |known: &str, name: &str| known.to_lowercase() == name.trim().to_lowercase();
    let find = |name: &str| CATEGORIES.iter().find(|(top, _)| same(top, name));
    let all = CATEGORIES.iter().map(|(top, below)| (*top, *below));
    let names: Vec<&str> = written.split(['>', '›', '/']).collect();
    let (top, below) = match names[..] {
        [name] => {
            if let Some((top, _)) = find(name) {
                return Ok(((*top).to_owned(), None));
            }
            let home = all.clone().find_map(|(top, below)| {
                below.iter().find(|below| same(below, name)).map(|below| (top, *below))
            });
            if let Some((top, below)) = home {
                return Ok((top.to_owned(), Some(below.to_owned())));
            }
            let known: Vec<&str> = all
                .flat_map(|(top, below)| std::iter::once(top).chain(below.iter().copied()))
                .collect();
            return Err(unknown("isn't a category of Apple's directory", name, &known));
        }
        [top, below] => (top, below),
        _ => {
            let what = "names more than one category below another";
            return Err(Wrong::new(codes::CATEGORY, what, "write it as in \"News > Daily News\""));
        }
    };
    let Some((top, known)) = find(top) else {
        let known: Vec<&str> = all.map(|(top, _)| top).collect();
        return Err(unknown("isn't a category of Apple's directory", top, &known));
    };
    match known.iter().find(|known| same(known, below)) {
        Some(below) => Ok(((*top).to_owned(), Some((*below).to_owned()))),
        None => {
            let home = all.clone().find(|(_, others)| others.iter().any(|o| same(o, below)));
            let what = format!("has no such category below \"{top}\"");
            Err(match home {
                Some((home, _)) => {
                    let help = format!("write \"{home} > {}\"", below.trim());
                    Wrong::new(codes::CATEGORY, what, help)
                }
                None => unknown(&what, below, known),
            })
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Wrong {
    let help = match nearest(name.trim(), known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "leave out what stands behind the \">\"".to_owned(),
        None if known.len() > 20 => {
            "they are listed in docs/reference/config.md, under `[feed.podcast]`".to_owned()
        }
        None => format!("it is one of {}", known.join(", ")),
    };
    Wrong::new(codes::CATEGORY, what, help)
}

/// A medium, or a list of it, which ends in `L`.
fn medium(written: &str) -> Result<String, Wrong> {
    let bare = written.strip_suffix('L').unwrap_or(written);
    if MEDIA.contains(&bare) && bare != "publisher" || written == "publisher" {
        return Ok(written.to_owned());
    }
    let help = match nearest(written, &MEDIA) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("it is one of {}", MEDIA.join(", ")),
    };
    Err(Wrong::new(codes::VALUE, "isn't a medium that the Podcast namespace knows", help))
}

fn guid(written: &str) -> Result<String, Wrong> {
    let groups: Vec<usize> = written.split('-').map(str::len).collect();
    if groups == [8, 4, 4, 4, 12] && written.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
        return Ok(written.to_ascii_lowercase());
    }
    let help = "write the `podcast:guid` of the feed that it was, or leave the line out";
    Err(Wrong::new(codes::VALUE, "isn't a UUID", help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_apples() {
        for (written, found) in [
            ("News > Daily News", ("News", Some("Daily News"))),
            ("news/daily news", ("News", Some("Daily News"))),
            ("Daily News", ("News", Some("Daily News"))),
            ("True Crime", ("True Crime", None)),
            ("Society & Culture › Documentary", ("Society & Culture", Some("Documentary"))),
        ] {
            let found = (found.0.to_owned(), found.1.map(str::to_owned));
            assert_eq!(category(written), Ok(found), "{written}");
        }
        for (written, help) in [
            ("New", "did you mean \"News\"?"),
            ("News > Dayly News", "did you mean \"Daily News\"?"),
            ("Arts > Daily News", "write \"News > Daily News\""),
            ("Technology > Gadgets", "leave out what stands behind the \">\""),
            ("News > Daily News > More", "write it as in \"News > Daily News\""),
        ] {
            assert_eq!(category(written).unwrap_err().help.as_deref(), Some(help), "{written}");
        }
    }

    #[test]
    fn a_medium_may_be_a_list() {
        assert!(["podcast", "musicL", "publisher", "mixed"].iter().all(|m| medium(m).is_ok()));
        assert!(["publisherL", "L", "Podcast", "radio"].iter().all(|m| medium(m).is_err()));
    }
}
