//! What an operator wants to know of the databases that are read: when they were looked at, how far, since
//! when they are down.

use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::catalog::{self, Catalog};
use crate::cli::output;
use crate::config::Settings;
use crate::source::Place;
use crate::state::State;

/// How it is with a source that is a database.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(in crate::cli) struct Told {
    source: String,
    /// Rows that are known, those without an article included. Not told by `serve`, which would count
    /// them after each run.
    rows: Option<u64>,
    #[serde(serialize_with = "instant")]
    looked: Option<DateTime<Utc>>,
    #[serde(serialize_with = "instant")]
    whole: Option<DateTime<Utc>>,
    #[serde(serialize_with = "instant")]
    swept: Option<DateTime<Utc>>,
    #[serde(serialize_with = "instant")]
    sweep_due: Option<DateTime<Utc>>,
    /// The highest value of `changed_since` that was seen.
    mark: Option<String>,
    /// The channel that `serve` listens to.
    listen: Option<String>,
    #[serde(serialize_with = "instant")]
    down_since: Option<DateTime<Utc>>,
}

fn instant<S: serde::Serializer>(at: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    at.map(output::rfc3339).serialize(to)
}

/// Asks the state, and counts rows if that is wanted; nothing is told where none of the sources is a
/// database.
pub(in crate::cli) fn of(
    settings: &Settings,
    state: &State,
    counted: bool,
) -> Result<Vec<Told>, String> {
    let is_database = |s: &crate::source::Options| matches!(s.place, Place::Database(_));
    if !settings.plan.sources.iter().any(is_database) || !state.catalog().exists() {
        return Ok(Vec::new());
    }
    ask(settings, state, counted).map_err(|e| e.to_string())
}

fn ask(settings: &Settings, state: &State, counted: bool) -> Result<Vec<Told>, catalog::Error> {
    let catalog = Catalog::open_to_read(state)?;
    if !catalog.is_made()? {
        return Ok(Vec::new());
    }
    let looks = catalog.source_looks()?;
    let mut all = Vec::new();
    for source in &settings.plan.sources {
        let Place::Database(options) = &source.place else { continue };
        let looks = looks.get(&source.name).copied().unwrap_or_default();
        let changes = options.question.changes.as_ref();
        let remembered = match changes {
            Some(_) => catalog.database_look(&source.name)?,
            None => None,
        };
        let swept = remembered.as_ref().map(|(_, swept)| *swept);
        let every = changes.and_then(|c| TimeDelta::try_seconds(i64::try_from(c.sweep_s).ok()?));
        all.push(Told {
            source: source.name.clone(),
            rows: counted.then(|| catalog.count_documents(&source.name)).transpose()?,
            looked: looks.looked,
            whole: looks.whole,
            swept,
            sweep_due: swept.zip(every).and_then(|(at, every)| at.checked_add_signed(every)),
            mark: remembered.and_then(|(remembered, _)| remembered.mark_text()),
            listen: options.listen.clone(),
            down_since: looks.down,
        });
    }
    Ok(all)
}

pub(super) fn tell(
    out: &mut dyn Write,
    all: &[Told],
    time: &dyn Fn(DateTime<Utc>) -> String,
) -> io::Result<()> {
    let at = |at: Option<DateTime<Utc>>| at.map_or_else(|| "not known".to_owned(), time);
    for told in all {
        let source = output::safe(&told.source);
        let rows = told.rows.map_or_else(String::new, |rows| format!("{rows} rows known; "));
        writeln!(out, "database   {source}: {rows}last looked at {}", at(told.looked))?;
        if let Some(down) = told.down_since {
            writeln!(out, "           down since {}", time(down))?;
        }
        let Some(swept) = told.swept else { continue };
        writeln!(
            out,
            "           all rows {}; swept {}, next due {}",
            at(told.whole),
            time(swept),
            at(told.sweep_due)
        )?;
        if let Some(mark) = &told.mark {
            writeln!(out, "           changes known up to {}", output::safe(mark))?;
        }
        if let Some(channel) = &told.listen {
            writeln!(
                out,
                "           listens to {} (while `feedwright serve` runs)",
                output::safe(channel)
            )?;
        }
    }
    Ok(())
}
