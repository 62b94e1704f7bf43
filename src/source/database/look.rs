//! One look at a database, as at a directory: what is known comes in; rows that are otherwise go out, and
//! those that aren't there any more have vanished. A look is whole; or at what changed since the last one,
//! by the rows' change marks; or a sweep, which compares ids and marks, and asks for the rows that differ.
//!
//! A row's stamp is a hash of its values; where there are marks, then whether the mark is young, then the
//! mark. A young mark says nothing: the row can change again under the same one. A sweep asks for such a row
//! once more.

mod sweep;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::DateTime;

use super::keys::{column, key_of};
use super::marks::{Changes, Mark};
use super::question::{Dialect, bare, names, quoted};
use super::session::{Asked, PAGE_ROWS, Session};
use super::{Error, Keyed, Options, Reader, facts, joined, read_all, row_twice};
use crate::article::ContentHash;
use crate::document::{self, Facts, Value};
use crate::source::{BATCH, Found, FoundPlace, Gathered, Known, Stamp};

/// How a database is looked at.
pub enum Look<'a> {
    /// All rows with all their values.
    Whole(&'a Past<'a>),
    /// All rows by their ids and marks; those that differ with all their values. Where there are no marks,
    /// or what belongs to rows has none of its own, all of them.
    Sweep(Vec<Known>, &'a Remembered),
    /// What changed since.
    Since(&'a Remembered, &'a dyn Fn(&[String]) -> Vec<Known>),
}

/// Takes keys, one after the other.
pub type Take<'a> = dyn FnMut(String) + 'a;

/// What is known of the rows of a source: asked for by pages, so that nobody holds all of it.
pub struct Past<'a> {
    /// What is known of rows, by their keys.
    pub of: &'a dyn Fn(&[String]) -> Vec<Known>,
    /// Gives the keys of all rows that are known.
    pub each: &'a dyn Fn(&mut Take<'_>),
}

/// What is remembered of the looks at a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Of what was asked, and of what its rows were read with.
    pub digest: ContentHash,
    /// The highest mark of all looks. Opaque bytes.
    pub mark: Vec<u8>,
}

impl Remembered {
    /// The highest mark for a person to read; `None` where there is none.
    #[must_use]
    pub fn mark_text(&self) -> Option<String> {
        key_of(&Mark::from_bytes(&self.mark)?.0)
    }
}

/// What a look gave.
#[derive(Debug)]
pub enum Looked {
    /// It was made. What is to be remembered; nothing where there are no marks.
    Done(Gathered, Option<Remembered>),
    /// What is remembered doesn't hold any more: all must be looked at.
    Stale,
}

/// Looks, and delivers rows that may have changed, in batches.
///
/// # Errors
/// Where the database can't be read to its end. What was delivered stands; nothing has vanished.
pub fn gather(
    options: &Options,
    source: &str,
    reading: &document::Options,
    look: Look<'_>,
    deliver: &mut dyn FnMut(Vec<Found>),
) -> Result<Looked, Error> {
    let session = Session::open(options)?;
    let facts = facts(&session, options)?;
    let context = context(options, reading, &facts);
    let digest = digest(options, context);
    let changes = options.question.changes.as_ref();
    let (known, before) = match look {
        Look::Whole(past) => (Knowledge::Past(past), None),
        Look::Sweep(known, before) => (Knowledge::All(by_key(known)), Some(before)),
        Look::Since(before, of) => (Knowledge::Of(of), Some(before)),
    };
    if before.is_some_and(|before| before.digest != digest) {
        return Ok(Looked::Stale);
    }
    let clock = changes.map(|c| Marks::ask(&session, options, c, before)).transpose()?;
    let sieve = Sieve {
        options,
        source,
        context,
        facts,
        marks: clock,
        known,
        met: None,
        gathered: Gathered::default(),
        batch: Vec::new(),
        deliver,
    };
    let is_sweep = matches!(sieve.known, Knowledge::All(_)) && before.is_some();
    let mut looking = Looking { session: &session, reader: Reader::new(options), sieve };
    match (changes, is_sweep) {
        (Some(changes), true) if options.question.also.is_empty() => {
            if !looking.sweep(changes)? {
                return Ok(Looked::Stale);
            }
        }
        (Some(changes), false) if before.is_some() => looking.since(changes)?,
        _ => looking.whole()?,
    }
    let Looking { reader, sieve, .. } = looking;
    session.end()?;
    let (gathered, mark) = sieve.finish(reader);
    Ok(Looked::Done(gathered, mark.map(|mark| Remembered { digest, mark: mark.to_bytes() })))
}

fn by_key(known: Vec<Known>) -> HashMap<String, Known> {
    known.into_iter().map(|known| (known.path.clone(), known)).collect()
}

/// What rows are read with: what the site says of itself changes how all of them read.
fn context(options: &Options, reading: &document::Options, facts: &Facts) -> ContentHash {
    let digest = reading.digest();
    match options.question.shape {
        None => digest,
        Some(shape) => ContentHash::of(format!("{digest:?} {shape:?} {facts:?}").as_bytes()),
    }
}

/// What a mark is good for: the same question, read in the same way.
fn digest(options: &Options, context: ContentHash) -> ContentHash {
    ContentHash::of(format!("{context:?} {:?} {:?}", options.question, options.address).as_bytes())
}

/// What is known of rows.
enum Knowledge<'a> {
    /// Of all of them; what is left at the end has vanished.
    All(HashMap<String, Known>),
    /// Of those that are asked for; what has no row at the end has vanished.
    Past(&'a Past<'a>),
    /// Of those that are asked for.
    Of(&'a dyn Fn(&[String]) -> Vec<Known>),
}

/// The marks of one look.
struct Marks<'a> {
    changes: &'a Changes,
    /// The highest so far, as far as it is believed.
    high: Mark,
    /// From where on marks are young: until a sweep has seen them grow old, a row may change under one.
    young: Mark,
    present: DateTime<chrono::FixedOffset>,
    /// Whether a row may raise the highest: not while rows before it may have changed since they were read.
    rises: bool,
}

impl<'a> Marks<'a> {
    /// Asks for the database's present, and for the highest mark where none is remembered or all are seen.
    fn ask(
        session: &Session,
        options: &Options,
        changes: &'a Changes,
        before: Option<&Remembered>,
    ) -> Result<Marks<'a>, Error> {
        let present = present(session, options)?;
        let remembered = before.and_then(|b| Mark::from_bytes(&b.mark));
        let high = match remembered {
            Some(mark) => mark,
            None => highest(session, options, changes)?.capped(present),
        };
        let young = high.less(changes.lag_s.saturating_add(changes.sweep_s));
        Ok(Marks { changes, high, young, present, rises: true })
    }

    fn stamp(&mut self, keyed: &Keyed) -> Vec<u8> {
        let mark = Mark::of(&keyed.row, self.changes);
        let mut stamp = keyed.stamp.0.to_vec();
        stamp.push(u8::from(mark.reaches(&self.young)));
        stamp.extend(mark.to_bytes());
        if self.rises && !mark.is_none() {
            let believed = mark.capped(self.present);
            if self.high.is_none() || believed.reaches(&self.high) {
                self.high = believed;
            }
        }
        stamp
    }
}

/// Bytes of a stamp before its mark: a hash, and whether the mark is young.
const BEFORE_MARK: usize = 17;

fn present(session: &Session, options: &Options) -> Result<DateTime<chrono::FixedOffset>, Error> {
    #[cfg(test)]
    if let Some(present) = tests::PRESENT.get() {
        return Ok(present);
    }
    let sql = match session.dialect() {
        Dialect::Sqlite => "select strftime('%Y-%m-%d %H:%M:%S', 'now')",
        Dialect::Postgres => "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
        Dialect::Mysql => "select date_format(utc_timestamp(), '%Y-%m-%d %H:%i:%s')",
    };
    let shown = format!("{} (its clock)", options.shown);
    let rows = session.ask_all(Asked { shown: &shown, sql, given: &[] })?;
    let text = rows.first().and_then(|row| row.text(&row.columns.first()?.0)).unwrap_or_default();
    DateTime::parse_from_str(&format!("{text} +0000"), "%Y-%m-%d %H:%M:%S %z")
        .map_err(|e| Error::Query { shown, reason: e.to_string() })
}

fn highest(session: &Session, options: &Options, changes: &Changes) -> Result<Mark, Error> {
    let name = quoted(&changes.column, session.dialect());
    let sql = around(options, &format!("max(q.{name}) as mark"), "");
    let rows = session.ask_all(asked(options, &sql, &EVERYTHING))?;
    let value = rows.into_iter().next().and_then(|mut row| row.columns.pop());
    Ok(Mark(value.map_or(Value::Null, |(_, value)| value)))
}

/// The name of the mark since which rows are asked for.
const SINCE: &str = "since";
/// Stands for a mark below all others.
const BELOW_ALL: [Value; 1] = [Value::Null];
const EVERYTHING: [(&str, &[Value]); 1] = [(SINCE, &BELOW_ALL)];

/// A question about the rows of the query.
fn around(options: &Options, what: &str, which: &str) -> String {
    format!("select {what} from (\n{}\n) as q {which}", bare(&options.question.query))
}

fn asked<'a>(options: &'a Options, sql: &'a str, given: &'a [(&'a str, &'a [Value])]) -> Asked<'a> {
    Asked { shown: &options.shown, sql, given }
}

struct Looking<'a, 's> {
    session: &'s Session,
    reader: Reader<'a>,
    sieve: Sieve<'a>,
}

impl Looking<'_, '_> {
    fn whole(&mut self) -> Result<(), Error> {
        let Looking { session, reader, sieve } = self;
        let options = sieve.options;
        let given: &[(&str, &[Value])] =
            if options.question.changes.is_some() { &EVERYTHING } else { &[] };
        read_all(session, options, given, reader, &mut |page| sieve.take(page))
    }

    /// Asks for what changed since the last look, and for a while before.
    fn since(&mut self, changes: &Changes) -> Result<(), Error> {
        let Looking { session, reader, sieve } = self;
        let options = sieve.options;
        let Some(marks) = &sieve.marks else { return Ok(()) };
        let from = [marks.high.less(changes.lag_s).for_question(session.dialect())];
        let given: [(&str, &[Value]); 1] = [(SINCE, &from)];
        let sql = if names(&options.question.query, session.dialect(), SINCE) {
            options.question.query.clone()
        } else {
            let name = quoted(&changes.column, session.dialect());
            around(options, "*", &format!("where q.{name} >= :{SINCE}"))
        };
        let options = sieve.options;
        session.ask(asked(options, &sql, &given), &mut |page| {
            let page = joined::join(session, options, page)?;
            sieve.take(reader.keyed(page));
            Ok(ControlFlow::Continue(()))
        })
    }

    fn fetch(&mut self, ids: &[Value]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let id = quoted("id", self.session.dialect());
        let sql = around(self.sieve.options, "*", &format!("where q.{id} in (:ids)"));
        let given: [(&str, &[Value]); 2] = [("ids", ids), (SINCE, &BELOW_ALL)];
        let rows = self.session.ask_all(asked(self.sieve.options, &sql, &given))?;
        self.sieve.take(self.reader.keyed(rows));
        Ok(())
    }
}

/// Lets through what is otherwise than it is known.
struct Sieve<'a> {
    options: &'a Options,
    source: &'a str,
    context: ContentHash,
    facts: Arc<Facts>,
    marks: Option<Marks<'a>>,
    known: Knowledge<'a>,
    /// Stamps of rows that this look has met already, where it may meet them again.
    met: Option<HashMap<String, Stamp>>,
    gathered: Gathered,
    batch: Vec<Found>,
    deliver: &'a mut dyn FnMut(Vec<Found>),
}

impl Sieve<'_> {
    fn take(&mut self, page: Vec<Keyed>) {
        let asked = |of: &dyn Fn(&[String]) -> Vec<Known>| {
            let keys: Vec<String> = page.iter().map(|keyed| keyed.key.clone()).collect();
            by_key(of(&keys))
        };
        let mut here = match &mut self.known {
            Knowledge::Of(of) => asked(*of),
            Knowledge::Past(past) => asked(past.of),
            Knowledge::All(known) => {
                page.iter().filter_map(|keyed| known.remove_entry(&keyed.key)).collect()
            }
        };
        for keyed in page {
            let known = here.remove(&keyed.key);
            let stamp = Stamp(match &mut self.marks {
                Some(marks) => marks.stamp(&keyed),
                None => keyed.stamp.0.to_vec(),
            });
            if let Some(met) = &mut self.met
                && met.insert(keyed.key.clone(), stamp.clone()).is_some_and(|met| met == stamp)
            {
                continue;
            }
            if known.as_ref().is_some_and(|k| k.stamp == stamp && k.context == self.context) {
                self.gathered.opened += 1;
                self.gathered.unchanged += 1;
                continue;
            }
            let shape = self.options.question.shape.map(|shape| (shape, Arc::clone(&self.facts)));
            self.batch.push(Found {
                shown: format!("{} row {}", self.source, keyed.key),
                path: keyed.key,
                context: self.context,
                indexes: [].into(),
                known,
                place: FoundPlace::Row { row: keyed.row, hash: keyed.stamp, stamp, shape },
            });
            if self.batch.len() == BATCH {
                (self.deliver)(std::mem::take(&mut self.batch));
            }
        }
    }

    /// Whether a row needn't be asked for, by its mark. One that must be stays known.
    fn stands(&mut self, key: &str, mark: &Mark) -> bool {
        let Knowledge::All(all) = &mut self.known else { return false };
        let stands = all.get(key).is_some_and(|known| {
            let stamp = &known.stamp.0;
            known.context == self.context
                && !mark.is_none()
                && stamp.get(BEFORE_MARK - 1) == Some(&0)
                && stamp.get(BEFORE_MARK..) == Some(&mark.to_bytes())
        });
        if stands {
            if let (Some((key, known)), Some(met)) = (all.remove_entry(key), &mut self.met) {
                met.insert(key, known.stamp);
            }
            self.gathered.opened += 1;
            self.gathered.unchanged += 1;
        }
        stands
    }

    /// Hands over what waits.
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            (self.deliver)(std::mem::take(&mut self.batch));
        }
    }

    fn finish(mut self, reader: Reader<'_>) -> (Gathered, Option<Mark>) {
        self.flush();
        let mut gathered = self.gathered;
        match self.known {
            Knowledge::All(known) => gathered.vanished = known.into_keys().collect(),
            Knowledge::Past(past) => (past.each)(&mut |key| {
                if !reader.has(&key) {
                    gathered.vanished.push(key);
                }
            }),
            Knowledge::Of(_) => {}
        }
        gathered.vanished.sort();
        gathered.problems = reader.finish().problems;
        (gathered, self.marks.map(|marks| marks.high))
    }
}

#[cfg(test)]
mod tests;
