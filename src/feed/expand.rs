//! Definitions become feeds: "one for each section" becomes one feed a section, and what a definition
//! leaves out is filled in. Pure.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Definition, Feed, FeedName, RESERVED_NAMES, Site};
use crate::article::Taxonomy;
use crate::catalog::query::TermFacts;
use crate::problem::{Code, Place, Problem};

pub(crate) const FEED_TWICE: Code = Code::new("feed-name-twice");

/// The eager feeds of all definitions, in the order of the file and then of slugs. `terms` gives the
/// terms of a taxonomy that have a feed; `locked` the atom:ids that `feeds.lock` gives.
#[must_use]
pub fn expand(
    definitions: &[Definition],
    site: &Site,
    locked: &BTreeMap<String, String>,
    config: &str,
    terms: &dyn Fn(&Taxonomy) -> Vec<TermFacts>,
) -> (Vec<Feed>, Vec<Problem>) {
    let mut feeds = Vec::new();
    let mut problems = Vec::new();
    let declared: BTreeSet<&str> =
        definitions.iter().filter(|d| d.each.is_none()).map(|d| d.name.as_str()).collect();
    for definition in definitions {
        match &definition.each {
            None => feeds.push(declared_feed(definition, site, locked)),
            Some(taxonomy) if definition.eager => {
                for term in terms(taxonomy) {
                    let feed = term_feed(definition, site, locked, &term);
                    if !declared.contains(feed.name.0.as_str()) {
                        feeds.push(feed);
                    } else if !definitions.iter().any(|d| is_for(d, &feed)) {
                        problems.push(twice(config, definition, &term, &feed));
                    }
                }
            }
            Some(_) => {}
        }
    }
    let mut names = BTreeSet::new();
    feeds.retain(|f| names.insert(f.name.clone()));
    (feeds, problems)
}

/// Whether a declared feed is the feed of a term, written out by hand: it has its name and takes what
/// the term groups.
fn is_for(declared: &Definition, feed: &Feed) -> bool {
    let super::Selection { any, all, .. } = &declared.selection;
    let term = feed.term.as_slice();
    declared.each.is_none()
        && declared.name == feed.name.0
        && (all == term && any.is_empty() || any == term && all.is_empty())
}

fn twice(config: &str, definition: &Definition, term: &TermFacts, feed: &Feed) -> Problem {
    let message = format!(
        "the {} {:?} would have the feed {:?}, which is declared already; it gets none",
        term.key.taxonomy.as_str(),
        term.label,
        feed.name.0
    );
    Problem::error(&FEED_TWICE, Place::whole(config), message).help(format!(
        "rename the declared feed, or give {:?} a name with something before or behind it",
        definition.name
    ))
}

fn declared_feed(d: &Definition, site: &Site, locked: &BTreeMap<String, String>) -> Feed {
    let selects = d.selection != super::Selection::default();
    let title = d.title.clone().unwrap_or_else(|| {
        if selects {
            format!("{} – {}", capital(&d.name), site.title)
        } else {
            site.title.clone()
        }
    });
    let description = d.description.clone().unwrap_or_else(|| {
        if site.description.is_empty() { title.clone() } else { site.description.clone() }
    });
    let name = FeedName(d.name.clone());
    let home = d.home.clone().unwrap_or_else(|| site.url.to_string());
    make(d, site, locked, name, title, description, home)
}

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// The feed that a definition makes for one term.
#[must_use]
pub fn term_feed(
    d: &Definition,
    site: &Site,
    locked: &BTreeMap<String, String>,
    term: &TermFacts,
) -> Feed {
    let key = &term.key;
    let token = format!("{{{}}}", key.taxonomy.as_str());
    let fill = |text: &str| text.replace("{label}", &term.label).replace(&token, &key.slug);
    let title = d.title.as_deref().map_or_else(|| format!("{} – {}", term.label, site.title), fill);
    let description = d.description.as_deref().map_or_else(
        || match site.description.as_str() {
            "" => title.clone(),
            about => format!("{} – {about}", term.label),
        },
        fill,
    );
    let slug = utf8_percent_encode(&key.slug, SEGMENT).to_string();
    let home = match (&d.home, &key.taxonomy) {
        (Some(home), _) => home.replace(&token, &slug),
        (None, Taxonomy::Section) => {
            site.url.join(&format!("{slug}/")).unwrap_or_else(|_| site.url.clone()).to_string()
        }
        // Whether a site has a page for each tag or author isn't known; its home page is there.
        (None, _) => site.url.to_string(),
    };
    let name = FeedName(d.name.replace(&token, &key.slug));
    let mut feed = make(d, site, locked, name, title, description, home);
    feed.selection.all.insert(0, key.clone());
    feed.term = Some(key.clone());
    feed
}

fn make(
    d: &Definition,
    site: &Site,
    locked: &BTreeMap<String, String>,
    name: FeedName,
    title: String,
    description: String,
    home: String,
) -> Feed {
    let id = locked.get(&name.0).cloned().unwrap_or_else(|| {
        // Spelled as the address is, so that it is an IRI whatever the slug's script.
        let path = super::address::Address::Bare(name.clone()).url_path();
        format!("{}{}", site.id_base.as_str().trim_end_matches('/'), path)
    });
    Feed {
        name,
        title,
        description,
        home,
        language: d.language.clone().or_else(|| site.language.clone()),
        id,
        selection: d.selection.clone(),
        limit: d.limit,
        within_s: d.within_s,
        max_entry_age_s: d.max_entry_age_s,
        max_bytes: d.max_bytes,
        order: d.order,
        resurface_s: d.resurface_s,
        body: d.body,
        term: None,
        eager: d.eager,
        tombstones_s: d.tombstones_s,
        podcast: d.podcast.as_ref().map(|(show, _)| show.clone()),
    }
}

/// The definition and the taxonomy that a term feed's name belongs to: `tag/harbour`.
#[must_use]
pub fn definition_of<'a>(
    definitions: &'a [Definition],
    name: &FeedName,
) -> Option<(&'a Definition, Taxonomy, String)> {
    let (kind, slug) = name.0.split_once('/')?;
    if !RESERVED_NAMES.contains(&kind) {
        return None;
    }
    let taxonomy = Taxonomy::from(kind.to_owned());
    let definition = definitions.iter().find(|d| d.each.as_ref() == Some(&taxonomy))?;
    Some((definition, taxonomy, slug.to_owned()))
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
