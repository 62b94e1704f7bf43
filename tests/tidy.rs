//! What the compiler can't hold: which room may use which, what every file begins with, where the
//! clock is read, that each problem code is documented. `docs/architecture.md` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may use of the crate, beside `problem`, `time` and itself. Data flows down the
/// stream, so a row names only rooms above its own; a new arrow is a decision for architecture.md.
const ROOMS: &[(&str, &[&str])] = &[
    ("problem", &[]),
    ("time", &[]),
    ("state", &[]),
    ("article", &[]),
    ("document", &["article"]),
    ("source", &["article", "document"]),
    ("catalog", &["article", "document", "source", "state"]),
    ("feed", &["article", "catalog"]),
    ("body", &["article"]),
    ("render", &["article", "feed"]),
    ("edition", &["article", "feed", "render"]),
    ("lint", &[]),
    ("net", &[]),
    ("fetch", &["article", "net", "source"]),
    ("press", &["article", "body", "catalog", "edition", "feed", "fetch", "render"]),
    (
        "run",
        &[
            "article", "body", "catalog", "document", "edition", "feed", "fetch", "lint", "net",
            "press", "render", "source", "state",
        ],
    ),
    ("worker", &["run"]),
    ("server", &["article", "edition", "feed"]),
    (
        "config",
        &[
            "catalog", "article", "document", "feed", "fetch", "net", "run", "server", "source",
            "worker",
        ],
    ),
    (
        "cli",
        &[
            "article", "catalog", "config", "edition", "feed", "fetch", "lint", "net", "press",
            "run", "server", "source", "state", "worker",
        ],
    ),
];

/// Rooms in which the time of day may be read; to all others it is an argument.
const CLOCKS: &[&str] = &["worker", "server", "cli"];

/// A file of more lines holds two things.
const LINES_MAX: usize = 900;
/// From here on it is worth a look.
const LINES_SOFT: usize = 700;

#[test]
fn rooms_use_only_what_stands_above_them() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(room) = file.room() else { continue };
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: the room {room} has no row in tests/tidy.rs", file.name));
            continue;
        };
        for used in file.uses() {
            let is_room = ROOMS.iter().any(|(name, _)| *name == used);
            let allowed = used == room || used == "problem" || used == "time";
            if is_room && !allowed && !may.contains(&used.as_str()) {
                wrong.push(format!("{}: {room} must not use {used}", file.name));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_file_says_what_it_promises() {
    let silent = |file: &Source| !file.text.starts_with("//! ");
    assert_none(&sources().into_iter().filter(silent).map(|f| f.name).collect::<Vec<_>>());
}

#[test]
fn no_file_holds_too_much() {
    let mut wrong = Vec::new();
    for file in sources() {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines", file.name));
        } else if lines > LINES_SOFT {
            println!("{}: {lines} lines; does it hold two things?", file.name);
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_problem_code_is_documented_and_every_documented_one_exists() {
    let mut codes = BTreeSet::new();
    for file in sources() {
        let named = file.code.split("Code::new(\"").skip(1);
        codes.extend(named.filter_map(|rest| rest.split_once('"')).map(own));
    }
    let page = fs::read_to_string(root().join("docs/reference/problems.md")).unwrap();
    let sections: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.split_once('`'))
        .map(own)
        .collect();
    let missing: Vec<_> = codes.difference(&sections).collect();
    let stale: Vec<_> = sections.difference(&codes).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/reference/problems.md lacks {missing:?} and has {stale:?}, which nothing reports"
    );
}

#[test]
fn every_rule_of_the_formats_has_its_test_or_a_reason() {
    let page = fs::read_to_string(root().join("docs/reference/formats.md")).unwrap();
    let tests = tests();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| --- ");
    let rows: Vec<&str> =
        page.lines().filter(is_row).filter(|l| !l.starts_with("| element or rule ")).collect();
    assert!(rows.len() > 100, "only {} rows", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, how, shown] = cells[..] else {
            wrong.push(format!("not three cells: {row}"));
            continue;
        };
        if let Some(reason) = how.strip_prefix("Declined: ") {
            if reason.len() < 20 || !shown.is_empty() {
                wrong.push(format!("{what}: a reason, and no test"));
            }
            continue;
        }
        let named: Vec<&str> = shown.split('`').filter(|n| !n.trim().is_empty()).collect();
        if named.is_empty() {
            wrong.push(format!("{what}: neither a test nor a reason"));
        }
        for name in named {
            let is_case = name.starts_with("rendering/")
                && root().join("tests").join(name).join("case.json").is_file();
            if !is_case && !tests.contains(name) {
                wrong.push(format!("{what}: there is no test {name}"));
            }
        }
    }
    assert_none(&wrong);
}

/// The names of all tests, as `module::function`.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for path in files(&root().join("src")).into_iter().chain(files(&root().join("tests"))) {
        let name = relative(&path);
        let Some(module) = name.strip_suffix(".rs") else { continue };
        let module = module.trim_start_matches("src/").trim_start_matches("tests/");
        let module = module.trim_end_matches("/mod").trim_end_matches("/tests").replace('/', "::");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if !matches!(line, "#[test]" | "#[tokio::test]") {
                // What `proptest!` holds needs no such line.
                let bare = line.strip_prefix("fn ").filter(|_| text.contains("proptest! {"));
                if let Some((name, _)) = bare.and_then(|rest| rest.split_once('(')) {
                    tests.insert(format!("{module}::{name}"));
                }
                continue;
            }
            let mut next = lines.by_ref().skip_while(|line| line.starts_with(['#', '/']));
            let name = next.next().and_then(|line| line.split_once("fn ")?.1.split_once('('));
            tests.extend(name.map(|(name, _)| format!("{module}::{name}")));
        }
    }
    tests
}

fn own((name, _): (&str, &str)) -> String {
    name.to_owned()
}

#[test]
fn the_clock_is_read_where_time_is_decided_and_nowhere_else() {
    // A walk compares the system's clock with files' times, in `SystemTime`; an instant that a reader
    // could see is never made so.
    let clocks = ["Utc::now", "Local::now", "Zoned::now", "Timestamp::now"];
    let mut wrong = Vec::new();
    for file in sources() {
        if file.room().is_some_and(|room| CLOCKS.contains(&room.as_str())) {
            continue;
        }
        for clock in clocks.iter().filter(|clock| file.code.contains(**clock)) {
            wrong.push(format!("{}: {clock}", file.name));
        }
    }
    assert_none(&wrong);
}

#[test]
fn only_main_ends_the_process() {
    let ends = |file: &Source| file.code.contains("process::exit") && file.name != "src/main.rs";
    assert_none(&sources().into_iter().filter(ends).map(|f| f.name).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_over() {
    // In pieces, so that this file holds none of them.
    let everywhere: Vec<String> = [
        ["/wor", "k/"],
        ["/tmp/", "wt"],
        ["crates", ".io"],
        ["pypi", ".org"],
        ["npm", "js."],
        ["deb.deb", "ian"],
    ]
    .map(|pieces| pieces.concat())
    .into();
    let in_code: Vec<String> =
        [["FIX", "ME"], ["XX", "X"], ["todo", "!("], ["unimplemented", "!("], ["dbg", "!("]]
            .map(|pieces| pieces.concat())
            .into();
    let mut wrong = Vec::new();
    for path in files(&root()) {
        let name = relative(&path);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if name.ends_with("Cargo.lock") {
            continue;
        }
        let code: &[String] = if name.ends_with(".rs") { &in_code } else { &[] };
        for word in everywhere.iter().chain(code).filter(|word| text.contains(word.as_str())) {
            wrong.push(format!("{name}: {word}"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_expected_result_has_its_case() {
    const EXPECTED: &[&str] = &["ok", "snap", "stderr", "stdout"];
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in files(&root().join("tests")) {
        folders.entry(path.parent().unwrap().to_owned()).or_default().push(path);
    }
    let mut wrong = Vec::new();
    for files in folders.values() {
        let is_result = |path: &Path| {
            path.extension().is_some_and(|e| EXPECTED.iter().any(|known| e == *known))
        };
        let (results, cases): (Vec<_>, Vec<_>) = files.iter().partition(|path| is_result(path));
        let stems: BTreeSet<_> = cases.iter().map(|path| path.file_stem()).collect();
        // A case may be a folder too, or have two endings, as `row.json` has.
        let has_case = |result: &Path| {
            let stem = result.with_extension("");
            stem.is_dir()
                || stems.contains(&result.file_stem())
                || stem.with_extension("row.json").is_file()
        };
        let orphans = results.iter().filter(|path| !has_case(path));
        wrong.extend(orphans.map(|path| format!("{}: no such case", relative(path))));
    }
    assert_none(&wrong);
}

/// One file of the program.
struct Source {
    /// From the top of the repository, with `/`.
    name: String,
    /// The whole file.
    text: String,
    /// Without comments that fill their line, and without the tests in it.
    code: String,
}

impl Source {
    /// The room that the file belongs to; `main.rs` and `lib.rs` put rooms together and are none.
    fn room(&self) -> Option<String> {
        let first = self.name.strip_prefix("src/")?.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (room != "main" && room != "lib").then(|| room.to_owned())
    }

    /// The first names of all paths that begin at the crate's root.
    fn uses(&self) -> BTreeSet<String> {
        let mut roots = vec!["crate::"];
        // In a room's own first file `super` is the crate's root, too.
        let depth = self.name.matches('/').count();
        if depth == 1 || depth == 2 && self.name.ends_with("/mod.rs") {
            roots.push("super::");
        }
        let paths = roots.into_iter().flat_map(|root| self.code.split(root).skip(1));
        paths.flat_map(first_names).collect()
    }
}

/// What follows `crate::` begins with one name, or with several in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut names = vec![name(group)];
    let mut depth = 1;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn names_in_braces_are_seen() {
    assert_eq!(first_names("feed::{Feed, Format};"), ["feed"]);
    assert_eq!(first_names("{run, feed::{Feed, Format}, server};"), ["run", "feed", "server"]);
}

/// The program's own files; those of its unit tests apart.
fn sources() -> Vec<Source> {
    let program = |path: &PathBuf| {
        let name = relative(path);
        name.ends_with(".rs") && !name.ends_with("/tests.rs") && !name.contains("/tests/")
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = program.lines().filter(|line| !line.trim_start().starts_with("//"));
        Source { name: relative(&path), code: code.collect::<Vec<_>>().join("\n"), text }
    };
    let found: Vec<Source> =
        files(&root().join("src")).into_iter().filter(program).map(read).collect();
    assert!(found.len() > ROOMS.len(), "the sources are somewhere else");
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// All files below a folder in a stable order, but for what is made here and never committed.
fn files(folder: &Path) -> Vec<PathBuf> {
    const MADE: &[&str] =
        &["target", "public", ".git", ".feedwright", "node_modules", "__pycache__"];
    let mut found = Vec::new();
    let mut entries: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.file_name().is_some_and(|name| MADE.iter().any(|made| name == *made)) {
            continue;
        }
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
