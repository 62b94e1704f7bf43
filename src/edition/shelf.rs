//! The shelf: published editions, ready to be served.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderValue;

use super::{Coding, Validators};
use crate::feed::address::Address;

/// Published editions by address. Immutable: a new state of the tree is a new shelf.
#[derive(Debug, Default)]
pub struct Shelf {
    /// What stands where.
    pub items: HashMap<Address, Arc<Shelved>>,
}

/// One published edition.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Where it stands.
    pub address: Address,
    /// Its validators.
    pub validators: Validators,
    /// Bytes by coding, identity among them.
    pub bodies: Vec<(Coding, Bytes)>,
    /// The value of `Link` (RFC 8288), where there is one.
    pub link: Option<String>,
    /// What is sent of it with each response.
    written: Written,
}

impl Shelved {
    /// An edition, ready to be served.
    #[must_use]
    pub fn new(
        address: Address,
        validators: Validators,
        bodies: Vec<(Coding, Bytes)>,
        link: Option<String>,
    ) -> Shelved {
        Shelved { address, validators, bodies, link, written: Written::default() }
    }

    /// The same address with other validators and bytes.
    #[must_use]
    pub fn with(&self, validators: Validators, bodies: Vec<(Coding, Bytes)>) -> Shelved {
        Shelved::new(self.address.clone(), validators, bodies, self.link.clone())
    }

    /// What its responses say of it; written when first asked for.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        self.written.0.get_or_init(|| Box::new(Fields::of(self)))
    }
}

/// Fields that are written once for an edition. A copy begins without, because it may be made to
/// become another edition.
#[derive(Debug, Default)]
struct Written(OnceLock<Box<Fields>>);

impl Clone for Written {
    fn clone(&self) -> Written {
        Written::default()
    }
}

/// Values of fields that an edition has in HTTP. One that can't be sent is left out: a feed without
/// it is worth more than no feed.
#[derive(Debug)]
pub struct Fields {
    /// `ETag` by coding (RFC 9110 §8.8.3), quoted and strong: under one suffix the bytes are always
    /// the same.
    pub tags: [(Coding, HeaderValue); 4],
    /// `Last-Modified` (RFC 9110 §8.8.2); before 1970 there are no HTTP-dates that readers understand.
    pub last_modified: Option<HeaderValue>,
    /// `Content-Location`: its own path.
    pub path: Option<HeaderValue>,
    /// `Link`.
    pub link: Option<HeaderValue>,
}

impl Fields {
    fn of(item: &Shelved) -> Fields {
        let tag = |coding: Coding| {
            #[expect(
                clippy::expect_used,
                reason = "hexadecimal digits, quotes and letters of ASCII"
            )]
            let value = HeaderValue::try_from(item.validators.tag(coding))
                .expect("ASCII is a field's value");
            (coding, value)
        };
        let date = item.validators.last_modified;
        let date = (date.timestamp() >= 0).then(|| httpdate::fmt_http_date(date.into()));
        Fields {
            tags: [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd].map(tag),
            last_modified: date.and_then(sendable),
            path: sendable(item.address.url_path()),
            link: item.link.clone().and_then(sendable),
        }
    }

    /// `ETag` in a coding.
    #[must_use]
    pub fn tag(&self, coding: Coding) -> &HeaderValue {
        let [(_, identity), coded @ ..] = &self.tags;
        coded.iter().find(|(c, _)| *c == coding).map_or(identity, |(_, tag)| tag)
    }
}

fn sendable(value: String) -> Option<HeaderValue> {
    match HeaderValue::try_from(value) {
        Ok(value) => Some(value),
        Err(_) => {
            tracing::warn!("a field of an edition can't be sent");
            None
        }
    }
}
