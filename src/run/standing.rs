//! What a run remembers of a source beyond its documents: what was wrong with the places themselves.
//! A look at all of a source replaces it; one at some paths replaces what was said of these.

use super::Scope;
use crate::catalog::{self, Catalog};
use crate::problem::{Code, Place, Problem};
use crate::source::{self, directory};

pub(crate) const SOURCE_DOWN: Code = Code::new("source-down");

/// How much of a source was looked at, so that what was said of it before doesn't hold any more.
pub(super) enum Seen {
    /// All of it.
    All,
    /// These paths.
    Paths(Vec<std::path::PathBuf>),
    /// Some of its rows: what was said of others holds.
    Some,
}

impl Seen {
    pub(super) fn of(scope: &Scope) -> Seen {
        match scope {
            Scope::All => Seen::All,
            Scope::Paths(paths) => Seen::Paths(paths.clone()),
        }
    }
}

/// Notes what a look at a source found; `failure` says why it could not be looked at.
pub(super) fn note(
    catalog: &mut Catalog,
    source: &source::Options,
    looked_at: &Seen,
    found: Vec<Problem>,
    failure: Option<&str>,
) -> Result<(), catalog::Error> {
    let before = catalog.standing()?.remove(&source.name).unwrap_or_default();
    let mut now: Vec<Problem> = match looked_at {
        Seen::All => Vec::new(),
        Seen::Some => before.iter().filter(|p| p.code != SOURCE_DOWN).cloned().collect(),
        Seen::Paths(paths) => {
            let seen = seen(source, paths);
            before.iter().filter(|p| !seen.iter().any(|s| covers(s, &p.place))).cloned().collect()
        }
    };
    let down = failure.map(|sentence| {
        Problem::error(&SOURCE_DOWN, Place::whole(&source.name), sentence)
            .help("its articles stay as they are until it can be looked at again")
    });
    for problem in found.into_iter().chain(down) {
        if !now.contains(&problem) {
            now.push(problem);
        }
    }
    if now == before { Ok(()) } else { catalog.note_standing(&source.name, &now) }
}

/// Forgets sources that aren't in `feeds.toml` any more.
pub(super) fn keep_only(
    catalog: &mut Catalog,
    sources: &[source::Options],
) -> Result<(), catalog::Error> {
    for known in catalog.standing()?.into_keys() {
        if !sources.iter().any(|s| s.name == known) {
            catalog.note_standing(&known, &[])?;
        }
    }
    Ok(())
}

/// What problems call the paths that were looked at.
fn seen(source: &source::Options, paths: &[std::path::PathBuf]) -> Vec<String> {
    let source::Place::Directory(options) = &source.place else { return Vec::new() };
    let root = options.shown.trim_end_matches('/');
    directory::targets(options, paths)
        .into_iter()
        .map(|target| match (root, target.0) {
            (root, path) if path.is_empty() => root.to_owned(),
            (".", path) => path,
            (root, path) => format!("{root}/{path}"),
        })
        .collect()
}

/// Whether a place is a path that was looked at, or below it.
fn covers(seen: &str, place: &Place) -> bool {
    place.path.strip_prefix(seen).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
