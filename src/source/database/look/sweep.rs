//! A sweep: ids and marks in pages, each a short question of an instant of its own, so that no lock and no
//! snapshot stands for long. Rows change between pages; nothing goes wrong by that, because:
//!
//! - Pages don't raise the highest mark. The last step, of one instant, asks for what changed since the look
//!   before, as any look between sweeps does, so whatever was marked meanwhile is met there.
//! - What no page met is asked for once more in that step, by its id, before it counts as vanished.
//!
//! Pages go by the ids' own order, whatever that is in the database. The last id of a page is the first of the
//! next, as some orders take different ids for equal.

use std::collections::HashSet;

use super::super::question::unordered;
use super::*;

/// Rows of the first page, and of any. Pages grow, because some queries are worked off anew for each of them.
const ROWS_FIRST: usize = 4096;
const ROWS_MAX: usize = 65_536;

/// The name of the id that a page begins with.
const AFTER: &str = "after";

/// What pages have told so far.
struct Met {
    keys: HashSet<ContentHash>,
    /// Whether all ids are whole numbers.
    are_numbers: bool,
}

impl Met {
    fn new() -> Met {
        Met { keys: HashSet::new(), are_numbers: true }
    }
}

/// A page.
enum Page {
    /// So many rows, and the last one's id.
    Rows(usize, Option<Value>),
    /// It has a row without an id.
    Nameless,
}

/// How pages ended.
enum Ended {
    All,
    Nameless,
    /// The ids have no order that pages could go by.
    Unordered,
}

impl Looking<'_, '_> {
    /// Compares ids and marks, and asks for the rows that differ. `false` where that can't tell all: rows
    /// lack ids.
    pub(super) fn sweep(&mut self, changes: &Changes) -> Result<bool, Error> {
        self.sieve.met = Some(HashMap::new());
        self.rise(false);
        let mut met = Met::new();
        match self.pages(changes, &mut met) {
            Ok(Ended::All) => {}
            Ok(Ended::Nameless) => return Ok(false),
            // All at once, then.
            Ok(Ended::Unordered) | Err(Error::Query { .. }) => {
                self.renew()?;
                met = Met::new();
                self.reader = Reader::new(self.sieve.options);
                match self.compare(changes, "", None, &mut met) {
                    // Nor can they be asked for; what else is wrong a look at all rows tells.
                    Ok(Page::Nameless) | Err(Error::Query { .. }) => return Ok(false),
                    done => drop(done?),
                }
            }
            Err(e) => return Err(e),
        }
        self.last_step(changes, &met)
    }

    fn rise(&mut self, rises: bool) {
        if let Some(marks) = &mut self.sieve.marks {
            marks.rises = rises;
        }
    }

    /// Goes on with another instant.
    fn renew(&self) -> Result<(), Error> {
        self.session.renew(&self.sieve.options.shown)?;
        #[cfg(test)]
        super::tests::between_pages();
        Ok(())
    }

    fn pages(&mut self, changes: &Changes, met: &mut Met) -> Result<Ended, Error> {
        let dialect = self.session.dialect();
        let id = quoted("id", dialect);
        // So rows without an id come first.
        let (order, beyond) = match dialect {
            Dialect::Postgres => ("desc", "<="),
            Dialect::Sqlite | Dialect::Mysql => ("asc", ">="),
        };
        let mut rows_max = rows_first();
        let mut after: Option<Value> = None;
        loop {
            let from = match after {
                Some(_) => format!("where q.{id} {beyond} :{AFTER} "),
                None => String::new(),
            };
            let which = format!("{from}order by q.{id} {order} limit {rows_max}");
            let before = met.keys.len();
            match self.compare(changes, &which, after.as_ref(), met)? {
                Page::Nameless => return Ok(Ended::Nameless),
                Page::Rows(rows, _) if rows < rows_max => return Ok(Ended::All),
                Page::Rows(..) if met.keys.len() == before => return Ok(Ended::Unordered),
                Page::Rows(_, last) => after = last,
            }
            rows_max = (rows_max * 2).min(ROWS_MAX);
            self.renew()?;
        }
    }

    /// Compares the ids and marks of some rows with what is known, and asks for those that differ.
    fn compare(
        &mut self,
        changes: &Changes,
        which: &str,
        after: Option<&Value>,
        met: &mut Met,
    ) -> Result<Page, Error> {
        let Looking { session, reader, sieve } = self;
        let options = sieve.options;
        let dialect = session.dialect();
        let (id, mark) = (quoted("id", dialect), quoted(&changes.column, dialect));
        let sql = format!(
            "select q.{id} as id, q.{mark} as mark from (\n{}\n) as q {which}",
            unordered(&options.question.query, dialect)
        );
        let given =
            [(SINCE, &BELOW_ALL[..]), (AFTER, after.map(std::slice::from_ref).unwrap_or(&[]))];
        let given = if after.is_some() { &given[..] } else { &given[..1] };
        let (mut rows, mut last, mut differ) = (0, None, Vec::new());
        let mut is_nameless = false;
        let mut first = after.and_then(key_of);
        session.ask(asked(options, &sql, given), &mut |page| {
            for row in page {
                let value = |name| column(&row.columns, name).map(|at| row.columns[at].1.clone());
                let (id, mark) = (value("id"), value("mark").unwrap_or(Value::Null));
                let Some((id, key)) = id.and_then(|id| key_of(&id).map(|key| (id, key))) else {
                    is_nameless = true;
                    return Ok(ControlFlow::Break(()));
                };
                rows += 1;
                met.are_numbers &= matches!(id, Value::Integer(_));
                last = Some(id.clone());
                if met.keys.insert(ContentHash::of(key.as_bytes())) {
                    if !sieve.stands(&key, &Mark(mark)) {
                        differ.push(id);
                    }
                } else if first.take_if(|first| *first == key).is_none() {
                    reader.tell(row_twice(options, &key));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if is_nameless {
            return Ok(Page::Nameless);
        }
        for ids in differ.chunks(PAGE_ROWS) {
            self.fetch(ids)?;
        }
        Ok(Page::Rows(rows, last))
    }

    /// What was marked since the look before, and whether what no page met is there all the same. `false`
    /// where that can't be told.
    fn last_step(&mut self, changes: &Changes, met: &Met) -> Result<bool, Error> {
        self.sieve.flush();
        self.renew()?;
        self.rise(true);
        // Rows that a page has met are no second ones.
        let reader = Reader::new(self.sieve.options);
        let pages = std::mem::replace(&mut self.reader, reader);
        self.since(changes)?;
        self.reader = pages;
        let Knowledge::All(known) = &self.sieve.known else { return Ok(true) };
        let mut left: Vec<&str> = known.keys().map(String::as_str).collect();
        left.sort_unstable();
        let dialect = self.session.dialect();
        let left: Vec<Value> = left.iter().flat_map(|key| ids_of(key, met, dialect)).collect();
        for ids in left.chunks(PAGE_ROWS) {
            match self.fetch(ids) {
                // A key that is no id, of a row that had none.
                Err(Error::Query { .. }) => return Ok(false),
                done => done?,
            }
        }
        Ok(true)
    }
}

/// The ids that have a key; none where no id of this query can.
fn ids_of(key: &str, met: &Met, dialect: Dialect) -> Vec<Value> {
    let number = key.parse().ok().map(Value::Integer);
    if met.are_numbers && !met.keys.is_empty() {
        return number.into_iter().collect();
    }
    if let Some(bytes) = bytes_of(key) {
        return vec![Value::Blob(bytes)];
    }
    let text = Value::Text(key.as_bytes().to_vec());
    match dialect {
        // A column takes values of any type, and they aren't equal.
        Dialect::Sqlite => {
            let real = key.parse().ok().map(Value::Real).filter(|_| number.is_none());
            [Some(text), number, real].into_iter().flatten().collect()
        }
        Dialect::Postgres | Dialect::Mysql => vec![text],
    }
}

fn bytes_of(key: &str) -> Option<Vec<u8>> {
    let digits = key.strip_prefix("x'")?.strip_suffix('\'')?;
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn rows_first() -> usize {
    #[cfg(test)]
    if let Some(rows) = super::tests::ROWS.get() {
        return rows;
    }
    ROWS_FIRST
}
