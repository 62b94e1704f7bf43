//! Whether a client's copy is still good (RFC 9110 §13). A tag of ours is the hash of the identity
//! bytes, quoted, with a suffix that names the coding; a client's tag matches by that hash alone,
//! because which representation is selected is the server's choice (§12.1) and the one that the
//! client holds is as good as any. So a reader that stored gzip and asks for br, a proxy that
//! weakened the tag and a server that appended `-gzip` to it are all told "not modified", under the
//! very tag that they sent.

use chrono::{DateTime, Utc};
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderValue};

use crate::article::ContentHash;
use crate::edition::shelf::Fields;
use crate::edition::{Coding, Validators};

/// What the conditions of a request come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The edition is to be sent.
    Send,
    /// The client's copy is good: 304, under this tag if it named one.
    NotModified(Option<String>),
    /// A condition of the client's doesn't hold: 412.
    Failed,
}

/// What most polls come to, found without taking tags apart: the one condition is a single tag of
/// ours, to the letter. `None`: [`check`] has to say.
#[must_use]
pub fn names_ours<'a>(headers: &HeaderMap, fields: &'a Fields) -> Option<&'a HeaderValue> {
    let mut named = headers.get_all(IF_NONE_MATCH).into_iter();
    let (Some(named), None) = (named.next(), named.next()) else { return None };
    let (_, tag) = fields.tags.iter().find(|(_, tag)| tag == named)?;
    let alone = !headers.contains_key(IF_MATCH) && !headers.contains_key(IF_UNMODIFIED_SINCE);
    alone.then_some(tag)
}

/// Evaluates the conditions of a GET or HEAD request in the order of RFC 9110 §13.2.2:
///
/// 1. `If-Match`: no tag matches strongly → 412
/// 2. `If-Unmodified-Since`, only without `If-Match`: modified since → 412
/// 3. `If-None-Match`: a tag matches weakly → 304
/// 4. `If-Modified-Since`, only without `If-None-Match`: not modified since → 304
/// 5. `Range` and `If-Range` are ignored: there are no ranges
#[must_use]
pub fn check(headers: &HeaderMap, stored: &Validators, now: DateTime<Utc>) -> Verdict {
    // 1.
    if headers.contains_key(IF_MATCH) {
        if !values(headers, &IF_MATCH).flat_map(tags).any(|t| t.matches_strongly(stored)) {
            return Verdict::Failed;
        }
    // 2.
    } else if let Some(date) = single_date(headers, &IF_UNMODIFIED_SINCE)
        && stored.last_modified > date
    {
        return Verdict::Failed;
    }
    // 3. A field without any tag says nothing, and counts as absent.
    if values(headers, &IF_NONE_MATCH).flat_map(tags).next().is_some() {
        return match values(headers, &IF_NONE_MATCH).flat_map(tags).find(|t| t.matches(stored)) {
            Some(tag) => Verdict::NotModified(tag.echo()),
            None => Verdict::Send,
        };
    }
    // 4. A date that lies ahead of our clock is no Last-Modified that we ever sent, unless it is
    // the present one: taken at its word it would hide every edition until then.
    if let Some(date) = single_date(headers, &IF_MODIFIED_SINCE)
        && (stored.last_modified == date || stored.last_modified < date && date <= now)
    {
        return Verdict::NotModified(None);
    }
    Verdict::Send
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).into_iter().map(|v| v.as_bytes())
}

/// The date of a field that occurs once and holds an HTTP-date in one of its three forms
/// (RFC 9110 §5.6.7).
fn single_date(headers: &HeaderMap, name: &HeaderName) -> Option<DateTime<Utc>> {
    let mut all = headers.get_all(name).into_iter();
    let value = all.next()?;
    if all.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok().map(DateTime::from)
}

/// One member of a list of tags, as a client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    quoted: bool,
    opaque: &'a [u8],
}

/// Longest suffix of a tag that is taken for a coding's; `-gz1-gzip` is what proxies make of ours.
const SUFFIX_BYTES_MAX: usize = 32;

impl Tag<'_> {
    fn is_any(&self) -> bool {
        !self.quoted && !self.weak && self.opaque == b"*"
    }

    /// The hash that it names, and what follows.
    fn parts(&self) -> Option<(ContentHash, &str)> {
        let (hash, suffix) = std::str::from_utf8(self.opaque).ok()?.split_at_checked(32)?;
        let sound = suffix.is_empty()
            || suffix.starts_with('-')
                && suffix.len() <= SUFFIX_BYTES_MAX
                && suffix.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric());
        sound.then_some((ContentHash::from_hex(hash)?, suffix))
    }

    /// Weak comparison (RFC 9110 §8.8.3.2), whatever the coding.
    fn matches(&self, stored: &Validators) -> bool {
        self.is_any() || self.parts().is_some_and(|(hash, _)| hash == stored.hash)
    }

    /// Strong comparison: the tag is one that we give out, to the letter.
    fn matches_strongly(&self, stored: &Validators) -> bool {
        let ours = |suffix: &str| {
            suffix.is_empty() || Coding::CODED.iter().any(|c| c.tag_suffix() == suffix)
        };
        self.is_any()
            || !self.weak
                && self.parts().is_some_and(|(hash, suffix)| hash == stored.hash && ours(suffix))
    }

    /// The tag as a response may repeat it; `None` for `*`.
    fn echo(&self) -> Option<String> {
        self.parts()?;
        let opaque = std::str::from_utf8(self.opaque).ok()?;
        Some(format!("{}\"{opaque}\"", if self.weak { "W/" } else { "" }))
    }
}

/// The members of a list of tags (RFC 9110 §13.1.2). Where quotes are missing or escaped, as some
/// readers send them, a member ends at the next comma.
fn tags(value: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b','))?;
        rest = &rest[start..];
        let weak = rest.starts_with(b"W/") || rest.starts_with(b"w/");
        let body = if weak { &rest[2..] } else { rest };
        let closed = body
            .strip_prefix(b"\"")
            .and_then(|inner| inner.iter().position(|b| *b == b'"').map(|end| &inner[..end]));
        if let Some(opaque) = closed {
            rest = &body[opaque.len() + 2..];
            return Some(Tag { weak, quoted: true, opaque });
        }
        let end = body.iter().position(|b| *b == b',').unwrap_or(body.len());
        rest = &body[end..];
        let quoted = body[..end].contains(&b'"');
        Some(Tag { weak, quoted, opaque: trimmed(&body[..end]) })
    })
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'"' | b'\\', rest @ ..] | [rest @ .., b' ' | b'\t' | b'"' | b'\\'] =
        bytes
    {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "000102030405060708090a0b0c0d0e0f";

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(784_111_777 + s, 0).unwrap()
    }

    fn stored() -> Validators {
        Validators { hash: ContentHash::from_hex(HASH).unwrap(), last_modified: at(0) }
    }

    fn check_one(name: HeaderName, value: &str) -> Verdict {
        let mut headers = HeaderMap::new();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        check(&headers, &stored(), at(100))
    }

    #[test]
    fn a_tag_matches_by_its_hash_and_is_echoed() {
        for (sent, echoed) in [
            (format!("\"{HASH}\""), format!("\"{HASH}\"")),
            (format!("\"{HASH}-gz1\""), format!("\"{HASH}-gz1\"")),
            (format!("W/\"{HASH}-br2-gzip\""), format!("W/\"{HASH}-br2-gzip\"")),
            (format!("\"a,b\" , \"{HASH}--gzip\""), format!("\"{HASH}--gzip\"")),
            (HASH.to_owned(), format!("\"{HASH}\"")),
            (format!("\\\"{HASH}-gz1\\\""), format!("\"{HASH}-gz1\"")),
            (format!("\"\\\"{HASH}\\\"\""), format!("\"{HASH}\"")),
            (format!("\"{HASH}"), format!("\"{HASH}\"")),
            (format!("x, {HASH}\", y"), format!("\"{HASH}\"")),
        ] {
            let verdict = check_one(IF_NONE_MATCH, &sent);
            assert_eq!(verdict, Verdict::NotModified(Some(echoed)), "{sent}");
        }
        assert_eq!(check_one(IF_NONE_MATCH, "*"), Verdict::NotModified(None));
    }

    #[test]
    fn other_tags_do_not_match() {
        for sent in [
            format!("\"{HASH}0\""),
            format!("\"{HASH}-gz1 \""),
            format!("\"x,{HASH}\""),
            format!("\"{}\"", &HASH[1..]),
            "\"*\"".to_owned(),
            "W/\"\"".to_owned(),
            "\"é\"".to_owned(),
        ] {
            assert_eq!(check_one(IF_NONE_MATCH, &sent), Verdict::Send, "{sent}");
        }
    }

    #[test]
    fn strong_comparison_takes_our_own_tags_only() {
        for (sent, verdict) in [
            (format!("\"{HASH}\""), Verdict::Send),
            (format!("\"x\", \"{HASH}-zs1\""), Verdict::Send),
            ("*".to_owned(), Verdict::Send),
            (format!("W/\"{HASH}\""), Verdict::Failed),
            (format!("\"{HASH}-gzip\""), Verdict::Failed),
            (String::new(), Verdict::Failed),
        ] {
            assert_eq!(check_one(IF_MATCH, &sent), verdict, "{sent}");
        }
    }

    #[test]
    fn dates_count_in_all_forms_up_to_now() {
        for (sent, verdict) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Verdict::NotModified(None)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Verdict::NotModified(None)),
            ("Sun Nov  6 08:49:37 1994", Verdict::NotModified(None)),
            ("Sun, 06 Nov 1994 08:49:38 GMT", Verdict::NotModified(None)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Verdict::Send),
            ("Sun, 06 Nov 2094 08:49:37 GMT", Verdict::Send),
            ("1994-11-06T08:49:37Z", Verdict::Send),
            ("", Verdict::Send),
        ] {
            assert_eq!(check_one(IF_MODIFIED_SINCE, sent), verdict, "{sent}");
        }
        let earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
        assert_eq!(check_one(IF_UNMODIFIED_SINCE, earlier), Verdict::Failed);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            for tag in tags(&value) {
                let _ = (tag.matches(&stored()), tag.matches_strongly(&stored()), tag.echo());
            }
        }

        #[test]
        fn lists_of_marks_and_our_hash_come_to_an_end(
            parts in proptest::collection::vec(
                proptest::sample::select(vec!["\"", ",", "W/", "\\", " ", HASH, "-gz1", "*"]), 0..20)
        ) {
            let value = parts.concat();
            prop_assert!(tags(value.as_bytes()).count() <= value.len());
        }
    }
}
