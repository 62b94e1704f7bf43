//! `regenerate`, again and again on one newsroom: what a change costs, by the report's counters, and
//! what it does to the published files; what is lost when state or tree are; what `feeds.lock` keeps.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use crate::support::{Newsroom, Running, SITE, article};

/// Nothing was looked into, nothing made.
const IDLE: [(&str, u64); 5] =
    [("opened", 0), ("parsed", 0), ("rendered", 0), ("written", 0), ("changed", 0)];

/// Editions of [`Newsroom::sample`]: three feeds in four forms, the index and the OPML.
const EDITIONS: u64 = 14;

fn is_of(path: &str, feed: &str) -> bool {
    path.starts_with(&format!("feeds/{feed}.")) || path.starts_with(&format!("feeds/{feed}/"))
}

#[test]
fn a_first_run_publishes_and_a_second_has_nothing_to_do() {
    let newsroom = Newsroom::sample();
    let first = newsroom.regenerate_well();
    first.assert_counts(&[
        ("read", 5),
        ("opened", 5),
        ("parsed", 5),
        ("new", 5),
        ("rendered", EDITIONS),
        ("written", EDITIONS),
        ("unchanged", 0),
    ]);
    let all = ["The bell", "The clock", "The mud", "A seal", "The wall"];
    assert_eq!(newsroom.titles("latest"), all);
    assert_eq!(newsroom.titles("harbour"), all[2..]);
    assert_eq!(newsroom.titles("town"), all[..2]);
    for file in ["latest.rss", "latest.atom", "latest/index.html", "index.html", "../feeds.opml"] {
        for suffix in ["", ".gz", ".br", ".zst"] {
            assert!(newsroom.exists(&format!("public/feeds/{file}{suffix}")), "{file}{suffix}");
        }
    }
    let before = newsroom.published();
    let second = newsroom.regenerate_well();
    second.assert_counts(&IDLE);
    second.assert_counts(&[("read", 5), ("unchanged", EDITIONS)]);
    assert_eq!(newsroom.published(), before);
}

#[test]
fn an_edit_costs_one_file_and_the_feeds_that_show_it() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.edit("content/town/clock.md", "It is slow.", "It was slow.");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("opened", 1), ("parsed", 1), ("changed", 1), ("new", 0), ("read", 5)]);
    let changed = newsroom.changed_since(&before);
    for name in ["feeds/town.rss", "feeds/town.rss.gz", "feeds/town.atom", "feeds/latest.json"] {
        assert!(changed.iter().any(|c| c == name), "{name} isn't in {changed:?}");
    }
    let foreign = changed
        .iter()
        .find(|c| !is_of(c, "town") && !is_of(c, "latest") && !c.starts_with("feeds.json"));
    assert_eq!(foreign, None, "only the feeds of the article are written");
    assert!(newsroom.read("public/feeds/town.rss").contains("It was slow."));
    // Last-Modified names one edition.
    for name in ["feeds/town.rss", "feeds/latest.atom"] {
        assert!(newsroom.times()[name] > before[name].1, "{name} is later than before");
    }
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_file_that_is_only_touched_is_not_parsed() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    let file = File::options().write(true).open(newsroom.path("content/town/bell.md")).unwrap();
    let later = SystemTime::now() + Duration::from_secs(100);
    file.set_times(FileTimes::new().set_modified(later)).unwrap();
    let report = newsroom.regenerate_well();
    assert!(report.count("opened") <= 1, "{report:?}");
    report.assert_counts(&[("parsed", 0), ("rendered", 0), ("written", 0)]);
    assert_eq!(newsroom.published(), before);
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn an_edit_that_keeps_size_and_modification_time_is_seen() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let path = newsroom.path("content/town/bell.md");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    newsroom.edit("content/town/bell.md", "loud", "deaf");
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    newsroom.regenerate_well().assert_counts(&[("opened", 1), ("parsed", 1), ("changed", 1)]);
    assert!(newsroom.read("public/feeds/town.rss").contains("It is deaf."));
}

#[test]
fn a_file_that_is_added_is_an_article_more() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.write("content/town/pump.md", article("The pump", "2026-03-06", "It drips."));
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("opened", 1), ("parsed", 1), ("new", 1), ("changed", 0), ("read", 6)]);
    assert_eq!(newsroom.titles("town"), ["The pump", "The bell", "The clock"]);
    let changed = newsroom.changed_since(&before);
    assert!(!changed.iter().any(|c| is_of(c, "harbour")), "{changed:?}");
}

#[test]
fn a_first_article_of_a_section_opens_its_feed_and_the_last_one_closes_it() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.write("content/sport/race.md", article("The race", "2026-03-06", "Uphill."));
    newsroom.regenerate_well().assert_counts(&[("opened", 1), ("new", 1)]);
    assert_eq!(newsroom.titles("sport"), ["The race"]);
    assert!(newsroom.read("public/feeds.opml").contains("/feeds/sport.rss"));
    newsroom.remove("content/sport/race.md");
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("withdrawn", 1)]);
    assert!(!newsroom.exists("public/feeds/sport.rss"));
    assert!(!newsroom.exists("public/feeds/sport"));
    assert!(!newsroom.read("public/feeds.opml").contains("/feeds/sport.rss"));
}

#[test]
fn a_file_that_is_removed_takes_its_article_back() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.remove("content/harbour/seal.md");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("opened", 0), ("parsed", 0), ("withdrawn", 1), ("read", 4)]);
    assert_eq!(newsroom.titles("harbour"), ["The mud", "The wall"]);
    for (path, bytes) in newsroom.tree() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("A seal") && !text.contains("/harbour/seal/"), "a ghost in {path}");
    }
}

#[test]
fn a_file_that_is_renamed_is_one_article_under_its_new_link() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.rename("content/harbour/seal.md", "content/harbour/seal-in-dock.md");
    newsroom.regenerate_well().assert_counts(&[("opened", 1), ("parsed", 1), ("read", 5)]);
    assert_eq!(newsroom.titles("harbour"), ["The mud", "A seal", "The wall"]);
    let rss = newsroom.read("public/feeds/harbour.rss");
    assert!(rss.contains("<link>https://gazette.example/harbour/seal-in-dock/</link>"), "{rss}");
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_draft_is_nowhere_until_it_is_published() {
    let newsroom = Newsroom::sample();
    let draft = "---\ntitle: The secret\ndate: 2026-03-06\ndraft: true\n---\n\nPsst.\n";
    newsroom.write("content/town/secret.md", draft);
    newsroom.regenerate_well();
    for (path, bytes) in newsroom.tree() {
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "the draft is in {path}");
    }
    newsroom.regenerate_well().assert_counts(&IDLE);
    newsroom.edit("content/town/secret.md", "draft: true", "draft: false");
    newsroom.regenerate_well().assert_counts(&[("opened", 1), ("parsed", 1)]);
    assert_eq!(newsroom.titles("town")[0], "The secret");
    newsroom.edit("content/town/secret.md", "draft: false", "draft: true");
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("town"), ["The bell", "The clock"]);
}

#[test]
fn a_file_that_stops_parsing_keeps_its_last_good_version_until_it_is_mended() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    let good = newsroom.read("content/town/bell.md");
    newsroom.write("content/town/bell.md", "---\ntitle: [The\n---\n\nBroken.\n");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "{report:?}");
    report.assert_counts(&[("opened", 1), ("parsed", 1), ("withdrawn", 0), ("written", 0)]);
    let problem = &report.problems()[0];
    assert_eq!(problem.path, "content/town/bell.md");
    assert_eq!(
        (problem.severity.as_str(), problem.code.as_str()),
        ("error", "front-matter-invalid")
    );
    assert!(problem.line.is_some() && !problem.help.is_empty(), "{problem:?}");
    assert_eq!(newsroom.published(), before);
    // It is told again as long as it is so, and not read again.
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1);
    report.assert_counts(&IDLE);
    assert_eq!(&report.problems()[0], problem);
    newsroom.write("content/town/bell.md", good.replace("loud", "gone"));
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("opened", 1), ("changed", 1)]);
    assert!(newsroom.read("public/feeds/town.rss").contains("It is gone."));
    assert_eq!(report.problems(), []);
}

#[test]
fn a_file_that_is_emptied_keeps_its_article_until_it_is_removed() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    for nothing in ["", " \n\n"] {
        newsroom.write("content/town/bell.md", nothing);
        let report = newsroom.regenerate_well();
        report.assert_counts(&[("withdrawn", 0), ("changed", 0), ("written", 0), ("read", 5)]);
        assert_eq!(report.problems()[0].code, "document-empty");
        assert_eq!(newsroom.published(), before);
    }
    newsroom.write("content/town/bell.md", article("The bell", "2026-03-05", "It is back."));
    newsroom.regenerate_well().assert_counts(&[("changed", 1), ("new", 0)]);
    newsroom.write("content/town/bell.md", "");
    newsroom.regenerate_well();
    newsroom.remove("content/town/bell.md");
    newsroom.regenerate_well().assert_counts(&[("withdrawn", 1), ("read", 4)]);
    // One that never held anything is nothing.
    newsroom.write("content/town/later.md", "");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("read", 4)]);
}

#[test]
fn a_section_page_re_reads_what_is_below_it_and_nothing_else() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    let title = || {
        let feed: serde_json::Value =
            serde_json::from_str(&newsroom.read("public/feeds/harbour.json")).unwrap();
        feed["title"].as_str().unwrap().to_owned()
    };
    assert!(title().starts_with("Harbour – "), "{}", title());
    newsroom.write("content/harbour/_index.md", "---\ntitle: On the water\n---\n");
    newsroom.regenerate_well().assert_counts(&[("opened", 4), ("parsed", 3)]);
    assert!(title().contains("On the water"), "{}", title());
    assert!(!newsroom.changed_since(&before).iter().any(|c| is_of(c, "town")));
    newsroom.regenerate_well().assert_counts(&IDLE);

    newsroom.edit("content/harbour/_index.md", "On the water", "By the water");
    newsroom.regenerate_well().assert_counts(&[("opened", 4), ("parsed", 3)]);
    assert!(title().contains("By the water"), "{}", title());

    newsroom.remove("content/harbour/_index.md");
    newsroom.regenerate_well().assert_counts(&[("opened", 3), ("parsed", 3)]);
    assert!(title().starts_with("Harbour – "), "{}", title());
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_picture_beside_an_article_re_reads_that_article_only() {
    let newsroom = Newsroom::sample();
    newsroom.write(
        "content/town/clock/index.md",
        "---\ntitle: The clock\ndate: 2026-03-04\nimage: face.png\n---\n\nSlow.\n",
    );
    newsroom.write("content/town/clock/face.png", [7; 100]);
    newsroom.remove("content/town/clock.md");
    newsroom.regenerate_well();
    assert!(newsroom.read("public/feeds/town.atom").contains("fileSize=\"100\""));
    newsroom.write("content/town/clock/face.png", [7; 240]);
    newsroom.regenerate_well().assert_counts(&[("opened", 1), ("parsed", 1), ("changed", 1)]);
    assert!(newsroom.read("public/feeds/town.atom").contains("fileSize=\"240\""));
    newsroom.regenerate_well().assert_counts(&IDLE);
}

/// Two sources, of which the keys of one are edited.
fn two_sources() -> Newsroom {
    Newsroom::new(&[
        (
            "feeds.toml",
            format!("{SITE}\n[[source]]\nname = \"wire\"\npath = \"wire\"\nlanguage = \"fr\"\n"),
        ),
        ("content/town/clock.md", article("The clock", "2026-03-04", "It is slow.")),
        ("content/town/bell.md", article("The bell", "2026-03-05", "It is loud.")),
        ("wire/mer/phare.md", article("Le phare", "2026-03-06", "Il brille.")),
        ("wire/mer/quai.md", article("Le quai", "2026-03-07", "Il est long.")),
        ("wire/mer/bac.md", article("Le bac", "2026-03-08", "Il part.")),
    ])
}

#[test]
fn a_key_of_a_source_re_reads_that_source_and_not_another() {
    let newsroom = two_sources();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.edit("feeds.toml", "language = \"fr\"", "language = \"fr-CA\"");
    newsroom.regenerate_well().assert_counts(&[("opened", 3), ("parsed", 3)]);
    assert!(newsroom.read("public/feeds/mer.json").contains("\"fr-CA\""));
    assert!(!newsroom.changed_since(&before).iter().any(|c| is_of(c, "town")));
    newsroom.edit("feeds.toml", "/{section}/{slug}/", "/{section}/{year}/{slug}/");
    newsroom.regenerate_well().assert_counts(&[("opened", 2), ("parsed", 2)]);
    assert!(newsroom.read("public/feeds/town.rss").contains("/town/2026/clock/</link>"));
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_title_of_the_site_is_rendered_anew_without_reading_anything() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.edit("feeds.toml", "The Harbour Gazette", "The Evening Harbour");
    let report = newsroom.regenerate_well();
    report.assert_counts(&[("opened", 0), ("parsed", 0), ("changed", 0), ("written", EDITIONS)]);
    assert!(newsroom.read("public/feeds/latest.rss").contains("The Evening Harbour"));
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_feed_that_is_no_longer_defined_takes_its_files_and_leaves_those_of_others() {
    let newsroom = Newsroom::sample();
    let extra = "\n[[feed]]\nname = \"latest\"\n\n[[feed]]\nname = \"water\"\nany = [\"section:harbour\"]\n";
    newsroom.write("feeds.toml", format!("{SITE}{extra}"));
    newsroom.regenerate_well();
    assert_eq!(newsroom.titles("water"), ["The mud", "A seal", "The wall"]);
    newsroom.write("public/feeds/water/notes.txt", "mine");
    newsroom.write("public/feeds/water.txt", "mine");
    newsroom.write("public/robots.txt", "mine");
    newsroom.write("feeds.toml", format!("{SITE}\n[[feed]]\nname = \"latest\"\n"));
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("parsed", 0)]);
    let left: Vec<_> = newsroom.tree().into_keys().filter(|p| is_of(p, "water")).collect();
    assert_eq!(left, ["feeds/water.txt", "feeds/water/notes.txt"]);
    assert!(newsroom.exists("public/robots.txt") && newsroom.exists("public/feeds/latest.rss"));
    let manifest: serde_json::Value =
        serde_json::from_str(&newsroom.read("public/feeds.json")).unwrap();
    assert!(manifest["feeds"]["water"].is_null() && manifest["feeds"]["latest"].is_object());
}

#[test]
fn a_file_of_somebody_else_at_an_address_is_not_overwritten() {
    let newsroom = Newsroom::sample();
    newsroom.write("public/feeds/town.rss", "<rss>by hand</rss>");
    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "{report:?}");
    assert_eq!(newsroom.read("public/feeds/town.rss"), "<rss>by hand</rss>");
    let refused: Vec<_> =
        report.problems().into_iter().filter(|p| p.code == "edition-refused").collect();
    assert_eq!(refused.len(), 1, "{report:?}");
    assert!(refused[0].path.ends_with("public/feeds/town.rss") && !refused[0].help.is_empty());
    // All others are published, and the one is in nobody's list.
    assert_eq!(newsroom.titles("town"), ["The bell", "The clock"]);
    assert!(!newsroom.read("public/feeds.json").contains("/feeds/town.rss"));
    assert_eq!(newsroom.regenerate().status, 1, "it is told until it is mended");
    newsroom.remove("public/feeds/town.rss");
    newsroom.regenerate_well();
    assert!(newsroom.read("public/feeds/town.rss").contains("The bell"));
}

#[test]
fn a_tree_that_is_deleted_comes_back_as_it_was() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let (before, before_editions) = (newsroom.published(), newsroom.editions());
    newsroom.remove("public");
    newsroom.regenerate_well().assert_counts(&[("opened", 0), ("parsed", 0)]);
    assert_eq!(newsroom.published(), before, "bytes and Last-Modified");
    newsroom.remove("public/feeds/town.rss");
    let atom = newsroom.path("public/feeds/town.atom");
    let published = fs::metadata(&atom).unwrap().modified().unwrap();
    damage(&newsroom, published);
    newsroom.remove("public/feeds/latest.rss.br");
    newsroom.regenerate_well().assert_counts(&[("opened", 0)]);
    assert_eq!(newsroom.changed_since(&before), [""; 0]);

    // Other bytes with a later time may have been handed out: whoever has them must not be told that
    // nothing has changed since, so the edition comes back later than they.
    let later = published + Duration::from_secs(60);
    damage(&newsroom, later);
    newsroom.regenerate_well().assert_counts(&[("opened", 0)]);
    assert_eq!(newsroom.editions(), before_editions);
    assert!(fs::metadata(&atom).unwrap().modified().unwrap() > later);
}

/// Other bytes in a published file, as of a time.
#[expect(clippy::unwrap_used, reason = "a test's helper fails as its test does")]
fn damage(newsroom: &Newsroom, modified: SystemTime) {
    newsroom.write("public/feeds/town.atom", "damaged");
    let file = File::options().write(true).open(newsroom.path("public/feeds/town.atom")).unwrap();
    file.set_times(FileTimes::new().set_modified(modified)).unwrap();
}

#[test]
fn a_state_that_is_deleted_costs_a_cold_run_and_no_byte() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    newsroom.edit("content/town/clock.md", "It is slow.", "It was slow.");
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.remove(".feedwright");
    newsroom.regenerate_well().assert_counts(&[("opened", 5), ("parsed", 5), ("written", 0)]);
    assert_eq!(newsroom.changed_since(&before), [""; 0]);
    newsroom.regenerate_well().assert_counts(&IDLE);
}

#[test]
fn a_source_that_is_away_when_the_state_is_lost_takes_nothing_back() {
    let newsroom = two_sources();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.remove(".feedwright");
    newsroom.rename("wire", "elsewhere");
    for _ in 0..2 {
        let ended = newsroom.feedwright(&["regenerate"]);
        assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{ended:?}");
        assert!(ended.stderr.contains("source \"wire\": wire can't be read"), "{ended:?}");
        assert_eq!(newsroom.changed_since(&before), [""; 0]);
    }
    newsroom.rename("elsewhere", "wire");
    newsroom.regenerate_well().assert_counts(&[("read", 5), ("written", 0)]);
    assert_eq!(newsroom.changed_since(&before), [""; 0]);
}

#[test]
fn a_first_run_publishes_what_can_be_read() {
    let newsroom = two_sources();
    newsroom.remove("wire");
    let report = newsroom.regenerate();
    assert_eq!((report.status, report.failures().len()), (1, 1), "{report:?}");
    assert_eq!(newsroom.titles("latest"), ["The bell", "The clock"]);
}

#[test]
fn a_tree_that_was_copied_without_its_times_gets_them_from_the_manifest() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    newsroom.remove(".feedwright");
    let copied = SystemTime::now() + Duration::from_secs(1_000);
    for path in newsroom.tree().into_keys() {
        let file = File::options().write(true).open(newsroom.path(&format!("public/{path}")));
        file.unwrap().set_times(FileTimes::new().set_modified(copied)).unwrap();
    }
    newsroom.regenerate_well();
    let mut changed = newsroom.changed_since(&before);
    // Nothing lists the manifest itself.
    changed.retain(|path| !path.starts_with("feeds.json"));
    assert_eq!(changed, [""; 0]);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let newsroom = many(300);
    newsroom.regenerate_well();
    let other = newsroom.checkout();
    let ended = other.feedwright(&["regenerate", "--threads", "1"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(newsroom.editions(), other.editions());
}

#[test]
fn zone_and_language_of_the_machine_change_no_byte() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let other = newsroom.checkout();
    let mut command = other.command(&["regenerate"]);
    command.env("TZ", "Pacific/Auckland").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "az_AZ.UTF-8");
    let ended = Running::start(command).end();
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(newsroom.editions(), other.editions());
}

/// So many articles in ten sections.
pub(crate) fn many(articles: usize) -> Newsroom {
    let newsroom = Newsroom::new::<&str>(&[]);
    for n in 0..articles {
        let (section, day, hour) = (n % 10, 1 + n % 28, n / 28 % 24);
        let text = article(
            &format!("Story {n}"),
            &format!("2026-02-{day:02}T{hour:02}:00:00Z"),
            &format!("This is what story {n} says, with *stress* and [a link](/x/{n}/).\n\n")
                .repeat(3),
        );
        newsroom.write(&format!("content/section-{section}/story-{n}.md"), text);
    }
    newsroom
}

#[test]
fn the_lock_says_where_ids_begin_and_when_undated_articles_were_first_seen() {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    newsroom.regenerate_well();
    let lock = newsroom.read("feeds.lock");
    let lines: Vec<&str> = lock.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "feeds.lock 1",
            "base\thttps://gazette.example/",
            "links\tnewsroom\tUTC\t/{section}/{slug}/",
        ]
    );
    assert!(lines[3].starts_with("seen\thttps://gazette.example/town/pump/\t20"), "{lock}");
    assert_eq!(lines.len(), 4, "{lock}");
    newsroom.regenerate_well();
    assert_eq!(newsroom.read("feeds.lock"), lock);
}

#[test]
fn an_undated_article_keeps_its_first_sight_when_the_state_is_lost() {
    let newsroom = Newsroom::sample();
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    newsroom.regenerate_well();
    // As if it had been long ago.
    let lock = newsroom.read("feeds.lock");
    let seen = lock.lines().find(|line| line.starts_with("seen\t")).unwrap();
    let (head, _) = seen.rsplit_once('\t').unwrap();
    newsroom.edit("feeds.lock", seen, &format!("{head}\t2026-03-02T10:00:00Z"));
    newsroom.remove(".feedwright");
    newsroom.remove("public");
    newsroom.regenerate_well();
    let expected = ["The bell", "The clock", "The mud", "The pump", "A seal", "The wall"];
    assert_eq!(newsroom.titles("latest"), expected);
    assert!(newsroom.read("public/feeds/town.atom").contains("2026-03-02T10:00:00"));
    // Another checkout of the same lock makes the same bytes.
    let other = newsroom.checkout();
    other.regenerate_well();
    assert_eq!(newsroom.editions(), other.editions());
}

#[test]
fn a_new_domain_keeps_every_id() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    assert!(ids[0].starts_with("https://gazette.example/"), "{ids:?}");
    newsroom.edit("feeds.toml", "https://gazette.example/", "https://www.gazette.example/");
    newsroom.regenerate_well();
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(
        newsroom
            .read("public/feeds/latest.rss")
            .contains("<link>https://www.gazette.example/town/bell/</link>")
    );
    // Also where nothing but the lock is left.
    let other = newsroom.checkout();
    other.regenerate_well();
    assert_eq!(newsroom.editions(), other.editions());
}

#[test]
fn another_permalink_pattern_changes_links_and_no_id() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    newsroom.edit("feeds.toml", "/{section}/{slug}/", "/{year}/{slug}.html");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("withdrawn", 0)]);
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(
        newsroom
            .read("public/feeds/latest.rss")
            .contains("<link>https://gazette.example/2026/bell.html</link>")
    );
    let other = newsroom.checkout();
    other.regenerate_well();
    assert_eq!(newsroom.editions(), other.editions());
}

#[test]
fn a_document_that_names_another_slug_keeps_its_id_with_and_without_the_state() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let ids = newsroom.ids("latest");
    newsroom.edit("content/town/bell.md", "title:", "slug: great-bell\ntitle:");
    newsroom.regenerate_well().assert_counts(&[("new", 0), ("withdrawn", 0), ("changed", 1)]);
    assert_eq!(newsroom.ids("latest"), ids);
    let lock = newsroom.read("feeds.lock");
    let line = "id\thttps://gazette.example/town/great-bell/\thttps://gazette.example/town/bell/";
    assert!(lock.lines().any(|l| l == line), "{lock}");
    let other = newsroom.checkout();
    other.regenerate_well();
    assert_eq!(newsroom.editions(), other.editions());
    // Back again: the rule says it, and no line must.
    newsroom.edit("content/town/bell.md", "slug: great-bell\n", "");
    newsroom.regenerate_well();
    assert_eq!(newsroom.ids("latest"), ids);
    assert!(!newsroom.read("feeds.lock").contains("id\t"));
}

#[test]
fn conflict_markers_in_the_lock_stop_the_run_and_name_the_line() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let before = newsroom.published();
    let lock = newsroom.read("feeds.lock");
    newsroom.write("feeds.lock", lock.replace("links\t", "<<<<<<< ours\nlinks\t"));
    newsroom.edit("content/town/bell.md", "loud", "gone");
    let ended = newsroom.feedwright(&["regenerate"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.stderr.contains("feeds.lock:3: a merge left conflict markers"), "{ended:?}");
    assert_eq!(newsroom.published(), before);
    newsroom.write("feeds.lock", lock);
    newsroom.regenerate_well().assert_counts(&[("changed", 1)]);
}

#[test]
fn a_lock_that_is_write_protected_is_not_replaced_and_the_feeds_are_published() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let lock = newsroom.read("feeds.lock");
    let path = newsroom.path("feeds.lock");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    for _ in 0..2 {
        let report = newsroom.regenerate();
        assert_eq!(report.status, 1, "{report:?}");
        assert!(report.problems().iter().any(|p| p.code == "lock-unwritten"), "{report:?}");
        assert!(!report.failures().is_empty());
        assert!(newsroom.titles("town").contains(&"The pump".to_owned()));
        assert_eq!(newsroom.read("feeds.lock"), lock);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    newsroom.regenerate_well();
    assert!(newsroom.read("feeds.lock").contains("seen\thttps://gazette.example/town/pump/\t"));
}

#[test]
fn lines_that_others_wrote_into_the_lock_stay() {
    let newsroom = Newsroom::sample();
    newsroom.regenerate_well();
    let lock = newsroom.read("feeds.lock");
    newsroom.write(
        "feeds.lock",
        format!("{lock}later\tkind\tof\trecord\nfeed\ttown\ttag:x,2020:town\n"),
    );
    newsroom.write("content/town/pump.md", article("The pump", "", "It drips."));
    newsroom.regenerate_well();
    let lock = newsroom.read("feeds.lock");
    assert!(lock.contains("\nlater\tkind\tof\trecord\n") && lock.contains("\nseen\t"), "{lock}");
    assert!(newsroom.read("public/feeds/town.atom").contains("<id>tag:x,2020:town</id>"));
}
