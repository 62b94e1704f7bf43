//! Every system call of a run may be its last, or may fail. The real binary under strace, which kills
//! it at the Nth call of a kind or lets that call fail; then what stands must be whole, old or new, and
//! the next run must end where an undisturbed one ends.
//!
//! A sample of N is tried; `FEEDWRIGHT_DAMAGE=all` tries every one and prints the table.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]
#![expect(clippy::print_stdout, reason = "the table is what a person runs this for")]

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use crate::support::{BINARY, Newsroom, SITE, article, files};

/// The calls that change something, or without which nothing can be read.
const CALLS: [&str; 14] = [
    "openat",
    "write",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "fsync",
    "fdatasync",
    "syncfs",
    "unlink",
    "unlinkat",
    "ftruncate",
    "mkdir",
    "mkdirat",
];

/// Of each call so many N are tried, spread evenly, unless all are asked for.
const SAMPLE: usize = 3;

/// A newsroom before a run in which three articles changed, one of them opening a new section.
struct Before {
    newsroom: Newsroom,
    old: BTreeMap<String, Vec<u8>>,
    new: BTreeMap<String, Vec<u8>>,
    /// With one of the edits of published articles: the other document could not be read.
    one_unread: [BTreeMap<String, Vec<u8>>; 2],
    old_lock: String,
    new_lock: String,
}

impl Before {
    fn new() -> Before {
        let mut files: Vec<(String, String)> = (0..4)
            .map(|n| {
                let text = article(&format!("Title {n}"), &format!("2026-10-0{}", n + 1), "Text.");
                (format!("content/harbour/n{n}.md"), text)
            })
            .collect();
        files.push(("feeds.toml".to_owned(), SITE.to_owned()));
        let files: Vec<(&str, &String)> = files.iter().map(|(p, t)| (p.as_str(), t)).collect();
        let newsroom = Newsroom::new(&files);
        newsroom.regenerate_well();
        let (old, old_lock) = (published(&newsroom), newsroom.read("feeds.lock"));
        let edits = [
            ("content/harbour/n0.md", "Text.", "Another text."),
            ("content/harbour/n1.md", "Title 1", "Another title"),
        ];
        let one_unread = edits.map(|(path, from, to)| {
            let some = copy(&newsroom);
            some.edit(path, from, to);
            some.regenerate_well();
            published(&some)
        });
        for (path, from, to) in edits {
            newsroom.edit(path, from, to);
        }
        newsroom.write("content/town/new.md", "---\ntitle: Undated\n---\n\nNew.\n");
        let whole = copy(&newsroom);
        whole.regenerate_well();
        let (new, new_lock) = (published(&whole), whole.read("feeds.lock"));
        Before { newsroom, old, new, one_unread, old_lock, new_lock }
    }

    /// What stands after a disturbed run is old or new, file by file and document by document, and
    /// nothing is half of either.
    fn assert_whole(&self, newsroom: &Newsroom, what: &str) {
        for (path, bytes) in published(newsroom) {
            let known = [&self.old, &self.new].into_iter().chain(&self.one_unread);
            let known = known.into_iter().any(|tree| tree.get(&path) == Some(&bytes));
            assert!(known, "{what}: {path} is neither old nor new");
        }
        for path in self.old.keys().filter(|path| self.new.contains_key(*path)) {
            assert!(newsroom.exists(&format!("public/{path}")), "{what}: {path} is gone");
        }
        let lock = without_times(&newsroom.read("feeds.lock"));
        let known = [&self.old_lock, &self.new_lock].map(|l| without_times(l));
        assert!(known.contains(&lock), "{what}: feeds.lock is neither old nor new:\n{lock}");
    }

    /// The next run ends where an undisturbed one ends, and leaves nothing aside.
    fn assert_mends(&self, newsroom: &Newsroom, what: &str) {
        let ended = newsroom.feedwright(&["regenerate"]);
        assert_eq!(ended.status, 0, "{what}: {}", ended.stderr);
        let now = published(newsroom);
        let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&now), names(&self.new), "{what}");
        assert_eq!(
            without_times(&newsroom.read("feeds.lock")),
            without_times(&self.new_lock),
            "{what}"
        );
        // The undated article's first sight is this run's or the disturbed one's: all else is equal.
        let titles = newsroom.titles("latest");
        assert_eq!(titles.len(), 5, "{what}: {titles:?}");
        assert_eq!(newsroom.feedwright(&["regenerate", "--locked"]).status, 0, "{what}");
    }
}

/// First sights differ from run to run.
fn without_times(lock: &str) -> String {
    lock.lines()
        .map(|line| match line.strip_prefix("seen\t") {
            Some(rest) => rest.split('\t').next().unwrap_or_default().to_owned(),
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The published files that hold no time of a run: of feeds that show the undated article, and of the
/// manifest, only the name.
fn published(newsroom: &Newsroom) -> BTreeMap<String, Vec<u8>> {
    let mut tree = files(&newsroom.path("public"));
    tree.retain(|path, _| !path.contains("feedwright-aside"));
    for (path, bytes) in &mut tree {
        let timed = ["feeds/harbour"].iter().all(|stable| !path.starts_with(stable));
        if timed {
            bytes.clear();
        }
    }
    tree
}

fn copy(of: &Newsroom) -> Newsroom {
    let copy = Newsroom::new::<&str>(&[]);
    let done = Command::new("cp")
        .arg("-a")
        .arg(format!("{}/.", of.path(".").display()))
        .arg(copy.path("."))
        .status()
        .unwrap();
    assert!(done.success());
    copy
}

fn strace(newsroom: &Newsroom, options: &[&str]) -> Output {
    Command::new("strace")
        .args(["-f", "-qq"])
        .args(options)
        .args([BINARY, "--quiet", "regenerate", "--threads", "1"])
        .current_dir(newsroom.path("."))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// How often each call is made, most in one thread or all together: an upper bound of N.
fn counted(before: &Before) -> BTreeMap<&'static str, usize> {
    let newsroom = copy(&before.newsroom);
    let log = newsroom.path("calls");
    let trace = format!("trace={}", CALLS.join(","));
    let ended = strace(&newsroom, &["-o", log.to_str().unwrap(), "-e", &trace]);
    assert!(ended.status.success(), "{ended:?}");
    let log = newsroom.read("calls");
    let mut most: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let call = rest.trim_start().split('(').next().unwrap_or_default();
        if let Some(call) = CALLS.iter().find(|c| **c == call) {
            *most.entry((call, thread)).or_default() += 1;
        }
    }
    let mut counts = BTreeMap::new();
    for ((call, _), n) in most {
        let call = CALLS.iter().find(|c| **c == call).unwrap();
        let known: &mut usize = counts.entry(*call).or_default();
        *known = n.max(*known);
    }
    counts
}

fn tried(count: usize) -> Vec<usize> {
    if std::env::var_os("FEEDWRIGHT_DAMAGE").is_some() || count <= SAMPLE {
        return (1..=count).collect();
    }
    (0..SAMPLE).map(|n| 1 + n * (count - 1) / (SAMPLE - 1)).collect()
}

/// Whether strace is here and may look at other processes.
pub(crate) fn can_trace() -> bool {
    let can = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|ended| ended.status.success());
    if !can {
        let why = "strace is not installed, or may not trace (tests/run --install)";
        assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{why}");
        println!("SKIPPED: {why}");
    }
    can
}

/// Tries one kind of damage at the Nth of every call.
fn damage(before: &Before, how: &str, also: impl Fn(&Newsroom, &Output, &str)) {
    for (call, count) in counted(before) {
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for n in tried(count) {
            let newsroom = copy(&before.newsroom);
            let inject = format!("inject={call}:{how}:when={n}");
            let ended = strace(&newsroom, &["-o", "/dev/null", "-e", &inject]);
            let what = format!("{how} at {call} {n} of {count}");
            before.assert_whole(&newsroom, &what);
            also(&newsroom, &ended, &what);
            before.assert_mends(&newsroom, &what);
            let outcome = match ended.status.code() {
                Some(0) => "went on".to_owned(),
                Some(code) => format!("ended with {code}"),
                None => "killed".to_owned(),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        println!("{how:16} {call:10} {count:4} calls, no damage: {outcomes:?}");
    }
}

#[test]
fn a_run_that_is_killed_at_any_call_damages_nothing() {
    if can_trace() {
        damage(&Before::new(), "signal=SIGKILL", |_, _, _| {});
    }
}

#[test]
fn a_disk_that_is_full_or_fails_ends_a_run_with_a_sentence() {
    if !can_trace() {
        return;
    }
    let before = Before::new();
    for how in ["error=ENOSPC", "error=EIO"] {
        damage(&before, how, |_: &Newsroom, ended, what| {
            // What the run can do without may fail; else it must say what it could not do.
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(ended.status.code().is_some(), "{what}: died: {said}");
            assert!(!said.contains("panicked"), "{what}: {said}");
            let loader = said.contains("error while loading shared libraries");
            assert!(ended.status.success() || loader || said.contains(' '), "{what}: no sentence");
        });
    }
}
