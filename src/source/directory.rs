//! Documents as files below a directory. The walk lists and stats; a file is opened only when its
//! stamp says that it may have changed. A file whose stamp could hide a later edit (it was written
//! within the clock tick in which we looked) is waited for or, on a quick look, opened again next
//! time (DESIGN decision 5).

mod files;
mod indexes;
mod walk;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use unicode_normalization::UnicodeNormalization;

pub(super) use self::files::load;
use self::files::{TICK, settled};
pub use self::files::{measure, stamp_of};
use self::indexes::{Contexts, Indexes, index_folder};
use self::walk::{Filter, Walk};
pub use self::walk::{PassedOver, passed_over};
use super::{BATCH, Error, Found, FoundPlace, Gathered, Known, Memory};
use crate::document;
use crate::problem::Code;

pub(crate) const UNREADABLE: Code = Code::new("file-unreadable");
pub(crate) const NAME: Code = Code::new("file-name-not-text");
pub(crate) const NAME_TWICE: Code = Code::new("file-name-twice");
pub(crate) const LOOP: Code = Code::new("folder-loop");
pub(crate) const TOO_LARGE: Code = Code::new("file-too-large");
pub(crate) const CHANGING: Code = Code::new("file-changing");

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The directory; symbolic links in it are followed.
    pub root: PathBuf,
    /// How problems call it: the path as `feeds.toml` writes it.
    pub shown: String,
    /// Globs of paths below the root; a file is a document only if one matches. Empty: every file
    /// whose ending is a document's.
    pub include: Vec<String>,
    /// Globs of paths below the root that are passed over.
    pub exclude: Vec<String>,
}

/// A part of the directory to look at: the root, a folder or a file, relative to the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(pub String);

impl Target {
    /// The whole directory.
    #[must_use]
    pub fn all() -> Target {
        Target(String::new())
    }

    /// Whether a path is the target or stands below it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.0.is_empty()
            || path
                .strip_prefix(&self.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// What of a directory absolute paths, as a watcher saw them, point at. An `_index.md` stands for
/// its whole folder. Paths outside the directory are left out.
#[must_use]
pub fn targets(options: &Options, paths: &[PathBuf]) -> Vec<Target> {
    let root = std::path::absolute(&options.root).unwrap_or_else(|_| options.root.clone());
    let resolved = fs::canonicalize(&options.root).ok();
    let targets: Vec<Target> = paths
        .iter()
        .filter_map(|path| {
            let below = path
                .strip_prefix(&root)
                .ok()
                .or_else(|| path.strip_prefix(resolved.as_deref()?).ok())?;
            let mut path = below.to_str()?.nfc().collect::<String>();
            if let Some(folder) = index_folder(&path) {
                path = folder.to_owned();
            }
            Some(Target(path))
        })
        .collect();
    apart(targets)
}

/// The same targets, none of them below another.
#[must_use]
pub fn apart(mut targets: Vec<Target>) -> Vec<Target> {
    targets.sort();
    targets.dedup();
    let all = targets.clone();
    targets.retain(|t| !all.iter().any(|other| other != t && other.covers(&t.0)));
    targets
}

/// Looks at parts of a directory. `memory.documents` holds what is known of these parts.
///
/// # Errors
/// Where the directory itself can't be listed, or a glob can't be read.
pub fn gather(
    options: &Options,
    reading: &document::Options,
    targets: &[Target],
    memory: Memory,
    deliver: &mut dyn FnMut(Vec<Found>),
) -> Result<Gathered, Error> {
    let filter = Filter::new(options)?;
    let whole = targets.iter().any(|t| t.0.is_empty());
    let mut walk = Walk::default();
    fs::read_dir(&options.root)
        .map_err(|cause| Error::Directory { shown: options.shown.clone(), cause })?;
    for target in targets {
        walk.look(options, &filter, target);
    }
    if whole {
        settle(&walk);
    }
    walk.files.sort_by(|a, b| (&a.path, &a.file).cmp(&(&b.path, &b.file)));
    walk.drop_doubles(options);

    let mut gathered = Gathered::default();
    let indexes = Indexes::look(options, &filter, &walk, targets, memory.indexes, &mut gathered);
    let touched = touched_media(options, &walk, whole, &memory.looked);
    let mut contexts = Contexts::new(reading, &indexes);

    let now = SystemTime::now();
    let mut batch = Vec::new();
    let mut known = memory.documents.into_iter().peekable();
    for file in walk.files.iter().filter(|f| f.is_document) {
        while let Some(gone) = known.next_if(|k| k.path < file.path) {
            vanish(&walk, gone, &mut gathered);
        }
        let known = known.next_if(|k| k.path == file.path);
        let (context, chain) = contexts.of(&file.path);
        let stamp = file.stamp(now);
        if let Some(k) = &known
            && k.stamp == stamp
            && k.context == context
            && !touched.contains_key(file.path.as_str())
        {
            gathered.unchanged += 1;
            continue;
        }
        let context_now = context;
        batch.push(Found {
            path: file.path.clone(),
            shown: shown(options, &file.path),
            context: context_now,
            indexes: chain,
            // What was looked for changed: the content's own hash says nothing then.
            known: known.filter(|_| !touched.contains_key(file.path.as_str())),
            place: FoundPlace::File { file: file.file.clone(), stamp },
        });
        if batch.len() == BATCH {
            deliver(std::mem::take(&mut batch));
        }
    }
    for gone in known {
        vanish(&walk, gone, &mut gathered);
    }
    if !batch.is_empty() {
        deliver(batch);
    }
    gathered.problems.append(&mut walk.problems);
    Ok(gathered)
}

/// What isn't found has vanished, unless it stands where we could not look.
fn vanish(walk: &Walk, gone: Known, gathered: &mut Gathered) {
    if walk.unreadable.iter().any(|t| t.covers(&gone.path)) {
        gathered.unchanged += 1;
    } else {
        gathered.vanished.push(gone.path);
    }
}

/// Documents whose local media are otherwise than when they were read.
fn touched_media<'a>(
    options: &Options,
    walk: &Walk,
    whole: bool,
    looked: &'a [super::Looked],
) -> HashMap<&'a str, ()> {
    let now = SystemTime::now();
    looked
        .iter()
        .filter(|l| {
            let stamp = if whole {
                match walk.files.binary_search_by(|f| f.path.as_str().cmp(&l.file)) {
                    Ok(at) => Some(walk.files[at].stamp(now)),
                    // The walk doesn't list what is hidden or excluded.
                    Err(_) => stamp_of(options, &l.file),
                }
            } else {
                stamp_of(options, &l.file)
            };
            stamp != l.stamp
        })
        .map(|l| (l.document.as_str(), ()))
        .collect()
}

fn shown(options: &Options, path: &str) -> String {
    match (options.shown.trim_end_matches('/'), path) {
        (root, "") => root.to_owned(),
        (".", path) => path.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

/// Waits until the last tick is over where something was written in it, so that reading it gives a
/// stamp that can be trusted. Only full looks can afford this; it is at most one tick.
fn settle(walk: &Walk) {
    let now = SystemTime::now();
    if !walk.files.iter().all(|f| settled(&f.meta, now)) {
        std::thread::sleep(TICK + Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests;
