//! Bytes become text: byte order mark, UTF-8, else the likeliest encoding with a warning. Lines end
//! in LF below here, and every line keeps its number. What the text means is everybody else's.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::problem::{Code, Place, Problem};

/// A document isn't text.
pub(crate) const BINARY: Code = Code::new("binary");
/// A document isn't UTF-8, and its encoding was guessed.
pub(crate) const ENCODING_GUESSED: Code = Code::new("encoding-guessed");
/// A document is larger than any article.
pub(crate) const TOO_LARGE: Code = Code::new("document-too-large");

/// Largest document that is read: a thousand times a long article, and little enough that a stray
/// video costs nothing.
pub(super) const DOCUMENT_BYTES_MAX: usize = 16 << 20;

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
pub(super) fn decode<'a>(shown: &str, bytes: &'a [u8]) -> Decoded<'a> {
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
        let (text, bad) = encoding.decode_without_bom_handling(&bytes[mark..]);
        // UTF-8 with a mark goes the way of UTF-8 without.
        if encoding != encoding_rs::UTF_8 {
            let problem = bad.then(|| guessed(shown, bytes, 0, encoding));
            return binary_or(shown, unix_lines(text), problem);
        }
        return decode_unmarked(shown, &bytes[mark..]);
    }
    decode_unmarked(shown, bytes)
}

fn decode_unmarked<'a>(shown: &str, bytes: &'a [u8]) -> Decoded<'a> {
    let nul = memchr::memchr(0, bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if nul.is_none() => Decoded::new(unix_lines(Cow::Borrowed(text)), None),
        _ if nul.is_some() => {
            let Some(encoding) = unmarked_utf16(bytes) else {
                return Decoded::refused(binary(shown));
            };
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            binary_or(shown, unix_lines(text), Some(guessed(shown, bytes, 0, encoding)))
        }
        Ok(_) => Decoded::refused(binary(shown)),
        Err(error) => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            let encoding = detector.guess(None, Utf8Detection::Allow);
            let (text, _) = encoding.decode_without_bom_handling(bytes);
            let problem = guessed(shown, bytes, error.valid_up_to(), encoding).line(&text);
            Decoded::new(unix_lines(Cow::Owned(text.into_owned())), Some(problem))
        }
    }
}

fn binary_or<'a>(shown: &str, text: Cow<'a, str>, problem: Option<Problem>) -> Decoded<'a> {
    if text.contains('\0') { Decoded::refused(binary(shown)) } else { Decoded::new(text, problem) }
}

fn binary(shown: &str) -> Problem {
    Problem::error(&BINARY, Place::whole(shown), "this isn't a text file")
        .help("name it in the source's \"exclude\", or give it an ending that isn't a document's")
}

fn guessed(shown: &str, bytes: &[u8], bad: usize, encoding: &'static Encoding) -> Problem {
    let before = &bytes[..bad];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Problem::warning(
        &ENCODING_GUESSED,
        Place::at(shown, number(line), number(column)),
        format!("this isn't UTF-8 text; it was read as {}", encoding.name()),
    )
    .help("save the file as UTF-8")
}

/// UTF-16 without a mark has its NULs in every other place, as most of its text is ASCII.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(1024)];
    let (mut even, mut odd) = (0, 0);
    for (n, byte) in sample.iter().enumerate() {
        if *byte == 0 {
            if n % 2 == 0 { even += 1 } else { odd += 1 }
        }
    }
    let many = sample.len() / 4;
    if !bytes.len().is_multiple_of(2) {
        None
    } else if odd > many && even == 0 {
        Some(UTF_16LE)
    } else if even > many && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

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
        decode("x.md", bytes).text.unwrap().into_owned()
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
        let Decoded { text, problem } = decode("x.md", b"one\nna\xefve caf\xe9\n");
        assert_eq!(text.unwrap(), "one\nna\u{ef}ve caf\u{e9}\n");
        let problem = problem.unwrap();
        assert_eq!((problem.place.line, problem.place.column), (2, 3));
        assert!(problem.message.contains("windows-1252"), "{}", problem.message);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(decode("x.md", b"\x89PNG\0\0\0\r").problem.unwrap().code, BINARY);
        let large = vec![b'a'; DOCUMENT_BYTES_MAX + 1];
        assert_eq!(decode("x.md", &large).problem.unwrap().code, TOO_LARGE);
    }
}
