//! Which content coding a client gets (RFC 9110 §12.5.3): of those that it accepts with the highest
//! quality, the one with the fewest bytes.

use std::cmp::Reverse;

use bytes::Bytes;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use crate::edition::Coding;

/// The representation to send. `None`: the client accepts none of them, which is 406.
#[must_use]
pub fn choose<'a>(
    headers: &HeaderMap,
    bodies: &'a [(Coding, Bytes)],
) -> Option<&'a (Coding, Bytes)> {
    let accepted =
        Accepted::parse(headers.get_all(ACCEPT_ENCODING).into_iter().map(|v| v.as_bytes()));
    bodies
        .iter()
        .filter_map(|body| Some((accepted.quality(body.0)?, body)))
        .max_by_key(|(quality, body)| (*quality, Reverse(body.1.len()), Reverse(body.0)))
        .map(|(_, body)| body)
}

/// What an `Accept-Encoding` field says, each quality in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Accepted {
    identity: Option<u16>,
    gzip: Option<u16>,
    brotli: Option<u16>,
    zstd: Option<u16>,
    any: Option<u16>,
}

impl Accepted {
    /// Reads the members of a field, which may stand in several lines. A malformed one is passed
    /// over; of a coding that is named twice the lower quality counts, so that a refusal stands.
    fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Accepted {
        let mut accepted = Accepted::default();
        for member in lines.flat_map(|line| line.split(|b| *b == b',')) {
            let Some((name, quality)) = read_member(member) else { continue };
            let is = |token: &[u8]| name.eq_ignore_ascii_case(token);
            let slot = if is(b"gzip") || is(b"x-gzip") {
                &mut accepted.gzip
            } else if is(b"br") {
                &mut accepted.brotli
            } else if is(b"zstd") {
                &mut accepted.zstd
            } else if is(b"identity") {
                &mut accepted.identity
            } else if is(b"*") {
                &mut accepted.any
            } else {
                continue;
            };
            *slot = Some(slot.map_or(quality, |known| known.min(quality)));
        }
        accepted
    }

    /// The quality of a coding, `None` where it isn't acceptable. Identity is acceptable unless it
    /// is refused, but stands behind every coding that is asked for.
    fn quality(self, coding: Coding) -> Option<u16> {
        let named = match coding {
            Coding::Identity => self.identity,
            Coding::Gzip => self.gzip,
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
        };
        match named.or(self.any) {
            Some(0) => None,
            Some(quality) => Some(quality),
            None => (coding == Coding::Identity).then_some(0),
        }
    }
}

/// `token [;q=QUALITY]`, with white space where the grammar has it. Other parameters are ignored.
fn read_member(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|n| !n.is_empty())?;
    let mut quality = 1000;
    for parameter in parts {
        if let [b'q' | b'Q', rest @ ..] = parameter
            && let Some(value) = rest.trim_ascii_start().strip_prefix(b"=")
        {
            quality = read_quality(value.trim_ascii_start())?;
        }
    }
    Some((name, quality))
}

/// A quality (RFC 9110 §12.4.2) in thousandths: 0 to 1 with at most three decimals.
fn read_quality(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [b'0'] | [b'0', b'.'] => return Some(0),
        [b'1'] | [b'1', b'.'] => return Some(1000),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = decimals.get(place).unwrap_or(&b'0');
        thousandths = thousandths * 10 + u16::from(digit.checked_sub(b'0').filter(|d| *d < 10)?);
    }
    match whole {
        b'0' => Some(thousandths),
        _ => (thousandths == 0).then_some(1000),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn bodies() -> Vec<(Coding, Bytes)> {
        [(Coding::Identity, 100), (Coding::Gzip, 40), (Coding::Brotli, 30), (Coding::Zstd, 35)]
            .map(|(coding, length)| (coding, Bytes::from(vec![b'x'; length])))
            .to_vec()
    }

    fn chosen(lines: &[&str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        choose(&headers, &bodies()).map(|(coding, _)| *coding)
    }

    #[test]
    fn codings_are_negotiated() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        for (lines, expected) in [
            (vec![], Some(Identity)),
            (vec![""], Some(Identity)),
            (vec!["gzip"], Some(Gzip)),
            (vec!["X-GZIP"], Some(Gzip)),
            (vec!["gzip, deflate, br"], Some(Brotli)),
            (vec!["gzip, deflate, br, zstd"], Some(Brotli)),
            (vec!["gzip", "zstd"], Some(Zstd)),
            (vec!["gzip;q=1.0, br;q=0.9"], Some(Gzip)),
            (vec!["gzip ; Q=0.5 , zstd;q = 0.501"], Some(Zstd)),
            (vec!["*"], Some(Brotli)),
            (vec!["br;q=0, *"], Some(Zstd)),
            (vec!["*;q=0"], None),
            (vec!["*;q=0, gzip;q=0.001"], Some(Gzip)),
            (vec!["identity;q=0"], None),
            (vec!["identity;q=0, deflate"], None),
            (vec!["identity, gzip;q=0.5"], Some(Identity)),
            (vec!["deflate"], Some(Identity)),
            (vec!["gzip;q=0.0001"], Some(Identity)),
            (vec!["gzip;q=1.1, br;q=no"], Some(Identity)),
            (vec!["gzip, x-gzip;q=0"], Some(Identity)),
            (vec!["gzip;q=0.000"], Some(Identity)),
            (vec![",,gzip,"], Some(Gzip)),
        ] {
            assert_eq!(chosen(&lines), expected, "{lines:?}");
        }
    }

    fn member() -> impl Strategy<Value = (usize, u16)> {
        (0..5usize, prop_oneof![Just(0u16), 1..=1000u16])
    }

    proptest! {
        #[test]
        fn what_is_refused_is_never_chosen(members in proptest::collection::vec(member(), 0..8)) {
            const NAMES: [&str; 5] = ["identity", "gzip", "br", "zstd", "*"];
            let field: Vec<String> = members
                .iter()
                .map(|(n, q)| format!("{};q={}.{:03}", NAMES[*n], q / 1000, q % 1000))
                .collect();
            let refused = |name: usize| members.iter().any(|(n, q)| *n == name && *q == 0);
            let named = |name: usize| members.iter().any(|(n, _)| *n == name);
            match chosen(&[&field.join(", ")]) {
                Some(coding) => {
                    let name = NAMES.iter().position(|n| *n == coding.token()).unwrap();
                    prop_assert!(!refused(name));
                    prop_assert!(named(name) || !refused(4));
                }
                None => prop_assert!(refused(0) || refused(4)),
            }
        }

        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            let accepted = Accepted::parse(std::iter::once(value.as_slice()));
            prop_assert!(accepted.quality(Coding::Gzip).is_none_or(|q| q <= 1000));
        }
    }
}
