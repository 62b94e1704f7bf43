//! One file on another server: HEAD, then its first bytes, then as few further bytes as tell how long a
//! recording is. What a server says is doubted: a length counts where it fits what was sent, a type
//! where it can be one, and a page instead of a picture is none.

use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RANGE, RETRY_AFTER,
};
use http::{Response, StatusCode};
use url::Url;

use super::blocks::Blocks;
use super::{File, Found};
use crate::article::media::by_ending;
use crate::net::{self, Fetched, Fetcher};
use crate::source::measure::{content, is_media};

/// Bytes that are asked for at once.
pub(super) const BLOCK_BYTES: usize = 64 << 10;

/// Blocks of one file that are got: 320 KiB.
const BLOCKS_MAX: usize = 5;

/// A file whose length nobody says is read as if it had so many bytes.
const ENDLESS: u64 = 1 << 40;

/// A media type that somebody would write has fewer letters.
const TYPE_BYTES_MAX: usize = 100;

/// Validators that are kept have fewer letters.
const VALIDATOR_BYTES_MAX: usize = 500;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It is as it was.
    Same,
    /// This is what it is.
    Found { found: Found, validators: (Option<String>, Option<String>), lacks: String },
    /// It can't be had.
    Failed {
        /// What it says after "the file".
        why: String,
        /// Seconds after which its server wants to be asked again.
        after_s: Option<u64>,
        /// Nobody is there, so that asking for its neighbours is idle.
        nobody: bool,
    },
}

fn failed(why: impl Into<String>) -> Came {
    Came::Failed { why: why.into(), after_s: None, nobody: false }
}

/// What HEAD said.
#[derive(Default)]
struct Head {
    answered: bool,
    bytes: Option<u64>,
    kind: Option<String>,
    validators: (Option<String>, Option<String>),
}

/// Asks for one file.
pub(super) fn look(fetcher: &Fetcher, url: &str, known: &File) -> Came {
    let Ok(url) = Url::parse(url) else { return failed("has no address that can be asked for") };
    let head = match ask_head(fetcher, &url, known) {
        Ok(Some(head)) => head,
        Ok(None) => return Came::Same,
        Err(came) => return came,
    };
    let first = match part(fetcher, &url, 0) {
        Ok(first) => first,
        // HEAD has said enough, and whoever sends nothing else still has a length and a type.
        Err(_) if head.answered && head.bytes.is_some() => {
            let found = Found { bytes: head.bytes, media_type: head.kind, ..Found::default() };
            let lacks = "byte ranges".to_owned();
            return sound(&url, found, head.validators, lacks, &[]);
        }
        Err(came) => return came,
    };
    let kind = first.kind.or(head.kind);
    let bytes = first.total.or(head.bytes);
    let validators = match first.validators {
        (None, None) => head.validators,
        validators => validators,
    };
    let mut found = Found { bytes, media_type: kind, ..Found::default() };
    let start = first.body.clone();
    measure(fetcher, &url, first.body, first.ranges, &mut found);
    let lacks = match (head.answered, first.ranges) {
        (true, true) => "",
        (true, false) => "byte ranges",
        (false, true) => "HEAD requests",
        (false, false) => "HEAD requests and byte ranges",
    };
    sound(&url, found, validators, lacks.to_owned(), &start)
}

/// What was found, unless it is something else than its address says.
fn sound(
    url: &Url,
    found: Found,
    validators: (Option<String>, Option<String>),
    lacks: String,
    start: &[u8],
) -> Came {
    if found.bytes == Some(0) {
        return failed("is empty");
    }
    let page = |kind: &str| matches!(kind, "text/html" | "application/xhtml+xml");
    let named = by_ending(url.as_str());
    let begin = start.trim_ascii_start();
    let begin = begin[..begin.len().min(16)].to_ascii_lowercase();
    let is_page = found.media_type.as_deref().is_some_and(page)
        || begin.starts_with(b"<!doctype html")
        || begin.starts_with(b"<html");
    if is_page && !named.is_some_and(page) {
        return failed("is a page, and neither a picture nor a recording");
    }
    Came::Found { found, validators, lacks }
}

/// `None`: the file is as it was.
fn ask_head(fetcher: &Fetcher, url: &Url, known: &File) -> Result<Option<Head>, Came> {
    let mut fields = fields();
    let went_well = known.failure.is_none() && known.asked.is_some();
    for (name, value) in
        [(IF_NONE_MATCH, &known.validators.0), (IF_MODIFIED_SINCE, &known.validators.1)]
    {
        let value = value.as_deref().filter(|_| went_well).map(HeaderValue::from_str);
        if let Some(Ok(value)) = value {
            fields.insert(name, value);
        }
    }
    let Fetched { response, .. } = match fetcher.head(url, &fields) {
        Ok(fetched) => fetched,
        // Some hang up on HEAD, or answer it with what is no HTTP.
        Err(net::Error::Broken { .. } | net::Error::Coded { .. }) => {
            return Ok(Some(Head::default()));
        }
        Err(e) => return Err(unanswered(url, &e)),
    };
    let told = response.headers();
    match response.status() {
        StatusCode::NOT_MODIFIED if went_well => Ok(None),
        status if status.is_success() => Ok(Some(Head {
            answered: true,
            bytes: number(told, &CONTENT_LENGTH).filter(|n| *n > 0),
            kind: kind(told),
            validators: validators(told),
        })),
        status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            Err(refused(status, &response))
        }
        _ => Ok(Some(Head::default())),
    }
}

/// A part of the file, as it was sent.
struct Part {
    /// Whether parts can be had.
    ranges: bool,
    /// Length of the whole file.
    total: Option<u64>,
    kind: Option<String>,
    validators: (Option<String>, Option<String>),
    body: Vec<u8>,
}

/// Gets a block of a file; a server that knows no parts sends it from the beginning.
fn part(fetcher: &Fetcher, url: &Url, at: u64) -> Result<Part, Came> {
    let mut fields = fields();
    let range = format!("bytes={at}-{}", at + (BLOCK_BYTES as u64 - 1));
    if let Ok(range) = HeaderValue::from_str(&range) {
        fields.insert(RANGE, range);
    }
    let Fetched { response, .. } = fetcher.start(url, &fields).map_err(|e| unanswered(url, &e))?;
    let told = response.headers();
    let sent = response.body().len() as u64;
    let (ranges, total) = match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            let (begin, total) =
                range_of(told).ok_or_else(|| failed("is sent in parts that don't fit"))?;
            if begin != at || total.is_some_and(|total| total < at + sent) {
                return Err(failed("is sent in parts that don't fit"));
            }
            (true, total)
        }
        StatusCode::OK => {
            let said = number(told, &CONTENT_LENGTH);
            // A body that was cut off has no length of its own.
            (false, said.or_else(|| (sent < BLOCK_BYTES as u64).then_some(sent)))
        }
        StatusCode::RANGE_NOT_SATISFIABLE if at == 0 => return Err(failed("is empty")),
        status => return Err(refused(status, &response)),
    };
    let (kind, validators) = (kind(told), validators(told));
    Ok(Part { ranges, total, kind, validators, body: response.into_body().into() })
}

/// Looks into a file, whose first block is here, and gets what else that takes.
fn measure(fetcher: &Fetcher, url: &Url, first: Vec<u8>, ranges: bool, found: &mut Found) {
    let named = by_ending(url.as_str());
    let claimed = found.media_type.as_deref();
    let class = |kind: &str| is_media(kind);
    if first.is_empty() || !(named.is_some_and(class) || claimed.is_some_and(class)) {
        return;
    }
    // Without a length the end isn't known: then only what a file begins with tells.
    let mut blocks = Blocks::of(found.bytes.unwrap_or(ENDLESS));
    let mut next = (0, first);
    for round in 1..=BLOCKS_MAX {
        blocks.put(next.0, next.1);
        let measured = content(&mut blocks, named);
        let missing = blocks.missing();
        if let Some(kind) = measured.media_type {
            found.media_type = Some(kind.to_owned());
        }
        if missing.is_none() || measured.width.is_some() {
            (found.width, found.height) = (measured.width, measured.height);
            // What a stream without end would last is nothing that anybody measured.
            found.duration_s = measured.duration_s.filter(|_| found.bytes.is_some());
            return;
        }
        let Some(at) = missing.filter(|_| ranges && round < BLOCKS_MAX && found.bytes.is_some())
        else {
            return;
        };
        match part(fetcher, url, at) {
            Ok(part) if part.ranges && part.total == found.bytes && !part.body.is_empty() => {
                next = (at, part.body);
            }
            _ => return,
        }
    }
}

fn fields() -> HeaderMap {
    // A coded file has another length.
    [(ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect()
}

fn text<'a>(told: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    told.get(name)?.to_str().ok().map(str::trim)
}

fn number(told: &HeaderMap, name: &HeaderName) -> Option<u64> {
    text(told, name)?.parse().ok()
}

/// The media type that was sent with it, where it is one and says anything.
fn kind(told: &HeaderMap) -> Option<String> {
    let kind = text(told, &CONTENT_TYPE)?.split(';').next()?.trim().to_ascii_lowercase();
    let (class, name) = kind.split_once('/')?;
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let says = token(class) && token(name) && kind.len() <= TYPE_BYTES_MAX;
    let any = matches!(kind.as_str(), "application/octet-stream" | "binary/octet-stream")
        || matches!(name, "force-download" | "x-download" | "unknown");
    (says && !any).then_some(kind)
}

fn validators(told: &HeaderMap) -> (Option<String>, Option<String>) {
    let one = |name| {
        text(told, name)
            .filter(|v| !v.is_empty() && v.len() <= VALIDATOR_BYTES_MAX)
            .map(str::to_owned)
    };
    (one(&ETAG), one(&LAST_MODIFIED))
}

/// `bytes 0-65535/1000000`: where it begins, and the length of the whole.
fn range_of(told: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (range, total) = text(told, &CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let begin = range.split_once('-')?.0.trim().parse().ok()?;
    Some((begin, total.trim().parse().ok()))
}

fn refused<T>(status: StatusCode, response: &Response<T>) -> Came {
    Came::Failed {
        why: format!("is answered with {status}"),
        after_s: number(response.headers(), &RETRY_AFTER),
        nobody: false,
    }
}

fn unanswered(asked: &Url, error: &net::Error) -> Came {
    let nobody = match error {
        net::Error::Unreachable { url, .. } => url.host() == asked.host(),
        net::Error::Late { .. } => true,
        _ => false,
    };
    let why = match error {
        net::Error::Unreachable { cause, .. } => format!("can't be reached: {cause}"),
        net::Error::Late { .. } => "isn't answered for in time".to_owned(),
        net::Error::Broken { cause, .. } => format!("isn't sent in whole: {cause}"),
        net::Error::Redirect { to, cause, .. } => {
            let to: String = to.chars().take(200).collect();
            format!("is said to be at {to:?}, which isn't followed: {cause}")
        }
        net::Error::Coded { coding, .. } => {
            let coding: String = coding.chars().take(40).collect();
            format!("is sent in the coding {coding:?}, which nobody asked for")
        }
        net::Error::Scheme(_) => "has no http or https address".to_owned(),
        e @ (net::Error::Large { .. } | net::Error::Machine(_)) => {
            format!("can't be asked for: {e}")
        }
    };
    Came::Failed { why, after_s: None, nobody }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(name: HeaderName, value: &[u8]) -> HeaderMap {
        HeaderValue::from_bytes(value).map(|value| (name, value)).into_iter().collect()
    }

    #[test]
    fn a_type_counts_where_it_says_something() {
        for (sent, read) in [
            ("Audio/MPEG; charset=x", Some("audio/mpeg")),
            ("application/octet-stream", None),
            ("application/force-download", None),
            ("audio", None),
            ("audio/", None),
            ("audio/<b>", None),
            ("a/b/c", None),
        ] {
            assert_eq!(kind(&told(CONTENT_TYPE, sent.as_bytes())).as_deref(), read, "{sent}");
        }
    }

    #[test]
    fn a_range_is_read_as_it_is_sent() {
        for (sent, read) in [
            ("bytes 0-65535/100000", Some((0, Some(100_000)))),
            ("bytes 7-8/*", Some((7, None))),
            ("bytes */100", None),
            ("bytes 0-1", None),
            ("items 0-1/2", None),
            ("bytes -1-1/2", None),
            ("bytes 0-1/99999999999999999999999", Some((0, None))),
        ] {
            assert_eq!(range_of(&told(CONTENT_RANGE, sent.as_bytes())), read, "{sent}");
        }
    }

    const BEGINNINGS: &[&[u8]] = &[
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"\xff\xfb\x90\x44",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"\0\0\0\x18ftypM4A ",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
    ];

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_passed_over(value in prop::collection::vec(any::<u8>(), 0..60)) {
            for name in [CONTENT_TYPE, CONTENT_RANGE, CONTENT_LENGTH, ETAG] {
                let told = told(name, &value);
                let kind = kind(&told);
                prop_assert!(kind.is_none_or(|k| k.is_ascii() && !k.contains(['<', '"', ' '])));
                let _ = (range_of(&told), number(&told, &CONTENT_LENGTH), validators(&told));
            }
        }

        /// Files that say to be recordings or pictures, and are noise, whatever their length is said to be.
        #[test]
        fn noise_behind_a_known_beginning_ends(
            begin in prop::sample::select(BEGINNINGS),
            noise in prop::collection::vec(any::<u8>(), 0..3000),
            total in prop::sample::select(&[0, 1, 100, 3000, 1 << 33, ENDLESS][..]),
        ) {
            let mut blocks = Blocks::of(total);
            blocks.put(0, [begin, &noise].concat());
            let _ = content(&mut blocks, None);
            prop_assert!(blocks.missing().is_none_or(|at| at <= total));
        }
    }
}
