//! What the presets of programs make: a row with the columns that everybody's rows have.

use serde_json::Value as Json;

use super::Value;

/// Columns of a row; those that say nothing are left out.
#[derive(Debug, Default)]
pub(super) struct Columns(pub(super) Vec<(String, Value)>);

impl Columns {
    /// A value, where it says something.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        if !value.trim().is_empty() {
            self.0.push((name.to_owned(), Value::Text(value.as_bytes().to_vec())));
        }
    }

    /// Values of several parts, where there are any.
    pub(super) fn json(&mut self, name: &str, value: Json) {
        let says = match &value {
            Json::Array(list) => !list.is_empty(),
            Json::Object(map) => !map.is_empty(),
            Json::Null => false,
            _ => true,
        };
        if says {
            self.text(name, &value.to_string());
        }
    }
}
