//! The walk: which files below the root there are, and which of them are documents.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::prelude::*;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::files::{place, stamp};
use super::indexes::index_folder;
use super::{LOOP, NAME, NAME_TWICE, Options, Target, UNREADABLE, shown};
use crate::document;
use crate::problem::{Place, Problem};
use crate::source::{Error, Stamp};

/// How deep folders may be nested; deeper ones are somebody's mistake.
const DEPTH_MAX: usize = 128;

pub(super) struct Filter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Filter {
    pub(super) fn new(options: &Options) -> Result<Filter, Error> {
        let set = |patterns: &[String]| {
            let mut set = GlobSetBuilder::new();
            for pattern in patterns {
                let error = |cause| Error::Pattern { pattern: pattern.clone(), cause };
                set.add(Glob::new(pattern).map_err(error)?);
            }
            set.build().map_err(|cause| Error::Pattern { pattern: patterns.join(", "), cause })
        };
        let include = match options.include.is_empty() {
            true => None,
            false => Some(set(&options.include)?),
        };
        Ok(Filter { include, exclude: set(&options.exclude)? })
    }

    fn is_document(&self, path: &str) -> bool {
        document::is_document(path)
            && index_folder(path).is_none()
            && self.include.as_ref().is_none_or(|set| set.is_match(path))
    }

    pub(super) fn passes_over(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        // Hidden, an editor's backup, or a package manager's.
        name.starts_with('.')
            || name.ends_with('~')
            || name == "node_modules"
            || self.exclude.is_match(path)
    }
}

/// Why a file below the root is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOver {
    /// It or a folder above it is hidden, a backup, or a package manager's.
    Hidden,
    /// `exclude` names it or a folder above it.
    Excluded,
    /// `include` doesn't name it.
    NotIncluded,
    /// Its ending is no document's, or it is a folder's `_index.md`.
    Kind,
}

/// Why a walk doesn't take a file, by its path below the root; `None` where it does.
///
/// # Errors
/// Where a glob can't be read.
pub fn passed_over(options: &Options, path: &str) -> Result<Option<PassedOver>, Error> {
    let filter = Filter::new(options)?;
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    let over = folders.chain([path]).find(|part| filter.passes_over(part));
    Ok(match over {
        Some(part) if filter.exclude.is_match(part) => Some(PassedOver::Excluded),
        Some(_) => Some(PassedOver::Hidden),
        None if !document::is_document(path) || index_folder(path).is_some() => {
            Some(PassedOver::Kind)
        }
        None => (!filter.is_document(path)).then_some(PassedOver::NotIncluded),
    })
}

#[derive(Debug)]
pub(super) struct WalkedFile {
    pub(super) path: String,
    pub(super) file: PathBuf,
    pub(super) meta: Metadata,
    pub(super) is_document: bool,
}

impl WalkedFile {
    pub(super) fn stamp(&self, now: SystemTime) -> Stamp {
        stamp(&self.meta, now)
    }
}

#[derive(Default)]
pub(super) struct Walk {
    pub(super) files: Vec<WalkedFile>,
    pub(super) problems: Vec<Problem>,
    pub(super) unreadable: Vec<Target>,
}

impl Walk {
    pub(super) fn look(&mut self, options: &Options, filter: &Filter, target: &Target) {
        let file = place(options, &target.0).unwrap_or_else(|| options.root.join(&target.0));
        // A hidden or excluded folder above hides what is below.
        let mut above = String::new();
        for part in target.0.split('/').filter(|p| !p.is_empty()) {
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(part);
            if filter.passes_over(&above) {
                return;
            }
        }
        match fs::metadata(&file) {
            Ok(meta) if meta.is_dir() => {
                let found = walk(options, filter, &target.0, &file, &[id(&meta)]);
                self.join(found);
            }
            Ok(meta) if meta.is_file() => {
                let is_document = filter.is_document(&target.0);
                self.files.push(WalkedFile { path: target.0.clone(), file, meta, is_document });
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => self.cannot(options, &target.0, &e),
        }
    }

    fn join(&mut self, mut other: Walk) {
        self.files.append(&mut other.files);
        self.problems.append(&mut other.problems);
        self.unreadable.append(&mut other.unreadable);
    }

    fn cannot(&mut self, options: &Options, path: &str, cause: &io::Error) {
        let place = Place::whole(shown(options, path));
        self.problems.push(
            Problem::error(&UNREADABLE, place, format!("this can't be read: {cause}"))
                .help("what was known below it stays published; see to its permissions"),
        );
        self.unreadable.push(Target(path.to_owned()));
    }

    /// Two names that are one in Unicode's composed form would be one document.
    pub(super) fn drop_doubles(&mut self, options: &Options) {
        let mut doubles = Vec::new();
        self.files.dedup_by(|later, first| {
            let same = later.path == first.path;
            if same {
                doubles.push(later.path.clone());
            }
            same
        });
        self.problems.extend(doubles.iter().map(|path| {
            Problem::error(
                &NAME_TWICE,
                Place::whole(shown(options, path)),
                "two files have this name, spelled with different bytes; only one is read",
            )
            .help("rename one of them")
        }));
    }
}

fn id(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

fn walk(
    options: &Options,
    filter: &Filter,
    below: &str,
    folder: &Path,
    above: &[(u64, u64)],
) -> Walk {
    let mut found = Walk::default();
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(e) => {
            found.cannot(options, below, &e);
            return found;
        }
    };
    let mut folders = Vec::new();
    for entry in listing {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                found.cannot(options, below, &e);
                return found;
            }
        };
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let place =
                Place::whole(shown(options, &format!("{below}/{}", name.to_string_lossy())));
            found.problems.push(
                Problem::warning(&NAME, place, "this file's name isn't UTF-8 text; it is left out")
                    .help("rename it"),
            );
            continue;
        };
        let name = if is_nfc(name) { name.to_owned() } else { name.nfc().collect() };
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if filter.passes_over(&path) {
            continue;
        }
        let file = entry.path();
        let meta = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(&file),
            Ok(_) => entry.metadata(),
            Err(e) => Err(e),
        };
        match meta {
            Ok(meta) if meta.is_dir() => {
                if above.contains(&id(&meta)) || above.len() >= DEPTH_MAX {
                    found.problems.push(
                        Problem::note(
                            &LOOP,
                            Place::whole(shown(options, &path)),
                            "this folder leads back to one that it stands in, or is nested too \
                             deeply; it isn't entered",
                        )
                        .help("remove the link, or exclude it in the source's `exclude`"),
                    );
                } else {
                    folders.push((path, file, id(&meta)));
                }
            }
            Ok(meta) if meta.is_file() => {
                let is_document = filter.is_document(&path);
                found.files.push(WalkedFile { path, file, meta, is_document });
            }
            Ok(_) => {}
            // Gone since it was listed, or a link to nothing.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => found.cannot(options, &path, &e),
        }
    }
    let deeper: Vec<Walk> = folders
        .into_par_iter()
        .map(|(path, file, id)| {
            let mut above = above.to_vec();
            above.push(id);
            walk(options, filter, &path, &file, &above)
        })
        .collect();
    for one in deeper {
        found.join(one);
    }
    found
}
