//! What belongs to rows, several rows to one: tags, authors, media. It is asked for one page of rows at a
//! time, by their ids, so that neither side is ever held whole.

use std::collections::HashMap;

use super::keys::{column, key_of};
use super::question;
use super::session::{Asked, Session};
use super::{Error, Options};
use crate::document::{Row, Value};

/// The name of the list of ids in a question, and of the column that says whose a row is.
const IDS: &str = "ids";
const ID: &str = "id";

/// Gives each row of a page what belongs to it, as one more column for each question.
pub(super) fn join(
    session: &Session,
    options: &Options,
    mut page: Vec<Row>,
) -> Result<Vec<Row>, Error> {
    if options.question.also.is_empty() || page.is_empty() {
        return Ok(page);
    }
    let id = page.first().and_then(|row| column(&row.columns, ID));
    let id = id.ok_or_else(|| Error::NoIdColumn { shown: options.shown.clone() })?;
    let ids: Vec<Value> = page.iter().map(|row| row.columns[id].1.clone()).collect();
    let asked_for: Vec<Value> = ids.iter().filter(|id| key_of(id).is_some()).cloned().collect();
    for (name, sql) in &options.question.also {
        let mut of = belongings(session, options, name, sql, &asked_for)?;
        for (row, id) in page.iter_mut().zip(&ids) {
            let own = key_of(id).and_then(|key| of.remove(&key)).unwrap_or_default();
            row.columns.push((name.clone(), Value::Rows(own)));
        }
    }
    Ok(page)
}

/// What belongs to some ids, by the ids' keys.
fn belongings(
    session: &Session,
    options: &Options,
    name: &str,
    sql: &str,
    ids: &[Value],
) -> Result<HashMap<String, Vec<Row>>, Error> {
    let mut of: HashMap<String, Vec<Row>> = HashMap::new();
    if ids.is_empty() {
        return Ok(of);
    }
    let shown = format!("{} ({name})", options.shown);
    if !question::names(sql, session.dialect(), IDS) {
        return Err(Error::NoIds { shown });
    }
    for mut row in session.ask_all(Asked { shown: &shown, sql, given: &[(IDS, ids)] })? {
        let Some(at) = column(&row.columns, ID) else {
            return Err(Error::NoIdColumn { shown });
        };
        let (_, id) = row.columns.remove(at);
        if let Some(key) = key_of(&id) {
            of.entry(key).or_default().push(row);
        }
    }
    Ok(of)
}
