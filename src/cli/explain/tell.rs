//! What is told of an article, for a person.

use std::io::{self, Write};

use super::facts::Fact;
use super::feeds::FeedPlace;
use super::timeline::Event;
use super::{ArticleTold, DocumentTold, Explained};
use crate::cli::history::time;
use crate::cli::{colour, output};
use crate::problem::Problem;
use crate::time::Zone;

/// So many articles of one document are told in full; of more, their titles and ids.
const IN_FULL_MAX: usize = 3;

/// So much of a text is shown.
const TEXT_CHARS_MAX: usize = 100;

pub(super) fn tell(out: &mut dyn Write, zone: &Zone, told: &Explained) -> io::Result<()> {
    for document in &told.documents {
        // Where it has one article, that says it all.
        if document.state != "read" || document.waits || told.articles.len() > 1 {
            tell_document(out, document)?;
        }
    }
    if told.articles.len() > IN_FULL_MAX {
        for article in &told.articles {
            let id = article.facts.first().map_or("", |f| f.value.as_str());
            writeln!(out, "  {}", output::safe(&article.title))?;
            writeln!(out, "    {}", output::safe(id))?;
        }
        return writeln!(out, "ask for one of them by its id");
    }
    for article in &told.articles {
        tell_article(out, zone, article)?;
    }
    for article in &told.withdrawn {
        writeln!(out, "{}", output::safe(&article.title))?;
        facts(out, &article.facts)?;
        timeline(out, zone, &article.timeline)?;
    }
    Ok(())
}

fn tell_document(out: &mut dyn Write, document: &DocumentTold) -> io::Result<()> {
    let state = match (document.state, document.articles) {
        ("kept", _) => "can't be read as it is now; what it said before is kept".to_owned(),
        ("unread", _) => "could never be read; it is published nowhere".to_owned(),
        ("nothing", _) if document.problems.is_empty() => {
            "says that it isn't published (a draft, a status such as private, or a folder of drafts); \
             it is in no feed"
                .to_owned()
        }
        ("nothing", _) => "has no article in it".to_owned(),
        (_, 1) => "speaks of one article".to_owned(),
        (_, n) => format!("speaks of {n} articles"),
    };
    let path = output::safe(&document.path).into_owned();
    writeln!(out, "{path} (source {}) {state}", output::safe(&document.source))?;
    if document.waits {
        writeln!(
            out,
            "  a newer reading of it waits: for its second look, a guard, or a run that was stopped; see \
             `feedwright status`"
        )?;
    }
    problems(out, &document.problems)
}

fn tell_article(out: &mut dyn Write, zone: &Zone, article: &ArticleTold) -> io::Result<()> {
    writeln!(out, "{}", output::safe(&article.title))?;
    facts(out, &article.facts)?;
    writeln!(out, "read from")?;
    for witness in &article.read_from {
        let counts = match (article.read_from.len(), witness.won) {
            (1, _) => "",
            (_, true) => "; this one counts",
            (_, false) => "; a better one counts",
        };
        writeln!(
            out,
            "  {}:{} (source {}): {}{counts}",
            output::safe(&witness.path),
            witness.line,
            output::safe(&witness.source),
            witness.rank
        )?;
    }
    let (within, without): (Vec<_>, Vec<_>) =
        article.feeds.iter().partition(|f| f.position.is_some());
    if !within.is_empty() {
        writeln!(out, "in feeds")?;
    }
    for place in within {
        feed(out, place)?;
    }
    if !without.is_empty() {
        writeln!(out, "not in")?;
    }
    for place in without {
        feed(out, place)?;
    }
    for guard in &article.held {
        writeln!(out, "held by the {guard} guard: what would become of it isn't done")?;
        writeln!(out, "  to release what is held: feedwright regenerate --accept {guard}")?;
    }
    if !article.problems.is_empty() {
        writeln!(out, "problems")?;
        problems(out, &article.problems)?;
    }
    timeline(out, zone, &article.timeline)
}

fn facts(out: &mut dyn Write, facts: &[Fact]) -> io::Result<()> {
    for Fact { what, value, from, .. } in facts {
        let mut value = value.clone();
        if value.chars().count() > TEXT_CHARS_MAX && *what == "summary" {
            value = value.chars().take(TEXT_CHARS_MAX).chain(['…']).collect();
        }
        write!(out, "  {what:<11} {}", output::safe(&value))?;
        match from.as_str() {
            "" => writeln!(out)?,
            from => writeln!(out, "\n{:14}{}", "", output::safe(from))?,
        }
    }
    Ok(())
}

fn feed(out: &mut dyn Write, place: &FeedPlace) -> io::Result<()> {
    let FeedPlace { feed, on_request, position, of, because, refused, .. } = place;
    let asked = if *on_request { " (made when asked)" } else { "" };
    write!(out, "  {}{asked}: ", output::safe(feed))?;
    match (position, of, because) {
        (Some(position), Some(of), _) => writeln!(out, "{position} of {of}")?,
        (_, _, Some(because)) => writeln!(out, "{}", output::safe(because))?,
        _ => writeln!(out)?,
    }
    if let Some(sentence) = refused {
        let sentence = output::safe(sentence);
        writeln!(out, "    refused, so that the edition before is up: {sentence}")?;
    }
    Ok(())
}

fn problems(out: &mut dyn Write, problems: &[Problem]) -> io::Result<()> {
    output::problems(out, problems, output::Most::ALL, colour())
}

fn timeline(out: &mut dyn Write, zone: &Zone, events: &[Event]) -> io::Result<()> {
    if !events.is_empty() {
        writeln!(out, "timeline")?;
    }
    for Event { at, what, feed, edition } in events {
        let what = match *what {
            "seen" => "first seen",
            "released" => "released",
            "came" => "came into",
            "changed" => "changed in",
            "went" => "left",
            "withdrawn" => "withdrawn",
            "release" => "its embargo lifts",
            "expiry" => "it expires",
            "expired" => "expired",
            other => other,
        };
        write!(out, "  {}  {what}", time(zone, *at))?;
        if let (Some(feed), Some(edition)) = (feed, edition) {
            write!(out, " {} (edition {edition})", output::safe(feed))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
