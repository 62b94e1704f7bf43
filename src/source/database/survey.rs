//! A first look at a database that nobody has described: which tables it has, and what they say to
//! questions of whoever looks. Reads only, as everything here.

use std::collections::BTreeMap;

use super::question::Dialect;
use super::session::{Asked, Session};
use super::{Error, Options};

/// A database, open for a first look.
pub struct Survey {
    session: Session,
    shown: String,
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A row of an answer: what is text or a number, by column; what is null isn't there.
pub type Answer = BTreeMap<String, String>;

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name; with its schema's before a dot where that isn't the usual one.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the database says it, in small letters.
    pub kind: String,
}

const SQLITE: &str = "select m.name as tab, p.name as col, p.type as kind \
from sqlite_master m join pragma_table_info(m.name) p \
where m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\' \
order by m.name, p.cid";

const POSTGRES: &str = "select cast(case when table_schema = current_schema() then table_name \
else table_schema || '.' || table_name end as text) as tab, cast(column_name as text) as col, \
cast(data_type as text) as kind from information_schema.columns \
where table_schema not in ('pg_catalog', 'information_schema') \
order by table_schema, table_name, ordinal_position";

const MYSQL: &str = "select cast(table_name as char) as tab, cast(column_name as char) as col, \
cast(data_type as char) as kind from information_schema.columns \
where table_schema = database() order by table_name, ordinal_position";

impl Survey {
    /// Opens it.
    ///
    /// # Errors
    /// Where it can't be reached or lets nobody in.
    pub fn open(options: &Options) -> Result<Survey, Error> {
        Ok(Survey { session: Session::open(options)?, shown: options.shown.clone() })
    }

    /// Its tables and views, by name.
    ///
    /// # Errors
    /// Where it doesn't answer.
    pub fn tables(&self) -> Result<Vec<Table>, Error> {
        let rows = self.ask(match self.session.dialect() {
            Dialect::Sqlite => SQLITE,
            Dialect::Postgres => POSTGRES,
            Dialect::Mysql => MYSQL,
        })?;
        let mut tables: Vec<Table> = Vec::new();
        for row in rows {
            let text = |name: &str| row.get(name).cloned().unwrap_or_default();
            let column = Column { name: text("col"), kind: text("kind").to_lowercase() };
            match tables.last_mut().filter(|table| table.name == text("tab")) {
                Some(table) => table.columns.push(column),
                None => tables.push(Table { name: text("tab"), columns: vec![column] }),
            }
        }
        Ok(tables)
    }

    /// Asks something with a short answer.
    ///
    /// # Errors
    /// Where it doesn't answer.
    pub fn ask(&self, sql: &str) -> Result<Vec<Answer>, Error> {
        let rows = self.session.ask_all(Asked { shown: &self.shown, sql, given: &[] })?;
        let answer = |row: &crate::document::Row| {
            let columns = row.columns.iter();
            columns.filter_map(|(name, _)| Some((name.clone(), row.text(name)?))).collect()
        };
        Ok(rows.iter().map(answer).collect())
    }

    /// How a name is quoted in its SQL.
    #[must_use]
    pub fn quote(&self) -> char {
        if self.session.dialect() == Dialect::Mysql { '`' } else { '"' }
    }
}
