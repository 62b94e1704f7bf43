//! What a look at a source found wrong that no document keeps: the source was down, a folder or a file
//! couldn't be opened, a row had no key. It stands until a later look says otherwise.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Catalog, Error, problems, problems_text};
use crate::problem::Problem;

impl Catalog {
    /// What stands, by source.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn standing(&self) -> Result<BTreeMap<String, Vec<Problem>>, Error> {
        let mut all = BTreeMap::new();
        self.rows("select source, problems from standing order by source", |row| {
            all.insert(row.get(0)?, problems(row.get(1)?));
            Ok(())
        })?;
        Ok(all)
    }

    /// Notes what stands of a source from now on.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn note_standing(&mut self, source: &str, problems: &[Problem]) -> Result<(), Error> {
        let done = match problems_text(problems) {
            Some(text) => self.db.execute(
                "insert or replace into standing (source, problems) values (?, ?)",
                params![source, text],
            ),
            None => self.db.execute("delete from standing where source = ?", [source]),
        };
        done.map(drop).map_err(Error::database)
    }
}
