//! Rows on their way out: those that stand as they stood stay, the others go in batches, and who wasn't
//! seen has vanished.

use std::collections::{HashMap, HashSet};

use super::{Export, Options};
use crate::article::ContentHash;
use crate::document::{Row, Value};
use crate::problem::{Code, Place, Problem};
use crate::source::{BATCH, Found, FoundPlace, Gathered, Known, Stamp};

/// Two posts of a source's export files have one number.
pub(crate) const POST_TWICE: Code = Code::new("post-twice");

/// So many problems are told one by one; what is beyond becomes a number.
const PROBLEMS_MAX: usize = 100;

/// Rows on their way out.
pub(super) struct Delivery<'a> {
    options: &'a Options,
    context: ContentHash,
    known: HashMap<String, Known>,
    delivered: HashSet<i64>,
    twice: u64,
    batch: Vec<Found>,
    gathered: Gathered,
    deliver: &'a mut dyn FnMut(Vec<Found>),
}

/// What was delivered, and how many posts there are.
pub(super) struct Delivered {
    pub(super) gathered: Gathered,
    pub(super) documents: usize,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        options: &'a Options,
        context: ContentHash,
        known: Vec<Known>,
        deliver: &'a mut dyn FnMut(Vec<Found>),
    ) -> Delivery<'a> {
        Delivery {
            options,
            context,
            known: known.into_iter().map(|known| (known.path.clone(), known)).collect(),
            delivered: HashSet::new(),
            twice: 0,
            batch: Vec::new(),
            gathered: Gathered::default(),
            deliver,
        }
    }

    pub(super) fn row(&mut self, export: &Export, id: i64, row: Row) {
        let shown = format!("{} post {id}", export.shown);
        if !self.delivered.insert(id) {
            self.twice += 1;
            if self.gathered.problems.len() < PROBLEMS_MAX {
                let message = "a post before it has the same number, so this one is left out";
                self.gathered.problems.push(
                    Problem::warning(&POST_TWICE, Place::whole(shown), message)
                        .help("keep one export of each site here"),
                );
            }
            return;
        }
        let path = id.to_string();
        let hash = hash(&row);
        let stamp = Stamp(hash.0.to_vec());
        let known = self.known.remove(&path);
        if known.as_ref().is_some_and(|k| k.stamp == stamp && k.context == self.context) {
            self.gathered.unchanged += 1;
            self.gathered.opened += 1;
            return;
        }
        self.batch.push(Found {
            path,
            shown,
            context: self.context,
            indexes: [].into(),
            known,
            place: FoundPlace::Row { row, stamp, hash, shape: None },
        });
        if self.batch.len() == BATCH {
            (self.deliver)(std::mem::take(&mut self.batch));
        }
    }

    pub(super) fn finish(mut self) -> Delivered {
        if !self.batch.is_empty() {
            (self.deliver)(std::mem::take(&mut self.batch));
        }
        let told = u64::try_from(self.gathered.problems.len()).unwrap_or(u64::MAX);
        if self.twice > told {
            let message = format!("{} more posts have a number twice", self.twice - told);
            let place = Place::whole(self.options.shown.clone());
            self.gathered.problems.push(Problem::warning(&POST_TWICE, place, message));
        }
        self.gathered.vanished = self.known.into_keys().collect();
        self.gathered.vanished.sort();
        Delivered { gathered: self.gathered, documents: self.delivered.len() }
    }
}

/// A hash of all names and values. Lengths are hashed too, so that no two rows run into the same bytes.
fn hash(row: &Row) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(bytes);
    };
    for (name, value) in &row.columns {
        part(name.as_bytes());
        match value {
            Value::Text(bytes) | Value::Blob(bytes) => part(bytes),
            Value::Integer(number) => part(&number.to_le_bytes()),
            Value::Real(number) => part(&number.to_bits().to_le_bytes()),
            Value::Null | Value::Rows(_) => part(b""),
        }
    }
    ContentHash::finish(&hasher)
}
