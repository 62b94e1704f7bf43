//! Edits that are hard to see: of the same size within one tick of the clock, with a kept modification
//! time, or made while the file is being read. Whatever was read half-way, what is published in the end
//! is what a newsroom without a past would publish.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fs::{self, File, FileTimes};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use feedwright::config;
use feedwright::source::directory::{self, Target};
use feedwright::source::{Found, Known, LoadedContent, Memory, Place};

use crate::support::{Newsroom, SITE, Service, article};

/// Only the watcher: nothing else would find what it misses.
const WATCHED: &str = "\n[schedule]\ncron = \"none\"\nlook = \"none\"\n";

fn watched(newsroom: Newsroom) -> Newsroom {
    newsroom.write("feeds.toml", format!("{SITE}{WATCHED}"));
    newsroom
}

/// A source that remembers its one file as a catalog would.
struct Watchman {
    newsroom: Newsroom,
    known: Option<Known>,
    bytes: Vec<u8>,
}

impl Watchman {
    fn new() -> Watchman {
        let newsroom = Newsroom::new::<&str>(&[]);
        Watchman { newsroom, known: None, bytes: Vec::new() }
    }

    fn file(&self) -> PathBuf {
        self.newsroom.path("content/a.md")
    }

    /// Looks, and reads what may be otherwise.
    fn look(&mut self, target: &Target) {
        let settings = config::read(&self.newsroom.path("feeds.toml")).unwrap().settings;
        let source = &settings.plan.sources[0];
        let Place::Directory(options) = &source.place else { panic!("it is a directory") };
        let memory =
            Memory { documents: self.known.clone().into_iter().collect(), ..Memory::default() };
        let mut found: Vec<Found> = Vec::new();
        let targets = std::slice::from_ref(target);
        let gathered = directory::gather(options, &source.reading, targets, memory, &mut |some| {
            found.extend(some);
        });
        assert!(gathered.unwrap().vanished.is_empty());
        for one in found {
            let (head, loaded) = one.load().map_err(|(_, problem)| problem).unwrap();
            let LoadedContent::File(bytes) = loaded.content else { panic!("it is a file") };
            self.bytes = bytes;
            let context = head.context;
            let (path, stamp, hash) = (head.path, loaded.stamp, loaded.hash);
            self.known = Some(Known { path, stamp, hash, context });
        }
    }
}

#[test]
fn edits_of_one_size_within_one_tick_are_all_seen() {
    for target in [Target("a.md".to_owned()), Target::all()] {
        let mut watchman = Watchman::new();
        // So many that a tick (four milliseconds, often) ends between any two steps of a look.
        for n in 0..500 {
            let text = format!("number {n:05}");
            fs::write(watchman.file(), &text).unwrap();
            watchman.look(&target);
            assert_eq!(watchman.bytes, text.as_bytes(), "at once, in {target:?}");
            // Nothing but the bytes is otherwise.
            let text = format!("NUMBER {n:05}");
            let mut file = File::options().write(true).open(watchman.file()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            drop(file);
            watchman.look(&target);
            assert_eq!(watchman.bytes, text.as_bytes(), "within the tick, in {target:?}");
        }
    }
}

/// A way to put other bytes of the same length into a file that keeps its modification time.
type Way = (&'static str, fn(&Path, &str, SystemTime));

fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

const WAYS: [Way; 5] = [
    ("cp --preserve, rsync --inplace --times, touch --reference", |path, text, time| {
        let mut file = File::options().write(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        drop(file);
        set_time(path, time);
    }),
    ("rsync --times", |path, text, time| {
        fs::write(aside(path), text).unwrap();
        set_time(&aside(path), time);
        fs::rename(aside(path), path).unwrap();
    }),
    ("cp --preserve --remove-destination, tar", |path, text, time| {
        fs::remove_file(path).unwrap();
        fs::write(path, text).unwrap();
        set_time(path, time);
    }),
    ("ln --force", |path, text, time| {
        fs::write(aside(path), text).unwrap();
        set_time(&aside(path), time);
        fs::remove_file(path).unwrap();
        fs::hard_link(aside(path), path).unwrap();
        fs::remove_file(aside(path)).unwrap();
    }),
    ("truncated first", |path, text, time| {
        let mut file = File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        drop(file);
        set_time(path, time);
    }),
];

#[test]
fn an_edit_that_keeps_size_and_time_is_seen_however_it_is_made() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let path = newsroom.path("content/town/bell.md");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    for (n, (way, edit)) in WAYS.iter().enumerate() {
        let said = format!("It is {n}oud.");
        let text = article("The bell", "2026-03-05", &said);
        assert_eq!(text.len() as u64, fs::metadata(&path).unwrap().len());
        edit(&path, &text, time);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time, "{way}");
        let report = newsroom.regenerate_well();
        report.assert_counts(&[("parsed", 1), ("changed", 1), ("new", 0), ("withdrawn", 0)]);
        assert!(newsroom.read("public/feeds/town.rss").contains(&said), "{way}");
    }
}

#[test]
fn an_edit_that_keeps_size_and_time_is_seen_under_serve() {
    let newsroom = watched(Newsroom::sample());
    let service = Service::ready(&newsroom);
    let path = newsroom.path("content/town/bell.md");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let id = newsroom.ids("town")[0].clone();
    for (n, (_, edit)) in WAYS.iter().enumerate() {
        let said = format!("It is {n}oud.");
        edit(&path, &article("The bell", "2026-03-05", &said), time);
        service.wait_text("/feeds/town.rss", &said);
        assert_eq!(newsroom.ids("town")[0], id);
    }
}

/// An article of so many numbered paragraphs, each of which names the version.
fn version(n: usize) -> String {
    let body: Vec<String> = (0..300).map(|p| format!("Paragraph {p} of version {n:06}.")).collect();
    article("The bell", "2026-03-05", &body.join("\n\n"))
}

/// Rewrites files as fast as it can until it is told to stop; then each holds a last version.
struct Writers {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Writers {
    /// One that truncates and writes in pieces, one that overwrites in place, one that renames.
    fn start(newsroom: &Newsroom) -> Writers {
        let stop = Arc::new(AtomicBool::new(false));
        let ways: [fn(&Path, &str); 3] = [
            |path, text| {
                let mut file = File::create(path).unwrap();
                text.as_bytes().chunks(1000).for_each(|piece| file.write_all(piece).unwrap());
            },
            |path, text| {
                let mut file = File::options().write(true).open(path).unwrap();
                for (n, piece) in text.as_bytes().chunks(1000).enumerate().rev() {
                    file.seek(SeekFrom::Start(n as u64 * 1000)).unwrap();
                    file.write_all(piece).unwrap();
                }
            },
            |path, text| {
                fs::write(aside(path), text).unwrap();
                fs::rename(aside(path), path).unwrap();
            },
        ];
        let threads = ways
            .into_iter()
            .zip(["bell", "clock", "pump"])
            .map(|(write, name)| {
                let (stop, path) =
                    (Arc::clone(&stop), newsroom.path(&format!("content/town/{name}.md")));
                std::thread::spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        write(&path, &version(n).replace("The bell", &format!("The {n:06}")));
                    }
                    write(
                        &path,
                        &version(999_999).replace("The bell", &format!("The end of {path:?}")),
                    );
                })
            })
            .collect();
        Writers { stop, threads }
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

fn rewritten() -> Newsroom {
    let newsroom = Newsroom::new::<&str>(&[]);
    for name in ["bell", "clock", "pump"] {
        newsroom.write(&format!("content/town/{name}.md"), version(0));
    }
    newsroom.write("content/harbour/wall.md", article("The wall", "2026-03-01", "It is up."));
    watched(newsroom)
}

fn assert_as_cold(newsroom: &Newsroom) {
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(newsroom.titles("town"), cold.titles("town"));
    let (found, expected) = (newsroom.editions(), cold.editions());
    assert!(found == expected, "the bytes of a cold run");
    assert!(newsroom.read("public/feeds/town.json").contains("Paragraph 299 of version 999999."));
    assert!(!newsroom.read("public/feeds/town.json").contains("version 000"));
}

#[test]
fn files_that_are_rewritten_while_runs_go_on_end_as_a_cold_run_ends() {
    let newsroom = rewritten();
    newsroom.regenerate_well();
    let writers = Writers::start(&newsroom);
    for _ in 0..8 {
        // What it says of files that change under it is its own affair; it must not fail.
        let report = newsroom.regenerate();
        assert_eq!(report.failures(), [""; 0], "{report:?}");
        assert!(newsroom.titles("harbour").contains(&"The wall".to_owned()));
        assert_eq!(
            newsroom.ids("town").len(),
            3,
            "none is lost, though a file is empty for a moment"
        );
    }
    writers.end();
    newsroom.regenerate_well();
    assert_as_cold(&newsroom);
}

#[test]
fn files_that_are_rewritten_under_serve_end_as_a_cold_run_ends() {
    let newsroom = rewritten();
    let service = Service::ready(&newsroom);
    let writers = Writers::start(&newsroom);
    let runs = |service: &Service| {
        let text = crate::support::get(service.admin, "/metrics", &[]).text();
        let series = "feedwright_runs_total{trigger=\"watch\",outcome=\"well\"} ";
        let runs = text.lines().find_map(|line| line.strip_prefix(series)).unwrap();
        runs.parse::<u64>().unwrap()
    };
    crate::support::wait_for("some runs", || (runs(&service) > 8).then_some(()));
    writers.end();
    for name in ["bell", "clock", "pump"] {
        service.wait_text("/feeds/town.rss", &format!("{name}.md"));
    }
    service.wait("nothing of the versions before", "/feeds/town.json", |r| {
        !r.text().contains("version 000")
    });
    assert_as_cold(&newsroom);
    let tags = newsroom.published();
    // And nothing is left to be read.
    newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("changed", 0), ("written", 0)]);
    assert_eq!(newsroom.changed_since(&tags), [""; 0]);
}

#[test]
fn a_file_that_is_written_slowly_is_published_whole_in_the_end() {
    let newsroom = watched(Newsroom::sample());
    let service = Service::ready(&newsroom);
    let text = version(7);
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = File::create(newsroom.path("content/town/bell.md")).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    // Nobody can tell that this isn't all of it.
    service.wait_text("/feeds/town.rss", "Paragraph 9 of version 000007.");
    file.write_all(second.as_bytes()).unwrap();
    service.wait_text("/feeds/town.rss", "Paragraph 299 of version 000007.");
    drop(file);
    // Half a head isn't an article: the version before stays.
    let mut file = File::create(newsroom.path("content/town/bell.md")).unwrap();
    file.write_all(b"---\ntitle: The lou").unwrap();
    service.wait_readyz("the half", |body| body["last_run"]["errors"] == 1);
    assert!(service.get("/feeds/town.rss", &[]).text().contains("of version 000007."));
    file.write_all(b"d bell\ndate: 2026-03-05\n---\n\nIt is whole.\n").unwrap();
    drop(file);
    service.wait_text("/feeds/town.rss", "It is whole.");
    service.wait_readyz("no error", |body| body["last_run"]["errors"] == 0);
    newsroom.regenerate_well().assert_counts(&[("parsed", 0), ("changed", 0)]);
}
