//! Bytes become text: byte order mark, UTF-8, what markup says of itself, else the likeliest encoding
//! with a warning; no character is lost in silence. Lines end in LF below here, and every line keeps
//! its number. What the text means is everybody else's.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use super::charset;
use crate::problem::{Code, Place, Problem};

/// A document isn't text.
pub(crate) const BINARY: Code = Code::new("binary");
/// A document isn't UTF-8, and its encoding was guessed.
pub(crate) const ENCODING_GUESSED: Code = Code::new("encoding-guessed");
/// A document holds bytes that are no characters.
pub(crate) const CHARACTERS_LOST: Code = Code::new("characters-lost");
/// A document is larger than any article.
pub(crate) const TOO_LARGE: Code = Code::new("document-too-large");

/// Largest document that is read: a thousand times a long article, and little enough that a stray
/// video costs nothing.
pub(super) const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// So many characters of UTF-8 outweigh one byte that isn't.
const CHARACTERS_A_BAD_BYTE: usize = 10;

/// What is known of some bytes, beside themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    /// They are markup, which may name its own encoding.
    pub(super) markup: bool,
    /// The host of their site, whose last label says what part of the world they may come from.
    pub(super) host: Option<&'a str>,
}

/// A document's bytes as text.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// `None` where they are no text.
    pub(super) text: Option<Cow<'a, str>>,
    /// What had to be guessed, or why there is no text.
    pub(super) problem: Option<Problem>,
}

impl<'a> Decoded<'a> {
    fn new(text: Cow<'a, str>, problem: Option<Problem>) -> Decoded<'a> {
        Decoded { text: Some(text), problem }
    }

    fn refused(problem: Problem) -> Decoded<'a> {
        Decoded { text: None, problem: Some(problem) }
    }
}

/// The text of a document, and what had to be guessed about it; or why it has none.
pub(super) fn decode<'a>(shown: &str, bytes: &'a [u8], hints: Hints<'_>) -> Decoded<'a> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let problem = Problem::error(
            &TOO_LARGE,
            Place::whole(shown),
            format!("this document has {} bytes, more than an article can have", bytes.len()),
        )
        .help(format!(
            "documents may have {DOCUMENT_BYTES_MAX} bytes; if it isn't an article, name it in \
             the source's \"exclude\""
        ));
        return Decoded::refused(problem);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let bytes = &bytes[mark..];
        // UTF-8 with a mark goes the way of UTF-8 without, and is nothing else.
        if encoding != UTF_8 {
            return named(shown, bytes, encoding);
        }
        return decode_unmarked(shown, bytes, Hints { markup: false, ..hints });
    }
    decode_unmarked(shown, bytes, hints)
}

/// The text of bytes whose encoding somebody has named.
pub(super) fn decode_as<'a>(
    shown: &str,
    bytes: &'a [u8],
    encoding: &'static Encoding,
) -> Decoded<'a> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return decode(shown, bytes, Hints::default());
    }
    named(shown, bytes, encoding)
}

fn decode_unmarked<'a>(shown: &str, bytes: &'a [u8], hints: Hints<'_>) -> Decoded<'a> {
    if memchr::memchr(0, bytes).is_some() {
        return match unmarked_utf16(bytes) {
            Some((encoding, text)) => {
                let problem = guessed(shown, bytes, 0, encoding, hints).line(&text);
                Decoded::new(unix_lines(Cow::Owned(text)), Some(problem))
            }
            None => Decoded::refused(binary(shown)),
        };
    }
    let declared = hints.markup.then(|| charset::declared(bytes)).flatten();
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => match shifted(shown, bytes, declared, hints) {
            Some(decoded) => return decoded,
            None => return Decoded::new(unix_lines(Cow::Borrowed(text)), None),
        },
        Err(error) => error,
    };
    if is_mostly_utf8(bytes) {
        return named(shown, bytes, UTF_8);
    }
    let declared = declared.filter(|encoding| *encoding != UTF_8);
    if let Some(encoding) = declared
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return Decoded::new(unix_lines(text), None);
    }
    let guess = guess(bytes, Iso2022JpDetection::Deny, hints);
    let (text, lost) = guess.decode_without_bom_handling(bytes);
    // A page that is wrong about itself: what fits wins.
    if let Some(encoding) = declared.filter(|_| lost) {
        return named(shown, bytes, encoding);
    }
    let problem = guessed(shown, bytes, error.valid_up_to(), guess, hints);
    let problem = if lost { and_lost(problem, &text) } else { problem }.line(&text);
    Decoded::new(unix_lines(Cow::Owned(text.into_owned())), Some(problem))
}

/// Text in an encoding that is certain; characters that it hasn't are told.
fn named<'a>(shown: &str, bytes: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let (text, lost) = encoding.decode_without_bom_handling(bytes);
    let text = unix_lines(text);
    if text.contains('\0') {
        return Decoded::refused(binary(shown));
    }
    let problem = lost.then(|| {
        let at = text.find('\u{FFFD}').unwrap_or(0);
        let problem = Problem::warning(
            &CHARACTERS_LOST,
            Place::in_text(shown, &text, at),
            format!("this text is {}, but not all of it", encoding.name()),
        );
        and_lost(problem, &text).line(&text).help("write them again, and save the file as UTF-8")
    });
    Decoded::new(text, problem)
}

fn and_lost(mut problem: Problem, text: &str) -> Problem {
    let count = text.matches('\u{FFFD}').count();
    let characters = match count {
        1 => "1 character could not be read and shows".to_owned(),
        more => format!("{more} characters could not be read and show"),
    };
    problem.message += &format!("; {characters} as \u{FFFD}");
    problem
}

/// Japanese mail's encoding is all ASCII, so only its escape sequences tell: where it is declared, or
/// where they are there and everything fits.
fn shifted<'a>(
    shown: &str,
    bytes: &'a [u8],
    declared: Option<&'static Encoding>,
    hints: Hints<'_>,
) -> Option<Decoded<'a>> {
    const SHIFTS: [&[u8]; 3] = [b"\x1b$B", b"\x1b$@", b"\x1b(J"];
    if !SHIFTS.iter().any(|shift| memchr::memmem::find(bytes, shift).is_some()) {
        return None;
    }
    let is_declared = declared == Some(ISO_2022_JP);
    if !is_declared && guess(bytes, Iso2022JpDetection::Allow, hints) != ISO_2022_JP {
        return None;
    }
    let text = ISO_2022_JP.decode_without_bom_handling_and_without_replacement(bytes)?;
    let at = memchr::memchr(0x1b, bytes).unwrap_or(0);
    let problem = (!is_declared).then(|| guessed(shown, bytes, at, ISO_2022_JP, hints).line(&text));
    Some(Decoded::new(unix_lines(text), problem))
}

fn guess(bytes: &[u8], japanese: Iso2022JpDetection, hints: Hints<'_>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(japanese);
    detector.feed(bytes, true);
    // The detector wants a label as hosts are written.
    let label = hints.host.and_then(|host| host.rsplit('.').next()).filter(|label| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && label.starts_with(|c: char| c.is_ascii_lowercase())
    });
    detector.guess(label.map(str::as_bytes), Utf8Detection::Allow)
}

/// Whether a text is UTF-8 but for a few bytes, which another encoding would make nonsense of.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad > 0 && good >= bad * CHARACTERS_A_BAD_BYTE
}

fn binary(shown: &str) -> Problem {
    Problem::error(&BINARY, Place::whole(shown), "this isn't a text file")
        .help("name it in the source's \"exclude\", or give it an ending that isn't a document's")
}

fn guessed(
    shown: &str,
    bytes: &[u8],
    bad: usize,
    encoding: &'static Encoding,
    hints: Hints<'_>,
) -> Problem {
    let before = &bytes[..bad];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let name = encoding.name();
    let problem = Problem::warning(
        &ENCODING_GUESSED,
        Place::at(shown, number(line), number(column)),
        format!("this isn't UTF-8 text; it was read as {name}"),
    );
    let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
    if hints.markup && !is_wide {
        return problem.help(format!(
            "save the page as UTF-8; or name its encoding, as in <meta charset=\"{name}\"> if it \
             is that"
        ));
    }
    problem.help(format!("save the file as UTF-8; if it isn't {name}, some letters are wrong"))
}

/// UTF-16 without a mark: the half of its ASCII characters that is NUL stands in every other place,
/// and all of it reads as text.
fn unmarked_utf16(bytes: &[u8]) -> Option<(&'static Encoding, String)> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let nuls = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (encoding, many) = match (nuls(0), nuls(1)) {
        (0, many) => (UTF_16LE, many),
        (many, 0) => (UTF_16BE, many),
        _ => return None,
    };
    // Markup, spaces and line ends are ASCII in every language.
    if many * 2 * UTF16_CHARACTERS_A_NUL < bytes.len() {
        return None;
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let is_text = text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c'));
    is_text.then(|| (encoding, text.into_owned()))
}

/// At least one character in so many is ASCII, in any text with spaces.
const UTF16_CHARACTERS_A_NUL: usize = 50;

fn unix_lines(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode("x.md", bytes, Hints::default()).text.unwrap().into_owned()
    }

    fn page(bytes: &[u8]) -> (String, Option<Problem>) {
        let decoded = decode("x.html", bytes, Hints { markup: true, host: None });
        (decoded.text.unwrap().into_owned(), decoded.problem)
    }

    #[test]
    fn marks_and_line_ends_go() {
        assert_eq!(text(b"\xef\xbb\xbfa\r\nb\rc"), "a\nb\nc");
        assert_eq!(text(b"\xff\xfea\0\n\0"), "a\n");
        assert_eq!(text(b"\xfe\xff\0a\0\n"), "a\n");
        assert_eq!(text(b"a\0b\0c\0\n\0"), "abc\n");
    }

    #[test]
    fn a_guess_names_the_first_bad_byte() {
        let Decoded { text, problem } =
            decode("x.md", b"one\nna\xefve caf\xe9\n", Hints::default());
        assert_eq!(text.unwrap(), "one\nna\u{ef}ve caf\u{e9}\n");
        let problem = problem.unwrap();
        assert_eq!((problem.place.line, problem.place.column), (2, 3));
        assert!(problem.message.contains("windows-1252"), "{}", problem.message);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let problem = |bytes: &[u8]| decode("x.md", bytes, Hints::default()).problem.unwrap();
        assert_eq!(problem(b"\x89PNG\0\0\0\r").code, BINARY);
        // Small numbers have their NULs in order, too.
        assert_eq!(problem(b"\x01\0\x02\0\x03\0\x04\0").code, BINARY);
        assert_eq!(problem(&vec![b'a'; DOCUMENT_BYTES_MAX + 1]).code, TOO_LARGE);
    }

    #[test]
    fn utf_16_without_a_mark_is_known_by_its_nuls() {
        let cyrillic = "Письмо с маяка пришло вчера";
        for (little, encoding) in [(true, "UTF-16LE"), (false, "UTF-16BE")] {
            let bytes: Vec<u8> = cyrillic
                .encode_utf16()
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect();
            let decoded = decode("x.md", &bytes, Hints::default());
            assert_eq!(decoded.text.unwrap(), cyrillic);
            assert!(decoded.problem.unwrap().message.contains(encoding));
        }
    }

    #[test]
    fn a_page_says_what_it_is_written_in() {
        let head = |name: &str| format!("<meta charset={name}><p>").into_bytes();
        let (said, problem) =
            page(&[head("windows-1251"), b"\xcf\xf0\xe8\xe2\xe5\xf2".to_vec()].concat());
        assert!(said.ends_with("Привет") && problem.is_none(), "{said} {problem:?}");
        let (said, problem) =
            page(&[head("koi8-r"), b"\xf0\xd2\xc9\xd7\xc5\xd4".to_vec()].concat());
        assert!(said.ends_with("Привет") && problem.is_none(), "{said} {problem:?}");
        // What is UTF-8 is UTF-8, whatever it says.
        let (said, problem) = page(&[head("windows-1251"), "Привет".into()].concat());
        assert!(said.ends_with("Привет") && problem.is_none(), "{said} {problem:?}");
    }

    #[test]
    fn japanese_mail_is_known_by_its_escapes() {
        let (bytes, ..) = ISO_2022_JP.encode("港の霧が晴れた。船は出る。");
        let decoded = decode("x.md", &bytes, Hints::default());
        assert_eq!(decoded.text.unwrap(), "港の霧が晴れた。船は出る。");
        assert_eq!(decoded.problem.unwrap().code, ENCODING_GUESSED);
        let page_bytes = [b"<meta charset=iso-2022-jp>", &*bytes].concat();
        assert!(page(&page_bytes).1.is_none());
        // The colours of a terminal are no Japanese.
        assert_eq!(text(b"\x1b[31mred\x1b[0m"), "\x1b[31mred\x1b[0m");
    }

    #[test]
    fn a_few_bad_bytes_spoil_no_text() {
        let mut bytes = "Туман над гаванью рассеялся".as_bytes().to_vec();
        bytes.truncate(bytes.len() - 1);
        let decoded = decode("x.md", &bytes, Hints::default());
        assert_eq!(decoded.text.unwrap(), "Туман над гаванью рассеялс\u{FFFD}");
        let problem = decoded.problem.unwrap();
        assert_eq!(problem.code, CHARACTERS_LOST);
        assert_eq!((problem.place.line, problem.place.column), (1, 27));
    }
}
