//! What was out and is out no more: it leaves its feeds, and where `tombstones` is set Atom says so (RFC
//! 6721), out of a line of `feeds.lock`.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its tests do")]

use std::os::unix::fs::PermissionsExt;

use crate::support::{Newsroom, SITE, article};

/// Three articles; the feeds as `feeds` says.
fn newsroom(feeds: &str) -> Newsroom {
    let text = |n: u32| article(&format!("Title {n}"), &format!("2026-10-0{n}T08:00:00Z"), "Text.");
    Newsroom::new(&[
        ("feeds.toml", format!("{SITE}\n{feeds}")),
        ("content/harbour/a.md", text(1)),
        ("content/harbour/b.md", text(2)),
        ("content/town/c.md", text(3)),
    ])
}

const TOLD: &str =
    "[[feed]]\nname = \"latest\"\ntombstones = \"30d\"\n\n[[feed]]\neach = \"section\"\n";

const A: &str = "https://gazette.example/harbour/a/";

/// `ref` and `when` of the tombstones in an Atom feed.
fn tombstones(newsroom: &Newsroom, feed: &str) -> Vec<(String, String)> {
    let text = newsroom.read(&format!("public/feeds/{feed}.atom"));
    let document = roxmltree::Document::parse(&text).unwrap();
    let named = |n: &roxmltree::Node<'_, '_>| {
        n.has_tag_name(("http://purl.org/atompub/tombstones/1.0", "deleted-entry"))
    };
    let attribute =
        |n: roxmltree::Node<'_, '_>, name: &str| n.attribute(name).unwrap_or_default().to_owned();
    let found = document.root_element().children().filter(named);
    found.map(|n| (attribute(n, "ref"), attribute(n, "when"))).collect()
}

fn refs(newsroom: &Newsroom, feed: &str) -> Vec<String> {
    tombstones(newsroom, feed).into_iter().map(|(id, _)| id).collect()
}

fn gone_lines(newsroom: &Newsroom) -> Vec<String> {
    let lock = newsroom.read("feeds.lock");
    lock.lines().filter(|l| l.starts_with("gone\t")).map(str::to_owned).collect()
}

fn assert_cold_is_equal(newsroom: &Newsroom) {
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(cold.editions(), newsroom.editions());
}

#[test]
fn a_deleted_article_leaves_a_tombstone_in_atom_alone_until_it_is_back() {
    let newsroom = newsroom(TOLD);
    newsroom.regenerate_well();
    assert!(!newsroom.read("public/feeds/latest.atom").contains("tombstones"));
    let text = newsroom.read("content/harbour/a.md");
    newsroom.remove("content/harbour/a.md");
    newsroom.regenerate_well().assert_counts(&[("withdrawn", 1)]);

    let [(id, when)] = &tombstones(&newsroom, "latest")[..] else { panic!("not one tombstone") };
    assert_eq!(id, A);
    let [line] = &gone_lines(&newsroom)[..] else { panic!("not one line") };
    let at = line.strip_prefix(&format!("gone\t{A}\t")).unwrap();
    let instant = |t: &str| chrono::DateTime::parse_from_rfc3339(t).unwrap().to_utc();
    assert_eq!(instant(when), instant(at));
    // The section's feed doesn't tell of withdrawals, and the other formats can't.
    assert_eq!(refs(&newsroom, "harbour"), [""; 0]);
    for format in ["rss", "json"] {
        assert!(!newsroom.read(&format!("public/feeds/latest.{format}")).contains(A));
    }
    assert_cold_is_equal(&newsroom);
    newsroom.regenerate_well().assert_counts(&[("written", 0), ("rendered", 0)]);

    newsroom.write("content/harbour/a.md", text);
    newsroom.regenerate_well().assert_counts(&[("new", 1)]);
    assert!(newsroom.ids("latest").contains(&A.to_owned()));
    assert_eq!(refs(&newsroom, "latest"), [""; 0]);
    assert_eq!(gone_lines(&newsroom), [""; 0]);
    assert_cold_is_equal(&newsroom);
}

#[test]
fn no_feed_tells_of_withdrawals_unless_it_is_asked_to() {
    let newsroom = newsroom("");
    newsroom.regenerate_well();
    newsroom.remove("content/harbour/a.md");
    newsroom.regenerate_well();
    assert_eq!(gone_lines(&newsroom), [""; 0]);
    assert!(!newsroom.read("public/feeds/latest.atom").contains("deleted-entry"));
}

#[test]
fn hiding_expiring_and_postponing_take_back_too() {
    for line in [
        "draft: true",
        "visibility: members",
        "expires: 2026-10-09T00:00:00Z",
        "date: 2099-01-01T00:00:00Z",
    ] {
        let newsroom = newsroom(TOLD);
        newsroom.regenerate_well();
        let text = newsroom.read("content/harbour/a.md");
        let with = match line.strip_prefix("date: ") {
            Some(date) => text.replace("2026-10-01T08:00:00Z", date),
            None => text.replacen("---\n", &format!("---\n{line}\n"), 1),
        };
        newsroom.write("content/harbour/a.md", with);
        newsroom.regenerate_well();
        assert_eq!(refs(&newsroom, "latest"), [A], "{line}");
        assert_cold_is_equal(&newsroom);
        newsroom.write("content/harbour/a.md", text);
        newsroom.regenerate_well();
        assert_eq!(refs(&newsroom, "latest"), [""; 0], "{line}");
        assert_eq!(gone_lines(&newsroom), [""; 0], "{line}");
    }
}

#[test]
fn what_was_never_out_or_is_out_still_leaves_no_tombstone() {
    let newsroom = newsroom(TOLD);
    newsroom.write("content/town/later.md", article("Later", "2099-01-01T00:00:00Z", "Text."));
    newsroom.regenerate_well();
    newsroom.remove("content/town/later.md");
    newsroom.rename("content/harbour/a.md", "content/town/a.md");
    newsroom.edit("content/harbour/b.md", "Title 2", "Another title");
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "latest"), [""; 0]);
    assert_eq!(gone_lines(&newsroom), [""; 0]);
}

#[test]
fn only_the_feeds_that_took_it_tell_of_it() {
    let of_town = "[[feed]]\nname = \"latest\"\n\n[[feed]]\nname = \"t\"\nany = [\"section:town\"]\n\
                   tombstones = \"30d\"\n";
    let newsroom = newsroom(of_town);
    newsroom.regenerate_well();
    newsroom.remove("content/harbour/a.md");
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "t"), [""; 0]);
    newsroom.remove("content/town/c.md");
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "t"), ["https://gazette.example/town/c/"]);
}

#[test]
fn a_tombstone_ends_when_the_newest_entry_is_far_enough_behind_it() {
    let newsroom = newsroom(TOLD);
    newsroom.regenerate_well();
    newsroom.remove("content/harbour/a.md");
    newsroom.regenerate_well();
    // The newest entry is of the 3rd: what went a month before is told, what went earlier isn't.
    let lock = newsroom.read("feeds.lock");
    let at = gone_lines(&newsroom)[0].rsplit('\t').next().unwrap().to_owned();
    newsroom.write("feeds.lock", lock.replace(&at, "2026-09-03T08:00:00Z"));
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "latest"), [A]);
    newsroom.write("feeds.lock", lock.replace(&at, "2026-09-03T07:59:59Z"));
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "latest"), [""; 0]);
    assert_eq!(gone_lines(&newsroom), [""; 0]);
}

#[test]
fn a_lock_that_can_not_be_written_holds_up_no_tombstone() {
    let newsroom = newsroom(TOLD);
    newsroom.regenerate_well();
    let mode = |bits| {
        let permissions = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(newsroom.path("feeds.lock"), permissions).unwrap();
    };
    mode(0o444);
    newsroom.remove("content/harbour/a.md");
    assert_eq!(newsroom.regenerate().status, 1);
    assert_eq!(refs(&newsroom, "latest"), [A]);
    let when = tombstones(&newsroom, "latest");
    assert_eq!(newsroom.regenerate().status, 1, "the line is still missing");
    assert_eq!(tombstones(&newsroom, "latest"), when);
    mode(0o644);
    newsroom.regenerate_well();
    assert_eq!(gone_lines(&newsroom).len(), 1);
    assert_eq!(tombstones(&newsroom, "latest"), when);
    assert_cold_is_equal(&newsroom);
}

#[test]
fn a_withdrawal_while_the_state_was_lost_is_told_out_of_the_manifest() {
    // Not while a document can't be read: it may be the one.
    for (broken, status, told) in [(false, 0, &[A][..]), (true, 1, &[])] {
        let newsroom = newsroom(TOLD);
        newsroom.regenerate_well();
        newsroom.remove("content/harbour/a.md");
        newsroom.remove(".feedwright");
        if broken {
            newsroom.write("content/harbour/broken.md", "---\ntitle: [\n---\n");
        }
        assert_eq!(newsroom.regenerate().status, status);
        assert_eq!(refs(&newsroom, "latest"), told);
    }
}

#[test]
fn an_id_that_is_no_iri_is_told_as_its_entry_was() {
    let newsroom = newsroom(TOLD);
    newsroom.write(
        "content/town/d.md",
        "---\ntitle: D\nid: a & \"b\"\ndate: 2026-10-04T08:00:00Z\n---\n\nText.\n",
    );
    newsroom.regenerate_well();
    let atom = newsroom.read("public/feeds/latest.atom");
    let id = atom.split("<id>").find(|t| t.starts_with("urn:uuid:")).unwrap();
    let id = id.split('<').next().unwrap().to_owned();
    newsroom.remove("content/town/d.md");
    newsroom.regenerate_well();
    assert_eq!(refs(&newsroom, "latest"), [id]);
}
