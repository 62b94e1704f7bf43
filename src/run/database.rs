//! How a run looks at a database: whole, at what changed since the last look, or by a sweep. What is
//! remembered of it is noted only after all that was read is staged.

use std::cell::RefCell;

use super::gather::{Tally, stream};
use super::standing::Seen;
use super::{Call, Depth, Error};
use crate::catalog::database::Lookup;
use crate::catalog::looks::Ended;
use crate::catalog::{self, Catalog};
use crate::source::database::{self, Look, Looked, Past, Take};
use crate::source::{self, Gathered};

/// Looks at a database as thoroughly as the run wants and as it must be.
pub(super) fn look(
    source: &source::Options,
    options: &database::Options,
    call: &Call<'_>,
    catalog: &mut Catalog,
    tally: &Tally<'_>,
    seen: &mut Seen,
) -> Result<Result<Gathered, source::Error>, Error> {
    let now = (call.clock)();
    let remembered = match options.question.changes {
        Some(_) => catalog.database_look(&source.name)?,
        None => None,
    };
    if let (Some(changes), Some((before, swept))) = (&options.question.changes, remembered) {
        let due = (now - swept).num_seconds().unsigned_abs() >= changes.sweep_s;
        let since = call.wishes.depth == Depth::Since && !due;
        let looked = match call.wishes.depth {
            Depth::Whole => Ok(Looked::Stale),
            _ if since => since_last(source, options, &before, catalog, tally)?,
            _ => {
                let known = catalog.memory(&source.name, None)?.documents;
                let look = Look::Sweep(known, &before);
                stream(source, catalog, tally, |deliver| {
                    database::gather(options, &source.name, &source.reading, look, deliver)
                })?
            }
        };
        match looked {
            Ok(Looked::Done(gathered, remembered)) => {
                let swept = if since { swept } else { now };
                catalog.note_database_look(&source.name, remembered.as_ref(), swept)?;
                catalog.note_look(&source.name, now, Ended::Part)?;
                if since {
                    *seen = Seen::Some;
                }
                return Ok(Ok(gathered));
            }
            Ok(Looked::Stale) => {}
            Err(e) => {
                *seen = Seen::Some;
                catalog.note_look(&source.name, now, Ended::Failed)?;
                return Ok(Err(e.into()));
            }
        }
    }
    Ok(match whole(source, options, catalog, tally)? {
        Ok(Looked::Done(gathered, remembered)) => {
            catalog.note_database_look(&source.name, remembered.as_ref(), now)?;
            catalog.note_look(&source.name, now, Ended::Whole)?;
            Ok(gathered)
        }
        // Nothing was remembered that could be stale.
        Ok(Looked::Stale) => Ok(Gathered::default()),
        Err(e) => {
            catalog.note_look(&source.name, now, Ended::Failed)?;
            Err(e.into())
        }
    })
}

/// Looks at all rows.
fn whole(
    source: &source::Options,
    options: &database::Options,
    catalog: &mut Catalog,
    tally: &Tally<'_>,
) -> Result<Result<Looked, database::Error>, Error> {
    let lookup = Known::of(source, catalog)?;
    let (of, each) = (|keys: &[String]| lookup.rows(keys), |each: &mut Take<'_>| lookup.each(each));
    let past = Past { of: &of, each: &each };
    let looked = stream(source, catalog, tally, |deliver| {
        database::gather(options, &source.name, &source.reading, Look::Whole(&past), deliver)
    })?;
    lookup.end(looked)
}

/// Looks at what changed since the last look.
fn since_last(
    source: &source::Options,
    options: &database::Options,
    before: &database::Remembered,
    catalog: &mut Catalog,
    tally: &Tally<'_>,
) -> Result<Result<Looked, database::Error>, Error> {
    let lookup = Known::of(source, catalog)?;
    let of = |keys: &[String]| lookup.rows(keys);
    let looked = stream(source, catalog, tally, |deliver| {
        let look = Look::Since(before, &of);
        database::gather(options, &source.name, &source.reading, look, deliver)
    })?;
    lookup.end(looked)
}

/// What is known of a source's rows, asked for while others are written.
struct Known<'a> {
    source: &'a str,
    lookup: Lookup,
    /// Whether anything is known.
    any: bool,
    failed: RefCell<Option<catalog::Error>>,
}

impl<'a> Known<'a> {
    fn of(source: &'a source::Options, catalog: &Catalog) -> Result<Known<'a>, Error> {
        let lookup = catalog.lookup()?;
        let any = lookup.knows(&source.name)?;
        Ok(Known { source: &source.name, lookup, any, failed: RefCell::default() })
    }

    /// What is known of these. Where that can't be told all count as new, and the run ends with it.
    fn rows(&self, keys: &[String]) -> Vec<source::Known> {
        if !self.any {
            return Vec::new();
        }
        self.lookup.known(self.source, keys).unwrap_or_else(|e| {
            *self.failed.borrow_mut() = Some(e);
            Vec::new()
        })
    }

    fn each(&self, each: &mut Take<'_>) {
        if let Err(e) = self.lookup.each_path(self.source, each) {
            *self.failed.borrow_mut() = Some(e);
        }
    }

    fn end<T>(self, looked: T) -> Result<T, Error> {
        match self.failed.into_inner() {
            Some(e) => Err(e.into()),
            None => Ok(looked),
        }
    }
}
