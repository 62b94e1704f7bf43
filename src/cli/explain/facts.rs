//! What an article says of itself, and where each of it came from, in words. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::article::slug::slug;
use crate::article::{IdOrigin, Moment, Precision, SummaryOrigin, Taxonomy, Term, Visibility};
use crate::catalog::explain::{Departed, Standing, Witness};
use crate::catalog::lock::Lock;
use crate::catalog::looks::Looks;
use crate::cli::history::time;
use crate::cli::output;
use crate::run::Plan;
use crate::source;
use crate::time::Zone;

/// One thing that is known, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    /// `id`, `link`, `published` …
    pub(super) what: &'static str,
    pub(super) value: String,
    /// The instant that `value` tells to a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) from: String,
}

const NAMED: &str = "named by the document";

fn fact(what: &'static str, value: impl Into<String>, from: impl Into<String>) -> Fact {
    Fact { what, value: value.into(), at: None, from: from.into() }
}

fn instant(
    what: &'static str,
    zone: &Zone,
    at: DateTime<Utc>,
    precision: Precision,
    from: &str,
) -> Fact {
    let day = if precision == Precision::Day { " (a day)" } else { "" };
    let value = format!("{}{day}", time(zone, at));
    Fact { what, value, at: Some(output::rfc3339(at)), from: from.to_owned() }
}

/// When the database that an article comes from was looked at.
pub(super) fn of_look(plan: &Plan, standing: &Standing, looks: &Looks) -> Vec<Fact> {
    let zone = &plan.site.zone;
    let at = |what, at: Option<DateTime<Utc>>, from| {
        at.map(|at| instant(what, zone, at, Precision::Instant, from))
    };
    let source = format!("source {}", standing.source);
    let facts = [
        at("looked at", looks.looked, &source),
        at("down since", looks.down, "its database can't be read; what was published stays"),
    ];
    facts.into_iter().flatten().collect()
}

/// The facts of an article that stands.
pub(super) fn of(
    plan: &Plan,
    lock: &Lock,
    standing: &Standing,
    witnesses: &[Witness],
) -> Vec<Fact> {
    let (says, zone) = (&standing.says, &plan.site.zone);
    let source = plan.sources.iter().find(|s| s.name == standing.source);
    let path = witnesses.first().map_or("", |w| w.path.as_str());
    let mut facts = vec![
        fact("id", &standing.id, id_from(lock, standing)),
        fact("link", &says.link, link_from(says.link_named, source)),
        published(zone, standing, path),
    ];
    for (what, moment) in [("updated", says.updated), ("expires", says.expires)] {
        facts.extend(moment.map(|m| instant(what, zone, m.at, m.precision, NAMED)));
    }
    if let Some(section) = says.section() {
        facts.push(fact("section", &section.label, section_from(section, path, source)));
    }
    for taxonomy in [Taxonomy::Tag, Taxonomy::Author, Taxonomy::Series] {
        let labels: Vec<&str> = says
            .terms
            .iter()
            .filter(|t| t.key.taxonomy == taxonomy)
            .map(|t| t.label.as_str())
            .collect();
        let what = match taxonomy {
            Taxonomy::Tag => "tags",
            Taxonomy::Author => "authors",
            _ => "series",
        };
        if !labels.is_empty() {
            facts.push(fact(what, labels.join(", "), ""));
        }
    }
    if let Some(summary) = &says.summary {
        let from = match summary.origin {
            SummaryOrigin::Named => NAMED,
            SummaryOrigin::Divider => "what stands before its divider",
            SummaryOrigin::Kicker => "its kicker stands in for it",
            SummaryOrigin::Paragraph => "its first paragraph stands in for it",
        };
        facts.push(fact("summary", &summary.text, from));
    }
    if let Some(body) = says.body {
        facts.push(fact(
            "body",
            format!("{} as read", output::count(body.bytes, "byte", "bytes")),
            "",
        ));
    }
    if says.visibility != Visibility::Public {
        facts.push(fact("visibility", visibility(says.visibility), NAMED));
    }
    facts
}

/// The facts of an article that was withdrawn.
pub(super) fn of_departed(plan: &Plan, departed: &Departed) -> Vec<Fact> {
    let zone = &plan.site.zone;
    let instant = |what, at, from| instant(what, zone, at, Precision::Instant, from);
    let mut facts = vec![
        fact("id", &departed.id, ""),
        fact("link", &departed.link, ""),
        instant("published", departed.published, ""),
    ];
    // Of what only a manifest listed, which a run without a state learned, no document is known.
    let why = if departed.source.is_empty() {
        "it was published, and no document names it"
    } else {
        let from = format!("in source {:?}", departed.source);
        facts.push(fact("document", &departed.path, from));
        "no document names it any more"
    };
    facts.push(instant("withdrawn", departed.at, why));
    facts
}

pub(super) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Unlisted => "unlisted",
        Visibility::Members => "members",
        Visibility::Paid => "paid",
    }
}

fn id_from(lock: &Lock, standing: &Standing) -> String {
    if standing.id != standing.rule_id {
        return format!(
            "kept by feeds.lock; by what the document says now it would be {}",
            standing.rule_id
        );
    }
    match standing.says.id_origin {
        IdOrigin::Named => NAMED.to_owned(),
        IdOrigin::Lock => "given by feeds.lock".to_owned(),
        IdOrigin::Adopted => "taken over from the feed that stood before".to_owned(),
        IdOrigin::Derived => {
            let pattern = lock.links.get(&standing.source).and_then(|l| l.pattern.as_deref());
            format!("made by {} that feeds.lock recorded", quoted("the", pattern))
        }
    }
}

fn link_from(named: bool, source: Option<&source::Options>) -> String {
    if named {
        return NAMED.to_owned();
    }
    let pattern = source.and_then(|s| s.reading.permalink.as_deref());
    format!("made by {}", quoted("the source's", pattern))
}

fn quoted(whose: &str, pattern: Option<&str>) -> String {
    match pattern {
        Some(pattern) => format!("{whose} pattern {pattern:?}"),
        None => "the default pattern".to_owned(),
    }
}

fn published(zone: &Zone, standing: &Standing, path: &str) -> Fact {
    let Some(Moment { at, precision }) = standing.says.published.filter(|_| standing.dated) else {
        let from = "the first sight, kept by feeds.lock: the document names no date";
        return instant("published", zone, standing.published, Precision::Instant, from);
    };
    let day = zone.show(at).date_naive();
    let in_path = ["%Y-%m-%d", "%Y/%m/%d", "%Y_%m_%d"]
        .iter()
        .any(|format| path.contains(&day.format(format).to_string()));
    // Which of the two it was isn't kept.
    let by_path = in_path && precision == Precision::Day;
    let from = if by_path { "named by the document or its path" } else { NAMED };
    instant("published", zone, at, precision, from)
}

fn section_from(section: &Term, path: &str, source: Option<&source::Options>) -> String {
    let is = |name: &str| {
        let slug = slug(name);
        slug == section.key.slug || format!("{slug}-section") == section.key.slug
    };
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let from = if source.and_then(|s| s.reading.section.as_deref()).is_some_and(is) {
        "`section` of the source, or named by the document"
    } else if folders.split('/').any(is) {
        "the folder that it stands in"
    } else {
        NAMED
    };
    match section.label_from_index {
        true => format!("{from}; called so by its _index.md"),
        false => from.to_owned(),
    }
}
