//! JSON with the place of every value and every name, also of those that stand twice, which
//! `serde_json` forgets. It reads what `serde_json` has found to be JSON, and checks nothing.

use std::ops::Range;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool,
    /// As written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<Member>),
}

/// A name, where it stands, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) value: Value,
}

impl Value {
    /// The members, where this is an object.
    pub(super) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members().iter().rev().find(|m| m.name == name).map(|m| &m.value)
    }

    pub(super) fn string(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, in words.
    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool => "true or false",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
        }
    }
}

/// Reads a text that is JSON, and not nested deeper than `serde_json` allows. `None` where it isn't.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    reader.value(0)
}

/// As deep as `serde_json` goes, and a little.
const DEPTH_MAX: usize = 130;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        let first = self.peek()?;
        let begin = self.at;
        let kind = match first {
            b'{' => Kind::Object(self.object(depth)?),
            b'[' => Kind::Array(self.array(depth)?),
            b'"' => Kind::String(self.string()?),
            b't' | b'f' => {
                self.word();
                Kind::Bool
            }
            b'n' => {
                self.word();
                Kind::Null
            }
            _ => Kind::Number(self.word()),
        };
        Some(Value { kind, range: begin..self.at })
    }

    fn object(&mut self, depth: usize) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        self.at += 1;
        while self.peek()? != b'}' {
            let at = self.at;
            let name = self.string()?;
            (self.peek()? == b':').then_some(())?;
            self.at += 1;
            members.push(Member { name, at, value: self.value(depth + 1)? });
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(members)
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        self.at += 1;
        while self.peek()? != b']' {
            values.push(self.value(depth + 1)?);
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(values)
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        let begin = self.at;
        let mut at = begin + 1;
        loop {
            match bytes.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        serde_json::from_str(self.text.get(begin..self.at)?).ok()
    }

    fn word(&mut self) -> String {
        let begin = self.at;
        let rest = self.text.get(begin..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        // At least one byte, so that reading always ends.
        self.at = begin + end.unwrap_or(rest.len()).max(1);
        self.text.get(begin..self.at).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_keep_their_places() {
        let text = "{ \"a\": [1, \"é\\n\"],\n \"a\": null }";
        let value = read(text).unwrap();
        assert_eq!(value.range, 0..text.len());
        let [first, second] = value.members() else { panic!("{value:?}") };
        assert_eq!((first.name.as_str(), first.at), ("a", 2));
        assert_eq!(first.value.what(), "an array");
        assert_eq!(&text[second.value.range.clone()], "null");
        assert_eq!(value.get("a").unwrap().what(), "null");
    }

    #[test]
    fn what_isnt_json_ends() {
        for text in ["", "{", "[1", "{\"a\"", "{\"a\":", "\"", "{]", "[}", "\\", "{\"a\" 1}"] {
            let _ = read(text);
        }
        assert_eq!(read(&"[".repeat(10_000)), None);
    }
}
