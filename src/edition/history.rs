//! What each feed has shown, edition by edition: for each entry the editions from the first to the last
//! in which it stood unchanged, so that a thousand editions cost kilobytes. For people only
//! (`history`, `explain`): nothing that is published depends on it, and it is lost with the state.
//! What a window holds is decided elsewhere; what differs between two is decided here, purely.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::article::ContentHash;
use crate::feed::FeedName;

/// Raised with the schema; kept as `user_version`.
const SCHEMA: i32 = 1;

/// Editions of a feed that are remembered.
const EDITIONS_MAX: i64 = 1_000;

/// How long an edition is remembered: a year, and the month in which somebody asks.
const DAYS_MAX: i64 = 400;

/// The history can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses.
    #[error(
        "the history of feeds can't be used: {0}; history.db in the state folder may be deleted, \
         which forgets it"
    )]
    Database(#[from] rusqlite::Error),
    /// A later release made it.
    #[error(
        "the history of feeds was written by a later release of feedwright (schema {0}); run that \
         release, or delete history.db in the state folder, which forgets it"
    )]
    Newer(i32),
}

/// An entry of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The id that it is published under.
    pub id: String,
    /// Its number in the catalog.
    pub article: i64,
    /// Hash of all that it says.
    pub hash: ContentHash,
}

/// What a feed shows from now on.
#[derive(Debug)]
pub struct Window {
    /// The feed.
    pub feed: FeedName,
    /// Names the bytes: equal seals, the same edition.
    pub seal: ContentHash,
    /// Its entries.
    pub entries: Vec<Shown>,
}

/// One edition and its number, from 1 in each feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: i64,
    /// The number of the run that noted it, from 1: what orders the editions of several feeds,
    /// whatever the clock did.
    pub run: i64,
    /// The instant of the run that published it.
    pub at: DateTime<Utc>,
}

/// The editions in which an entry stood unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The entry's id.
    pub id: String,
    /// Its title then.
    pub title: String,
    /// Number of the first.
    pub first: i64,
    /// Number of the last; `None` while it stands.
    pub last: Option<i64>,
}

/// What one edition showed otherwise than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which edition.
    pub issue: Issue,
    /// How many entries it had.
    pub entries: usize,
    /// Ids and titles of entries that the edition before hadn't.
    pub came: Vec<(String, String)>,
    /// Of those that it had, and that said something else.
    pub changed: Vec<(String, String)>,
    /// Of those that only it had.
    pub went: Vec<(String, String)>,
}

/// Something that happened to one entry in one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// In which feed.
    pub feed: FeedName,
    /// With which edition.
    pub issue: Issue,
    /// What happened.
    pub what: What,
}

/// What happens to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It came.
    Came,
    /// It says something else.
    Changed,
    /// It went.
    Went,
}

/// What differs between what stood and what stands now. Positions don't count.
#[derive(Debug, PartialEq, Eq)]
struct Difference<'a> {
    /// Ids whose stay ends.
    ends: Vec<&'a str>,
    /// Entries whose stay begins: new ones, and those that say something else.
    begins: Vec<&'a Shown>,
}

/// The difference between the entries that stand, by id, and a window.
fn difference<'a>(standing: &'a BTreeMap<String, [u8; 8]>, window: &'a [Shown]) -> Difference<'a> {
    let now: HashMap<&str, &Shown> = window.iter().map(|s| (s.id.as_str(), s)).collect();
    let stays = |id: &str, hash: &[u8; 8]| now.get(id).is_some_and(|s| short(&s.hash) == *hash);
    let ends = standing.iter().filter(|(id, hash)| !stays(id, hash)).map(|(id, _)| id.as_str());
    let begins = window.iter().filter(|s| standing.get(&s.id) != Some(&short(&s.hash)));
    Difference { ends: ends.collect(), begins: begins.collect() }
}

/// Enough of a hash to tell two versions of one entry apart.
fn short(hash: &ContentHash) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&hash.0[..8]);
    short
}

/// What each edition changed, the newest first. `issues` are those that are remembered, the oldest
/// first.
fn changes(issues: &[Issue], stays: &[Stay], most: usize) -> Vec<Change> {
    let named = |s: &Stay| (s.id.clone(), s.title.clone());
    let mut ended: HashMap<i64, Vec<&Stay>> = HashMap::new();
    let mut began: HashMap<i64, Vec<&Stay>> = HashMap::new();
    for stay in stays {
        began.entry(stay.first).or_default().push(stay);
        if let Some(last) = stay.last {
            ended.entry(last).or_default().push(stay);
        }
    }
    let of = |by: &HashMap<i64, Vec<&Stay>>, number: i64| -> Vec<Stay> {
        let mut of: Vec<Stay> =
            by.get(&number).into_iter().flatten().map(|s| (*s).clone()).collect();
        of.sort_by(|a, b| a.id.cmp(&b.id));
        of
    };
    let change = |issue: &Issue| {
        let (begin, end) = (of(&began, issue.number), of(&ended, issue.number - 1));
        let has = |list: &[Stay], id: &str| list.iter().any(|s| s.id == id);
        let stands =
            |s: &&Stay| s.first <= issue.number && s.last.is_none_or(|last| last >= issue.number);
        Change {
            issue: *issue,
            entries: stays.iter().filter(stands).count(),
            came: begin.iter().filter(|s| !has(&end, &s.id)).map(named).collect(),
            changed: begin.iter().filter(|s| has(&end, &s.id)).map(named).collect(),
            went: end.iter().filter(|s| !has(&begin, &s.id)).map(named).collect(),
        }
    };
    issues.iter().rev().take(most).map(change).collect()
}

/// What happened to one entry in one feed, in its order. `stays` are its own, in order; what happened
/// with editions that are forgotten is left out.
fn events(feed: &FeedName, issues: &HashMap<i64, Issue>, stays: &[Stay]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |number: i64, what| {
        if let Some(issue) = issues.get(&number) {
            events.push(Event { feed: feed.clone(), issue: *issue, what });
        }
    };
    let mut before: Option<i64> = None;
    for (at, stay) in stays.iter().enumerate() {
        let goes_on = before == Some(stay.first - 1);
        tell(stay.first, if goes_on { What::Changed } else { What::Came });
        before = stay.last;
        if let Some(last) = stay.last
            && stays.get(at + 1).is_none_or(|next| next.first != last + 1)
        {
            tell(last + 1, What::Went);
        }
    }
    events
}

/// The history, open.
#[derive(Debug)]
pub struct History {
    db: Connection,
}

const TABLES: &str = "
    begin immediate;
    -- Number and run of the last edition.
    create table if not exists feed (
        feed integer primary key,
        name text not null unique,
        seal blob not null,
        edition integer not null,
        run integer not null
    ) strict;
    create table if not exists edition (
        feed integer not null,
        edition integer not null,
        run integer not null,
        at integer not null,
        primary key (feed, edition)
    ) strict, without rowid;
    -- What entries are called, once for all feeds and editions.
    create table if not exists entry (
        entry integer primary key,
        id text not null,
        title text not null,
        unique (id, title)
    ) strict;
    -- The editions in which an entry stood unchanged; `last` is null while it stands.
    create table if not exists stay (
        feed integer not null,
        first integer not null,
        entry integer not null,
        last integer,
        hash blob not null,
        primary key (feed, first, entry)
    ) strict, without rowid;
    create index if not exists stay_standing on stay (feed) where last is null;
    create index if not exists stay_entry on stay (entry);
    pragma user_version = 1;
    commit;";

impl History {
    /// Opens the history, making it where there is none.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open(path: &Path) -> Result<History, Error> {
        let db = Connection::open(path)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        if version(&db)? == 0 {
            db.execute_batch(TABLES)?;
        }
        Ok(History { db })
    }

    /// Opens the history to ask it; `None` where there is none yet.
    ///
    /// # Errors
    /// Where SQLite refuses, or a later release made it.
    pub fn open_to_read(path: &Path) -> Result<Option<History>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update(None, "query_only", true)?;
        Ok((version(&db)? > 0).then_some(History { db }))
    }

    /// Notes what feeds show from now on. Those whose seal is as it was cost a look. A feed that is
    /// in no window any more has an edition without entries. `title` tells an article's.
    ///
    /// # Errors
    /// Where SQLite refuses, or a title can't be had: then nothing is noted.
    pub fn note<E: From<Error>>(
        &mut self,
        windows: &[Window],
        standing: &dyn Fn(&FeedName) -> bool,
        as_of: DateTime<Utc>,
        title: &dyn Fn(i64) -> Result<String, E>,
    ) -> Result<(), E> {
        let known = self.known()?;
        let differs = |w: &&Window| known.get(&w.feed.0).is_none_or(|(_, seal)| *seal != w.seal.0);
        let due: Vec<&Window> = windows.iter().filter(differs).collect();
        let gone: Vec<Window> = known
            .iter()
            .filter(|(name, (_, seal))| *seal != NOTHING.0 && !standing(&FeedName((*name).clone())))
            .map(|(name, _)| Window {
                feed: FeedName(name.clone()),
                seal: NOTHING,
                entries: Vec::new(),
            })
            .collect();
        if due.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let transaction = self.db.transaction().map_err(Error::from)?;
        let run = transaction
            .query_row("select coalesce(max(run), 0) + 1 from feed", [], |row| row.get(0))
            .map_err(Error::from)?;
        let note = Note { db: &transaction, run, at: as_of.timestamp() };
        for window in due.into_iter().chain(&gone) {
            note.window(window, title)?;
        }
        transaction.commit().map_err(Error::from)?;
        Ok(())
    }

    /// By name: number and seal.
    fn known(&self) -> Result<BTreeMap<String, (i64, [u8; 16])>, Error> {
        let mut query = self.db.prepare_cached("select name, feed, seal from feed")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the last `most` editions of a feed changed, the newest first; `None` where the feed has
    /// none.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn of_feed(&self, name: &FeedName, most: usize) -> Result<Option<Vec<Change>>, Error> {
        let Some((feed, _)) = self.known()?.remove(&name.0) else { return Ok(None) };
        let issues = self.issues(feed)?;
        let stays = self.stays("s.feed = ?1", feed)?;
        let stays: Vec<Stay> = stays.into_iter().map(|(_, stay)| stay).collect();
        Ok(Some(changes(&issues, &stays, most)))
    }

    /// What happened to one entry, in the order of runs, then of feeds.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn of_entry(&self, id: &str) -> Result<Vec<Event>, Error> {
        let mut by_feed: BTreeMap<i64, Vec<Stay>> = BTreeMap::new();
        for (feed, stay) in self.stays("e.id = ?1", id)? {
            by_feed.entry(feed).or_default().push(stay);
        }
        let names: HashMap<i64, String> =
            self.known()?.into_iter().map(|(name, (feed, _))| (feed, name)).collect();
        let mut all = Vec::new();
        for (feed, stays) in by_feed {
            let name = FeedName(names.get(&feed).cloned().unwrap_or_default());
            let issues = self.issues(feed)?.into_iter().map(|i| (i.number, i)).collect();
            all.extend(events(&name, &issues, &stays));
        }
        all.sort_by(|a, b| (a.issue.run, &a.feed).cmp(&(b.issue.run, &b.feed)));
        Ok(all)
    }

    /// The feeds that have a history.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn feeds(&self) -> Result<Vec<String>, Error> {
        Ok(self.known()?.into_keys().collect())
    }

    fn issues(&self, feed: i64) -> Result<Vec<Issue>, Error> {
        let mut query = self.db.prepare_cached(
            "select edition, run, at from edition where feed = ? order by edition",
        )?;
        let rows = query.query_map([feed], |row| {
            let at = DateTime::from_timestamp(row.get(2)?, 0).unwrap_or_default();
            Ok(Issue { number: row.get(0)?, run: row.get(1)?, at })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stays with the number of their feed, in the order of feeds, editions and ids.
    fn stays(&self, which: &str, value: impl rusqlite::ToSql) -> Result<Vec<(i64, Stay)>, Error> {
        let mut query = self.db.prepare_cached(&format!(
            "select s.feed, e.id, e.title, s.first, s.last
             from stay s join entry e on e.entry = s.entry
             where {which} order by s.feed, s.first, e.id"
        ))?;
        let rows = query.query_map([value], |row| {
            let stay =
                Stay { id: row.get(1)?, title: row.get(2)?, first: row.get(3)?, last: row.get(4)? };
            Ok((row.get(0)?, stay))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The seal of a feed that is gone.
const NOTHING: ContentHash = ContentHash([0; 16]);

fn version(db: &Connection) -> Result<i32, Error> {
    let found: i32 = db.query_row("pragma user_version", [], |row| row.get(0))?;
    if found > SCHEMA { Err(Error::Newer(found)) } else { Ok(found) }
}

/// Notes windows within one transaction.
struct Note<'a> {
    db: &'a Transaction<'a>,
    run: i64,
    at: i64,
}

impl Note<'_> {
    fn window<E: From<Error>>(
        &self,
        window: &Window,
        title: &dyn Fn(i64) -> Result<String, E>,
    ) -> Result<(), E> {
        let (feed, edition) = self.edition(window)?;
        let standing = self.standing(feed)?;
        let difference = difference(&standing, &window.entries);
        for id in difference.ends {
            self.run(
                "update stay set last = ?1 where feed = ?2 and last is null
                 and entry in (select entry from entry where id = ?3)",
                params![edition - 1, feed, id],
            )?;
        }
        for shown in difference.begins {
            let title = title(shown.article)?;
            self.run(
                "insert or ignore into entry (id, title) values (?, ?)",
                params![shown.id, title],
            )?;
            self.run(
                "insert or replace into stay (feed, first, entry, last, hash)
                 select ?1, ?2, entry, null, ?3 from entry where id = ?4 and title = ?5",
                params![feed, edition, short(&shown.hash), shown.id, title],
            )?;
        }
        self.forget(feed, edition)?;
        Ok(())
    }

    /// Begins the next edition: the feed's number and the edition's.
    fn edition(&self, window: &Window) -> Result<(i64, i64), Error> {
        self.run(
            "insert into feed (name, seal, edition, run) values (?1, ?2, 1, ?3)
             on conflict (name) do update set seal = ?2, edition = edition + 1, run = ?3",
            params![window.feed.0, window.seal.0, self.run],
        )?;
        let (feed, edition) = self
            .db
            .prepare_cached("select feed, edition from feed where name = ?")?
            .query_row([&window.feed.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.run(
            "insert into edition values (?, ?, ?, ?)",
            params![feed, edition, self.run, self.at],
        )?;
        Ok((feed, edition))
    }

    fn standing(&self, feed: i64) -> Result<BTreeMap<String, [u8; 8]>, Error> {
        let mut query = self.db.prepare_cached(
            "select e.id, s.hash from stay s join entry e on e.entry = s.entry
             where s.feed = ? and s.last is null",
        )?;
        let rows = query.query_map([feed], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets editions beyond what is remembered, and the stays that ended before the oldest.
    fn forget(&self, feed: i64, newest: i64) -> Result<(), Error> {
        let before = self.at - TimeDelta::days(DAYS_MAX).num_seconds();
        self.run(
            "delete from edition
             where feed = ?1 and edition < ?2 and (edition <= ?2 - ?3 or at < ?4)",
            params![feed, newest, EDITIONS_MAX, before],
        )?;
        let oldest: Option<i64> = self
            .db
            .prepare_cached("select min(edition) from edition where feed = ?")?
            .query_row([feed], |row| row.get(0))
            .optional()?
            .flatten();
        // The stays that the oldest ended are still told of it.
        let last = oldest.unwrap_or(newest) - 1;
        let mut query = self
            .db
            .prepare_cached("delete from stay where feed = ? and last < ? returning entry")?;
        let dropped: Vec<i64> =
            query.query_map([feed, last], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for entry in dropped {
            self.run(
                "delete from entry
                 where entry = ?1 and not exists (select 1 from stay where entry = ?1)",
                [entry],
            )?;
        }
        Ok(())
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), Error> {
        self.db.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
