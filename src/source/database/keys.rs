//! What tells rows apart: a key names a row within its source, a stamp changes with any of its values.

use crate::article::ContentHash;
use crate::document::{Row, Value};

/// The columns that a key is taken from, best first.
pub(super) struct KeyColumns {
    id: Option<usize>,
    url: Option<usize>,
}

impl KeyColumns {
    pub(super) fn among(names: &[(String, Value)]) -> KeyColumns {
        KeyColumns { id: column(names, "id"), url: column(names, "url") }
    }

    pub(super) fn key(&self, row: &Row, number: u64) -> Option<String> {
        if self.id.is_none() && self.url.is_none() {
            return Some(number.to_string());
        }
        let columns = [self.id, self.url].into_iter().flatten();
        columns.filter_map(|at| key_of(&row.columns.get(at)?.1)).next()
    }
}

/// Where a column stands. SQL's names have no case; of several, the first counts, as for SQL.
pub(super) fn column(columns: &[(String, Value)], wanted: &str) -> Option<usize> {
    columns.iter().position(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// A value as a key.
pub(super) fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Rows(_) => None,
        Value::Integer(n) => Some(n.to_string()),
        Value::Real(n) => Some(n.to_string()),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
            Err(_) => Some(hex(bytes)),
        },
        Value::Blob(bytes) => Some(hex(bytes)).filter(|_| !bytes.is_empty()),
    }
}

/// Bytes as SQL writes them.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::from("x'");
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

/// A hash of all names and values, types included. Lengths are hashed too, so that no two rows run
/// into the same bytes.
pub(super) fn stamp(row: &Row) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    add(&mut hasher, row);
    ContentHash::finish(&hasher)
}

fn add(hasher: &mut blake3::Hasher, row: &Row) {
    for (name, value) in &row.columns {
        part(hasher, b'c', name.as_bytes());
        match value {
            Value::Null => part(hasher, b'n', &[]),
            Value::Integer(n) => part(hasher, b'i', &n.to_le_bytes()),
            Value::Real(n) => part(hasher, b'r', &n.to_bits().to_le_bytes()),
            Value::Text(bytes) => part(hasher, b't', bytes),
            Value::Blob(bytes) => part(hasher, b'b', bytes),
            Value::Rows(rows) => {
                part(hasher, b'l', &(rows.len() as u64).to_le_bytes());
                for row in rows {
                    part(hasher, b'w', &(row.columns.len() as u64).to_le_bytes());
                    add(hasher, row);
                }
            }
        }
    }
}

fn part(hasher: &mut blake3::Hasher, tag: u8, bytes: &[u8]) {
    hasher.update(&[tag]);
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
