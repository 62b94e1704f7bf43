//! The clock of a running service jumps, as suspended machines and badly set ones do. Under libfaketime,
//! which gives the real binary another wall clock and leaves it the monotonic one.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]
#![expect(clippy::print_stdout, reason = "a skip is told")]

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Newsroom, SITE, Service, article};

/// Only the clock makes runs.
const UNWATCHED: &str = "\n[schedule]\ncron = \"none\"\nwatch = false\nlook = \"none\"\n";

fn faketime() -> Option<PathBuf> {
    let found = std::fs::read_dir("/usr/lib")
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketime.so.1")))
        .find(|path| path.exists());
    if found.is_none() {
        let why = "libfaketime is not installed (tests/run --install)";
        assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{why}");
        println!("SKIPPED clock: {why}");
    }
    found
}

/// A newsroom whose wall clock is what a file says.
struct Clocked {
    newsroom: Newsroom,
    faketime: PathBuf,
}

impl Clocked {
    /// The clock goes on from `at`, in UTC.
    fn set(&self, at: &str) {
        // In one step, because the binary may be reading it.
        self.newsroom.write("clock.new", format!("@{at}\n"));
        self.newsroom.rename("clock.new", "clock");
    }

    /// The same command, under a clock that is the file's.
    fn under(&self, command: &Command) -> Command {
        let mut under = Command::new("ld.so");
        under
            .arg("--preload")
            .arg(&self.faketime)
            .arg(command.get_program())
            .args(command.get_args())
            .env("FAKETIME_TIMESTAMP_FILE", self.newsroom.path("clock"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            // Files keep their own times.
            .env("NO_FAKE_STAT", "1")
            .env("TZ", "UTC");
        self.newsroom.surround(under)
    }

    fn regenerate(&self) -> String {
        let ended = self.under(&self.newsroom.command(&["regenerate"])).output().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
        said
    }
}

fn clocked() -> Option<Clocked> {
    let faketime = faketime()?;
    let dated = |title: &str, date: &str| article(title, date, "Text.");
    let expiring = |title: &str, at: &str| {
        format!("---\ntitle: {title}\ndate: 2026-10-01T08:00:00Z\nexpires: {at}\n---\n\nText.\n")
    };
    let newsroom = Newsroom::new(&[
        ("feeds.toml", format!("{SITE}{UNWATCHED}")),
        ("content/harbour/out.md", dated("Out", "2026-10-01T08:00:00Z")),
        ("content/harbour/noon.md", dated("At noon", "2026-10-05T12:00:00Z")),
        ("content/harbour/next.md", dated("Next day", "2026-10-06T12:00:00Z")),
        ("content/harbour/ten.md", expiring("Until ten", "2026-10-05T10:00:00Z")),
        ("content/harbour/later.md", expiring("Until later", "2026-10-07T10:00:00Z")),
        // Dated to the second alike, so that only their ids tell their order.
        ("content/harbour/b.md", dated("Twin b", "2026-10-01T07:00:00Z")),
        ("content/harbour/a.md", dated("Twin a", "2026-10-01T07:00:00Z")),
    ]);
    let clocked = Clocked { newsroom, faketime };
    clocked.set("2026-10-05 08:00:00");
    Some(clocked)
}

fn titles(service: &Service) -> Vec<String> {
    let text = service.get("/feeds/latest.json", &[]).text();
    crate::support::entries(&text, "title")
}

fn wait(service: &Service, what: &str, expected: &[&str]) {
    crate::support::wait_for(what, || (titles(service) == expected).then_some(()));
}

#[test]
fn a_clock_that_jumps_lets_out_what_is_due_and_takes_nothing_back() {
    let Some(clocked) = clocked() else { return };
    let newsroom = &clocked.newsroom;
    let service = Service::ready_with(newsroom, |command| clocked.under(&command));
    let early = ["Until later", "Out", "Until ten", "Twin a", "Twin b"];
    wait(&service, "the morning", &early);

    // Suspended at eight, awake at noon: in one step, an embargo lifts and an article expires.
    clocked.set("2026-10-05 12:00:01");
    let noon = ["At noon", "Until later", "Out", "Twin a", "Twin b"];
    wait(&service, "noon", &noon);

    // Set back by an hour: what was out stays out, also where something else makes a run.
    clocked.set("2026-10-05 11:00:00");
    assert!(clocked.regenerate().contains(" 0 withdrawn; 0 editions written"));
    assert_eq!(titles(&service), noon);
    newsroom.edit("content/harbour/out.md", "Text.", "Another text.");
    assert!(clocked.regenerate().contains(" 1 changed, 0 withdrawn"));
    service.wait_text("/feeds/latest.json", "Another text.");
    assert_eq!(titles(&service), noon);

    clocked.set("2026-10-06 12:00:01");
    wait(
        &service,
        "the next day",
        &["Next day", "At noon", "Until later", "Out", "Twin a", "Twin b"],
    );
}

#[test]
fn a_clock_an_hour_back_at_a_start_takes_nothing_back_even_without_the_state() {
    let Some(clocked) = clocked() else { return };
    let newsroom = &clocked.newsroom;
    clocked.set("2026-10-05 12:00:01");
    clocked.regenerate();
    let noon = newsroom.editions();
    clocked.set("2026-10-05 11:00:01");
    clocked.regenerate();
    assert_eq!(newsroom.editions(), noon);
    newsroom.remove(".feedwright");
    clocked.regenerate();
    assert_eq!(newsroom.editions(), noon, "the manifest says what was out");
}
