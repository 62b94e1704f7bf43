//! One newsroom with everything that can be wrong with files: whatever is good in it is published, each
//! bad file is told with its place, and the run ends.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Newsroom, Report, Running, article};

/// Longest that YAML aliases may grow before it is a bomb.
fn alias_bomb() -> String {
    let mut yaml = "---\ntitle: Bomb\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let before = format!("*a{}, ", n - 1).repeat(9);
        writeln!(yaml, "a{n}: &a{n} [{before}*a{}]", n - 1).unwrap();
    }
    yaml.push_str("---\n\nBoom.\n");
    yaml
}

fn good(title: &str) -> String {
    article(title, "2026-03-01", "Good.")
}

/// Puts everything in, and gives back the titles that have to be published.
fn fill(newsroom: &Newsroom) -> Vec<String> {
    let mut titles = Vec::new();
    let mut put = |path: &str, title: &str, text: &[u8]| {
        newsroom.write(&format!("content/odd/{path}"), text);
        titles.push(title.to_owned());
    };
    put("bom.md", "With a BOM", format!("\u{feff}{}", good("With a BOM")).as_bytes());
    put("crlf.md", "With CRLF", good("With CRLF").replace('\n', "\r\n").as_bytes());
    for (name, title) in [
        ("with space.md", "A space"),
        ("100%.md", "A percent"),
        ("100%25.md", "An escaped percent"),
        ("it's \"quoted\" & <odd>.md", "Quotes"),
        ("line\nbreak.md", "A line break"),
        ("письмо с маяка.md", "Cyrillic"),
        ("رسالة.md", "Arabic"),
        ("cafe\u{301}.md", "Decomposed"),
        ("港.md", "Han"),
        ("back\\slash.md", "A backslash"),
        ("question?mark#hash.md", "A question"),
        (&format!("{}.md", "long".repeat(60)), "A long name"),
    ] {
        put(name, title, good(title).as_bytes());
    }
    let nested = |open: &str, close: &str| {
        article(
            "TITLE",
            "2026-03-01",
            &format!("{}deep{}", open.repeat(10_000), close.repeat(10_000)),
        )
    };
    for (name, title, open, close) in [
        ("quotes.md", "Nested quotes", "> ", ""),
        ("lists.md", "Nested lists", "- ", ""),
        ("divs.md", "Nested divs", "<div>", "</div>"),
        ("brackets.md", "Nested brackets", "[", "](x)"),
        ("stars.md", "Nested stars", "*a **b ", ""),
    ] {
        put(name, title, nested(open, close).replace("TITLE", title).as_bytes());
    }
    let mut bytes = good("Invalid bytes").into_bytes();
    bytes.extend(b"caf\xe9 \xff\xfe \xc3(");
    put("invalid.md", "Invalid bytes", &bytes);
    titles
}

/// The problems of one file.
fn of(report: &Report, file: &str) -> Vec<crate::support::Problem> {
    let is_of = |path: &str| path == file || path == format!("content/odd/{file}");
    let found: Vec<_> = report.problems().into_iter().filter(|p| is_of(&p.path)).collect();
    assert!(!found.is_empty(), "nothing is said of {file}: {report:?}");
    found
}

#[test]
fn hostile_documents_are_told_and_the_others_are_published() {
    let newsroom = Newsroom::sample();
    let titles = fill(&newsroom);
    let odd = |name: &str, bytes: &[u8]| newsroom.write(&format!("content/odd/{name}"), bytes);
    odd("empty.md", b"");
    odd("binary.md", &[b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0; 5_000]].concat());
    odd("large.md", &vec![b'x'; 20 << 20]);
    odd("unclosed.md", b"---\ntitle: Unclosed\ndate: 2026-03-01\n\nText, and no line of dashes.\n");
    odd("bomb.md", alias_bomb().as_bytes());
    for (name, title) in [("id-1.md", "First of an id"), ("id-2.md", "Second of an id")] {
        odd(name, good(title).replace("title:", "id: the-same\ntitle:").as_bytes());
    }
    for (name, title) in [("link-1.md", "First of a link"), ("link-2.md", "Second of a link")] {
        odd(name, good(title).replace("title:", "url: /the/same/\ntitle:").as_bytes());
    }
    let folder = newsroom.path("content/odd");
    symlink(&folder, folder.join("loop")).unwrap();
    symlink("nowhere.md", folder.join("dangling.md")).unwrap();
    symlink("self.md", folder.join("self.md")).unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"latin-\xe9.md")), good("Latin name")).unwrap();

    let report = newsroom.regenerate();
    assert_eq!(report.status, 1, "errors were told");
    for (file, code, severity) in [
        ("empty.md", "document-empty", "note"),
        ("binary.md", "binary", "error"),
        ("large.md", "document-too-large", "error"),
        ("unclosed.md", "front-matter-unclosed", "error"),
        ("bomb.md", "front-matter-invalid", "error"),
        ("id-2.md", "id-twice", "error"),
        ("link-2.md", "link-twice", "error"),
        ("loop", "folder-loop", "note"),
        ("invalid.md", "encoding-guessed", "warning"),
        ("latin-\u{fffd}.md", "file-name-not-text", "warning"),
    ] {
        let problems = of(&report, file);
        let found = problems.iter().find(|p| p.code == code);
        let found = found.unwrap_or_else(|| panic!("{file} has no {code}: {problems:?}"));
        assert_eq!(found.severity, severity, "{found:?}");
        assert!(!found.message.is_empty() && !found.help.is_empty(), "{found:?}");
    }
    for file in ["unclosed.md", "bomb.md", "id-2.md", "link-2.md"] {
        assert!(of(&report, file)[0].line.is_some(), "{file} has a line: {:?}", of(&report, file));
    }
    assert!(!report.problems().iter().any(|p| p.code == "internal"), "{report:?}");

    let published = newsroom.titles("latest");
    let mut wanted = titles;
    wanted.extend(["First of an id", "First of a link", "The bell", "The wall"].map(str::to_owned));
    for title in &wanted {
        let times = published.iter().filter(|p| *p == title).count();
        assert_eq!(times, 1, "{title} is published {times} times: {published:?}");
    }
    for title in ["Second of an id", "Second of a link", "Bomb", "Latin name"] {
        assert!(!published.iter().any(|p| p == title), "{title} is published");
    }
    let report = newsroom.regenerate();
    report.assert_counts(&[("parsed", 0), ("rendered", 0), ("written", 0)]);
}

#[test]
fn a_file_that_may_not_be_read_is_told_and_keeps_what_was_known() {
    if !is_root() {
        println!("passed over: only root can run a command as somebody else");
        return;
    }
    let newsroom = Newsroom::sample();
    open_to_all(&newsroom.path(""));
    let regenerate = || {
        let mut command = std::process::Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(crate::support::BINARY)
            .args(["--format", "json", "regenerate"])
            .current_dir(newsroom.path(""))
            .env_remove("FEEDWRIGHT_CONFIG");
        Running::start(command).end().report()
    };
    assert_eq!(regenerate().status, 0);
    let before = newsroom.editions();
    newsroom.write("content/town/secret.md", good("Secret"));
    let close = |path: &str, mode| {
        fs::set_permissions(newsroom.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    close("content/town/secret.md", 0o000);
    newsroom.edit("content/town/bell.md", "loud", "gone");
    close("content/town/bell.md", 0o000);
    close("content/harbour", 0o000);
    let report = regenerate();
    assert_eq!(report.status, 1, "{report:?}");
    for path in ["content/town/secret.md", "content/town/bell.md", "content/harbour"] {
        let problem = of(&report, path).remove(0);
        assert_eq!(
            (problem.code.as_str(), problem.severity.as_str()),
            ("file-unreadable", "error")
        );
        assert!(!problem.help.is_empty());
    }
    report.assert_counts(&[("withdrawn", 0), ("written", 0), ("read", 5)]);
    assert_eq!(newsroom.editions(), before);
    close("content/town/secret.md", 0o644);
    close("content/town/bell.md", 0o644);
    close("content/harbour", 0o755);
    let report = regenerate();
    assert_eq!(report.status, 0, "{report:?}");
    report.assert_counts(&[("new", 1), ("changed", 1)]);
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            open_to_all(&entry.path());
        }
    }
}
