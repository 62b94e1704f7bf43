use super::super::agenda::Wanted;
use super::*;
use crate::time::Zone;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that is watched through the real notify.
struct Rig {
    _folder: TempDir,
    base: PathBuf,
    root: PathBuf,
    options: Options,
    inbox: Arc<Inbox>,
    clock: Clock,
    watcher: Option<Watcher>,
    watching: Watching,
}

impl Rig {
    /// Watches `content` in a new folder, and what `change` makes of that.
    fn new(prepare: impl Fn(&Path), change: impl Fn(&Path, &mut Options)) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("content");
        prepare(&base);
        let mut options = Options {
            cron: None,
            zone: Zone::utc(),
            watch: true,
            watched: vec![root.clone()],
            watched_files: Vec::new(),
            ignored: Vec::new(),
            full_look_s: 0,
        };
        change(&base, &mut options);
        let (inbox, clock) = (Arc::new(Inbox::default()), Clock::system());
        let (watcher, watching) = begin(&options, &inbox, &clock);
        Rig { _folder: folder, base, root, options, inbox, clock, watcher, watching }
    }

    fn plain() -> Rig {
        Rig::new(|base| fs::create_dir(base.join("content")).unwrap(), |_, _| {})
    }

    /// The next wish, and whether watching must begin anew.
    async fn next(&mut self) -> (Scope, bool) {
        let wish = async {
            loop {
                let now = self.clock.now().steady;
                let taken = self.inbox.take(now);
                if let Some(Wanted { scope, .. }) = taken.wanted {
                    let watcher = self.watcher.as_mut().unwrap();
                    let stands = !taken.grown || watcher.settle(&scope);
                    return (scope, taken.stale || !stands);
                }
                let rest = self.inbox.rest(now).unwrap_or(PATIENCE);
                let _ = timeout(rest, self.inbox.arrival()).await;
            }
        };
        timeout(PATIENCE, wish).await.unwrap()
    }

    /// Collects the paths that are told until all of these were.
    async fn told(&mut self, want: &[&str]) -> BTreeSet<PathBuf> {
        let mut told = BTreeSet::new();
        let path = |name: &str| match name.strip_prefix("../") {
            Some(name) => self.base.join(name),
            None => self.root.join(name),
        };
        let want: Vec<PathBuf> = want.iter().map(|name| path(name)).collect();
        while !want.iter().all(|path| told.contains(path)) {
            match self.next().await {
                (Scope::Paths(paths), false) => told.extend(paths),
                other => panic!("{other:?}"),
            }
        }
        told
    }

    async fn told_only(&mut self, want: &[&str]) {
        let all: BTreeSet<PathBuf> = want.iter().map(|name| self.root.join(name)).collect();
        assert_eq!(self.told(want).await, all);
    }

    /// Waits until watching must begin anew. What swaps a link comes as several events, and a busy
    /// machine may tell them in several wishes; each is for everything.
    async fn begins_anew(&mut self) {
        loop {
            let (scope, anew) = self.next().await;
            assert_eq!(scope, Scope::All);
            if anew {
                return;
            }
        }
    }

    /// Shows that nothing before this was told.
    async fn nothing_was_told(&mut self) {
        fs::write(self.root.join("last.md"), "").unwrap();
        self.told_only(&["last.md"]).await;
    }

    /// Waits until all that happened has been told, and says whether everything was asked for.
    async fn calm(&mut self) -> bool {
        let mark = self.root.join("mark.md");
        fs::write(&mark, "").unwrap();
        let (mut everything, mut marked) = (false, false);
        while !marked || self.inbox.rest(self.clock.now().steady).is_some() {
            match self.next().await.0 {
                Scope::All => everything = true,
                Scope::Paths(paths) => marked |= paths.contains(&mark),
            }
            // The mark may have joined a wish for everything.
            marked |= everything;
        }
        everything
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.root.join(name), text).unwrap();
    }
}

#[tokio::test]
async fn written_renamed_and_removed_files_are_told() {
    let mut rig = Rig::plain();
    assert_eq!(rig.watching, Watching::On);
    rig.write("a.md", "one");
    rig.told_only(&["a.md"]).await;
    // As editors save.
    rig.write(".a.md.tmp", "two");
    fs::rename(rig.root.join(".a.md.tmp"), rig.root.join("a.md")).unwrap();
    rig.told_only(&[".a.md.tmp", "a.md"]).await;
    fs::remove_file(rig.root.join("a.md")).unwrap();
    rig.told_only(&["a.md"]).await;
}

#[tokio::test]
async fn reading_is_not_told() {
    let mut rig = Rig::plain();
    rig.write("a.md", "one");
    rig.told_only(&["a.md"]).await;
    for _ in 0..100 {
        assert_eq!(fs::read(rig.root.join("a.md")).unwrap(), b"one");
        assert_eq!(fs::read_dir(&rig.root).unwrap().count(), 1);
    }
    rig.nothing_was_told().await;
}

#[tokio::test]
async fn a_file_that_stays_open_is_told_when_it_is_left_alone() {
    let mut rig = Rig::plain();
    let mut file = fs::File::create(rig.root.join("a.md")).unwrap();
    let before = rig.clock.now().steady;
    file.write_all(b"half").unwrap();
    rig.told_only(&["a.md"]).await;
    assert!(rig.clock.now().steady - before >= Duration::from_millis(100));
    drop(file);
    rig.told_only(&["a.md"]).await;
}

#[tokio::test]
async fn a_hard_link_is_told() {
    let mut rig = Rig::plain();
    fs::write(rig.base.join("elsewhere.md"), "text").unwrap();
    fs::hard_link(rig.base.join("elsewhere.md"), rig.root.join("a.md")).unwrap();
    rig.told_only(&["a.md"]).await;
}

#[tokio::test]
async fn a_folder_that_is_made_or_moved_in_is_told_and_watched() {
    let mut rig = Rig::plain();
    let outside = rig.base.join("outside/deep");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("old.md"), "old").unwrap();
    fs::rename(rig.base.join("outside"), rig.root.join("moved")).unwrap();
    fs::create_dir_all(rig.root.join("made/deep")).unwrap();
    rig.told(&["moved", "made"]).await;
    rig.write("moved/deep/new.md", "new");
    rig.write("made/deep/new.md", "new");
    rig.told(&["moved/deep/new.md", "made/deep/new.md"]).await;
    fs::rename(rig.root.join("moved"), rig.base.join("gone")).unwrap();
    rig.told_only(&["moved"]).await;
    fs::write(rig.base.join("gone/deep/new.md"), "newer").unwrap();
    rig.nothing_was_told().await;
}

#[tokio::test]
async fn what_is_to_be_passed_over_is() {
    let prepare = |base: &Path| fs::create_dir_all(base.join("content/.feedwright")).unwrap();
    let mut rig = Rig::new(prepare, |base, options| {
        options.ignored =
            ["content/.feedwright", "content/public"].map(|name| base.join(name)).to_vec();
    });
    rig.write(".feedwright/catalog.db", "x");
    fs::create_dir(rig.root.join("public")).unwrap();
    rig.write("public/latest.rss", "x");
    rig.nothing_was_told().await;
}

#[tokio::test]
async fn a_file_that_is_written_aside_asks_for_one_run_when_it_is_renamed() {
    let mut rig = Rig::new(|base| fs::create_dir(base.join("content")).unwrap(), |_, _| {});
    rig.write(".fog.md.new", "x");
    rig.nothing_was_told().await;
    fs::rename(rig.root.join(".fog.md.new"), rig.root.join("fog.md")).unwrap();
    let (scope, _) = rig.next().await;
    assert_eq!(scope, Scope::Paths(vec![rig.root.join("fog.md")]));
    rig.nothing_was_told().await;
}

#[tokio::test]
async fn a_watched_file_asks_for_everything_however_it_is_saved() {
    let mut rig = Rig::new(
        |base| {
            fs::create_dir(base.join("content")).unwrap();
            fs::write(base.join("feeds.toml"), "[site]").unwrap();
        },
        |base, options| options.watched_files = vec![base.join("feeds.toml")],
    );
    fs::write(rig.base.join("other.toml"), "").unwrap();
    rig.nothing_was_told().await;
    fs::write(rig.base.join("feeds.toml"), "[site] ").unwrap();
    assert_eq!(rig.next().await, (Scope::All, false));
    fs::write(rig.base.join("4913"), "[site]").unwrap();
    fs::rename(rig.base.join("4913"), rig.base.join("feeds.toml")).unwrap();
    assert_eq!(rig.next().await, (Scope::All, false));
    rig.nothing_was_told().await;
}

#[tokio::test]
async fn a_file_behind_links_that_are_swapped_asks_for_everything() {
    // As Kubernetes puts configuration into place.
    let mut rig = Rig::new(
        |base| {
            fs::create_dir(base.join("content")).unwrap();
            for version in ["v1", "v2"] {
                fs::create_dir(base.join(version)).unwrap();
                fs::write(base.join(version).join("feeds.toml"), "").unwrap();
            }
            symlink("v1", base.join("data")).unwrap();
            symlink("data/feeds.toml", base.join("feeds.toml")).unwrap();
        },
        |base, options| options.watched_files = vec![base.join("feeds.toml")],
    );
    assert_eq!(rig.watching, Watching::On);
    symlink("v2", rig.base.join("data.tmp")).unwrap();
    fs::rename(rig.base.join("data.tmp"), rig.base.join("data")).unwrap();
    rig.begins_anew().await;
    assert!(!rig.watcher.as_ref().unwrap().stands(&rig.options));
}

#[tokio::test]
async fn a_linked_folder_is_told_under_its_link_and_may_be_swapped() {
    let mut rig = Rig::new(
        |base| {
            fs::create_dir_all(base.join("releases/1")).unwrap();
            fs::create_dir_all(base.join("releases/2")).unwrap();
            symlink("releases/1", base.join("content")).unwrap();
        },
        |_, _| {},
    );
    fs::write(rig.base.join("releases/1/a.md"), "one").unwrap();
    rig.told_only(&["a.md"]).await;
    symlink("releases/2", rig.base.join("next")).unwrap();
    fs::rename(rig.base.join("next"), rig.root.clone()).unwrap();
    rig.begins_anew().await;
    let (watcher, _) = begin(&rig.options, &rig.inbox, &rig.clock);
    rig.watcher = watcher;
    fs::write(rig.base.join("releases/2/b.md"), "two").unwrap();
    rig.told_only(&["b.md"]).await;
}

#[tokio::test]
async fn a_link_to_a_folder_that_appears_inside_has_watching_begin_anew() {
    let mut rig = Rig::plain();
    fs::create_dir(rig.base.join("elsewhere")).unwrap();
    symlink(rig.base.join("elsewhere"), rig.root.join("linked")).unwrap();
    let (_, stale) = rig.next().await;
    assert!(stale);
    let (watcher, _) = begin(&rig.options, &rig.inbox, &rig.clock);
    rig.watcher = watcher;
    fs::write(rig.base.join("elsewhere/a.md"), "one").unwrap();
    rig.told(&["linked/a.md"]).await;
}

#[tokio::test]
async fn a_folder_inside_with_links_to_it_is_told_under_every_name() {
    let mut rig = Rig::new(
        |base| {
            fs::create_dir_all(base.join("content/a")).unwrap();
            fs::create_dir_all(base.join("vault/notes")).unwrap();
            symlink("a", base.join("content/b")).unwrap();
            symlink("../vault", base.join("content/vault")).unwrap();
            symlink("../../content/a", base.join("vault/notes/a")).unwrap();
            // In circles: up to itself, and up to what holds everything.
            symlink(".", base.join("content/a/self")).unwrap();
            symlink("..", base.join("content/up")).unwrap();
        },
        |base, options| options.watched_files = vec![base.join("feeds.toml")],
    );
    rig.write("b/one.md", "one");
    let told = rig.told(&["a/one.md", "b/one.md", "vault/notes/a/one.md"]).await;
    assert!(told.iter().all(|path| path.ends_with("one.md")), "{told:?}");
    fs::write(rig.base.join("vault/two.md"), "two").unwrap();
    rig.told(&["vault/two.md"]).await;
    fs::write(rig.base.join("feeds.toml"), "").unwrap();
    assert_eq!(rig.next().await.0, Scope::All);
}

#[tokio::test]
async fn a_folder_that_is_moved_in_with_a_link_in_it_has_watching_begin_anew() {
    let mut rig = Rig::plain();
    fs::create_dir_all(rig.base.join("outside/deep")).unwrap();
    fs::create_dir(rig.base.join("vault")).unwrap();
    symlink(rig.base.join("vault"), rig.base.join("outside/deep/link")).unwrap();
    fs::rename(rig.base.join("outside"), rig.root.join("inside")).unwrap();
    assert_eq!(rig.next().await, (Scope::Paths(vec![rig.root.join("inside")]), true));
    let watcher = rig.watcher.as_mut().unwrap();
    assert!(!watcher.settle(&Scope::All), "also if the path was lost in a wish for everything");
    let (watcher, _) = begin(&rig.options, &rig.inbox, &rig.clock);
    rig.watcher = watcher;
    fs::write(rig.base.join("vault/a.md"), "one").unwrap();
    rig.told_only(&["inside/deep/link/a.md"]).await;
}

#[tokio::test]
async fn a_root_that_goes_and_comes_has_watching_begin_anew() {
    let mut rig = Rig::plain();
    fs::remove_dir(&rig.root).unwrap();
    rig.begins_anew().await;
    let (watcher, watching) = begin(&rig.options, &rig.inbox, &rig.clock);
    rig.watcher = watcher;
    assert_eq!(watching, Watching::On);
    fs::create_dir(&rig.root).unwrap();
    rig.begins_anew().await;
}

#[tokio::test]
async fn one_folder_under_two_names_is_told_under_both() {
    let mut rig = Rig::new(
        |base| {
            fs::create_dir_all(base.join("content/news")).unwrap();
            symlink("content", base.join("alias")).unwrap();
        },
        |base, options| options.watched.extend([base.join("alias"), base.join("content/news")]),
    );
    rig.write("news/a.md", "one");
    let told = rig.told(&["../alias/news/a.md", "news/a.md"]).await;
    assert_eq!(told.len(), 2, "{told:?}");
}

#[tokio::test]
async fn a_database_s_writes_are_told_and_our_reading_of_it_is_not() {
    use rusqlite::{Connection, OpenFlags};
    let mut rig = Rig::new(
        |base| {
            fs::create_dir(base.join("content")).unwrap();
            fs::write(base.join("desk.db"), "").unwrap();
        },
        |base, options| options.watched_files = vec![base.join("desk.db")],
    );
    let file = rig.base.join("desk.db");
    let desk = Connection::open(&file).unwrap();
    desk.execute_batch("pragma journal_mode = wal; create table t (a)").unwrap();
    assert!(rig.calm().await, "it was made");
    desk.execute_batch("insert into t values (1)").unwrap();
    assert!(rig.calm().await, "it was written to");
    let read = || {
        let ours = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        ours.query_row("select count(*) from t", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((read(), read()), (1, 1));
    assert!(!rig.calm().await, "we only read");
    // The last one to close takes the log away; then reading makes it anew.
    drop(desk);
    rig.calm().await;
    assert_eq!((read(), read()), (1, 1));
    assert!(!rig.calm().await, "we only read");
}

#[tokio::test]
async fn names_that_are_no_text_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let mut rig = Rig::plain();
    let path = rig.root.join(std::ffi::OsStr::from_bytes(b"caf\xe9\n.md"));
    fs::write(&path, "x").unwrap();
    assert_eq!(rig.next().await, (Scope::Paths(vec![path]), false));
}

#[tokio::test]
async fn times_and_rights_of_a_file_are_told_those_of_a_folder_are_not() {
    use std::os::unix::fs::PermissionsExt;
    let mut rig = Rig::new(
        |base| {
            fs::create_dir_all(base.join("content/news")).unwrap();
            fs::write(base.join("content/a.md"), "one").unwrap();
        },
        |_, _| {},
    );
    fs::set_permissions(rig.root.join("news"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(rig.root.join("a.md"), fs::Permissions::from_mode(0o600)).unwrap();
    rig.told_only(&["a.md"]).await;
}

#[test]
fn nothing_is_watched_unless_asked() {
    let rig = Rig::new(|_| {}, |_, options| options.watch = false);
    assert!(rig.watcher.is_none());
    assert_eq!(rig.watching, Watching::Off);
}

#[test]
fn a_lost_event_asks_for_everything() {
    let rig = Rig::plain();
    let event = Event::new(notify::EventKind::Other).set_flag(notify::event::Flag::Rescan);
    let ground = Ground::survey(&rig.options);
    assert_eq!(ground.signs(&Links::default(), &event, |_| Seen::Other), [Sign::Everything]);
}

#[test]
fn the_system_s_limit_is_named() {
    let rig = Rig::plain();
    let ground = Ground::survey(&rig.options);
    let limit = notify::Error::new(ErrorKind::MaxFilesWatch);
    let refused = Refused::default();
    handle(Err(limit), &ground, &Links::default(), &refused, &rig.inbox, &rig.clock);
    let taken = rig.inbox.take(Duration::ZERO);
    assert!(taken.limit.unwrap().contains("fs.inotify.max_user_watches"));
    assert_eq!(taken.wanted.unwrap().scope, Scope::All);
}

#[test]
fn links_in_a_circle_lead_nowhere() {
    let rig = Rig::new(|base| symlink("content", base.join("content")).unwrap(), |_, _| {});
    assert_eq!(rig.watching, Watching::On);
    assert!(Ground::survey(&rig.options).deep(&Links::default()).is_empty());
}

/// What a run that only follows what it is told knows of the files.
type Mirror = std::collections::BTreeMap<PathBuf, Vec<u8>>;

fn reflect(mirror: &mut Mirror, path: &Path) {
    mirror.retain(|file, _| !file.starts_with(path));
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            reflect(mirror, &entry.path());
        }
    } else if let Ok(bytes) = fs::read(path) {
        mirror.insert(path.to_owned(), bytes);
    }
}

/// Does something to the files below a root; `dice` says what. Failures are part of it.
fn meddle(root: &Path, dice: [u8; 4]) {
    let folder = |n: u8| match n % 5 {
        0 => root.to_owned(),
        1 => root.join("a"),
        2 => root.join("b"),
        3 => root.join("a/x"),
        _ => root.join("b/y"),
    };
    let file = |n: u8| folder(n).join(["one.md", "two.md", "three.md"][usize::from(n / 5 % 3)]);
    let _ = match dice[0] % 8 {
        0 | 1 => fs::write(file(dice[1]), dice),
        2 => fs::create_dir_all(folder(dice[1])),
        3 => fs::create_dir_all(folder(dice[1])).and_then(|()| fs::write(file(dice[1]), dice)),
        4 => fs::rename(file(dice[1]), file(dice[2])),
        5 if !dice[1].is_multiple_of(5) => fs::rename(folder(dice[1]), folder(dice[2])),
        6 => fs::remove_file(file(dice[1])),
        _ if !dice[1].is_multiple_of(5) => fs::remove_dir_all(folder(dice[1])),
        _ => fs::write(root.join("tmp"), dice)
            .and_then(|()| fs::rename(root.join("tmp"), file(dice[2]))),
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_only_where_told_knows_all_the_same() {
    for seed in 0..24 {
        let mut rig = Rig::plain();
        let root = rig.root.clone();
        let meddler = std::thread::spawn(move || {
            for n in 0..300 {
                let dice = blake3::hash(format!("{seed} {n}").as_bytes());
                meddle(&root, *dice.as_bytes().first_chunk().unwrap());
            }
            fs::write(root.join("end.md"), "").unwrap();
        });
        let (mut mirror, end) = (Mirror::new(), rig.root.join("end.md"));
        while !mirror.contains_key(&end) || rig.inbox.rest(rig.clock.now().steady).is_some() {
            let (Scope::Paths(paths), false) = rig.next().await else {
                panic!("nothing was lost or moved away");
            };
            paths.iter().for_each(|path| reflect(&mut mirror, path));
        }
        meddler.join().unwrap();
        let mut real = Mirror::new();
        reflect(&mut real, &rig.root);
        assert_eq!(mirror, real, "seed {seed}");
    }
}
