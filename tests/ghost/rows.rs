//! Every kind of row that Ghost may hold, and what of each reaches the public: the words that only members
//! may read are looked for in every file that is published, and in whatever a command or the admin
//! listener says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;

use rusqlite::params;

use super::on_sqlite;
use crate::support::{Newsroom, Service, files, get};

const VISIBILITIES: [&str; 6] = ["public", "members", "paid", "tiers", "gold", ""];
const MARKS: [&str; 3] = ["", "<!--members-only-->", "<!-- members-only -->"];
const BLOCKS: [(&str, &str); 4] = [
    ("", ""),
    (
        "<!--kg-gated-block:begin nonMember:false memberSegment:\"status:free,status:-free\" -->",
        "<!--kg-gated-block:end-->",
    ),
    (
        "<!--kg-gated-block:begin nonMember:true memberSegment:\"status:free,status:-free\" -->",
        "<!--kg-gated-block:end-->",
    ),
    ("<!--kg-gated-block:begin nonMember:false -->", ""),
];
const BLOCK_NAMES: [&str; 4] = ["none", "members", "everybody", "unclosed"];
const MARK_NAMES: [&str; 3] = ["none", "sound", "broken"];
const STATUSES: [&str; 5] = ["draft", "scheduled", "sent", "published", "new-word"];
const TYPES: [&str; 2] = ["post", "page"];

/// A kind of row, by what it has of each.
#[derive(Debug, Clone, Copy)]
struct Kind {
    number: usize,
    visibility: usize,
    mark: usize,
    block: usize,
    in_mail_only: bool,
    status: usize,
    kind: usize,
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for visibility in 0..VISIBILITIES.len() {
        for mark in 0..MARKS.len() {
            for block in 0..BLOCKS.len() {
                for in_mail_only in [false, true] {
                    for status in 0..STATUSES.len() {
                        for kind in 0..TYPES.len() {
                            let number = kinds.len();
                            let one = Kind {
                                number,
                                visibility,
                                mark,
                                block,
                                in_mail_only,
                                status,
                                kind,
                            };
                            kinds.push(one);
                        }
                    }
                }
            }
        }
    }
    kinds
}

impl Kind {
    /// A word that only this row has: `t`itle, `e`xcerpt, `h`ead, `b`lock, ta`i`l, or a column that is
    /// nobody's (`x`).
    fn word(self, part: char) -> String {
        format!("W{}{part}W", self.number)
    }

    fn html(self) -> String {
        let (begin, end) = BLOCKS[self.block];
        format!(
            "<p>{}</p>{begin}<p>{}</p>{end}{}<p>{}</p>",
            self.word('h'),
            self.word('b'),
            MARKS[self.mark],
            self.word('i')
        )
    }

    /// The parts that the public may have, as Ghost's rules are written for people: said apart from the
    /// code, and from the HTML.
    fn public_parts(self) -> &'static str {
        let is_listed = STATUSES[self.status] == "published"
            && TYPES[self.kind] == "post"
            && !self.in_mail_only;
        if !is_listed {
            return "";
        }
        let only_title = "te";
        let sound_block = BLOCK_NAMES[self.block] != "unclosed";
        match (VISIBILITIES[self.visibility], MARK_NAMES[self.mark]) {
            ("gold" | "", _) | (_, "broken") => only_title,
            _ if !sound_block => only_title,
            ("public", _) if BLOCK_NAMES[self.block] == "members" => "tehi",
            ("public", _) => "tehbi",
            (_, "none") => only_title,
            (_, _) if BLOCK_NAMES[self.block] == "members" => "teh",
            (_, _) => "tehb",
        }
    }
}

/// The newsroom whose database has a row of each kind.
fn newsroom(kinds: &[Kind]) -> Newsroom {
    let (newsroom, mut connection) = on_sqlite("");
    let transaction = connection.transaction().unwrap();
    for kind in kinds {
        let id = format!("{:024x}", kind.number + 1);
        let hidden = kind.word('x');
        let published = match STATUSES[kind.status] {
            "scheduled" => "2050-01-01 06:00:00",
            "draft" => "",
            _ => "2024-02-01 21:30:00",
        };
        transaction
            .execute(
                "insert into posts (id, uuid, title, slug, html, lexical, mobiledoc, plaintext, type, \
                 status, visibility, created_at, created_by, updated_at, published_at, custom_excerpt, \
                 codeinjection_head, codeinjection_foot, email_recipient_filter) \
                 values (?1, ?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7, ?8, '2024-01-01 00:00:00', '1', \
                 '2024-02-03 00:00:00', nullif(?9, ''), ?10, ?5, ?5, 'all')",
                params![
                    id,
                    kind.word('t'),
                    format!("row-{}", kind.number),
                    kind.html(),
                    hidden,
                    TYPES[kind.kind],
                    STATUSES[kind.status],
                    VISIBILITIES[kind.visibility],
                    published,
                    kind.word('e'),
                ],
            )
            .unwrap();
        transaction
            .execute(
                "insert into posts_meta (id, post_id, email_only, email_subject, frontmatter) \
                 values (?1, ?1, ?2, ?3, ?3)",
                params![id, kind.in_mail_only, hidden],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    newsroom
}

/// All words of ours in a text.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() > 3 && word.starts_with('W') && word.ends_with('W'))
        .map(str::to_owned)
        .collect()
}

/// A published file as a reader decodes it.
fn decoded(path: &str, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("gz") => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap(),
        Some("br") => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).unwrap(),
        Some("zst") => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut out).unwrap(),
        _ => {
            out = bytes.to_vec();
            out.len()
        }
    };
    String::from_utf8_lossy(&out).into_owned()
}

/// The table, a line for each kind of row that is listed, and one for all others.
fn table(kinds: &[Kind], found: &BTreeMap<&str, BTreeSet<String>>) -> String {
    let places: Vec<&str> = found.keys().copied().collect();
    let mut table = format!(
        "{:<12}{:<8}{:<11}{:<10}{}\n",
        "visibility",
        "mark",
        "block",
        "may have",
        places.iter().map(|place| format!("{place:<10}")).collect::<String>()
    );
    let mut others = BTreeMap::<&str, usize>::new();
    let mut unlisted = 0;
    for kind in kinds {
        let had = |place: &str| -> String {
            "tehbix".chars().filter(|part| found[place].contains(&kind.word(*part))).collect()
        };
        if kind.public_parts().is_empty() {
            unlisted += 1;
            for place in &places {
                *others.entry(place).or_default() += had(place).len();
            }
            continue;
        }
        let _ = write!(
            table,
            "{:<12}{:<8}{:<11}{:<10}",
            format!("{:?}", VISIBILITIES[kind.visibility]),
            MARK_NAMES[kind.mark],
            BLOCK_NAMES[kind.block],
            kind.public_parts()
        );
        for place in &places {
            let _ = write!(table, "{:<10}", had(place));
        }
        table.push('\n');
    }
    let _ = writeln!(
        table,
        "{unlisted} kinds that aren't listed (drafts, scheduled, sent, in mail only, pages, new words): words found {others:?}"
    );
    table.push_str("t title, e excerpt, h before mark and block, b in the block, i behind the mark, x plaintext, lexical, code\n");
    table
}

#[test]
fn no_word_that_members_pay_for_is_public() {
    let kinds = kinds();
    let newsroom = newsroom(&kinds);
    let report = newsroom.regenerate();
    assert_eq!(report.status, 0, "{:?}", report.failures());
    let allowed: BTreeSet<String> = kinds
        .iter()
        .flat_map(|kind| kind.public_parts().chars().map(|part| kind.word(part)))
        .collect();

    let tree = files(&newsroom.path("public"));
    let mut looked_at = 0;
    for (path, bytes) in &tree {
        looked_at += 1;
        let leaked: Vec<_> = words(&decoded(path, bytes)).difference(&allowed).cloned().collect();
        assert!(leaked.is_empty(), "{path}: {leaked:?}");
    }
    assert!(looked_at > 10, "{:?}", tree.keys());

    let mut found = BTreeMap::new();
    for (place, path) in [
        ("RSS", "feeds/latest.rss"),
        ("Atom", "feeds/latest.atom"),
        ("JSON", "feeds/latest.json"),
        ("page", "feeds/latest/index.html"),
        ("manifest", "feeds.json"),
    ] {
        found.insert(place, words(&decoded(path, &tree[path])));
    }
    // Whatever may be public is: nothing passes by being empty.
    for place in ["RSS", "Atom", "JSON"] {
        let missing: Vec<_> = allowed.difference(&found[place]).collect();
        // A summary stands where there is no text, or beside it, as each format has it.
        let missing: Vec<_> = missing.iter().filter(|word| !word.contains('e')).collect();
        assert!(missing.is_empty(), "{place}: {missing:?}");
    }

    let explained = kinds.iter().step_by(7).map(|kind| {
        let row = format!("blog row {:024x}", kind.number + 1);
        let ended = newsroom.feedwright(&["explain", &row]);
        format!("{} {}", ended.stdout, ended.stderr)
    });
    found.insert("explain", words(&explained.collect::<String>()));
    let service = Service::ready(&newsroom);
    let told: String = ["/status", "/readyz", "/metrics"]
        .map(|path| get(service.admin, path, &[]).text())
        .concat();
    found.insert("status", words(&told));
    let commands = [&["status"][..], &["check"], &["history", "latest"], &["lock"]].map(|args| {
        let ended = newsroom.feedwright(args);
        format!("{} {}", ended.stdout, ended.stderr)
    });
    found.insert("commands", words(&commands.concat()));
    // Whoever may run a command may know what is to come, but its text stays unsaid there, too.
    let to_come: BTreeSet<String> = kinds
        .iter()
        .filter(|kind| STATUSES[kind.status] == "scheduled")
        .flat_map(|kind| ['t', 'e'].map(|part| kind.word(part)))
        .collect();
    for (place, words) in &found {
        let mut leaked: Vec<_> = words.difference(&allowed).collect();
        leaked.retain(|word| *place != "explain" || !to_come.contains(*word));
        assert!(leaked.is_empty(), "{place}: {leaked:?}");
    }
    println!("{}", table(&kinds, &found));
    println!("{} kinds of rows, {looked_at} published files looked at", kinds.len());
}
