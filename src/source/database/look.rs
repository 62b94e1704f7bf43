//! One look at a database, as at a directory: what is known comes in; rows that are otherwise go out, and
//! those that aren't there any more have vanished.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::session::Session;
use super::{Error, Keyed, Options, Reader, facts, read_all};
use crate::article::ContentHash;
use crate::document::{self, Facts};
use crate::source::{BATCH, Found, FoundPlace, Gathered, Known, Memory, Stamp};

/// Looks at all rows: delivers those that may have changed, in batches.
///
/// # Errors
/// Where the database can't be read to its end. What was delivered stands; nothing has vanished.
pub fn gather(
    options: &Options,
    source: &str,
    reading: &document::Options,
    memory: Memory,
    deliver: &mut dyn FnMut(Vec<Found>),
) -> Result<Gathered, Error> {
    let session = Session::open(options)?;
    let facts = facts(&session, options)?;
    let mut sieve = Sieve {
        options,
        source,
        context: context(options, reading, &facts),
        facts,
        known: memory.documents.into_iter().map(|k| (k.path.clone(), k)).collect(),
        gathered: Gathered::default(),
        batch: Vec::new(),
        deliver,
    };
    let mut reader = Reader::new(options);
    read_all(&session, options, &mut reader, &mut |keyed| {
        sieve.take(keyed);
        ControlFlow::Continue(())
    })?;
    session.end()?;
    sieve.flush();
    let Sieve { known, mut gathered, .. } = sieve;
    gathered.problems = reader.finish().problems;
    gathered.vanished = known.into_keys().collect();
    gathered.vanished.sort();
    Ok(gathered)
}

/// What rows are read with: what the site says of itself changes how all of them read.
fn context(options: &Options, reading: &document::Options, facts: &Facts) -> ContentHash {
    let digest = reading.digest();
    match options.question.shape {
        None => digest,
        Some(shape) => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&digest.0);
            hasher.update(shape.name.as_bytes());
            hasher.update(&shape.version.to_le_bytes());
            hasher.update(format!("{facts:?}").as_bytes());
            ContentHash::finish(&hasher)
        }
    }
}

/// Lets through what is otherwise than it is known.
struct Sieve<'a> {
    options: &'a Options,
    source: &'a str,
    context: ContentHash,
    facts: Arc<Facts>,
    /// What was known and not seen again yet.
    known: HashMap<String, Known>,
    gathered: Gathered,
    batch: Vec<Found>,
    deliver: &'a mut dyn FnMut(Vec<Found>),
}

impl Sieve<'_> {
    fn take(&mut self, keyed: Keyed) {
        let known = self.known.remove(&keyed.key);
        let stamp = Stamp(keyed.stamp.0.to_vec());
        if known.as_ref().is_some_and(|k| k.stamp == stamp && k.context == self.context) {
            self.gathered.opened += 1;
            self.gathered.unchanged += 1;
            return;
        }
        let shape = self.options.question.shape.map(|shape| (shape, Arc::clone(&self.facts)));
        self.batch.push(Found {
            shown: format!("{} row {}", self.source, keyed.key),
            path: keyed.key,
            context: self.context,
            indexes: [].into(),
            known,
            place: FoundPlace::Row { row: keyed.row, stamp, shape },
        });
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            (self.deliver)(std::mem::take(&mut self.batch));
        }
    }
}
