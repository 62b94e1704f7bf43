//! Media on other servers: what is found out of them, what isn't believed, where nobody is asked, and
//! that no article waits for them.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod server;

use std::path::Path;

use self::server::{Habit, Server};
use crate::support::{Newsroom, SITE, Service, get, wait_for};

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media").join(file)).unwrap()
}

/// A newsroom that may ask servers on this machine; `keys` are further ones of `[media]`.
fn newsroom(keys: &str) -> Newsroom {
    let feeds = "[[feed]]\nname = \"latest\"\nlimit = 2000\nmax_bytes = \"none\"\n";
    let media = format!("[media]\nfetch = true\nallow = [\"127.0.0.1\"]\n{keys}\n");
    Newsroom::new(&[("feeds.toml", format!("{SITE}\n{feeds}\n{media}"))])
}

fn with(newsroom: &Newsroom, name: &str, line: &str) {
    let text = format!("---\ntitle: {name}\ndate: 2026-03-01\n{line}\n---\n\nText.\n");
    newsroom.write(&format!("content/{name}.md"), text);
}

/// What a run tells of remote media, sorted.
fn told(newsroom: &Newsroom) -> Vec<String> {
    let report = newsroom.feedwright(&["--format", "json", "regenerate"]);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let mut told: Vec<String> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["code"].as_str().unwrap().starts_with("media-"))
        .map(|p| {
            let (path, line) = (p["path"].as_str().unwrap(), &p["line"]);
            format!(
                "{path}:{line} {} {}",
                p["code"].as_str().unwrap(),
                p["message"].as_str().unwrap()
            )
        })
        .collect();
    told.sort();
    told
}

/// The enclosure of an article in `latest.rss`.
fn enclosure(newsroom: &Newsroom, url: &str) -> String {
    let rss = newsroom.read("public/feeds/latest.rss");
    let begin = rss.find(&format!("<enclosure url=\"{url}\"")).unwrap_or_else(|| panic!("{rss}"));
    rss[begin..].split_inclusive('>').next().unwrap().replace(&format!(" url=\"{url}\""), "")
}

/// As if so much time had gone by that all is due again.
fn due_again(newsroom: &Newsroom) {
    let cache = rusqlite::Connection::open(newsroom.path(".feedwright/media.db")).unwrap();
    cache.execute("update file set next = 0", []).unwrap();
}

#[test]
fn what_a_file_is_gets_found_out_whatever_its_server_does() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let mp3 = bytes("signal.mp3");
    let long = [mp3.clone(), vec![0; 200_000]].concat();
    let mut expected = Vec::new();
    for (name, kind, content, habit, says) in [
        ("good", "audio/mpeg", mp3.clone(), Habit::Good, "length=\"9288\" type=\"audio/mpeg\""),
        ("nohead", "audio/mpeg", mp3.clone(), Habit::NoHead, "length=\"9288\" type=\"audio/mpeg\""),
        (
            "hangs",
            "audio/mpeg",
            mp3.clone(),
            Habit::HeadHangs,
            "length=\"9288\" type=\"audio/mpeg\"",
        ),
        ("lies", "audio/mpeg", mp3.clone(), Habit::HeadLies, "length=\"9288\" type=\"audio/mpeg\""),
        ("noranges", "audio/mpeg", long, Habit::NoRanges, "length=\"209288\" type=\"audio/mpeg\""),
        (
            "nolength",
            "audio/mpeg",
            mp3.clone(),
            Habit::NoLength,
            "length=\"9288\" type=\"audio/mpeg\"",
        ),
        // What can't be told stays unknown, and what is known is told.
        ("endless", "audio/mpeg", mp3.clone(), Habit::Endless, "length=\"0\" type=\"audio/mpeg\""),
        (
            "nonsense",
            "; <script>\"x\"",
            mp3.clone(),
            Habit::Good,
            "length=\"9288\" type=\"audio/mpeg\"",
        ),
        (
            "really",
            "image/png",
            bytes("tone.flac"),
            Habit::Good,
            "length=\"8272\" type=\"audio/flac\"",
        ),
    ] {
        let says = says.replace("8272", &content.len().to_string());
        let url = server.put(&format!("/{name}.mp3"), kind, content, habit);
        with(&newsroom, name, &format!("audio: {url}"));
        expected.push((url, format!("<enclosure {says}/>")));
    }
    let via = server.put("/via.mp3", "", Vec::new(), Habit::To("/good.mp3".to_owned()));
    with(&newsroom, "via", &format!("audio: {via}"));
    expected.push((via, "<enclosure length=\"9288\" type=\"audio/mpeg\"/>".to_owned()));
    assert_eq!(told(&newsroom), Vec::<String>::new());
    for (url, says) in expected {
        assert_eq!(enclosure(&newsroom, &url), says, "{url}");
    }
    let rss = newsroom.read("public/feeds/latest.rss");
    assert!(rss.contains("<itunes:duration>3</itunes:duration>"), "{rss}");
}

#[test]
fn the_end_of_a_long_recording_is_got_where_that_tells_its_length() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    // What stands before the index that tells the seconds: a block of nothing, a megabyte long.
    let m4a = bytes("tone.m4a");
    let head = u32::from_be_bytes(m4a[..4].try_into().unwrap()) as usize;
    let mut free = (1_000_000_u32).to_be_bytes().to_vec();
    free.extend(b"free");
    free.resize(1_000_000, 0);
    let long = [&m4a[..head], &free, &m4a[head..]].concat();
    let url = server.put("/long.m4a", "audio/mp4", long.clone(), Habit::Good);
    with(&newsroom, "long", &format!("audio: {url}"));
    assert_eq!(told(&newsroom), Vec::<String>::new());
    let says = format!("<enclosure length=\"{}\" type=\"audio/x-m4a\"/>", long.len());
    assert_eq!(enclosure(&newsroom, &url), says);
    let rss = newsroom.read("public/feeds/latest.rss");
    assert!(rss.contains("<itunes:duration>5</itunes:duration>"), "{rss}");
    let asked = server.asked();
    assert!(asked.len() <= 4, "{asked:?}");
}

#[test]
fn pictures_have_pixels_and_what_a_document_says_stands() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let photo = bytes("photo.jpg");
    let length = photo.len();
    let url = server.put("/photo", "image/jpeg", photo, Habit::Good);
    with(&newsroom, "a", &format!("image: {url}"));
    let said = server.put("/said.jpg", "image/jpeg", bytes("photo.jpg"), Habit::Good);
    with(&newsroom, "b", &format!("image: {{url: \"{said}\", width: 6, height: 4, length: 7}}"));
    assert_eq!(told(&newsroom), Vec::<String>::new());
    let rss = newsroom.read("public/feeds/latest.rss");
    for part in [
        format!("url=\"{url}\""),
        "width=\"600\"".to_owned(),
        "height=\"400\"".to_owned(),
        format!("fileSize=\"{length}\""),
        "width=\"6\"".to_owned(),
        "fileSize=\"7\"".to_owned(),
    ] {
        assert!(rss.contains(&part), "{part} in {rss}");
    }
    assert_eq!(server.asked(), ["GET /photo", "HEAD /photo"], "nobody is asked for what is said");
}

#[test]
fn no_address_leads_into_the_operators_own_network() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    newsroom.edit("feeds.toml", "\"127.0.0.1\"", "\"127.0.0.9\", \"localhost\"");
    let secret = server.put("/secret.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Good);
    let port = server.at.port();
    let via = |name: &str, to: String| {
        server.put(name, "", Vec::new(), Habit::To(to));
        format!("http://localhost:{port}{name}")
    };
    let urls = [
        secret.clone(),
        secret.replace("127.0.0.1", "2130706433") + "?two",
        secret.replace("127.0.0.1", "[::ffff:127.0.0.1]") + "?three",
        via("/a.mp3", secret),
        via("/b.mp3", "http://169.254.169.254/latest/meta-data/x.mp3".to_owned()),
        via("/c.mp3", "http://10.0.0.1/x.mp3".to_owned()),
        via("/d.mp3", "file:///etc/passwd".to_owned()),
        via("/e.mp3", "/e.mp3".to_owned()),
    ];
    for (n, url) in urls.iter().enumerate() {
        with(&newsroom, &format!("n{n}"), &format!("audio: \"{url}\""));
    }
    let told = told(&newsroom).join("\n");
    for (n, why) in [
        (0, "127.0.0.1 isn't a public address"),
        (1, "127.0.0.1 isn't a public address"),
        (2, "isn't a public address"),
        (3, "127.0.0.1 isn't a public address"),
        (4, "169.254.169.254 isn't a public address"),
        (5, "10.0.0.1 isn't a public address"),
        (6, "only the same scheme or https is"),
        (7, "there were too many before"),
    ] {
        let line = told.lines().find(|line| {
            line.starts_with(&format!("content/n{n}.md:{} ", if n == 1 || n == 2 { 1 } else { 4 }))
        });
        let line = line.unwrap_or_else(|| panic!("n{n} in {told}"));
        assert!(line.contains("media-unreachable") && line.contains(why), "{line}");
    }
    assert!(!server.asked().contains(&"HEAD /secret.mp3".to_owned()));
}

#[test]
fn what_can_not_be_had_is_told_and_known_facts_stay() {
    let (server, newsroom) = (Server::start(), newsroom("budget_time = \"2s\""));
    let url = server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Status(500));
    with(&newsroom, "x", &format!("audio: {url}"));
    let gone = format!("http://{}/none.jpg", server.at);
    with(&newsroom, "y", &format!("image: {gone}"));
    let page =
        server.put("/page.jpg", "text/html; charset=utf-8", b"<html>no</html>".into(), Habit::Good);
    with(&newsroom, "z", &format!("image: {page}"));
    assert_eq!(
        told(&newsroom),
        [
            format!(
                "content/x.md:4 media-unreachable {url} is answered with 500 Internal Server Error"
            ),
            format!("content/y.md:4 media-unreachable {gone} is answered with 404 Not Found"),
            format!(
                "content/z.md:4 media-unreachable {page} is a page, and neither a picture nor a recording"
            ),
        ]
    );
    assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"0\" type=\"audio/mpeg\"/>");
    server.asked();
    // It isn't asked for again at once, and is told all the same.
    assert_eq!(told(&newsroom).len(), 3);
    assert_eq!(server.asked(), Vec::<String>::new());
    // It comes back …
    server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Good);
    due_again(&newsroom);
    assert_eq!(told(&newsroom).len(), 2);
    assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"9288\" type=\"audio/mpeg\"/>");
    // … and is slow, then gone: what was known of it stays.
    for habit in [Habit::Slow, Habit::Status(404)] {
        server.put("/x.mp3", "audio/mpeg", Vec::new(), habit);
        due_again(&newsroom);
        let told = told(&newsroom);
        assert!(told[0].starts_with("content/x.md:4 media-unreachable"), "{told:?}");
        assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"9288\" type=\"audio/mpeg\"/>");
    }
}

#[test]
fn editions_change_only_when_facts_do() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let url = server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Good);
    with(&newsroom, "x", &format!("audio: {url}"));
    newsroom.regenerate_well();
    let before = newsroom.published();
    assert_eq!(server.asked(), ["GET /x.mp3", "HEAD /x.mp3"]);
    // The cache knows.
    newsroom.regenerate_well();
    assert_eq!(server.asked(), Vec::<String>::new());
    // Its age is over, and it is as it was.
    due_again(&newsroom);
    newsroom.regenerate_well();
    assert_eq!(server.asked(), ["HEAD /x.mp3"]);
    assert_eq!(newsroom.changed_since(&before), Vec::<String>::new());
    // The state is lost: the same bytes, for one more look.
    let cold = newsroom.checkout();
    cold.regenerate_well();
    assert_eq!(cold.editions(), newsroom.editions());
    server.asked();
    // It is another file now.
    let other = [bytes("signal.mp3"), bytes("signal.mp3")].concat();
    server.put("/x.mp3", "audio/mpeg", other, Habit::Good);
    newsroom.regenerate_well();
    assert_eq!(server.asked(), Vec::<String>::new(), "nobody looks before its age is over");
    due_again(&newsroom);
    newsroom.regenerate_well();
    assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"18576\" type=\"audio/mpeg\"/>");
    // Off, nothing of it counts.
    newsroom.edit("feeds.toml", "fetch = true", "fetch = false");
    newsroom.regenerate_well();
    assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"0\" type=\"audio/mpeg\"/>");
    assert_eq!(server.asked(), ["GET /x.mp3", "HEAD /x.mp3"]);
}

#[test]
fn a_thousand_files_of_one_host_are_asked_for_two_at_a_time_within_the_budget() {
    let (server, newsroom) = (Server::start(), newsroom("budget = 40\nbudget_time = \"60s\""));
    for n in 0..1000 {
        let url = server.put(&format!("/{n}.mp3"), "audio/mpeg", bytes("signal.mp3"), Habit::Good);
        let date = format!("2026-03-01T{:02}:{:02}:00Z", n / 60, n % 60);
        let text = format!("---\ntitle: n{n}\ndate: {date}\naudio: {url}\n---\n\nText.\n");
        newsroom.write(&format!("content/n{n}.md"), text);
    }
    let waiting = |n| {
        format!(
            "feeds.toml:null media-waiting {n} remote pictures and recordings haven't been asked for yet"
        )
    };
    assert_eq!(told(&newsroom), [waiting(960)]);
    let asked = server.asked();
    assert_eq!(asked.len(), 80);
    assert!(asked.contains(&"HEAD /999.mp3".to_owned()), "the newest first: {asked:?}");
    assert_eq!(told(&newsroom), [waiting(920)]);
    assert!(server.asked().contains(&"HEAD /959.mp3".to_owned()));
    assert!(server.busiest() <= 2, "{}", server.busiest());
}

#[test]
fn who_only_looks_asks_nobody() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let url = server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Good);
    with(&newsroom, "x", &format!("audio: {url}"));
    newsroom.feedwright(&["check"]);
    newsroom.feedwright(&["regenerate", "--dry-run"]);
    newsroom.write(
        "feeds.lock",
        "feeds.lock 1\nbase\thttps://gazette.example/\nlinks\tnewsroom\tUTC\t/{section}/{slug}/\n",
    );
    let locked = newsroom.feedwright(&["regenerate", "--locked"]);
    assert_eq!(locked.status, 0, "{}", locked.stderr);
    assert_eq!(enclosure(&newsroom, &url), "<enclosure length=\"0\" type=\"audio/mpeg\"/>");
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_damaged_cache_is_told_and_everything_else_goes_on() {
    let newsroom = newsroom("");
    with(&newsroom, "x", "audio: https://media.invalid/x.mp3");
    newsroom.write(
        ".feedwright/media.db",
        "this is no database, but it is as long as its header is: ".repeat(100),
    );
    let ended = newsroom.feedwright(&["regenerate"]);
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("media.db in the state folder may be deleted"), "{said}");
    assert!(newsroom.exists("public/feeds/latest.rss"));
}

#[test]
fn a_service_publishes_first_and_brings_what_it_finds_out_later() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let url = server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::Good);
    let slow = server.put("/slow.mp3", "audio/mpeg", Vec::new(), Habit::Slow);
    with(&newsroom, "slow", &format!("audio: {slow}"));
    let service = Service::ready(&newsroom);
    // Published though its server is slow …
    wait_for("the article", || {
        get(service.public, "/feeds/latest.rss", &[]).text().contains(&slow).then_some(())
    });
    // … and what comes meanwhile is too.
    with(&newsroom, "x", &format!("audio: {url}"));
    wait_for("the length", || {
        let rss = get(service.public, "/feeds/latest.rss", &[]).text();
        rss.contains(&format!("<enclosure url=\"{url}\" length=\"9288\"")).then_some(())
    });
    let metrics = get(service.admin, "/metrics", &[]).text();
    assert!(metrics.contains("feedwright_media_asked_total{outcome=\"found\"} 1"), "{metrics}");
    assert!(metrics.contains("feedwright_runs_total{trigger=\"media\""), "{metrics}");
}

#[test]
fn a_podcast_is_told_of_its_cover_and_its_server() {
    let (server, newsroom) = (Server::start(), newsroom(""));
    let cover = server.put("/wide.png", "image/png", bytes("wide.png"), Habit::Good);
    let none = format!("http://{}/none.png", server.at);
    newsroom.edit(
        "feeds.toml",
        "[media]",
        &format!(
            "[[feed]]\nname = \"show\"\nany = [\"tag:show\"]\n[feed.podcast]\nimage = \"{cover}\"\n\
             categories = [\"News\"]\nexplicit = false\n\n[media]"
        ),
    );
    let url = server.put("/x.mp3", "audio/mpeg", bytes("signal.mp3"), Habit::NoHead);
    with(&newsroom, "x", &format!("tags: [show]\naudio: {url}"));
    let said = newsroom.feedwright(&["regenerate"]).stderr;
    assert!(said.contains("isn't square: it has 1600 × 900 pixels"), "{said}");
    assert!(said.contains("content/x.md:1: note[podcast-recording]"), "{said}");
    assert!(said.contains("server doesn't answer HEAD requests"), "{said}");
    newsroom.edit("feeds.toml", &cover, &none);
    let told = told(&newsroom);
    let line =
        newsroom.read("feeds.toml").lines().position(|line| line.starts_with("image")).unwrap();
    let begin = format!("feeds.toml:{} media-unreachable {none}", line + 1);
    assert!(told[0].starts_with(&begin), "{told:?}");
}
