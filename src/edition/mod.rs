//! An edition is the bytes of one feed in one format, with validators. This room encodes editions,
//! has independent parsers read them back, keeps the published tree with its manifest and the
//! ledger of what was published since when, and puts editions on a shelf to be served. What is in
//! them is [`render`](crate::render)'s.

pub mod encode;
pub mod history;
pub mod ledger;
pub mod manifest;
pub mod obstacle;
pub mod shelf;
pub mod shelve;
pub mod tree;
pub mod verify;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::article::ContentHash;
use crate::feed::address::Address;

/// A content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Those that are made of each edition, beside identity.
    pub const CODED: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// What the tree appends to a file's name.
    #[must_use]
    pub fn file_suffix(self) -> &'static str {
        match self {
            Coding::Identity => "",
            Coding::Gzip => ".gz",
            Coding::Brotli => ".br",
            Coding::Zstd => ".zst",
        }
    }

    /// What it appends to an entity tag: coder and its version, raised when the coder's bytes
    /// change for the same input (DESIGN decision 6).
    #[must_use]
    pub fn tag_suffix(self) -> &'static str {
        match self {
            Coding::Identity => "",
            Coding::Gzip => "-gz1",
            Coding::Brotli => "-br2",
            Coding::Zstd => "-zs1",
        }
    }
}

/// What a client can ask with whether its copy is still good (RFC 9110 §8.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validators {
    /// Hash of the identity bytes. In HTTP: quoted hexadecimal digits and the coding's suffix.
    pub hash: ContentHash,
    /// When this edition was first published; whole seconds.
    pub last_modified: DateTime<Utc>,
}

impl Validators {
    /// The tag of an edition in one coding (RFC 9110 §8.8.3), quoted. It is strong: under one suffix
    /// the bytes are always the same.
    #[must_use]
    pub fn tag(&self, coding: Coding) -> String {
        format!("\"{}{}\"", self.hash.hex(), coding.tag_suffix())
    }

    /// The validators that bytes get at an address: those that they have already, else later ones than
    /// any edition before (DESIGN decision 6). `known` is what is known of the address, by whoever
    /// knows best first.
    #[must_use]
    pub fn following(hash: ContentHash, known: &[Validators], as_of: DateTime<Utc>) -> Validators {
        let others = known.iter().filter(|v| v.hash != hash).map(|v| v.last_modified).max();
        if let Some(same) = known.iter().find(|v| v.hash == hash)
            && others.is_none_or(|other| other <= same.last_modified)
        {
            return *same;
        }
        let last = known.iter().map(|v| v.last_modified).max();
        let after = last.and_then(|t| t.checked_add_signed(TimeDelta::seconds(1)));
        Validators { hash, last_modified: after.map_or(as_of, |t| t.max(as_of)) }
    }
}

/// One address's bytes in all codings, not yet published.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Where it stands.
    pub address: Address,
    /// Hash of `identity`.
    pub hash: ContentHash,
    /// The bytes.
    pub identity: Bytes,
    /// The same coded, in the order of [`Coding::CODED`].
    pub coded: Vec<(Coding, Bytes)>,
}
