//! The `[[feed]]` tables as definitions, and those that are there without being written.

use std::collections::BTreeMap;

use super::codes;
use super::defaults;
use super::file::{self, Each, File};
use super::names;
use super::plan::{link, twice, value};
use super::podcast;
use super::text::{At, Text, Wrong};
use crate::article::TermKey;
use crate::feed::{Definition, Selection};

/// All definitions, in the file's order; those that it doesn't write last.
pub(super) fn resolve(text: &mut Text<'_>, file: &File) -> Vec<Definition> {
    let mut feeds: Vec<Definition> = Vec::new();
    let mut seen = BTreeMap::new();
    for written in &file.feeds {
        let each = value(&written.each);
        let name_span = written.name.as_ref().map(|name| name.span.clone());
        let span = name_span.or_else(|| written.span.clone());
        selection_holds(text, written);
        let home =
            link(text, "home", written.home.as_ref(), file.site.url.as_ref().map(|url| &url.value));
        let podcast =
            written.podcast.as_ref().map(|podcast| podcast::resolve(text, podcast, each, file));
        // A feed without a name, and one whose `each` is wrong, has been told already.
        if written.name.is_none() && each.is_none() {
            continue;
        }
        let name = match names::definition(written.name.as_ref().map(|n| n.value.as_str()), each) {
            Ok(name) => name,
            Err(wrong) => {
                if let Some(span) = span {
                    text.wrong("name", &span, wrong);
                }
                continue;
            }
        };
        if twice(text, &mut seen, "feed", &name, &name.to_lowercase(), span.as_ref()) {
            continue;
        }
        feeds.push(Definition { podcast, ..definition(written, name, each, home) });
    }
    if !file.feeds_written {
        feeds.extend([
            defaults::feed("latest", None),
            defaults::feed("{section}", Some(Each::Section)),
        ]);
    }
    for each in [Each::Tag, Each::Author, Each::Series] {
        if !feeds.iter().any(|feed| feed.each == Some(each.taxonomy())) {
            let name = format!("{0}/{{{0}}}", each.taxonomy().as_str());
            feeds.push(defaults::feed(&name, Some(each)));
        }
    }
    feeds
}

fn definition(
    written: &file::Feed,
    name: String,
    each: Option<Each>,
    home: Option<String>,
) -> Definition {
    let absent = defaults::feed(&name, each);
    let terms = |terms: &[At<TermKey>]| terms.iter().map(|term| term.value.clone()).collect();
    Definition {
        title: value(&written.title),
        description: value(&written.description),
        home,
        language: value(&written.language),
        selection: Selection {
            any: terms(&written.any),
            all: terms(&written.all),
            none: terms(&written.none),
        },
        limit: written.limit.unwrap_or(absent.limit),
        within_s: value(&written.within).unwrap_or(absent.within_s),
        max_entry_age_s: value(&written.max_entry_age).unwrap_or(absent.max_entry_age_s),
        max_bytes: value(&written.max_bytes).unwrap_or(absent.max_bytes),
        order: value(&written.order).unwrap_or(absent.order),
        resurface_s: value(&written.resurface).unwrap_or(absent.resurface_s),
        body: value(&written.body).unwrap_or(absent.body),
        eager: written.eager.unwrap_or(absent.eager),
        tombstones_s: value(&written.tombstones).unwrap_or(absent.tombstones_s),
        ..absent
    }
}

/// Tells of terms that shut each other out, so that the feed could never hold an article.
fn selection_holds(text: &mut Text<'_>, feed: &file::Feed) {
    let shut = |term: &&At<TermKey>| feed.none.iter().any(|none| none.value == term.value);
    let all = feed.all.iter().find(shut);
    let any = feed.any.first().filter(|_| feed.any.iter().all(|term| shut(&term)));
    for (key, term) in [("all", all), ("any", any)] {
        if let Some(term) = term {
            let what = "asks for what `none` shuts out, so the feed would hold nothing";
            let help = format!("leave \"{}\" out of one of them", term.value);
            text.wrong(key, &term.span, Wrong::new(codes::SELECTION, what, help));
        }
    }
}
