use super::keys::{self, TABLES};
use super::*;

fn no_env(_: &str) -> Option<String> {
    None
}

fn load_text(text: &str) -> Loaded {
    load(Path::new("feeds.toml"), text, &no_env).unwrap_or_else(|problems| {
        panic!("{:#?}\nin\n{text}", problems.iter().map(|p| &p.message).collect::<Vec<_>>())
    })
}

const NEEDED_SITE: &str =
    "[site]\ntitle = \"The Harbour Gazette\"\nurl = \"https://gazette.example/\"\n";
const NEEDED_SOURCE: &str = "[[source]]\nname = \"newsroom\"\npath = \"content\"\n";

/// The commented keys of `defaults.toml`: lines that begin with `#` and no space.
fn commented(line: &str) -> Option<&str> {
    line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn the_defaults_are_what_absent_keys_give() {
    let needed = ["title = \"The Harbour", "url = \"https", "name = ", "path = "];
    let written: String = DEFAULTS
        .lines()
        .map(|line| match commented(line) {
            Some(key) if needed.iter().any(|n| key.starts_with(n)) => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    // Where in the file a note stands isn't what is compared.
    let told_nothing = |mut settings: Settings| {
        settings.plan.told.clear();
        settings
    };
    let absent = load_text(&format!("{NEEDED_SITE}{NEEDED_SOURCE}")).settings;
    assert_eq!(told_nothing(load_text(&written).settings), told_nothing(absent));
}

#[test]
fn each_default_counts_where_it_is_alone() {
    // One key at a time, so that two mistakes can't hide each other.
    let mut header = "";
    let absent = load_text(&format!("{NEEDED_SITE}{NEEDED_SOURCE}")).settings;
    let mut lines = 0;
    for line in DEFAULTS.lines() {
        if line.starts_with('[') {
            header = line;
        }
        if line.starts_with(['#', '[']) || line.is_empty() || header == "[[feed]]" {
            continue;
        }
        let text = match header {
            "[site]" => format!("{NEEDED_SITE}{line}\n{NEEDED_SOURCE}"),
            "[[source]]" => format!("{NEEDED_SITE}{NEEDED_SOURCE}{line}\n"),
            _ => format!("{NEEDED_SITE}{NEEDED_SOURCE}{header}\n{line}\n"),
        };
        assert_eq!(load_text(&text).settings, absent, "{header} {line}");
        lines += 1;
    }
    assert!(lines > 12, "only {lines}");
}

/// The least file that has the key.
fn alone(header: &str, key: &str, written: &str) -> String {
    let database = "[[source]]\nname = \"desk\"\nkind = \"database\"\n";
    match (header, key) {
        ("[site]", "title") => {
            format!("[site]\n{written}\nurl = \"https://a.example\"\n{NEEDED_SOURCE}")
        }
        ("[site]", "url") => format!("[site]\ntitle = \"A\"\n{written}\n{NEEDED_SOURCE}"),
        ("[site]", _) => format!("{NEEDED_SITE}{written}\n{NEEDED_SOURCE}"),
        ("[[source]]", "url") => {
            format!("{NEEDED_SITE}{database}query = \"select 1\"\n{written}\n")
        }
        ("[[source]]", "query") => {
            format!("{NEEDED_SITE}{database}url = \"sqlite:a\"\n{written}\n")
        }
        ("[[source]]", "password_file" | "tls_ca" | "listen") => {
            let url = "url = \"postgres://ann@db/d\"";
            format!("{NEEDED_SITE}{database}{url}\nquery = \"select 1\"\n{written}\n")
        }
        ("[[source]]", "preset") => {
            format!("{NEEDED_SITE}{database}url = \"mysql://ann@db/d\"\n{written}\n")
        }
        ("[[source]]", "table_prefix" | "blog" | "types") => {
            let url = "url = \"mysql://ann@db/d\"\npreset = \"wordpress\"";
            format!("{NEEDED_SITE}{database}{url}\n{written}\n")
        }
        ("[[source]]", "type_bases") => {
            let url = "url = \"mysql://ann@db/d\"\npreset = \"wordpress\"";
            format!("{NEEDED_SITE}{database}{url}\ntypes = [\"podcast\"]\n{written}\n")
        }
        ("[[source]]", "table") => {
            format!("{NEEDED_SITE}{database}url = \"sqlite:a\"\n{written}\n")
        }
        ("[[source]]", "columns") => {
            let url = "url = \"sqlite:a\"\ntable = \"stories\"";
            format!("{NEEDED_SITE}{database}{url}\n{written}\n")
        }
        ("[[source]]", "lag" | "sweep") => {
            let url = "url = \"sqlite:a\"\nchanged_since = \"at\"";
            format!("{NEEDED_SITE}{database}{url}\nquery = \"select 1\"\n{written}\n")
        }
        ("[[source]]", "list_separator" | "also" | "time_limit" | "changed_since" | "charset") => {
            format!("{NEEDED_SITE}{database}url = \"sqlite:a\"\nquery = \"select 1\"\n{written}\n")
        }
        ("[[source]]", "kind") if written.starts_with("kind = \"database\"") => {
            let database = database.replace("kind = \"database\"\n", "");
            format!("{NEEDED_SITE}{database}url = \"sqlite:a\"\nquery = \"select 1\"\n{written}\n")
        }
        ("[[source]]", "name") => format!("{NEEDED_SITE}[[source]]\npath = \"a\"\n{written}\n"),
        ("[[source]]", "path") => format!("{NEEDED_SITE}[[source]]\nname = \"a\"\n{written}\n"),
        ("[[source]]", _) => format!("{NEEDED_SITE}{NEEDED_SOURCE}{written}\n"),
        ("[[feed]]", "name" | "each") => {
            let each = if written.contains("{section}") { "each = \"section\"\n" } else { "" };
            format!("{NEEDED_SITE}{NEEDED_SOURCE}[[feed]]\n{each}{written}\n")
        }
        ("[[feed]]", _) => {
            format!("{NEEDED_SITE}{NEEDED_SOURCE}[[feed]]\nname = \"a\"\n{written}\n")
        }
        ("[feed.podcast]", _) => {
            let beside = match key {
                "owner_name" => "owner_email = \"a@b.example\"\n",
                "funding_text" => "funding = \"/a\"\n",
                _ => "",
            };
            format!(
                "{NEEDED_SITE}{NEEDED_SOURCE}[[feed]]\nname = \"a\"\n{header}\n{beside}{written}\n"
            )
        }
        ("[server]", "aliases" | "fallbacks" | "redirects") => format!(
            "{NEEDED_SITE}{NEEDED_SOURCE}[[feed]]\nname = \"latest\"\n{header}\n{written}\n"
        ),
        _ => format!("{NEEDED_SITE}{NEEDED_SOURCE}{header}\n{written}\n"),
    }
}

#[test]
fn the_defaults_hold_every_key_with_a_right_example() {
    let mut header = "";
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for line in DEFAULTS.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if bare.starts_with('[') {
            header = bare;
            if header == "[feed.podcast]" {
                seen.push(("[[feed]]", "podcast"));
            }
            continue;
        }
        let written = commented(line).unwrap_or(line);
        let Some((key, _)) = written.split_once(" = ") else { continue };
        if line.starts_with("# ") {
            continue;
        }
        seen.push((header, key));
        load_text(&alone(header, key, written));
    }
    for table in TABLES {
        for name in table.names {
            assert!(seen.contains(&(table.header, name)), "{} {name} isn't there", table.header);
        }
    }
    for (header, key) in seen {
        let known = TABLES.iter().any(|t| t.header == header && t.names.contains(&key));
        assert!(known, "{header} {key} isn't a key");
    }
}

const PAGE: &str = include_str!("../../docs/reference/config.md");

/// The part of the page below a table's heading.
fn section(header: &str) -> &'static str {
    let heading = format!("\n## `{header}`\n");
    let begin = PAGE.find(&heading).unwrap_or_else(|| panic!("no heading for {header}"));
    let rest = &PAGE[begin + heading.len()..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

#[test]
fn the_page_describes_every_key_and_no_other() {
    for table in TABLES {
        let section = section(table.header);
        for name in table.names {
            assert!(section.contains(&format!("\n| `{name}` | ")), "{} {name}", table.header);
        }
        for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
            let name = row.split('`').next().unwrap_or_default();
            assert!(table.names.contains(&name), "{} has no {name}", table.header);
        }
    }
    for name in keys::AUTHOR.names {
        assert!(section("[site]").contains(&format!("`{name}`")), "authors {name}");
    }
    for name in keys::PERSON.names {
        assert!(section("[feed.podcast]").contains(&format!("`{name}`")), "people {name}");
    }
    for (top, below) in crate::feed::podcast::CATEGORIES {
        for name in std::iter::once(&top).chain(below) {
            assert!(section("[feed.podcast]").contains(name), "category {name}");
        }
    }
}

#[test]
fn each_example_and_each_written_default_on_the_page_is_right() {
    for table in TABLES {
        for row in section(table.header).lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.split(" | ").collect();
            let [key, _, default, example] = cells[..] else { panic!("{row}") };
            let key = key.trim_matches(['|', ' ', '`']);
            let example = example.trim_end_matches([' ', '|']).trim_matches('`');
            load_text(&alone(table.header, key, &format!("{key} = {example}")));
            if let Some(value) = default.strip_prefix('`').and_then(|d| d.strip_suffix('`'))
                && !value.starts_with("site.")
                && !value.contains('`')
            {
                let loaded = load_text(&alone(table.header, key, &format!("{key} = {value}")));
                let absent = load_text(&alone(table.header, key, ""));
                assert_eq!(loaded.settings, absent.settings, "{key}");
            }
        }
    }
}

#[test]
fn the_examples_on_the_page_are_right() {
    let mut blocks = 0;
    for block in PAGE.split("```toml\n").skip(1) {
        let block = &block[..block.find("```").unwrap_or(block.len())];
        let mut text = block.to_owned();
        if !block.contains("[site]") {
            text = format!("{NEEDED_SITE}{text}");
        }
        if !block.contains("[[source]]") {
            text = format!("{text}\n{NEEDED_SOURCE}");
        }
        let env = |name: &str| (name == "DESK_DATABASE").then(|| "sqlite:desk.db".to_owned());
        let loaded = load(Path::new("feeds.toml"), &text, &env);
        assert!(loaded.is_ok(), "{:#?}\nin\n{text}", loaded.err());
        blocks += 1;
    }
    assert!(blocks >= 5, "only {blocks}");
}

#[test]
fn paths_are_relative_to_the_file() {
    let text = format!("{NEEDED_SITE}{NEEDED_SOURCE}");
    let settings = load(Path::new("/srv/gazette/feeds.toml"), &text, &no_env).unwrap().settings;
    assert_eq!(settings.plan.config, Path::new("/srv/gazette/feeds.toml"));
    assert_eq!(settings.plan.tree, Path::new("/srv/gazette/public"));
    assert_eq!(settings.plan.state, Path::new("/srv/gazette/.feedwright"));
    assert_eq!(settings.plan.lock, Path::new("/srv/gazette/feeds.lock"));
    assert_eq!(settings.worker.watched, [Path::new("/srv/gazette/content")]);
    assert_eq!(settings.worker.watched_files, [Path::new("/srv/gazette/feeds.toml")]);
}

#[test]
fn a_file_is_read_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feeds.toml");
    let told = |expected: &str| {
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    told("there is no such file");
    std::fs::write(&path, b"[site]\ntitle = \"\xff\"\n").unwrap();
    told("isn't UTF-8, from line 2 on");
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    told("larger than 1 MiB");
    std::fs::write(&path, "[site]\n").unwrap();
    told("there are mistakes in it (3)");
    std::fs::write(&path, format!("{NEEDED_SITE}{NEEDED_SOURCE}")).unwrap();
    assert_eq!(read(&path).unwrap().settings.plan.tree, folder.path().join("public"));
    assert!(read(folder.path()).unwrap_err().to_string().contains("is a folder"));
}

#[test]
fn the_defaults_by_themselves_ask_for_what_is_needed() {
    let problems = load(Path::new("feeds.toml"), DEFAULTS, &no_env).unwrap_err();
    let told: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
    let expected = [
        "`[site]` has no `title`",
        "`[site]` has no `url`",
        "`[[source]]` has no `name`",
        "`[[source]]` has no `path`",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let problems = load(Path::new("f"), "\u{feff}titel = 1\n", &no_env).unwrap_err();
    assert!(problems.iter().any(|p| p.place == crate::problem::Place::at("f", 1, 1)));
}

#[test]
fn very_many_mistakes_are_counted() {
    let mut text = format!("{NEEDED_SITE}{NEEDED_SOURCE}");
    for n in 0..2000 {
        text.push_str(&format!("unknown{n} = {n}\n"));
    }
    let problems = load(Path::new("feeds.toml"), &text, &no_env).unwrap_err();
    assert_eq!(problems.len(), 501);
    assert_eq!(problems[500].message, "1500 more mistakes aren't told");
}

#[test]
fn a_hostile_file_is_told_of_in_few_words() {
    let needed = format!("{NEEDED_SITE}{NEEDED_SOURCE}");
    let chain: String =
        (0..40_000).map(|n| format!("\"/{n}\"=\"/{}\",", (n + 1) % 40_000)).collect();
    let many: String = (0..90_000).map(|n| format!("k{n}=1\n")).collect();
    for hostile in [
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(300_000)),
        format!("{}a = 1", "a.".repeat(500_000)),
        format!("[{}a]\nb = 1", "a.".repeat(500_000)),
        format!("a = {}1{}", "[".repeat(400_000), "]".repeat(400_000)),
        format!("{needed}{many}"),
        format!("{needed}[server]\nredirects = {{{chain}}}"),
        format!("{needed}permalink = \"/{}\"", "{path}".repeat(170_000)),
        format!("{needed}include = [{}]", "\"[\",".repeat(170_000)),
        format!("{needed}[[feed]]\n{}", "name = \"x\"\n[[feed]]\n".repeat(45_000)),
        format!("{needed}[schedule]\ncron = \"0 {} * * * *\"", "1,".repeat(500_000)),
        format!("{needed}[server]\ngone = [{}]", "\"/x\",".repeat(170_000)),
    ] {
        // What fills the stack or takes minutes fails here too.
        if let Err(problems) = load(Path::new("feeds.toml"), &hostile, &no_env) {
            assert!((1..=501).contains(&problems.len()), "{}", problems.len());
            assert!(problems.iter().all(|p| p.message.len() < 200), "{:?}", problems[0].message);
        }
    }
}
