//! `feedwright history FEED`: its editions, the newest first, and what came, changed and went with
//! each. Reads only.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::args::{Global, History, OutputFormat};
use super::explain::nearest::Nearest;
use super::room::with_room;
use super::{Status, complain, load, output, shown};
use crate::edition::history::{self, Change};
use crate::feed::{FeedName, RESERVED_NAMES};
use crate::run::Plan;
use crate::state::State;
use crate::time::Zone;

/// So many feeds are named where none is near the one that was asked for.
const NAMES_MAX: usize = 20;

pub(super) fn run(global: &Global, args: &History) -> Status {
    let plan = match load(global) {
        Ok(loaded) => loaded.settings.plan,
        Err(status) => return status,
    };
    let changes = match ask(&plan, args) {
        Ok(changes) => changes,
        Err(sentence) => {
            complain(&with_room(&sentence, &plan));
            return Status::Failed;
        }
    };
    let mut out = anstream::stdout();
    let _ = match global.format {
        OutputFormat::Json => output::write_json(&mut out, &object(&args.feed, &changes)),
        OutputFormat::Text => tell(&mut out, &plan.site.zone, &changes),
    };
    Status::Done
}

fn ask(plan: &Plan, args: &History) -> Result<Vec<Change>, String> {
    let state = State::find(&plan.state, &plan.config).map_err(|e| e.to_string())?;
    let Some(state) = state else { return Err(no_run(plan)) };
    let history = history::History::open_to_read(&state.history()).map_err(|e| e.to_string())?;
    let Some(history) = history else { return Err(no_run(plan)) };
    let name = FeedName(args.feed.clone());
    let changes = history.of_feed(&name, args.most.get()).map_err(|e| e.to_string())?;
    match changes {
        Some(changes) => Ok(changes),
        None => Err(unknown(&args.feed, &history.feeds().map_err(|e| e.to_string())?)),
    }
}

/// Nothing is kept yet.
pub(super) fn no_run(plan: &Plan) -> String {
    format!(
        "nothing is known yet ({} holds no run); begin with `feedwright regenerate`",
        shown(&plan.state)
    )
}

fn unknown(feed: &str, known: &[String]) -> String {
    let kind = feed.split('/').next().unwrap_or_default();
    if feed.contains('/') && RESERVED_NAMES.contains(&kind) {
        return format!(
            "{feed:?} is made when somebody asks for it, and of such feeds no history is kept; \
             `eager = true` in its definition changes that"
        );
    }
    let mut nearest = Nearest::new(feed);
    known.iter().for_each(|name| nearest.look_at(name));
    let near = nearest.found();
    if !near.is_empty() {
        return format!("there is no history of a feed {feed:?}; near it are: {}", near.join(", "));
    }
    let names: Vec<&str> = known.iter().take(NAMES_MAX).map(String::as_str).collect();
    let more = match known.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {}", output::count(more as u64, "other", "others")),
    };
    match names[..] {
        [] => format!("there is no history of a feed {feed:?}, nor of any other"),
        _ => format!(
            "there is no history of a feed {feed:?}; there is of {}{more}",
            names.join(", ")
        ),
    }
}

fn object(feed: &str, changes: &[Change]) -> Value {
    let list = |entries: &[(String, String)]| -> Vec<Value> {
        entries.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect()
    };
    let editions: Vec<Value> = changes
        .iter()
        .map(|c| {
            json!({
                "edition": c.issue.number,
                "at": output::rfc3339(c.issue.at),
                "entries": c.entries,
                "came": list(&c.came),
                "changed": list(&c.changed),
                "went": list(&c.went),
            })
        })
        .collect();
    json!({ "feed": feed, "editions": editions })
}

fn tell(out: &mut dyn Write, zone: &Zone, changes: &[Change]) -> io::Result<()> {
    for c in changes {
        writeln!(
            out,
            "edition {} of {}: {}; {} came, {} changed, {} went",
            c.issue.number,
            time(zone, c.issue.at),
            output::count(c.entries as u64, "entry", "entries"),
            c.came.len(),
            c.changed.len(),
            c.went.len()
        )?;
        for (word, list) in [("came", &c.came), ("changed", &c.changed), ("went", &c.went)] {
            for (id, title) in list {
                writeln!(out, "  {word:<8} {}", output::safe(title))?;
                writeln!(out, "           {}", output::safe(id))?;
            }
        }
        if c.came.len() + c.changed.len() + c.went.len() == 0 {
            writeln!(out, "  what the feed says of itself, or its form, is otherwise")?;
        }
    }
    Ok(())
}

/// An instant as a person reads it.
pub(super) fn time(zone: &Zone, at: DateTime<Utc>) -> String {
    zone.show(at).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}
