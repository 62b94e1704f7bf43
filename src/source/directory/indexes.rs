//! What folders say of themselves: each `_index.md`, and what documents below it are read with.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::files::{load, stamp};
use super::walk::{Filter, Walk};
use super::{Options, Target, UNREADABLE, shown};
use crate::article::ContentHash;
use crate::document::{self, FolderIndex};
use crate::problem::{Place, Problem};
use crate::source::{Gathered, KnownIndex, LoadedContent, Stamp};

pub(super) fn index_folder(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((folder, "_index.md")) => Some(folder),
        None if path == "_index.md" => Some(""),
        _ => None,
    }
}

/// The `_index.md` of every folder that matters, by folder.
pub(super) struct Indexes(BTreeMap<String, (ContentHash, Arc<FolderIndex>)>);

impl Indexes {
    pub(super) fn look(
        options: &Options,
        filter: &Filter,
        walk: &Walk,
        targets: &[Target],
        known: Vec<KnownIndex>,
        gathered: &mut Gathered,
    ) -> Indexes {
        let now = SystemTime::now();
        let mut known: BTreeMap<String, KnownIndex> =
            known.into_iter().map(|k| (k.folder.clone(), k)).collect();
        let mut indexes = BTreeMap::new();
        let mut candidates: BTreeMap<String, (PathBuf, Stamp)> = walk
            .files
            .iter()
            .filter_map(|f| {
                Some((index_folder(&f.path)?.to_owned(), (f.file.clone(), f.stamp(now))))
            })
            .collect();
        // A quick look below a folder must know what the folders above it say.
        let mut looked: Vec<String> = Vec::new();
        for target in targets.iter().filter(|t| !t.0.is_empty()) {
            for folder in folders_above(&target.0) {
                let path = format!("{folder}/_index.md");
                let path = path.trim_start_matches('/');
                let hidden = std::iter::once(path)
                    .chain(path.match_indices('/').map(|(at, _)| &path[..at]))
                    .any(|p| filter.passes_over(p));
                if !hidden
                    && let Ok(meta) = fs::metadata(options.root.join(path))
                    && meta.is_file()
                {
                    let stamp = stamp(&meta, now);
                    candidates
                        .entry(folder.to_owned())
                        .or_insert_with(|| (options.root.join(path), stamp));
                }
                looked.push(folder.to_owned());
            }
        }
        for (folder, (file, stamp)) in candidates {
            let known = known.remove(&folder);
            let index = match known {
                Some(k) if k.stamp == stamp => k,
                other => {
                    gathered.opened += 1;
                    match read_index(options, &folder, &file, stamp, other.as_ref()) {
                        Ok(index) => {
                            gathered.indexes_changed.push(index.clone());
                            index
                        }
                        Err(problem) => {
                            gathered.problems.push(problem);
                            let Some(k) = other else { continue };
                            k
                        }
                    }
                }
            };
            indexes.insert(folder, (index.hash, index.index));
        }
        for (folder, k) in known {
            let seen = targets.iter().any(|t| t.covers(&folder)) || looked.contains(&folder);
            if seen && !walk.unreadable.iter().any(|t| t.covers(&folder)) {
                gathered.indexes_vanished.push(folder);
            } else {
                indexes.insert(folder, (k.hash, k.index));
            }
        }
        Indexes(indexes)
    }
}

fn read_index(
    options: &Options,
    folder: &str,
    file: &Path,
    stamp: Stamp,
    known: Option<&KnownIndex>,
) -> Result<KnownIndex, Problem> {
    let shown = shown(options, format!("{folder}/_index.md").trim_start_matches('/'));
    let loaded = load(file, &shown, stamp)?;
    if let Some(k) = known.filter(|k| k.hash == loaded.hash) {
        return Ok(KnownIndex { stamp: loaded.stamp, ..k.clone() });
    }
    let LoadedContent::File(bytes) = &loaded.content else {
        return Err(Problem::error(&UNREADABLE, Place::whole(shown), "this isn't a file"));
    };
    let (index, problems) = document::read_index(folder, &shown, bytes);
    Ok(KnownIndex {
        folder: folder.to_owned(),
        stamp: loaded.stamp,
        hash: loaded.hash,
        index: Arc::new(index),
        problems,
    })
}

/// The folders that a path stands in, outermost first, the root included.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(path.match_indices('/').map(|(at, _)| &path[..at]))
}

/// The `_index.md` that a folder's documents are read with, outermost first.
type Chain = Arc<[Arc<FolderIndex>]>;

/// Reading contexts, made once a folder.
pub(super) struct Contexts<'a> {
    options: ContentHash,
    indexes: &'a Indexes,
    made: HashMap<String, (ContentHash, Chain)>,
}

impl<'a> Contexts<'a> {
    pub(super) fn new(reading: &document::Options, indexes: &'a Indexes) -> Contexts<'a> {
        Contexts { options: reading.digest(), indexes, made: HashMap::new() }
    }

    pub(super) fn of(&mut self, path: &str) -> (ContentHash, Chain) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some((context, chain)) = self.made.get(folder) {
            return (*context, Arc::clone(chain));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.options.0);
        let mut chain = Vec::new();
        for above in folders_above(path) {
            if let Some((hash, index)) = self.indexes.0.get(above) {
                hasher.update(above.as_bytes()).update(&[0]).update(&hash.0);
                chain.push(Arc::clone(index));
            }
        }
        let made = (ContentHash::finish(&hasher), Arc::from(chain));
        self.made.insert(folder.to_owned(), made.clone());
        made
    }
}
