//! Documents as files below a directory. The walk lists and stats; a file is opened only when its
//! stamp says that it may have changed. A file whose stamp could hide a later edit (it was written
//! within the clock tick in which we looked) is waited for or, on a quick look, opened again next
//! time (DESIGN decision 5).

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::prelude::*;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::{BATCH, Error, Found, FoundPlace, Gathered, Known, KnownIndex, Loaded, LoadedContent};
use super::{Memory, Stamp};
use crate::article::ContentHash;
use crate::document::{self, FolderIndex, Measured};
use crate::problem::{Code, Place, Problem};

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

/// The longest tick of a kernel's coarse clock (100 Hz), which stamps files.
const TICK: Duration = Duration::from_millis(10);

/// A document larger than this is no article; reading it would only cost memory.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// How often a file that changes while it is read is read again.
const TRIES: usize = 3;

/// How deep folders may be nested; deeper ones are somebody's mistake.
const DEPTH_MAX: usize = 128;

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

fn index_folder(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((folder, "_index.md")) => Some(folder),
        None if path == "_index.md" => Some(""),
        _ => None,
    }
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

/// The stamp of a file below the root; `None` where there is none.
#[must_use]
pub fn stamp_of(options: &Options, path: &str) -> Option<Stamp> {
    look_at(options, path).map(|(_, stamp, _)| stamp)
}

/// A file below the root, its stamp and its length, of one moment; `None` where there is none.
fn look_at(options: &Options, path: &str) -> Option<(PathBuf, Stamp, u64)> {
    let now = SystemTime::now();
    let file = place(options, path)?;
    let meta = fs::metadata(&file).ok()?;
    meta.is_file().then(|| (file, stamp(&meta, now), meta.len()))
}

/// What a file below the root is, and its stamp from before it was looked into, so that a change in
/// between shows at the next look; `None` where there is none.
#[must_use]
pub fn measure(options: &Options, path: &str) -> Option<(Stamp, Measured)> {
    let (file, stamp, bytes) = look_at(options, path)?;
    Some((stamp, super::measure::measure(&file, bytes)))
}

/// The file of a path below the root. Paths are composed (NFC); a file whose name is stored otherwise,
/// as those from some systems are, is found by looking through its folder.
fn place(options: &Options, path: &str) -> Option<PathBuf> {
    let exact = options.root.join(path);
    if path.is_ascii() || fs::symlink_metadata(&exact).is_ok() {
        return Some(exact);
    }
    let mut file = options.root.clone();
    for part in path.split('/') {
        let next = file.join(part);
        file = if part.is_ascii() || fs::symlink_metadata(&next).is_ok() {
            next
        } else {
            let mut entries = fs::read_dir(&file).ok()?.filter_map(Result::ok);
            let same =
                |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| n.nfc().eq(part.chars()));
            entries.find(|e| same(&e.file_name()))?.path()
        };
    }
    Some(file)
}

fn shown(options: &Options, path: &str) -> String {
    match (options.shown.trim_end_matches('/'), path) {
        (root, "") => root.to_owned(),
        (".", path) => path.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

/// Length, two times and an inode of eight bytes each; one more says that it can't be trusted.
const STAMP_BYTES: usize = 32;

/// A file's stamp; one that was written within the tick in which we look never equals another.
fn stamp(meta: &Metadata, now: SystemTime) -> Stamp {
    let mut bytes = Vec::with_capacity(STAMP_BYTES + 1);
    bytes.extend(meta.len().to_le_bytes());
    bytes.extend(nanoseconds(meta.mtime(), meta.mtime_nsec()).to_le_bytes());
    bytes.extend(nanoseconds(meta.ctime(), meta.ctime_nsec()).to_le_bytes());
    bytes.extend(meta.ino().to_le_bytes());
    if !settled(meta, now) {
        bytes.push(0);
    }
    Stamp(bytes)
}

fn nanoseconds(s: i64, ns: i64) -> i64 {
    s.saturating_mul(1_000_000_000).saturating_add(ns)
}

/// Every write moves the change time, which nobody can set; a stamp can hide a later write only
/// within the same tick.
fn settled(meta: &Metadata, now: SystemTime) -> bool {
    let changed = UNIX_EPOCH
        + Duration::new(
            u64::try_from(meta.ctime()).unwrap_or(0),
            u32::try_from(meta.ctime_nsec()).unwrap_or(0),
        );
    // A change time ahead of the clock (another machine's, over the network) is as old as it gets.
    now.duration_since(changed).map_or(true, |age| age > TICK)
}

/// Waits until the last tick is over where something was written in it, so that reading it gives a
/// stamp that can be trusted. Only full looks can afford this; it is at most one tick.
fn settle(walk: &Walk) {
    let now = SystemTime::now();
    if !walk.files.iter().all(|f| settled(&f.meta, now)) {
        std::thread::sleep(TICK + Duration::from_millis(1));
    }
}

/// Reads a file whole, as it stood at one moment.
pub(super) fn load(file: &Path, shown: &str, found: Stamp) -> Result<Loaded, Problem> {
    let fail = |cause: &io::Error| {
        Problem::error(&UNREADABLE, Place::whole(shown), format!("the file can't be read: {cause}"))
            .help("what was known of it stays published; see to its permissions or to the disk")
    };
    let mut before = found;
    for _ in 0..TRIES {
        // A stamp can be trusted if its tick was over before the reading began.
        let began = SystemTime::now();
        let mut open = File::open(file).map_err(|e| fail(&e))?;
        let meta = open.metadata().map_err(|e| fail(&e))?;
        if meta.len() > FILE_BYTES_MAX {
            let message = format!("the file has {} MB, too much for an article", meta.len() >> 20);
            return Err(Problem::error(&TOO_LARGE, Place::whole(shown), message)
                .help("exclude it in the source's `exclude`, or split it"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
        open.read_to_end(&mut bytes).map_err(|e| fail(&e))?;
        let after = open.metadata().map_err(|e| fail(&e))?;
        let stamp = stamp(&after, began);
        if stamp.0.get(..STAMP_BYTES) == before.0.get(..STAMP_BYTES) {
            let hash = ContentHash::of(&bytes);
            return Ok(Loaded { content: LoadedContent::File(bytes), hash, stamp });
        }
        before = stamp;
    }
    Err(Problem::warning(
        &CHANGING,
        Place::whole(shown),
        "the file kept changing while it was read; the version before stays until the next look",
    ))
}

struct Filter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Filter {
    fn new(options: &Options) -> Result<Filter, Error> {
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

    fn passes_over(&self, path: &str) -> bool {
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
struct WalkedFile {
    path: String,
    file: PathBuf,
    meta: Metadata,
    is_document: bool,
}

impl WalkedFile {
    fn stamp(&self, now: SystemTime) -> Stamp {
        stamp(&self.meta, now)
    }
}

#[derive(Default)]
struct Walk {
    files: Vec<WalkedFile>,
    problems: Vec<Problem>,
    unreadable: Vec<Target>,
}

impl Walk {
    fn look(&mut self, options: &Options, filter: &Filter, target: &Target) {
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
    fn drop_doubles(&mut self, options: &Options) {
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

/// The `_index.md` of every folder that matters, by folder.
struct Indexes(BTreeMap<String, (ContentHash, Arc<FolderIndex>)>);

impl Indexes {
    fn look(
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
struct Contexts<'a> {
    options: ContentHash,
    indexes: &'a Indexes,
    made: HashMap<String, (ContentHash, Chain)>,
}

impl<'a> Contexts<'a> {
    fn new(reading: &document::Options, indexes: &'a Indexes) -> Contexts<'a> {
        Contexts { options: reading.digest(), indexes, made: HashMap::new() }
    }

    fn of(&mut self, path: &str) -> (ContentHash, Chain) {
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

#[cfg(test)]
mod tests;
