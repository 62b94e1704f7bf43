//! What is watched, and what an event there means. Directories are watched under their real paths,
//! since the kernel knows each by one name only; what is told is told under the paths that the
//! options have. Nothing here watches.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use notify::Event;
use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RenameMode};

use super::super::Options;
use crate::run::Scope;

/// What is watched. Two surveys are equal exactly if watching need not begin anew.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ground {
    trees: Vec<Tree>,
    names: BTreeSet<Name>,
    ignored: Vec<PathBuf>,
}

/// The directories that links inside the watched ones lead to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    trees: BTreeSet<Tree>,
    /// There are more than are followed.
    pub(super) too_many: bool,
}

/// Links to directories that are followed; more of them are links to each other.
const TREES_MAX: usize = 1000;

/// A directory whose whole depth is watched.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tree {
    /// Where it is, links resolved.
    real: PathBuf,
    /// Which directory it is.
    id: (u64, u64),
    /// How it is told, links unresolved.
    shown: PathBuf,
}

/// An entry of a directory of which only some entries matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// The directory, links resolved.
    dir: PathBuf,
    /// Which directory it is.
    id: Option<(u64, u64)>,
    name: OsString,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// A step on the way to something watched: the thing itself, a link, or the first part that is
    /// missing. If it comes, goes or is replaced, what must be watched is elsewhere.
    Way,
    /// A watched file.
    File,
    /// The write-ahead log beside a watched file. Only writes count: who merely reads the database
    /// makes, opens and closes it too, and that may be us.
    Log,
}

impl Name {
    /// Whether an entry of the directory is meant: that of this name, or, of files, those that it names by
    /// wildcards.
    fn is_for(&self, entry: &OsStr) -> bool {
        if self.name == entry {
            return true;
        }
        self.role == Role::File
            && has_wildcards(&self.name)
                .and_then(|name| globset::Glob::new(name).ok())
                .is_some_and(|glob| glob.compile_matcher().is_match(entry))
    }
}

fn has_wildcards(name: &OsStr) -> Option<&str> {
    name.to_str().filter(|name| name.contains(['*', '?', '[', '{']))
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sign {
    /// A path changed for good.
    Changed(PathBuf, Scope),
    /// A path appeared that may be a directory.
    Appeared(PathBuf, Scope),
    /// A path is being written to.
    Touched(PathBuf, Scope),
    /// A path went away.
    Gone(PathBuf, Scope),
    /// Watching must begin anew.
    Stale,
    /// Events were lost.
    Everything,
}

impl Ground {
    /// Looks where everything is that the options want watched.
    pub(super) fn survey(options: &Options) -> Ground {
        let mut ground = Ground { trees: Vec::new(), names: BTreeSet::new(), ignored: Vec::new() };
        for root in &options.watched {
            let trail = Trail::follow(root);
            let is_dir = trail.real.as_deref().and_then(|real| fs::metadata(real).ok());
            if let (Some(real), Some(meta)) = (&trail.real, is_dir.filter(fs::Metadata::is_dir)) {
                let id = (meta.dev(), meta.ino());
                ground.trees.push(Tree { real: real.clone(), id, shown: absolute(root) });
            }
            ground.name(trail.steps, Role::Way);
            ground.name(trail.last, Role::Way);
        }
        for file in &options.watched_files {
            let trail = Trail::follow(file);
            let log = trail.last.clone().map(|(dir, mut name)| {
                name.push("-wal");
                (dir, name)
            });
            // No file is called so; those that are may come.
            let missing = trail.steps.last().filter(|_| trail.real.is_none()).cloned();
            let wild = missing.filter(|(_, name)| {
                has_wildcards(name).is_some() && file.file_name() == Some(name)
            });
            ground.name(trail.steps, Role::Way);
            ground.name(trail.last.or(wild), Role::File);
            ground.name(log, Role::Log);
        }
        for path in &options.ignored {
            ground.ignored.extend([absolute(path), real_as_far_as_it_goes(path)]);
        }
        ground
    }

    fn name(&mut self, steps: impl IntoIterator<Item = (PathBuf, OsString)>, role: Role) {
        for (dir, name) in steps {
            let id = fs::metadata(&dir).ok().map(|meta| (meta.dev(), meta.ino()));
            self.names.insert(Name { dir, id, name, role });
        }
    }

    /// Looks for links to directories below every watched directory.
    pub(super) fn links(&self) -> Links {
        let mut links = Links::default();
        for tree in &self.trees {
            self.follow_links(&tree.real, &tree.shown, &mut Vec::new(), &mut links);
        }
        links
    }

    /// Whether a directory that came later has links to directories in it.
    pub(super) fn has_links(&self, dir: &Path) -> bool {
        let mut links = Links::default();
        let real = if dir.is_symlink() { None } else { fs::canonicalize(dir).ok() };
        if let Some(real) = real.filter(|real| real.is_dir()) {
            self.follow_links(&real, dir, &mut Vec::new(), &mut links);
        }
        !links.trees.is_empty()
    }

    fn follow_links(&self, real: &Path, shown: &Path, above: &mut Vec<PathBuf>, links: &mut Links) {
        if above.iter().any(|dir| dir == real) || self.passes_over(real, shown) {
            return;
        }
        above.push(real.to_owned());
        for entry in fs::read_dir(real).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let shown = shown.join(entry.file_name());
            if kind.is_dir() {
                self.follow_links(&entry.path(), &shown, above, links);
            } else if kind.is_symlink()
                && let Ok(real) = fs::canonicalize(entry.path())
                && let Ok(meta) = fs::metadata(&real)
                && meta.is_dir()
            {
                if links.trees.len() == TREES_MAX {
                    links.too_many = true;
                    break;
                }
                let id = (meta.dev(), meta.ino());
                links.trees.insert(Tree { real: real.clone(), id, shown: shown.clone() });
                self.follow_links(&real, &shown, above, links);
            }
        }
        above.pop();
    }

    fn passes_over(&self, real: &Path, shown: &Path) -> bool {
        self.ignored.iter().any(|i| real.starts_with(i) || shown.starts_with(i))
    }

    /// The directories to watch in their whole depth; none lies in another.
    pub(super) fn deep<'a>(&'a self, links: &'a Links) -> BTreeSet<&'a Path> {
        let trees = self.trees.iter().chain(&links.trees);
        let all: BTreeSet<&Path> = trees.map(|tree| tree.real.as_path()).collect();
        let inner = |dir: &&Path| dir.ancestors().skip(1).any(|above| all.contains(above));
        all.iter().copied().filter(|dir| !inner(dir)).collect()
    }

    /// The directories of which only the entries are to be watched.
    pub(super) fn flat<'a>(&'a self, links: &'a Links) -> BTreeSet<&'a Path> {
        let deep = self.deep(links);
        let covered = |dir: &&Path| dir.ancestors().any(|above| deep.contains(above));
        self.names.iter().map(|name| name.dir.as_path()).filter(|dir| !covered(dir)).collect()
    }

    /// What an event asks for. `look` tells what is at a path now.
    pub(super) fn signs(
        &self,
        links: &Links,
        event: &Event,
        look: impl Fn(&Path) -> Seen,
    ) -> Vec<Sign> {
        if event.need_rescan() {
            return vec![Sign::Everything];
        }
        let Some(kind) = Kind::of(&event.kind) else { return Vec::new() };
        let mut signs = Vec::new();
        for path in &event.paths {
            self.by_name(path, kind, &mut signs);
            for tree in self.trees.iter().chain(&links.trees) {
                self.by_tree(tree, path, kind, &look, &mut signs);
            }
        }
        signs
    }

    fn by_name(&self, path: &Path, kind: Kind, signs: &mut Vec<Sign>) {
        let (Some(dir), Some(entry)) = (path.parent(), path.file_name()) else { return };
        for name in self.names.iter().filter(|name| name.dir == dir && name.is_for(entry)) {
            let path = path.to_owned();
            match (name.role, kind) {
                (Role::Way, Kind::Made | Kind::MadeDirectory | Kind::Appeared | Kind::Gone) => {
                    signs.push(Sign::Stale)
                }
                (Role::File, Kind::Closed | Kind::Appeared) => {
                    signs.push(Sign::Changed(path, Scope::All));
                }
                // A file that goes is often about to be replaced.
                (Role::File, _) | (Role::Log, Kind::Written) => {
                    signs.push(Sign::Touched(path, Scope::All));
                }
                (Role::Way | Role::Log, _) => {}
            }
        }
    }

    fn by_tree(
        &self,
        tree: &Tree,
        path: &Path,
        kind: Kind,
        look: &impl Fn(&Path) -> Seen,
        signs: &mut Vec<Sign>,
    ) {
        let Ok(below) = path.strip_prefix(&tree.real) else { return };
        let shown = tree.shown.join(below);
        if below.as_os_str().is_empty() || self.passes_over(path, &shown) {
            return;
        }
        if is_aside(path) && matches!(kind, Kind::Closed | Kind::Written | Kind::Gone) {
            return;
        }
        let scope = Scope::Paths(vec![shown.clone()]);
        let seen = match kind {
            Kind::Made | Kind::Appeared | Kind::Attributes => look(path),
            Kind::MadeDirectory | Kind::Closed | Kind::Written | Kind::Gone => Seen::Other,
        };
        signs.push(match (kind, seen) {
            // The kernel doesn't follow links, so nothing watches what this one leads to.
            (Kind::Made | Kind::Appeared, Seen::LinkToDirectory) => Sign::Stale,
            // What is renamed into place is a file, mostly: nothing has to be watched anew for it.
            (Kind::Appeared, Seen::Other) | (Kind::Closed, _) => Sign::Changed(shown, scope),
            (Kind::MadeDirectory | Kind::Appeared, _) => Sign::Appeared(shown, scope),
            (Kind::Gone, _) => Sign::Gone(shown, scope),
            (Kind::Attributes, Seen::Refused) => Sign::Stale,
            // A directory's own times say nothing of what is in it.
            (Kind::Attributes, Seen::Directory) => return,
            // A hard link or a copied reference is made without ever being closed.
            (Kind::Made | Kind::Written | Kind::Attributes, _) => Sign::Touched(shown, scope),
        });
    }
}

/// A hidden file is what editors and copying programs write before they rename it: no document, and a
/// run for it would only keep the one for the document waiting. Names of two dots are how links are
/// switched.
fn is_aside(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
    name.starts_with(b".") && !name.starts_with(b"..")
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// A directory.
    Directory,
    /// A directory that could not be watched so far.
    Refused,
    /// A symbolic link to a directory.
    LinkToDirectory,
    /// A file, or nothing any more.
    Other,
}

/// The kinds of event that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Closed,
    Written,
    Attributes,
    Made,
    MadeDirectory,
    Appeared,
    Gone,
}

impl Kind {
    fn of(kind: &EventKind) -> Option<Kind> {
        Some(match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Kind::Closed,
            // Everyone who reads makes these, ourselves first.
            EventKind::Access(_) => return None,
            EventKind::Create(CreateKind::Folder) => Kind::MadeDirectory,
            EventKind::Create(_) => Kind::Made,
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => {
                Kind::Gone
            }
            // `From` and `To` were told before.
            EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return None,
            EventKind::Modify(ModifyKind::Name(_)) => Kind::Appeared,
            EventKind::Modify(ModifyKind::Metadata(_)) => Kind::Attributes,
            EventKind::Modify(_) | EventKind::Any => Kind::Written,
            EventKind::Other => return None,
        })
    }
}

/// How a path is resolved, step by step.
struct Trail {
    /// Where it leads, if it leads anywhere.
    real: Option<PathBuf>,
    /// The links on it, and the first part that is missing: directory and name of each.
    steps: Vec<(PathBuf, OsString)>,
    /// Directory and name of where it leads; `None` where that is missing.
    last: Option<(PathBuf, OsString)>,
}

/// Links on one path; the kernel follows as many.
const LINKS_MAX: usize = 40;

impl Trail {
    fn follow(path: &Path) -> Trail {
        let absolute = absolute(path);
        let mut ahead: VecDeque<OsString> = parts(&absolute);
        let mut real = PathBuf::from("/");
        let mut steps = Vec::new();
        while let Some(part) = ahead.pop_front() {
            if part == ".." {
                real.pop();
                continue;
            }
            let at = real.join(&part);
            let Ok(meta) = fs::symlink_metadata(&at) else {
                steps.push((real, part));
                return Trail { real: None, steps, last: None };
            };
            if !meta.is_symlink() {
                real = at;
                continue;
            }
            steps.push((real.clone(), part));
            let Ok(target) = fs::read_link(&at) else {
                return Trail { real: None, steps, last: None };
            };
            if steps.len() > LINKS_MAX {
                return Trail { real: None, steps, last: None };
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            for part in parts(&target).into_iter().rev() {
                ahead.push_front(part);
            }
        }
        let last = real.parent().zip(real.file_name());
        let last = last.map(|(dir, name)| (dir.to_owned(), name.to_owned()));
        Trail { real: Some(real), steps, last }
    }
}

fn parts(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn real_as_far_as_it_goes(path: &Path) -> PathBuf {
    let absolute = absolute(path);
    for above in absolute.ancestors() {
        if let Ok(real) = fs::canonicalize(above) {
            let below = absolute.strip_prefix(above).unwrap_or(Path::new(""));
            return if below.as_os_str().is_empty() { real } else { real.join(below) };
        }
    }
    absolute
}
