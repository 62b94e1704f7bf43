//! A typed reader of TOML that goes on after a mistake. A [`Table`] gives its keys away one by one,
//! notes what is wrong with each at its place, and reports at the end those that it doesn't know.
//! What a value means is [`values`](super::values)'s.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::codes;
use super::keys::{self, Keys};
use super::text::{At, SNIPPET_BYTES_MAX, Span, Str, Text, Wrong};

/// One table, given away key by key.
pub(super) struct Table<'t> {
    keys: Keys,
    /// Where it begins; `None` of one that isn't written, and of the whole file.
    pub(super) span: Option<Span>,
    entries: Option<&'t DeTable<'t>>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(super) fn new(keys: Keys, span: Option<Span>, entries: &'t DeTable<'t>) -> Table<'t> {
        Table { keys, span, entries: Some(entries), asked: Vec::new() }
    }

    /// One that the file doesn't have.
    fn absent(keys: Keys) -> Table<'t> {
        Table { keys, span: None, entries: None, asked: Vec::new() }
    }

    /// Whether the file has the table.
    pub(super) fn written(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether the file has the key, whatever its value is worth.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where the key stands.
    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|(key, _)| key)
    }

    fn entry(&self, key: &str) -> Option<(Span, &'t Spanned<DeValue<'t>>)> {
        self.entries?.iter().find(|(k, _)| k.get_ref() == key).map(|(k, v)| (k.span(), v))
    }

    fn take(&mut self, key: &'static str) -> Option<(Span, &'t Spanned<DeValue<'t>>)> {
        debug_assert!(self.keys.names.contains(&key), "{key} isn't listed in keys.rs");
        self.asked.push(key);
        self.entry(key)
    }

    /// Reports the key where it isn't there.
    pub(super) fn require(&self, text: &mut Text<'_>, key: &str, help: &str) {
        if !self.has(key) {
            let message = format!("`{}` has no `{key}`", self.keys.header);
            text.error(&codes::KEY_MISSING, self.span.as_ref(), message, help);
        }
    }

    /// Reports the key where it is there.
    pub(super) fn refuse(&self, text: &mut Text<'_>, key: &str, why: &str, help: &str) {
        if let Some(span) = self.key_span(key) {
            text.error(&codes::KEY_MISPLACED, Some(&span), format!("`{key}` {why}"), help);
        }
    }

    /// A string, variables filled in.
    pub(super) fn string(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<Str> {
        let (_, value) = self.take(key)?;
        text.string_of(key, value)
    }

    /// A string that `parse` makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<At<T>> {
        let Str { value, span, .. } = self.string(text, key)?;
        match parse(&value) {
            Ok(value) => Some(At { value, span }),
            Err(wrong) => {
                text.wrong(key, &span, wrong);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<bool> {
        let (_, value) = self.take(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(*b);
        }
        let help = format!("write `{key} = true` or `{key} = false`, without quotes");
        text.type_error(key, &value.span(), "`true` or `false`", value.get_ref(), help);
        None
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, text: &mut Text<'_>, key: &'static str) -> Option<u32> {
        let (_, value) = self.take(key)?;
        let span = value.span();
        let DeValue::Integer(number) = value.get_ref() else {
            let help = format!("write `{key} = 50`, without quotes");
            text.type_error(key, &span, "a whole number", value.get_ref(), help);
            return None;
        };
        match u32::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if number > 0 => Some(number),
            _ => {
                let help = format!("write `{key} = 50`, for example");
                let what = format!("must be from 1 to {}", u32::MAX);
                text.wrong(key, &span, Wrong::new(codes::VALUE, what, help));
                None
            }
        }
    }

    /// A list of strings; each that isn't one is left out.
    pub(super) fn strings(&mut self, text: &mut Text<'_>, key: &'static str) -> Vec<Str> {
        self.list(text, key).iter().filter_map(|value| text.string_in(key, value)).collect()
    }

    /// A list of strings that `parse` makes something of.
    pub(super) fn parsed_list<T>(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Vec<At<T>> {
        let mut parsed = Vec::new();
        for Str { value, span, .. } in self.strings(text, key) {
            match parse(&value) {
                Ok(value) => parsed.push(At { value, span }),
                Err(wrong) => text.wrong(key, &span, wrong),
            }
        }
        parsed
    }

    /// A list of anything.
    pub(super) fn list(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
    ) -> &'t [Spanned<DeValue<'t>>] {
        let Some((_, value)) = self.take(key) else { return &[] };
        if let DeValue::Array(array) = value.get_ref() {
            return array;
        }
        let help = match value.get_ref() {
            DeValue::String(_) => format!("write `{key} = [{}]`", text.snippet(&value.span())),
            _ => format!("write `{key} = [\"…\"]`"),
        };
        text.type_error(key, &value.span(), "a list", value.get_ref(), help);
        &[]
    }

    /// A table whose keys are the operator's own, with strings.
    pub(super) fn pairs(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        example: &str,
    ) -> Vec<(At<String>, Str)> {
        let Some((_, value)) = self.take(key) else { return Vec::new() };
        let DeValue::Table(entries) = value.get_ref() else {
            let help = format!("write `{key} = {{ {example} }}`");
            text.type_error(key, &value.span(), "a table", value.get_ref(), help);
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(own, value)| {
                let value = text.string_in(key, value)?;
                Some((At { value: own.get_ref().to_string(), span: own.span() }, value))
            })
            .collect()
    }

    /// A table below this one, an absent one where it isn't written.
    pub(super) fn table(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        keys: Keys,
    ) -> Table<'t> {
        let Some((span, value)) = self.take(key) else { return Table::absent(keys) };
        if let DeValue::Table(entries) = value.get_ref() {
            return Table::new(keys, Some(value.span()), entries);
        }
        let help = match value.get_ref() {
            DeValue::Array(_) => format!("there is one: write `[{key}]`, in single brackets"),
            _ => format!("write `[{key}]` on a line of its own, and its keys below"),
        };
        text.type_error(key, &span, "a table", value.get_ref(), help);
        Table::absent(keys)
    }

    /// The tables written `[[key]]`; `None` where there are none.
    pub(super) fn tables(
        &mut self,
        text: &mut Text<'_>,
        key: &'static str,
        keys: Keys,
    ) -> Option<Vec<Table<'t>>> {
        let (span, value) = self.take(key)?;
        let help = format!("write `[[{key}]]`, in double brackets, once for each");
        let DeValue::Array(array) = value.get_ref() else {
            let wanted = "a list of tables";
            text.type_error(key, &span, wanted, value.get_ref(), help);
            // Its keys are looked at all the same.
            return match value.get_ref() {
                DeValue::Table(entries) => Some(vec![Table::new(keys, Some(span), entries)]),
                _ => Some(Vec::new()),
            };
        };
        let mut tables = Vec::new();
        for item in array.iter() {
            if let DeValue::Table(entries) = item.get_ref() {
                tables.push(Table::new(keys, Some(item.span()), entries));
            } else {
                text.type_error(
                    key,
                    &item.span(),
                    "a list of tables",
                    item.get_ref(),
                    help.clone(),
                );
            }
        }
        Some(tables)
    }

    /// Reports the keys that the table doesn't know.
    pub(super) fn finish(self, text: &mut Text<'_>) {
        debug_assert!(
            self.keys.names.iter().all(|name| self.asked.contains(name)),
            "a key of {} that nothing reads",
            self.keys.header
        );
        for (key, _) in self.entries.into_iter().flatten() {
            if self.keys.names.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let place = match self.keys.header {
                "" => String::new(),
                header => format!(" in `{header}`"),
            };
            let mut name: String = key.get_ref().chars().take(SNIPPET_BYTES_MAX).collect();
            if name.len() < key.get_ref().len() {
                name.push('…');
            }
            let message = format!("there is no key `{name}`{place}");
            let help = keys::help_for(key.get_ref(), self.keys);
            text.error(&codes::KEY_UNKNOWN, Some(&key.span()), message, help);
        }
    }
}
