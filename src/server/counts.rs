//! What is counted of requests and connections, for the metrics. Counting is one relaxed addition to a
//! number that stands ready: no lock, no look-up, and nothing that a request says makes a new number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use super::route::Route;
use crate::edition::Coding;
use crate::feed::Format;
use crate::feed::address::Address;

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A feed in RSS.
    Rss,
    /// A feed in Atom.
    Atom,
    /// A feed in JSON.
    Json,
    /// A page for a person.
    Page,
    /// A list of feeds, a redirect, or nothing that there is.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Rss, Kind::Atom, Kind::Json, Kind::Page, Kind::Other];

    /// Its name in the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Rss => "rss",
            Kind::Atom => "atom",
            Kind::Json => "json",
            Kind::Page => "page",
            Kind::Other => "other",
        }
    }

    pub(crate) fn of(route: &Route) -> Kind {
        match route {
            Route::Edition { address, .. } => match address {
                Address::Edition(_, Format::Rss) => Kind::Rss,
                Address::Edition(_, Format::Atom) => Kind::Atom,
                Address::Edition(_, Format::Json) => Kind::Json,
                Address::Page(_) | Address::Bare(_) | Address::Index => Kind::Page,
                Address::Opml | Address::Manifest => Kind::Other,
            },
            Route::Bare(_) | Route::Home => Kind::Page,
            Route::Closest(_) | Route::Moved(_) | Route::Gone | Route::Unknown => Kind::Other,
        }
    }
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// 200 and 204.
    Well,
    /// 304: the client has it already.
    NotModified,
    /// Any other 3xx.
    Elsewhere,
    /// 4xx.
    Refused,
    /// 5xx.
    Failed,
}

impl Answered {
    /// All of them.
    pub const ALL: [Answered; 5] = [
        Answered::Well,
        Answered::NotModified,
        Answered::Elsewhere,
        Answered::Refused,
        Answered::Failed,
    ];

    /// Its name in the metrics: a class of statuses, and 304 by itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Answered::Well => "2xx",
            Answered::NotModified => "304",
            Answered::Elsewhere => "3xx",
            Answered::Refused => "4xx",
            Answered::Failed => "5xx",
        }
    }

    fn of(status: StatusCode) -> Answered {
        match status.as_u16() {
            304 => Answered::NotModified,
            ..300 => Answered::Well,
            300..400 => Answered::Elsewhere,
            400..500 => Answered::Refused,
            500.. => Answered::Failed,
        }
    }
}

/// The codings that a feed is sent in; `None` where no feed is sent.
pub const CODINGS: [Option<Coding>; 5] =
    [Some(Coding::Identity), Some(Coding::Gzip), Some(Coding::Brotli), Some(Coding::Zstd), None];

fn place(coding: Option<Coding>) -> usize {
    match coding {
        Some(Coding::Identity) => 0,
        Some(Coding::Gzip) => 1,
        Some(Coding::Brotli) => 2,
        Some(Coding::Zstd) => 3,
        None => 4,
    }
}

/// Everything that is counted, from the start on.
#[derive(Debug, Default)]
pub struct Counts {
    /// By kind, answer and coding, in the order of their lists.
    requests: [[[AtomicU64; CODINGS.len()]; Answered::ALL.len()]; Kind::ALL.len()],
    /// Of the public listener.
    pub public: Arc<Doors>,
    /// Of the admin listener.
    pub admin: Arc<Doors>,
}

impl Counts {
    pub(crate) fn answered(&self, kind: Kind, status: StatusCode, coding: Option<Coding>) {
        let of = &self.requests[kind as usize][Answered::of(status) as usize];
        of[place(coding)].fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests there were of a kind, with such an answer, in a coding.
    #[must_use]
    pub fn requests(&self, kind: Kind, answered: Answered, coding: Option<Coding>) -> u64 {
        let of = &self.requests[kind as usize][answered as usize];
        of[place(coding)].load(Ordering::Relaxed)
    }
}

/// What is counted of one listener's connections.
#[derive(Debug, Default)]
pub struct Doors {
    open: AtomicU64,
    taken: AtomicU64,
    sent: AtomicU64,
}

impl Doors {
    /// Connections that are open.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections taken so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Bytes that went out so far, heads and all.
    #[must_use]
    pub fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Counts a connection until what is given back is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Entered(self)
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A connection that is open.
pub(crate) struct Entered<'a>(&'a Doors);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
