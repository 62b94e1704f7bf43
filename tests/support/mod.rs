//! What tests of the whole product stand on: a newsroom in a folder of its own, the real binary, a
//! running service, and HTTP in its bytes. Waiting is looking again until a bound, never a sleep that
//! has to be long enough.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

pub(crate) mod disk;
pub(crate) mod number;
pub(crate) mod servers;
mod service;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use self::service::{Response, Service, get, post};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_feedwright");

/// Longest that a test waits for anything; nothing takes that long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often somebody who waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The `feeds.toml` of a newsroom that brings none: `latest` and one feed for each section.
pub(crate) const SITE: &str = r#"[site]
title = "The Harbour Gazette"
url = "https://gazette.example/"
base_url = "https://feeds.gazette.example/"
language = "en"

[[source]]
name = "newsroom"
path = "content"
permalink = "/{section}/{slug}/"
"#;

/// Asks again and again until there is something; fails when it takes too long.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "waited {PATIENCE:?} for this: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A Markdown article with a title, a date (or none) and a body.
pub(crate) fn article(title: &str, date: &str, body: &str) -> String {
    let date = if date.is_empty() { String::new() } else { format!("date: {date}\n") };
    format!("---\ntitle: {title}\n{date}---\n\n{body}\n")
}

/// A folder with `feeds.toml` and articles, and what feedwright makes of them.
pub(crate) struct Newsroom {
    dir: TempDir,
    /// Where folders that are removed end.
    bin: TempDir,
}

impl Newsroom {
    /// Makes one of paths and texts. Where `feeds.toml` isn't among them it is [`SITE`].
    pub(crate) fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Newsroom {
        let newsroom =
            Newsroom { dir: tempfile::tempdir().unwrap(), bin: tempfile::tempdir().unwrap() };
        fs::create_dir_all(newsroom.path("content")).unwrap();
        newsroom.write("feeds.toml", SITE);
        for (path, text) in files {
            newsroom.write(path, text);
        }
        newsroom
    }

    /// Two sections: `harbour` with three articles, `town` with two.
    pub(crate) fn sample() -> Newsroom {
        Newsroom::new(&[
            ("content/harbour/wall.md", article("The wall", "2026-03-01", "The wall is *up*.")),
            ("content/harbour/seal.md", article("A seal", "2026-03-02", "It sat in the dock.")),
            ("content/harbour/mud.md", article("The mud", "2026-03-03", "Nobody wants it.")),
            ("content/town/clock.md", article("The clock", "2026-03-04", "It is slow.")),
            ("content/town/bell.md", article("The bell", "2026-03-05", "It is loud.")),
        ])
    }

    /// The same articles and `feeds.toml`, and `feeds.lock` where there is one, as somebody else
    /// would check them out: no state, no tree.
    pub(crate) fn checkout(&self) -> Newsroom {
        let other = Newsroom::new::<&str>(&[]);
        for (path, bytes) in files(self.dir.path()) {
            if !path.starts_with("public/") && !path.starts_with(".feedwright/") {
                other.write(&path, bytes);
            }
        }
        other
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Removes a file, or a folder at once, whoever writes in it just now.
    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            let place = tempfile::tempdir_in(self.bin.path()).unwrap().keep();
            fs::rename(path, place).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path(from), to).unwrap();
    }

    /// Puts one text in another's place in a file that has it.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, text.replace(from, to));
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.surround(command)
    }

    /// Has a command begin in the newsroom's folder, with nothing of this machine's own.
    pub(crate) fn surround(&self, mut command: Command) -> Command {
        command
            .current_dir(self.dir.path())
            .env_remove("FEEDWRIGHT_CONFIG")
            .env_remove("FEEDWRIGHT_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary in the newsroom's folder.
    pub(crate) fn feedwright(&self, args: &[&str]) -> Ended {
        Running::start(self.command(args)).end()
    }

    /// `regenerate`, with its report.
    pub(crate) fn regenerate(&self) -> Report {
        self.feedwright(&["--format", "json", "regenerate"]).report()
    }

    /// `regenerate` that has nothing to complain of.
    pub(crate) fn regenerate_well(&self) -> Report {
        let report = self.regenerate();
        assert_eq!(report.status, 0, "{report:?}");
        report
    }

    /// The published files: bytes by path below the tree.
    pub(crate) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.path("public"))
    }

    /// The published files without the manifest, which names times.
    pub(crate) fn editions(&self) -> BTreeMap<String, Vec<u8>> {
        self.tree().into_iter().filter(|(path, _)| !path.starts_with("feeds.json")).collect()
    }

    /// When each published file last changed, which is its Last-Modified.
    pub(crate) fn times(&self) -> BTreeMap<String, SystemTime> {
        let root = self.path("public");
        let time = |path: &String| fs::metadata(root.join(path)).unwrap().modified().unwrap();
        self.tree().into_keys().map(|path| (path.clone(), time(&path))).collect()
    }

    /// Which published files are otherwise than they were, in bytes or time.
    pub(crate) fn changed_since(&self, before: &Published) -> Vec<String> {
        let now = self.published();
        let names: std::collections::BTreeSet<_> = now.keys().chain(before.keys()).collect();
        names.into_iter().filter(|name| now.get(*name) != before.get(*name)).cloned().collect()
    }

    pub(crate) fn published(&self) -> Published {
        let times = self.times();
        self.tree().into_iter().map(|(path, bytes)| (path.clone(), (bytes, times[&path]))).collect()
    }

    /// The titles of a feed's entries, newest first.
    pub(crate) fn titles(&self, feed: &str) -> Vec<String> {
        entries(&self.read(&format!("public/feeds/{feed}.json")), "title")
    }

    /// The ids of a feed's entries, newest first.
    pub(crate) fn ids(&self, feed: &str) -> Vec<String> {
        entries(&self.read(&format!("public/feeds/{feed}.json")), "id")
    }
}

pub(crate) type Published = BTreeMap<String, (Vec<u8>, SystemTime)>;

/// What each entry of a JSON feed says under a key.
pub(crate) fn entries(feed: &str, key: &str) -> Vec<String> {
    let feed: Value = serde_json::from_str(feed).unwrap();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
}

/// All files below a folder, by path with `/`; links aren't followed.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let kind = entry.file_type().unwrap();
            let path = entry.path();
            if kind.is_dir() {
                add(root, &path, found);
            } else if kind.is_file() {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                // Whoever writes there may have taken it away since it was listed.
                found.extend(fs::read(&path).ok().map(|bytes| (name, bytes)));
            }
        }
    }
    let mut found = BTreeMap::new();
    add(root, root, &mut found);
    found
}

/// A command under way; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: File,
    stderr: File,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        // Files, because a pipe that nobody reads would hold the command up.
        let (stdout, stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        Running { child: command.spawn().unwrap(), stdout, stderr }
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it has said on standard error so far.
    pub(crate) fn complaints(&mut self) -> String {
        text(&mut self.stderr)
    }

    /// What it has said on standard output so far.
    pub(crate) fn said(&mut self) -> String {
        text(&mut self.stdout)
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let status = wait_for("the command to end", || self.ended());
        Ended {
            status: status.code().unwrap_or(-1),
            stdout: text(&mut self.stdout),
            stderr: text(&mut self.stderr),
        }
    }
}

/// A file's text; the place at which its process writes stays where it is.
fn text(file: &mut File) -> String {
    let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    String::from_utf8(bytes).unwrap()
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// -1 where a signal ended it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn report(self) -> Report {
        let object = serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"));
        Report { status: self.status, object }
    }
}

/// What `--format json` printed.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) status: i32,
    pub(crate) object: Value,
}

impl Report {
    /// A counter.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.object[name].as_u64().unwrap_or_else(|| panic!("no counter {name}: {self:?}"))
    }

    /// Several counters, to be compared at once.
    #[track_caller]
    pub(crate) fn assert_counts(&self, expected: &[(&str, u64)]) {
        let found: Vec<_> = expected.iter().map(|(name, _)| (*name, self.count(name))).collect();
        assert_eq!(found, expected, "{self:?}");
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let problems = self.object["problems"].as_array().unwrap();
        problems
            .iter()
            .map(|p| Problem {
                code: text(&p["code"]),
                severity: text(&p["severity"]),
                path: text(&p["path"]),
                line: p["line"].as_u64(),
                message: text(&p["message"]),
                help: text(&p["help"]),
            })
            .collect()
    }

    /// The codes of errors and warnings, each with its path.
    pub(crate) fn complaints(&self) -> Vec<(String, String)> {
        let problems = self.problems().into_iter().filter(|p| p.severity != "note");
        problems.map(|p| (p.code, p.path)).collect()
    }

    /// What guards hold: guard, source, articles, and the command that releases it.
    pub(crate) fn held(&self) -> Vec<String> {
        let held = self.object["held"].as_array().unwrap();
        let text = |h: &Value, key: &str| h[key].as_str().unwrap().to_owned();
        held.iter()
            .map(|h| {
                let (guard, source) = (text(h, "guard"), text(h, "source"));
                format!("{guard} {source} {} {}", h["count"], text(h, "release"))
            })
            .collect()
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        let failures = self.object["failures"].as_array().unwrap();
        failures.iter().map(|f| f.as_str().unwrap().to_owned()).collect()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) path: String,
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
    pub(crate) help: String,
}
