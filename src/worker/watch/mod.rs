//! Changes of files are noticed as they happen. Events are hints: what they name is looked at by the
//! run, which decides; a periodic full look is the net below. What an event means is
//! [`ground`]'s; here the watches are set.

mod ground;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use self::ground::{Ground, Links, Seen, Sign};
use super::clock::Clock;
use super::inbox::Inbox;
use super::{Options, Watching};
use crate::run::Scope;

/// Directories that could not be watched.
type Refused = Arc<Mutex<BTreeSet<PathBuf>>>;

/// The watches that stand. They end when it is dropped.
pub(super) struct Watcher {
    notify: RecommendedWatcher,
    ground: Arc<Ground>,
    links: Arc<Links>,
    refused: Refused,
}

/// Begins to watch what the options name; changes go into the inbox. Takes as long as it takes to
/// list every directory.
pub(super) fn begin(
    options: &Options,
    inbox: &Arc<Inbox>,
    clock: &Clock,
) -> (Option<Watcher>, Watching) {
    if !options.watch {
        return (None, Watching::Off);
    }
    match Watcher::new(Ground::survey(options), inbox, clock) {
        Ok(mut watcher) => {
            let watching = watcher.cover();
            // What came into being between survey and watch was told by nobody.
            if !watcher.stands(options) {
                inbox.stale();
            }
            (Some(watcher), watching)
        }
        Err(error) => (None, Watching::Partial(not_begun(&error))),
    }
}

impl Watcher {
    fn new(ground: Ground, inbox: &Arc<Inbox>, clock: &Clock) -> notify::Result<Watcher> {
        let (links, ground) = (Arc::new(ground.links()), Arc::new(ground));
        let refused = Refused::default();
        let handler = {
            let (ground, links) = (Arc::clone(&ground), Arc::clone(&links));
            let (inbox, clock) = (Arc::clone(inbox), clock.clone());
            let refused = Arc::clone(&refused);
            move |event| handle(event, &ground, &links, &refused, &inbox, &clock)
        };
        // Links are followed by the survey: the kernel knows a directory by one name only, and
        // notify would tell its changes under whichever it saw last.
        let config = Config::default().with_follow_symlinks(false);
        let notify = RecommendedWatcher::new(handler, config)?;
        Ok(Watcher { notify, ground, links, refused })
    }

    /// Whether what is watched is still what the options name.
    pub(super) fn stands(&self, options: &Options) -> bool {
        Ground::survey(options) == *self.ground
    }

    /// Returns once a watch stands on every directory whose appearance has been told. Says whether
    /// that is enough: in what appeared may be links to directories elsewhere.
    pub(super) fn settle(&mut self, told: &Scope) -> bool {
        // notify sets those watches on its own thread right after telling, and answers this there
        // later: the question itself changes nothing.
        let _ = self.notify.configure(Config::default());
        match told {
            Scope::All => self.ground.links() == *self.links,
            Scope::Paths(paths) => !paths.iter().any(|path| self.ground.has_links(path)),
        }
    }

    fn cover(&mut self) -> Watching {
        let (ground, links) = (Arc::clone(&self.ground), Arc::clone(&self.links));
        let mut trouble = links
            .too_many
            .then(|| "not every folder is watched: there are too many links to folders".to_owned());
        for dir in ground.flat(&links) {
            let watched = self.notify.watch(dir, RecursiveMode::NonRecursive);
            if let Err(error) = watched
                && let Some(stop) = self.refuse(dir, &error, &mut trouble)
            {
                return stop;
            }
        }
        for dir in ground.deep(&links) {
            if let Some(stop) = self.cover_deep(dir, &mut trouble) {
                return stop;
            }
        }
        trouble.map_or(Watching::On, Watching::Partial)
    }

    /// Watches a directory and all below it. notify gives up at the first directory that it can't
    /// watch, so the rest is covered one by one then. Something is returned where going on is no use.
    fn cover_deep(&mut self, dir: &Path, trouble: &mut Option<String>) -> Option<Watching> {
        let Err(error) = self.notify.watch(dir, RecursiveMode::Recursive) else { return None };
        if matches!(error.kind, ErrorKind::MaxFilesWatch)
            || error.paths.iter().all(|path| path == dir)
        {
            return self.refuse(dir, &error, trouble);
        }
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir())
                && let Some(stop) = self.cover_deep(&path, trouble)
            {
                return Some(stop);
            }
        }
        None
    }

    fn refuse(
        &self,
        dir: &Path,
        error: &notify::Error,
        trouble: &mut Option<String>,
    ) -> Option<Watching> {
        if matches!(error.kind, ErrorKind::MaxFilesWatch) {
            return Some(Watching::Partial(LIMIT.to_owned()));
        }
        // What went away meanwhile needs no watch; its parent tells if it comes back.
        if dir.exists() {
            self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_owned());
            // What may not be watched can't be read either, and its parent tells if it may be.
            let forbidden = matches!(&error.kind, ErrorKind::Io(io)
                if io.kind() == std::io::ErrorKind::PermissionDenied);
            if forbidden {
                return None;
            }
            trouble.get_or_insert_with(|| {
                let reason = plain(error);
                format!("the folder {} can't be watched: {reason}", dir.display())
            });
        }
        None
    }
}

const LIMIT: &str = "not every folder can be watched: the system allows no more watches; raise the \
                     sysctl fs.inotify.max_user_watches";

fn not_begun(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => LIMIT.to_owned(),
        ErrorKind::Io(io) if io.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "files can't be watched: too many programs of this user watch already; raise the sysctl \
             fs.inotify.max_user_instances"
                .to_owned()
        }
        _ => format!("files can't be watched: {}", plain(error)),
    }
}

/// notify's sentence without the paths that it appends.
fn plain(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::Io(io) => io.to_string(),
        _ => error.to_string(),
    }
}

fn handle(
    event: notify::Result<Event>,
    ground: &Ground,
    links: &Links,
    refused: &Refused,
    inbox: &Inbox,
    clock: &Clock,
) {
    let event = match event {
        Ok(event) => event,
        Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
            return inbox.limited(LIMIT.to_owned());
        }
        Err(error) => {
            tracing::warn!("the watcher missed something: {}", plain(&error));
            return inbox.everything();
        }
    };
    for sign in ground.signs(links, &event, |path| look(path, refused)) {
        match sign {
            Sign::Changed(path, scope) => inbox.changed(path, scope),
            Sign::Appeared(path, scope) => inbox.appeared(path, scope),
            Sign::Touched(path, scope) => inbox.touched(path, scope, clock.now().steady),
            Sign::Gone(path, scope) => inbox.gone(path, scope, clock.now().steady),
            Sign::Stale => inbox.stale(),
            Sign::Everything => inbox.everything(),
        }
    }
}

fn look(path: &Path, refused: &Refused) -> Seen {
    let Ok(meta) = fs::symlink_metadata(path) else { return Seen::Other };
    if meta.is_symlink() {
        return if path.is_dir() { Seen::LinkToDirectory } else { Seen::Other };
    }
    match meta.is_dir() {
        true if refused.lock().unwrap_or_else(PoisonError::into_inner).contains(path) => {
            Seen::Refused
        }
        true => Seen::Directory,
        false => Seen::Other,
    }
}

#[cfg(test)]
mod tests;
