//! From bytes to text: the encoding as XML finds it (byte order mark, Content-Type, declaration;
//! RFC 7303 §3), what can't be decoded, characters that no XML document may hold, and sizes.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::sheet::{Sheet, quote};
use super::{BYTES_MAX, Rule, error, note, page, warning};
use crate::problem::Code;

const TOO_LARGE: Rule = error(
    Code::new("feed-validator-limit"),
    "hold fewer entries in it: `limit`, `within` or `max_bytes`; older ones belong in an archive",
);
const LARGE: Rule = note(
    Code::new("feed-large"),
    "every poll that isn't answered with 304 sends all of it; fewer or shorter entries help",
);
const BOM: Rule = warning(
    Code::new("feed-byte-order-mark"),
    "save it without a byte order mark; some parsers take it for text before the first tag",
);
const BLANK_LINE: Rule = error(
    Code::new("feed-wp-blank-line"),
    "let `<?xml` be the very first bytes; look for blank lines in the templates that make it",
);
const XML_VERSION: Rule = error(Code::new("feed-bad-xml-version"), "write version=\"1.0\"");
const UNKNOWN_ENCODING: Rule =
    error(Code::new("feed-unknown-encoding"), "write UTF-8, and say so: encoding=\"utf-8\"");
static UNICODE: Rule = error(
    Code::new("feed-unicode-error"),
    "write it in the encoding that it declares, which is best UTF-8",
);
const OBSCURE: Rule = warning(
    Code::new("feed-obscure-encoding"),
    "write UTF-8, which every reader knows; XML parsers must know nothing else but UTF-16",
);
const NONSTANDARD: Rule = note(
    Code::new("feed-nonstd-encoding"),
    "write UTF-8; XML parsers must know nothing else but UTF-16",
);
const MISMATCH: Rule = warning(
    Code::new("feed-encoding-mismatch"),
    "let the server's charset and the XML declaration name one encoding; best none but UTF-8",
);
static BAD_CHARACTERS: Rule = warning(
    Code::new("feed-bad-characters"),
    "text was read in a wrong encoding before it came here; mend it where it is written",
);
pub(super) const ILLEGAL: Rule = error(
    Code::new("feed-illegal-character"),
    "take the character out; XML can't hold it, not even as a reference",
);

/// Encodings other than UTF-8 and UTF-16 that feeds are commonly in, as the validator counts them.
const COMMON: &[&str] = &[
    "euc-jp",
    "gb18030",
    "iso-8859-1",
    "iso-8859-15",
    "iso-8859-2",
    "iso-8859-7",
    "koi8-r",
    "shift_jis",
    "us-ascii",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
    "windows-1255",
    "windows-1256",
];

/// Above this a feed is a burden to those who poll it, in bytes.
const LARGE_BYTES: usize = 1_000_000;

/// A feed's text, and what was noticed on the way to it.
pub(super) struct Decoded {
    pub(super) text: String,
    bom: bool,
    /// The encoding named in the declaration.
    declared: Option<String>,
    /// The charset of the Content-Type.
    charset: Option<String>,
    /// The encoding that was asked for and isn't known.
    unknown: Option<String>,
    malformed: bool,
    binary: bool,
    /// What the declaration says and the bytes don't.
    belied: Option<(&'static Rule, &'static str)>,
    /// That was believed, and made other letters of some.
    misread: bool,
}

impl Decoded {
    pub(super) fn new(bytes: &[u8], content_type: Option<&str>) -> Decoded {
        let bytes = bytes.get(..BYTES_MAX).unwrap_or(bytes);
        let declared = declared(bytes);
        let charset = content_type.and_then(charset);
        let bom = Encoding::for_bom(bytes);
        let guessed = bom.map(|(encoding, _)| encoding).or_else(|| utf16(bytes));
        let named = charset.as_deref().or(declared.as_deref());
        let label = named.map(|name| Encoding::for_label(name.as_bytes()));
        let encoding = guessed.unwrap_or_else(|| match label {
            // A declaration that can be read as ASCII isn't UTF-16, whatever it says.
            Some(Some(encoding)) if encoding != UTF_16LE && encoding != UTF_16BE => encoding,
            _ => UTF_8,
        });
        let unknown = match (guessed, label) {
            (None, Some(None)) => named.map(str::to_owned),
            _ => None,
        };
        let rest = bom.map_or(bytes, |(_, length)| bytes.get(length..).unwrap_or_default());
        let (text, malformed) = encoding.decode_without_bom_handling(rest);
        let belied = belied(named.filter(|_| guessed.is_none()), rest);
        let zeros = memchr::memchr(0, rest).is_some() && guessed.is_none();
        Decoded {
            text: text.into_owned(),
            bom: bom.is_some_and(|(encoding, _)| encoding == UTF_8),
            declared,
            charset,
            unknown,
            malformed,
            binary: zeros,
            belied,
            misread: belied.is_some() && encoding != UTF_8,
        }
    }

    /// Tells what was noticed; false where there is nothing to look at.
    pub(super) fn tell(&self, length: usize, sheet: &mut Sheet<'_>) -> bool {
        if self.text.trim().is_empty() {
            page::no_feed(sheet, "this is empty");
            return false;
        }
        if self.binary {
            page::no_feed(sheet, "this is compressed, or a picture, or some other data");
            return false;
        }
        if length > BYTES_MAX {
            let message = format!("the feed has more than {BYTES_MAX} bytes");
            sheet.tell_whole(&TOO_LARGE, message);
            return false;
        }
        if length > LARGE_BYTES {
            sheet.tell_whole(&LARGE, format!("the feed has {length} bytes"));
        }
        if self.bom {
            sheet.tell(&BOM, 0, "a byte order mark stands before the feed");
        }
        self.encodings(sheet);
        if self.malformed {
            let at = sheet.text.find('\u{fffd}').unwrap_or(0);
            sheet.tell(&UNICODE, at, "there are bytes that the feed's encoding doesn't have");
        }
        if self.is_xml() {
            self.declaration(sheet);
        }
        // What a wrong label makes of letters was told with it.
        let mislabelled = self.misread || self.mismatch().is_some();
        characters(sheet, self.malformed, mislabelled, self.is_xml());
        true
    }

    fn is_xml(&self) -> bool {
        self.text.trim_start().starts_with('<')
    }

    /// The server's charset and the declaration's, where they differ.
    fn mismatch(&self) -> Option<(&str, &str)> {
        let both = self.charset.as_deref().zip(self.declared.as_deref());
        both.filter(|(charset, declared)| !charset.eq_ignore_ascii_case(declared))
    }

    fn encodings(&self, sheet: &mut Sheet<'_>) {
        if let Some(name) = &self.unknown {
            sheet.tell(&UNKNOWN_ENCODING, 0, format!("no encoding is called {}", quote(name)));
        }
        if let Some((charset, declared)) = self.mismatch() {
            let message = format!(
                "the server says {} and the declaration {}",
                quote(charset),
                quote(declared)
            );
            sheet.tell(&MISMATCH, 0, message);
        } else if let Some((rule, message)) = self.belied {
            sheet.tell(rule, 0, message);
        }
        let Some(name) = self.declared.as_deref().filter(|_| self.unknown.is_none()) else {
            return;
        };
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("utf-8") || lower.starts_with("utf-16") || lower == "utf8" {
            return;
        }
        let rule = if COMMON.contains(&lower.as_str()) { &NONSTANDARD } else { &OBSCURE };
        sheet.tell(rule, 0, format!("the feed is in {}", quote(name)));
    }

    fn declaration(&self, sheet: &mut Sheet<'_>) {
        let text = sheet.text;
        let begin = text.len() - text.trim_start().len();
        let Some(declaration) = text.trim_start().strip_prefix("<?xml") else { return };
        if begin > 0 {
            sheet.tell(&BLANK_LINE, 0, "white space stands before the XML declaration");
        }
        let declaration = declaration.split("?>").next().unwrap_or_default();
        if let Some(version) = pseudo_attribute(declaration, "version")
            && version != "1.0"
        {
            sheet.tell(&XML_VERSION, begin, format!("XML {} isn't XML 1.0", quote(version)));
        }
    }
}

/// Characters that XML can't hold, and those that are a sign of a wrong encoding.
fn characters(sheet: &mut Sheet<'_>, malformed: bool, mislabelled: bool, xml: bool) {
    let text = sheet.text;
    // Each kind is told once: what went wrong for one letter did for the next.
    let (mut control, mut lost, mut twice) = (mislabelled, malformed, mislabelled);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'
                if xml =>
            {
                let message = format!("U+{:04X} can't stand in XML", u32::from(c));
                sheet.tell(&ILLEGAL, at, message);
                return;
            }
            '\u{80}'..='\u{9f}' if !control => {
                control = true;
                let message = format!(
                    "U+{:04X} is a control character, and was a Windows-1252 letter or mark",
                    u32::from(c)
                );
                sheet.tell(&BAD_CHARACTERS, at, message);
            }
            '\u{fffd}' if !lost => {
                lost = true;
                let message = "`\u{fffd}` stands where a character was lost";
                sheet.tell(&BAD_CHARACTERS, at, message);
            }
            // What `é` and other letters become that are read as Latin-1, and `’` and other marks.
            '\u{a0}'..='\u{bf}' | '€'
                if !twice && (before == 'â') == (c == '€') && matches!(before, 'Ã' | 'Â' | 'â') =>
            {
                twice = true;
                let message = format!("`{before}{c}` is UTF-8 that was read as Latin-1");
                sheet.tell(&BAD_CHARACTERS, at, message);
            }
            _ => {}
        }
        before = c;
    }
}

/// Labels that browsers read as Windows-1252, and XML parsers as what they say.
const LATIN_1: &[&str] = &["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1"];

/// What of a feed's label can't be true. Readers that believe it read something else, or nothing.
fn belied(named: Option<&str>, bytes: &[u8]) -> Option<(&'static Rule, &'static str)> {
    let named = named?.to_ascii_lowercase();
    let label = Encoding::for_label(named.as_bytes())?;
    if label == UTF_16LE || label == UTF_16BE {
        return Some((
            &UNICODE,
            "the feed says that it is in UTF-16, and has one byte for a letter",
        ));
    }
    if bytes.is_ascii() {
        return None;
    }
    if named == "us-ascii" {
        return Some((&UNICODE, "the feed says that it is in ASCII, and has other letters"));
    }
    if !LATIN_1.contains(&&*named) {
        return None;
    }
    if std::str::from_utf8(bytes).is_ok() {
        let message = "the feed says that it is in ISO-8859-1, and is in UTF-8";
        return Some((&BAD_CHARACTERS, message));
    }
    let message = "the feed says that it is in ISO-8859-1, and has letters of Windows-1252";
    bytes.iter().any(|b| (0x80..=0x9f).contains(b)).then_some((&BAD_CHARACTERS, message))
}

/// UTF-16 without a byte order mark: a `<` or `{` with a zero beside it.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0, b'<' | b'{', ..] => Some(UTF_16BE),
        [b'<' | b'{', 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// The encoding that an XML declaration names, where it can be read as ASCII.
fn declared(bytes: &[u8]) -> Option<String> {
    let begin = bytes.get(..bytes.len().min(512))?;
    let plain: Vec<u8> = begin.iter().copied().filter(|b| *b != 0 && b.is_ascii()).collect();
    let text = std::str::from_utf8(&plain).ok()?;
    let declaration = text.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    pseudo_attribute(declaration, "encoding").map(str::to_owned)
}

fn pseudo_attribute<'t>(declaration: &'t str, name: &str) -> Option<&'t str> {
    let rest = declaration.split_once(name)?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

fn charset(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let mut named = parameters.filter_map(|p| p.split_once('='));
    let (_, value) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|v| !v.is_empty())
}
