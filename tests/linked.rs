//! Content that is put into place by a link: a release that `current` leads to, a volume of Kubernetes,
//! whose files are links through `..data`. The link is switched in one step, and what it leads to then
//! must be published, by `regenerate` and by a `serve` that watches.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Newsroom, SITE, Service, article, entries, wait_for};

/// Only the watcher: nothing else would find what it misses.
const WATCHED: &str = "\n[schedule]\ncron = \"none\"\nlook = \"none\"\n";

/// Has a link lead elsewhere, in one step.
fn switch(newsroom: &Newsroom, link: &str, to: &str) {
    let aside = newsroom.path(&format!("{link}.new"));
    symlink(to, &aside).unwrap();
    fs::rename(aside, newsroom.path(link)).unwrap();
}

/// Two releases: the second has an article edited, one more, and one less.
fn releases(below: &str, path: &str) -> Newsroom {
    let newsroom = Newsroom::new(&[(
        "feeds.toml",
        format!("{}{WATCHED}", SITE.replace("path = \"content\"", &format!("path = \"{path}\""))),
    )]);
    for release in ["release-42", "release-43"] {
        let root = format!("{release}{below}");
        newsroom.write(&format!("{root}/town/bell.md"), article("The bell", "2026-03-01", "Loud."));
        newsroom.write(&format!("{root}/town/wall.md"), article("The wall", "2026-03-02", "Up."));
    }
    newsroom.write(
        &format!("release-42{below}/town/mud.md"),
        article("The mud", "2026-03-03", "Nobody wants it."),
    );
    newsroom.write(
        &format!("release-43{below}/town/race.md"),
        article("The race", "2026-03-04", "Uphill."),
    );
    newsroom.edit(&format!("release-43{below}/town/bell.md"), "Loud.", "Very loud.");
    symlink("release-42", newsroom.path("current")).unwrap();
    newsroom
}

const BEFORE: [&str; 3] = ["The mud", "The wall", "The bell"];
const AFTER: [&str; 3] = ["The race", "The wall", "The bell"];

fn wait_titles(service: &Service, titles: &[&str]) {
    service.wait(&format!("{titles:?}"), "/feeds/latest.json", |r| {
        r.status == 200 && entries(&r.text(), "title") == titles
    });
}

#[test]
fn a_release_that_is_switched_is_published_by_regenerate() {
    for (below, path) in [("", "current"), ("/site/content", "current/site/content")] {
        let newsroom = releases(below, path);
        newsroom.regenerate_well();
        assert_eq!(newsroom.titles("latest"), BEFORE);
        let ids = newsroom.ids("latest");
        switch(&newsroom, "current", "release-43");
        let report = newsroom.regenerate_well();
        report.assert_counts(&[("new", 1), ("changed", 1), ("withdrawn", 1), ("read", 3)]);
        assert_eq!(newsroom.titles("latest"), AFTER);
        assert_eq!(newsroom.ids("latest")[1..], ids[1..]);
        assert!(newsroom.read("public/feeds/latest.rss").contains("Very loud."));
        // And back again.
        switch(&newsroom, "current", "release-42");
        newsroom.regenerate_well();
        assert_eq!((newsroom.titles("latest"), newsroom.ids("latest")), (own(&BEFORE), ids));
    }
}

fn own(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

#[test]
fn a_release_that_is_switched_under_serve_is_published_and_watched() {
    for (below, path) in [("", "current"), ("/site/content", "current/site/content")] {
        let newsroom = releases(below, path);
        let service = Service::ready(&newsroom);
        wait_titles(&service, &BEFORE);
        switch(&newsroom, "current", "release-43");
        wait_titles(&service, &AFTER);
        service.wait_text("/feeds/latest.rss", "Very loud.");
        // From now on it is the other release that is watched.
        newsroom.write(
            &format!("release-43{below}/town/fog.md"),
            article("The fog", "2026-03-09", "Thick."),
        );
        service.wait_text("/feeds/latest.rss", "The fog");
        // The old one may go, as deployments have it.
        newsroom.remove("release-42");
        newsroom.edit(&format!("release-43{below}/town/fog.md"), "Thick.", "Very thick.");
        service.wait_text("/feeds/latest.rss", "Very thick.");
        assert_eq!(service.readyz()["watching"]["state"], "fully");
    }
}

#[test]
fn a_link_that_is_removed_and_made_anew_takes_nothing_back() {
    let newsroom = releases("", "current");
    let service = Service::ready(&newsroom);
    fs::remove_file(newsroom.path("current")).unwrap();
    // Long enough that it was looked at without.
    service.wait_readyz("the source that is down", |body| {
        body["last_run"]["failures"][0].as_str().is_some_and(|f| f.contains("current"))
    });
    wait_titles(&service, &BEFORE);
    symlink("release-43", newsroom.path("current")).unwrap();
    wait_titles(&service, &AFTER);
}

/// A volume of Kubernetes, as its kubelet writes it.
struct Volume {
    newsroom: Newsroom,
    writes: std::cell::Cell<usize>,
}

impl Volume {
    fn new(files: &[(&str, &str)]) -> Volume {
        let newsroom = Newsroom::new(&[("feeds.toml", format!("{SITE}{WATCHED}"))]);
        let volume = Volume { newsroom, writes: std::cell::Cell::new(0) };
        volume.write(files);
        volume
    }

    fn write(&self, files: &[(&str, &str)]) {
        let root = self.newsroom.path("content");
        let n = self.writes.get() + 1;
        self.writes.set(n);
        let folder = format!("..2026_11_24_08_00_0{n}.{n}");
        fs::create_dir(root.join(&folder)).unwrap();
        for (name, text) in files {
            fs::write(root.join(&folder).join(name), text).unwrap();
        }
        let before = fs::read_link(root.join("..data")).ok();
        symlink(&folder, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
        for (name, _) in files {
            if !root.join(name).is_symlink() {
                symlink(format!("..data/{name}"), root.join(name)).unwrap();
            }
        }
        for entry in fs::read_dir(&root).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if !name.starts_with("..") && !files.iter().any(|(n, _)| *n == name) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        if let Some(before) = before {
            fs::remove_dir_all(root.join(before)).unwrap();
        }
    }
}

/// So many words that it is the same article wherever it turns up.
fn long(title: &str, date: &str, first: &str) -> String {
    article(title, date, &format!("{first} {}", "And so it goes on and on in town. ".repeat(12)))
}

#[test]
fn a_volume_of_kubernetes_is_followed_by_regenerate_and_by_serve() {
    let bell = long("The bell", "2026-03-01", "It is loud.");
    let wall = long("The wall", "2026-03-02", "It is up.");
    let race = long("The race", "2026-03-03", "It is uphill.");
    let volume = Volume::new(&[("bell.md", &bell), ("wall.md", &wall)]);
    let newsroom = &volume.newsroom;
    newsroom.regenerate_well().assert_counts(&[("new", 2), ("read", 2)]);
    let ids = newsroom.ids("latest");

    let louder = bell.replace("loud", "very loud");
    volume.write(&[("bell.md", &louder), ("wall.md", &wall)]);
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("new", 0), ("changed", 1), ("withdrawn", 0)]);
    assert!(newsroom.read("public/feeds/latest.rss").contains("very loud"));

    let service = Service::ready(newsroom);
    let loudest = bell.replace("loud", "as loud as can be");
    volume.write(&[("bell.md", &loudest), ("wall.md", &wall)]);
    service.wait_text("/feeds/latest.rss", "as loud as can be");
    // One more, and then one less.
    volume.write(&[("bell.md", &loudest), ("wall.md", &wall), ("race.md", &race)]);
    wait_titles(&service, &["The race", "The wall", "The bell"]);
    volume.write(&[("wall.md", &wall), ("race.md", &race)]);
    wait_titles(&service, &["The race", "The wall"]);
    // A key that is renamed is the same article.
    volume.write(&[("town-wall.md", &wall), ("race.md", &race)]);
    service.wait_text("/feeds/latest.rss", "/town-wall/</link>");
    let now = wait_for("both", || {
        let now = entries(&service.get("/feeds/latest.json", &[]).text(), "id");
        (now.len() == 2).then_some(now)
    });
    assert_eq!(now[1], ids[0]);
}
