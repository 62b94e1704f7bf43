//! How documents are read. A case is a file `documents/CASE.md`, `.txt` or `.row.json`, or a folder
//! `documents/CASE/` that is a source's root; what reading it gives stands in `documents/CASE.snap`.
//! `UPDATE=1` writes what is missing or different; read the change before it is committed.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use feedwright::document::{
    Content, Document, FolderIndex, Options, Rank, Reading, Row, Sighting, Surroundings, Value,
    is_document, read, read_index,
};
use feedwright::problem::Severity;
use feedwright::source;
use feedwright::time::Zone;
use proptest::prelude::*;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents");

fn options() -> Options {
    let zone: Zone = "Asia/Baku".parse().unwrap();
    Options {
        source: "newsroom".to_owned(),
        site_url: "https://gazette.example/".parse().unwrap(),
        zone: zone.clone(),
        link_zone: zone.clone(),
        permalink: None,
        id_base: "https://gazette.example/".parse().unwrap(),
        id_permalink: None,
        id_zone: zone,
        id_prefix: None,
        language: None,
        authors: Vec::new(),
        section: None,
        list_separator: ",".to_owned(),
        drafts: false,
        by_language: None,
        charset: None,
    }
}

/// Options that a case sets in its `_options.json`.
fn options_of(root: &Path) -> Options {
    let mut options = options();
    let Ok(text) = fs::read_to_string(root.join("_options.json")) else { return options };
    let set: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    for (key, value) in set {
        match key.as_str() {
            "site_url" => options.site_url = value.parse().unwrap(),
            "id_base" => options.id_base = value.parse().unwrap(),
            "permalink" => options.permalink = Some(value),
            "id_permalink" => options.id_permalink = Some(value),
            "id_prefix" => options.id_prefix = Some(value),
            "language" => options.language = Some(value),
            "author" => options.authors = vec![value],
            "section" => options.section = Some(value),
            key => panic!("no option {key}"),
        }
    }
    options
}

fn read_file(root: &Path, path: &str, options: &Options) -> Reading {
    let bytes = fs::read(root.join(path)).unwrap();
    let mut indexes = Vec::new();
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    for folder in std::iter::once("").chain(folders) {
        let file =
            if folder.is_empty() { "_index.md".into() } else { format!("{folder}/_index.md") };
        if let Ok(bytes) = fs::read(root.join(&file)) {
            let (index, problems) = read_index(folder, &file, &bytes);
            assert_eq!(problems, [], "{file}");
            indexes.push(Arc::new(index));
        }
    }
    let place = source::directory::Options {
        root: root.to_owned(),
        shown: String::new(),
        include: Vec::new(),
        exclude: Vec::new(),
    };
    let file = |file: &str| source::directory::measure(&place, file).map(|(_, m)| m);
    let around = Surroundings { indexes: &indexes, file: &file };
    read(&Document { path, shown: path, content: Content::File(&bytes), around }, options)
}

fn read_row(row: &Row, options: &Options) -> Reading {
    let around = Surroundings { indexes: &[], file: &|_| None };
    let document =
        Document { path: "17", shown: "desk row 17", content: Content::Row(row), around };
    read(&document, options)
}

fn row(json: &str) -> Row {
    let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    let value = |value| match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::Text(text.into_bytes()),
        serde_json::Value::Number(n) if n.is_i64() => Value::Integer(n.as_i64().unwrap()),
        serde_json::Value::Number(n) => Value::Real(n.as_f64().unwrap()),
        serde_json::Value::Array(bytes) => {
            Value::Blob(bytes.iter().map(|b| u8::try_from(b.as_u64().unwrap()).unwrap()).collect())
        }
        other => panic!("no cell can be {other}"),
    };
    Row { columns: map.into_iter().map(|(name, v)| (name, value(v))).collect() }
}

/// What reading gave, as text that shows a change line by line.
fn shown(reading: &Reading) -> String {
    let mut out = String::new();
    for Sighting { rank, article, body, line } in &reading.sightings {
        let json = serde_json::to_string_pretty(article).unwrap();
        writeln!(out, "{rank:?} at line {line}\n{json}").unwrap();
        if let Some(body) = body {
            writeln!(out, "---\n{}\n---", body.trim_end()).unwrap();
        }
    }
    for problem in &reading.problems {
        writeln!(
            out,
            "{}: {}[{}]: {}",
            problem.place, problem.severity, problem.code, problem.message
        )
        .unwrap();
        if let Some(line) = &problem.line_text {
            writeln!(out, "    {line}").unwrap();
        }
        writeln!(out, "  help: {}", problem.help.as_deref().unwrap_or_default()).unwrap();
    }
    for path in &reading.looked_for {
        writeln!(out, "looked for {path}").unwrap();
    }
    if reading.failed {
        out.push_str("failed\n");
    }
    out
}

fn files(root: &Path, below: &str, found: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(root.join(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap().to_str().unwrap();
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        if entry.is_dir() {
            files(root, &path, found);
        } else if is_document(&path) {
            found.push(path);
        }
    }
}

fn case(entry: &Path) -> String {
    if entry.is_dir() {
        let options = options_of(entry);
        let mut paths = Vec::new();
        files(entry, "", &mut paths);
        assert!(!paths.is_empty(), "{} has no documents", entry.display());
        return paths
            .iter()
            .map(|path| format!("# {path}\n{}", shown(&read_file(entry, path, &options))))
            .collect();
    }
    let name = entry.file_name().unwrap().to_str().unwrap();
    if name.ends_with(".row.json") {
        return shown(&read_row(&row(&fs::read_to_string(entry).unwrap()), &options()));
    }
    shown(&read_file(entry.parent().unwrap(), name, &options()))
}

fn is_case(entry: &Path) -> bool {
    entry.extension().is_none_or(|e| e != "snap") && !entry.ends_with("READ")
}

/// All that a case is read from.
fn input(entry: &Path) -> Vec<u8> {
    if entry.is_file() {
        return fs::read(entry).unwrap();
    }
    let mut paths = Vec::new();
    files(entry, "", &mut paths);
    paths.sort();
    paths
        .iter()
        .flat_map(|path| [path.as_bytes().to_vec(), input(&entry.join(path))].concat())
        .collect()
}

#[test]
fn another_reading_of_the_same_document_has_another_number() {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let made: Vec<(String, Vec<u8>, Vec<u8>)> = entries
        .iter()
        .filter(|entry| is_case(entry))
        .map(|entry| {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            (name, input(entry), case(entry).into_bytes())
        })
        .collect();
    let kept_in = Path::new(CASES).join("READ");
    crate::support::number::stands_for(&kept_in, feedwright::document::READ, &made);
}

#[test]
fn every_case_reads_as_it_did() {
    let mut names = Vec::new();
    let mut different = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.iter().filter(|entry| is_case(entry)) {
        let name = entry.file_name().unwrap().to_str().unwrap();
        let name = name.split('.').next().unwrap().to_owned();
        let snap = Path::new(CASES).join(format!("{name}.snap"));
        let now = case(entry);
        let then = fs::read_to_string(&snap).ok();
        if then.as_ref() != Some(&now) {
            let then = then.unwrap_or_default();
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&snap, &now).unwrap();
            } else {
                let line = now.lines().zip(then.lines()).take_while(|(a, b)| a == b).count();
                let at = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
                different.push(format!(
                    "{name}, line {}:\n-{}\n+{}",
                    line + 1,
                    at(&then),
                    at(&now)
                ));
            }
        }
        names.push(name);
    }
    for entry in entries.iter().filter(|entry| entry.extension().is_some_and(|e| e == "snap")) {
        let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(&name), "{name}.snap belongs to no case");
    }
    assert!(different.is_empty(), "UPDATE=1 writes these anew:\n{}", different.join("\n"));
}

#[test]
fn documents_are_known_by_their_ending() {
    for path in [
        "a.md",
        "a/b.MARKDOWN",
        "a.mkd",
        "a.mkdn",
        "a.mkdown",
        "a.txt",
        "a.b.md",
        "a.html",
        "A.HTM",
        "a.xhtml",
    ] {
        assert!(is_document(path), "{path}");
    }
    for path in [
        "_index.md",
        "a/_index.md",
        "a.png",
        "md",
        ".md",
        "a.md/b",
        "_layouts/a.html",
        "a/_includes/b.html",
        "a.svg",
        "",
    ] {
        assert!(!is_document(path), "{path}");
    }
}

#[test]
fn an_index_names_its_section() {
    let (index, problems) =
        read_index("world", "world/_index.md", b"+++\ntitle = 'The World'\nweight = 2\n+++\n");
    assert_eq!(problems, []);
    assert_eq!(
        index,
        FolderIndex {
            folder: "world".to_owned(),
            title: Some("The World".to_owned()),
            weight: Some(2)
        }
    );
    let (index, problems) = read_index("world", "world/_index.md", b"---\ntitle: [\n---\n");
    assert_eq!(index.title, None);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].severity, Severity::Warning);
}

/// Articles of a capture, merged as the catalog merges them: by rule id, and a run-together line
/// into a better sighting of the same instant whose title begins it.
fn merged(reading: &Reading) -> BTreeMap<&str, &Sighting> {
    let mut articles: BTreeMap<&str, &Sighting> = BTreeMap::new();
    for sighting in &reading.sightings {
        let twin = reading.sightings.iter().any(|other| {
            sighting.rank == Rank::Merged
                && other.rank < Rank::Merged
                && other.article.published == sighting.article.published
                && sighting.article.title.starts_with(&other.article.title)
        });
        if !twin {
            let known = articles.entry(&sighting.article.rule_id).or_insert(sighting);
            if sighting.rank < known.rank {
                *known = sighting;
            }
        }
    }
    articles
}

#[test]
fn the_seed_capture_yields_its_43_articles() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seed"));
    let Ok(entries) = fs::read_dir(folder) else {
        assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{} is missing", folder.display());
        println!("SKIPPED seed: there is no {}", folder.display());
        return;
    };
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let file = files.iter().find(|path| path.extension().is_some_and(|e| e == "txt")).unwrap();
    let reading = read_file(folder, file.file_name().unwrap().to_str().unwrap(), &options());
    assert!(!reading.failed);
    let codes: Vec<&str> = reading.problems.iter().map(|p| p.code.as_str()).collect();
    assert_eq!(codes, ["link-made"]);

    let of = |rank| reading.sightings.iter().filter(move |s| s.rank == rank);
    assert_eq!(
        (of(Rank::Full).count(), of(Rank::Headline).count(), of(Rank::Merged).count()),
        (1, 40, 6)
    );
    assert_eq!(of(Rank::Headline).filter(|s| s.article.kicker.is_some()).count(), 13);
    let articles = merged(&reading);
    assert_eq!(articles.len(), 43);
    assert_eq!(articles.values().filter(|s| s.rank == Rank::Merged).count(), 2);

    let page = of(Rank::Full).next().unwrap();
    let article = &page.article;
    assert_eq!(article.title.split_whitespace().count(), 8);
    assert_eq!(article.kicker.as_deref().map(|k| k.split_whitespace().count()), Some(6));
    let section = article.section().unwrap();
    assert_eq!((section.key.slug.as_str(), section.label.as_str()), ("analytics", "Analytics"));
    assert_eq!(article.authors().count(), 1);
    assert_eq!(article.authors().next().unwrap().name.split(' ').count(), 2);
    let published = options().zone.show(article.published.unwrap().at);
    assert_eq!(published.to_rfc3339(), "2024-02-18T12:05:00+04:00");
    assert!(article.link.starts_with("https://gazette.example/2024/02/18/"), "{}", article.link);
    let body = page.body.as_deref().unwrap();
    assert!(body.lines().all(|line| line.starts_with("<p>") && line.ends_with("</p>")));
    assert_eq!(body.lines().count(), 10);
    for furniture in ["Telegram", "Read also", "Latest news", "All news", " - 1"] {
        assert!(!body.contains(furniture), "{furniture}");
    }
    assert_eq!(article.related.len(), 6);
    for related in &article.related {
        assert!(articles.values().any(|s| s.article.link == related.link), "{}", related.link);
    }
    let mediums: Vec<Vec<&str>> = reading
        .sightings
        .iter()
        .map(|s| s.article.terms.iter().filter(|t| t.key.taxonomy.as_str() == "medium"))
        .map(|terms| terms.map(|t| t.key.slug.as_str()).collect())
        .filter(|slugs: &Vec<&str>| !slugs.is_empty())
        .collect();
    assert_eq!(mediums, [["photo", "video"]]);
    assert!(!reading.sightings.iter().any(|s| format!("{:?}", s.article).contains("/PHOTO")));
}

/// What holds of any reading.
fn sound(reading: &Reading) {
    for sighting in &reading.sightings {
        let article = &sighting.article;
        assert!(!article.title.is_empty() && !article.title.contains(['\n', '\0']));
        assert!(!article.rule_id.is_empty());
        let link = url::Url::parse(&article.link).unwrap();
        assert_eq!(link.as_str(), article.link, "links are written as URLs are");
        if let Some(body) = &article.body {
            assert_eq!(body.bytes, sighting.body.as_deref().unwrap().len() as u64);
        }
        assert!(article.terms.iter().all(|term| !term.key.slug.is_empty()));
    }
    for problem in &reading.problems {
        assert!(problem.help.as_deref().is_some_and(|help| !help.is_empty()), "{problem:?}");
        assert!(!problem.place.path.is_empty());
    }
    let error = reading.problems.iter().any(|p| p.severity == Severity::Error);
    assert_eq!(error, reading.failed, "{:?}", reading.problems);
    assert!(!reading.failed || reading.sightings.is_empty());
}

#[test]
fn hostile_pages_are_read_in_time() {
    let many = |piece: &str, n: usize| piece.repeat(n);
    let numbered =
        |n: usize, piece: &dyn Fn(usize) -> String| (0..n).map(piece).collect::<String>();
    let long = many("word ", 200);
    let open = numbered(400, &|n| format!("<b id={n}>"));
    let letters = |n: usize| "letter ".repeat(n);
    for text in [
        many("<div>", 200_000),
        many("<div><p>", 200) + &letters(100_000),
        format!("<article>{}{}", many("<div>", 500), letters(200_000)),
        format!("<div>{open}</div>{}", many("<p>a</p>", 20_000)),
        format!("<p {}>", numbered(300_000, &|n| format!(" a{n}"))),
        many("<b><p>x</b>", 30_000),
        many("<a><b><p>", 150_000),
        many("<table><tr><td>", 100_000),
        many("<table>x", 100_000),
        many("<!--", 200_000),
        many("<script>", 200_000),
        many("<svg><title>", 100_000),
        many("<select><option>", 100_000),
        many("<meta property=og:image content=/x.png>", 20_000),
        numbered(50_000, &|n| format!("<meta name=n{n} content=v{n}>")),
        numbered(20_000, &|n| format!("<meta property=og:image content=/{n}.png>")),
        numbered(50_000, &|n| format!("<meta property=article:tag content='&amp;{n}'>")),
        many("<div itemscope itemtype=https://schema.org/Article><span itemprop=headline>", 250),
        many("<div itemscope itemprop=author><b itemprop=name>x</b></div>", 10_000),
        many("<article><h2><a href=x>t</a></h2></article>", 20_000),
        format!("<main>{}</main>", many("<h1>T</h1><h2><a href=x>t</a></h2>", 15_000)),
        format!("<article><h1>t</h1>{}", many("<time>x</time><a rel=author href=x>a</a>", 20_000)),
        format!(
            "<article>{}",
            many("<header><h1>t</h1><figure><img src=x></figure></header>", 8_000)
        ),
        format!("<article>{}", many("<div class='share related comments'>x</div>", 20_000)),
        format!("<article class='{}'>x", many("aB ", 100_000)),
        format!("<article>{}", many("<img srcset='a 1x, b 2x' src=x>", 20_000)),
        format!("<base href=/a/><article>{}", many("<a href=x>t</a>", 30_000)),
        format!("<body>{}", many(&format!("<div><p>{long}</p></div>"), 500)),
        format!("<body>{}", many("<p>one, two, three, four, five, six, seven, eight</p>", 9_000)),
        format!(
            "<body>{}{}",
            many("<div>", 300),
            many("<p>one, two, three, four, five, six</p>", 9_000)
        ),
        format!("<body>{}", many("<br>x", 9_000)),
        format!("<script type=application/ld+json>{}</script>", many("[", 100_000)),
        format!(
            "<script type=application/ld+json>[{}1]</script>",
            many("{\"@type\":\"Article\"},", 100_000)
        ),
        many("<script type=application/ld+json>{\"a\": }</script>", 5_000),
        format!(
            "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":false,\
             \"hasPart\":[{}0]}}</script><article>{}",
            many("{\"isAccessibleForFree\":false,\"cssSelector\":\".a .b .c > .d\"},", 20_000),
            many("<p class=a>x", 20_000)
        ),
        format!("---\n---\n{}", many("{{ x }}{% highlight %}", 50_000)),
        format!("<?xml version='1.0'?>{}", many("<a/>", 100_000)),
        format!("<title>{}</title>", many("a | ", 200_000)),
    ] {
        sound(&read_bytes("a/b.html", text.as_bytes()));
    }
}

#[test]
fn hostile_documents_are_read_in_time() {
    let many = |piece: &str, n: usize| piece.repeat(n);
    let list = (0..200_000).map(|n| format!("\"t{n}\"")).collect::<Vec<_>>().join(",");
    let names = (0..100_000).map(|n| format!("\"n{n}\": 1")).collect::<Vec<_>>().join(",");
    let notes: String = (0..50_000).map(|n| format!("a[^{n}]\n\n[^{n}]: b\n\n")).collect();
    let codes: String = (0..50_000).map(|n| format!("{{{{< c{n} >}}}}")).collect();
    let head = "T\n\nWORLD  18 February 2024 - 12:05\n";
    for (path, text) in [
        ("a.md", format!("{{\"title\": \"x\", \"tags\": [{list}], \"aliases\": [{list}]}}\n")),
        ("a.md", format!("{{{names}}}\n")),
        ("a.md", notes),
        ("a.md", codes),
        ("a.md", many("{% raw %}", 100_000)),
        ("a.md", many("{% highlight x %}", 50_000)),
        ("a.md", many("{{", 500_000)),
        ("a.md", many("{:toc}* ", 100_000)),
        ("a.md", many("<p ", 300_000)),
        ("a.md", many("<!--", 200_000)),
        ("a.md", format!("{}-->", many("<!-- <p>", 100_000))),
        ("a.md", many("{% set a %}{{ a }}", 50_000)),
        ("a.md", format!("{}{{{{ a }}}}", many("{% set a %}x{% endset %}", 50_000))),
        ("a.md", many("- ", 100_000)),
        ("a.md", many("http://a.b ", 100_000)),
        ("a.md", format!("---\n{}", many("a: &a [*a, *a]\n", 50_000))),
        ("a.txt", format!("{head}{}", many("Read also\nT u\n18 February 2024 - 12:05\n", 50_000))),
        ("a.txt", format!("\u{e}\n\n{head}")),
        ("a.txt", "\u{e}\nWORLD  18 February 2024 - 12:05\n".to_owned()),
        ("a.txt", many("WORLD ", 300_000)),
        ("a.txt", format!("{head}{}", many("/PHOTO", 200_000))),
    ] {
        sound(&read_bytes(path, text.as_bytes()));
    }
}

fn read_bytes(path: &str, bytes: &[u8]) -> Reading {
    let around = Surroundings { indexes: &[], file: &|_| None };
    read(&Document { path, shown: path, content: Content::File(bytes), around }, &options())
}

/// Pieces that mean something somewhere, so that random texts get past the first line.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("---\n".to_owned()),
        Just("+++\n".to_owned()),
        Just("title: ".to_owned()),
        Just("date: 2024-02-18\n".to_owned()),
        Just("tags: [a, 'b']\n".to_owned()),
        Just("slug = \"".to_owned()),
        Just("permalink: /:title/{{ page.url }}\n".to_owned()),
        Just("{{< figure src=\"x\" >}}".to_owned()),
        Just("{% raw %}".to_owned()),
        Just("{{ x(".to_owned()),
        Just("{:toc}".to_owned()),
        Just("[^1]: x\n".to_owned()),
        Just("<!--more-->".to_owned()),
        Just("WORLD  18 February 2024 - 12:05\n".to_owned()),
        Just("Latest news\n".to_owned()),
        Just("18 February 2024 - 12:05\n".to_owned()),
        Just("\n\n".to_owned()),
        "\\PC{0,12}",
        "[a-zé\u{0}-\u{20}:\"'{}\\[\\]<>&/|*#-]{0,12}",
    ]
}

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        piece().prop_map(|text| Value::Text(text.into_bytes())),
        prop::collection::vec(any::<u8>(), 0..24).prop_map(Value::Blob),
    ]
}

const COLUMNS: [&str; 16] = [
    "id",
    "url",
    "title",
    "body",
    "body_format",
    "section",
    "tags",
    "authors",
    "published",
    "updated",
    "image",
    "enclosure",
    "draft",
    "visibility",
    "language",
    "slug",
];

/// Pieces of pages, sound and unsound.
fn markup() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &[
            "a",
            "article",
            "aside",
            "b",
            "base",
            "blockquote",
            "body",
            "div",
            "figure",
            "footer",
            "form",
            "frameset",
            "h1",
            "h2",
            "head",
            "header",
            "html",
            "img",
            "li",
            "main",
            "math",
            "meta",
            "nav",
            "noscript",
            "p",
            "plaintext",
            "pre",
            "script",
            "select",
            "span",
            "style",
            "svg",
            "table",
            "td",
            "template",
            "textarea",
            "time",
            "title",
            "tr",
            "ul",
        ][..],
    );
    let attribute = prop_oneof![
        Just(""),
        Just(" class=share"),
        Just(" class='entry-content'"),
        Just(" hidden"),
        Just(" href='/x'"),
        Just(" rel=author href=#a"),
        Just(" itemscope itemtype=https://schema.org/NewsArticle"),
        Just(" itemprop=headline"),
        Just(" itemprop='articleBody'"),
        Just(" datetime=2026-03-04"),
        Just(" property=og:title content='A | B'"),
        Just(" property=article:published_time content=2026-03-04"),
        Just(" property=og:type content=article"),
        Just(" name=robots content=noindex"),
        Just(" http-equiv=refresh content='0;url=/x'"),
        Just(" src=//x.example/é.png srcset='a 1x'"),
        Just(" type=application/ld+json"),
        Just(" style='display: none'"),
        Just(" a='"),
        Just(" /"),
    ];
    prop_oneof![
        4 => (name.clone(), attribute).prop_map(|(name, attribute)| format!("<{name}{attribute}>")),
        3 => name.prop_map(|name| format!("</{name}>")),
        1 => Just("<!-- more -->".to_owned()),
        1 => Just("<![CDATA[ x ]]>".to_owned()),
        1 => Just("<!doctype html>".to_owned()),
        1 => Just("{\"@type\": \"NewsArticle\", \"headline\": \"H\", \"image\": [{\"url\": 3}]}".to_owned()),
        1 => Just("&amp;&#0;&lt;b&nbsp;".to_owned()),
        2 => piece(),
        2 => Just("A sentence that is long enough to be taken for the text of an article. ".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_page_can_be_read(pieces in prop::collection::vec(markup(), 0..40)) {
        let text = pieces.concat();
        for path in ["a/b.html", "a/index.htm", "x.xhtml"] {
            let reading = read_bytes(path, text.as_bytes());
            sound(&reading);
            prop_assert_eq!(&reading, &read_bytes(path, text.as_bytes()));
        }
        sound(&read_bytes("_posts/2026-03-04-b.html", format!("---\ntitle: x\n---\n{text}").as_bytes()));
    }

    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        sound(&read_bytes("a/2024-02-18-b.md", &bytes));
        sound(&read_bytes("a.txt", &bytes));
        sound(&read_bytes("a.html", &bytes));
        let _ = read_index("a", "a/_index.md", &bytes);
    }

    #[test]
    fn any_text_can_be_read(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        sound(&read_bytes("a/index.md", text.as_bytes()));
        sound(&read_bytes("_posts/é b.md", format!("---\n{text}").as_bytes()));
        sound(&read_bytes("a.txt", text.as_bytes()));
    }

    #[test]
    fn any_row_can_be_read(cells in prop::collection::vec((prop::sample::select(&COLUMNS[..]), cell()), 0..16)) {
        let columns = cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        sound(&read_row(&Row { columns }, &options()));
    }
}
