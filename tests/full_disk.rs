//! A disk without room, ours: a sentence says so, what was published stays, and once there is room all goes on.

use crate::support::disk::SmallDisk;
use crate::support::{Newsroom, Service, article, entries, wait_for};

/// Where the state is, and where the tree.
const PLACES: [&str; 2] = [".feedwright", "public"];

fn long(title: &str) -> String {
    article(title, "2026-03-09", &"The harbour is long, and so is the day. ".repeat(4000))
}

#[test]
fn commands_say_that_there_is_no_room() {
    for place in PLACES {
        let newsroom = Newsroom::sample();
        let Some(disk) = SmallDisk::mount(&newsroom.path(place), "6m") else { return };
        newsroom.regenerate_well();
        let (before, explained) = (newsroom.published(), ["explain", "content/harbour/wall.md"]);
        disk.fill();
        newsroom.write("content/harbour/fog.md", long("Fog"));
        for args in [["regenerate"].as_slice(), &["status"], &explained, &["history", "latest"]] {
            let ended = newsroom.feedwright(args);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!said.contains("panicked"), "{place} {args:?}: {ended:?}");
            let named = ["the disk is full that ", "No space left on device"];
            let is_told = named.iter().any(|words| said.contains(words));
            assert!(is_told || ended.status == 0, "{place} {args:?}: {ended:?}");
            assert!(is_told || args != ["regenerate"], "{place}: {ended:?}");
            let mut stands = newsroom.published();
            stands.retain(|path, _| path != "filler");
            assert!(stands == before, "{place} {args:?}");
        }
        disk.free();
        newsroom.regenerate_well();
        assert!(newsroom.titles("latest").contains(&"Fog".to_owned()), "{place}");
        let twin = newsroom.checkout();
        twin.regenerate_well();
        assert!(newsroom.editions() == twin.editions(), "{place}");
    }
}

#[test]
fn a_service_goes_on_with_what_it_has_and_recovers() {
    for place in PLACES {
        let newsroom = Newsroom::sample();
        let Some(disk) = SmallDisk::mount(&newsroom.path(place), "6m") else { return };
        let service = Service::ready(&newsroom);
        let before = service.wait_text("/feeds/latest.json", "The bell").body;
        disk.fill();
        newsroom.write("content/harbour/fog.md", long("Fog"));
        wait_for("the log to tell", || {
            let log = service.log();
            ["the disk is full that ", "No space left on device"]
                .iter()
                .any(|words| log.contains(words))
                .then_some(())
        });
        // What a log of the databases had room for may be out already, and whole.
        let now = service.get("/feeds/latest.json", &[]);
        let titles = entries(&now.text(), "title");
        let is_whole = titles.len() == 6 && titles.contains(&"Fog".to_owned());
        assert!(now.body == before || is_whole, "{place}: {titles:?}");
        disk.free();
        newsroom.write("content/harbour/rain.md", article("Rain", "2026-03-10", "It falls."));
        service.wait_text("/feeds/latest.json", "\"Rain\"");
        service.wait_text("/feeds/latest.json", "\"Fog\"");
    }
}
