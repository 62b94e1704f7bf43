//! Values as PHP's `serialize` writes them, which WordPress keeps in its columns. Only reading, and
//! only as far as sizes and numbers go: what is cut off, too deep or too long is no value.

/// A value of PHP's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Php {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    /// An array or an object: keys and values in its order.
    Array(Vec<(String, Php)>),
}

/// Values within each other; WordPress itself nests four deep.
const DEPTH_MAX: u32 = 32;
/// Values in one text: the sizes of a picture are some hundred.
const VALUES_MAX: u32 = 50_000;

impl Php {
    /// Reads a value that fills the whole text.
    pub(super) fn parse(text: &str) -> Option<Php> {
        let mut reader = Reader { bytes: text.trim().as_bytes(), at: 0, left: VALUES_MAX };
        let value = reader.value(0)?;
        (reader.at == reader.bytes.len()).then_some(value)
    }

    /// A member of an array.
    pub(super) fn get(&self, key: &str) -> Option<&Php> {
        let Php::Array(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// A number, also one that is written as text.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Php::Integer(number) => Some(*number),
            Php::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as text, where it is one value.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Php::Text(text) => Some(text.clone()),
            Php::Integer(number) => Some(number.to_string()),
            Php::Real(number) => Some(number.to_string()),
            Php::Bool(yes) => Some(i32::from(*yes).to_string()),
            Php::Null | Php::Array(_) => None,
        }
    }

    /// All values of an array.
    pub(super) fn values(&self) -> impl Iterator<Item = &Php> {
        let members = match self {
            Php::Array(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(_, value)| value)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u32,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u32) -> Option<Php> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        let kind = self.next()?;
        match kind {
            b'N' => self.take(b';').map(|()| Php::Null),
            b'b' => self.simple().map(|text| Php::Bool(text == "1")),
            b'i' => Some(Php::Integer(self.simple()?.parse().ok()?)),
            b'd' => Some(Php::Real(self.simple()?.parse().ok()?)),
            // References to a value before.
            b'R' | b'r' => self.simple().map(|_| Php::Null),
            b's' => {
                self.take(b':')?;
                let text = self.string()?;
                self.take(b';')?;
                Some(Php::Text(text))
            }
            b'a' => {
                self.take(b':')?;
                self.members(depth)
            }
            b'O' => {
                self.take(b':')?;
                self.string()?;
                self.take(b':')?;
                self.members(depth)
            }
            _ => None,
        }
    }

    /// `N:{key value …}`
    fn members(&mut self, depth: u32) -> Option<Php> {
        let count: usize = self.until(b':')?.parse().ok()?;
        self.take(b'{')?;
        let mut members = Vec::new();
        for _ in 0..count {
            let key = self.value(depth + 1)?.text()?;
            members.push((key, self.value(depth + 1)?));
        }
        self.take(b'}')?;
        Some(Php::Array(members))
    }

    /// `N:"…"`, so many bytes.
    fn string(&mut self) -> Option<String> {
        let length: usize = self.until(b':')?.parse().ok()?;
        self.take(b'"')?;
        let bytes = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        self.take(b'"')?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// `:…;`
    fn simple(&mut self) -> Option<&'a str> {
        self.take(b':')?;
        self.until(b';')
    }

    fn until(&mut self, end: u8) -> Option<&'a str> {
        let rest = &self.bytes[self.at..];
        // No number is longer.
        let length = rest.iter().take(64).position(|byte| *byte == end)?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).ok()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_wordpress_keeps_is_read() {
        let text = "a:4:{s:5:\"width\";i:1200;s:6:\"height\";s:3:\"800\";s:4:\"file\";\
                    s:6:\"é.jpg\";s:4:\"meta\";a:1:{i:0;b:1;}}";
        let value = Php::parse(text).unwrap();
        assert_eq!(value.get("width").and_then(Php::integer), Some(1200));
        assert_eq!(value.get("height").and_then(Php::integer), Some(800));
        assert_eq!(value.get("file").and_then(Php::text).as_deref(), Some("é.jpg"));
        assert_eq!(value.get("meta").unwrap().values().next(), Some(&Php::Bool(true)));
        assert_eq!(Php::parse("N;"), Some(Php::Null));
        assert_eq!(Php::parse("d:0.5;"), Some(Php::Real(0.5)));
        let object = "O:8:\"stdClass\":1:{s:1:\"a\";N;}";
        assert_eq!(Php::parse(object), Some(Php::Array(vec![("a".to_owned(), Php::Null)])));
    }

    #[test]
    fn what_is_cut_off_or_boundless_is_none() {
        for text in [
            "",
            "x",
            "i:1",
            "i:;",
            "s:3:\"ab\";",
            "s:18446744073709551615:\"a\";",
            "s:-1:\"\";",
            "a:2:{i:0;i:1;}",
            "a:999999999999:{",
            "a:1:{a:0:{}i:1;}",
            "i:1;i:2;",
            "O:1:\"a\":1:{",
        ] {
            assert_eq!(Php::parse(text), None, "{text}");
        }
        let deep = "a:1:{i:0;".repeat(100_000);
        assert_eq!(Php::parse(&deep), None);
        let long = format!("a:100000:{{{}}}", "i:0;i:0;".repeat(100_000));
        assert_eq!(Php::parse(&long), None);
    }

    proptest! {
        #[test]
        fn nothing_brings_it_down(text in "[aObisdNRr:;{}\"0-9a-zé]{0,80}") {
            let _ = Php::parse(&text);
        }
    }
}
