//! Whatever is told apart before deciding, the decision is the one that all would give together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;

use crate::article::ContentHash;
use crate::catalog::Catalog;
use crate::catalog::diff::{Change, Decision, KnownArticle};
use crate::catalog::guard::Verdict;
use crate::catalog::lock::Lock;
use crate::catalog::stage::prepare;
use crate::document::{Rank, Reading, Sighting};
use crate::source::{FoundHead, Stamp};
use crate::state::State;

const SOURCE: &str = "s";

/// What one document says; small numbers, so that documents often agree by chance.
#[derive(Debug, Clone)]
struct Says {
    rule: u8,
    link: u8,
    title: u8,
    published: Option<u8>,
    body: Option<u8>,
    capture: bool,
    rank: Rank,
}

impl Says {
    fn sighting(&self) -> Sighting {
        let html = self.body.map(|b| format!("<p>{}</p>", format!("word{b} ").repeat(60)));
        let mut article = json!({
            "rule_id": format!("https://a.example/{}", self.rule),
            "id_origin": if self.rule.is_multiple_of(3) { "named" } else { "derived" },
            "link": format!("https://a.example/l{}", self.link),
            "link_named": false,
            "title": format!("Title {}", self.title),
            "published": null,
            "visibility": "public",
        });
        if let Some(published) = self.published {
            article["published"] = json!({
                "at": format!("2026-01-0{}T00:00:00Z", published + 1),
                "precision": "instant",
            });
        }
        if let Some(html) = &html {
            let hash = serde_json::to_value(ContentHash::of(html.as_bytes())).unwrap();
            article["body"] = json!({"hash": hash, "bytes": html.len(), "extent": "full"});
        }
        let article = serde_json::from_value(article).unwrap();
        Sighting { rank: self.rank, article, body: html, line: 1 }
    }
}

fn says() -> impl Strategy<Value = Says> {
    let rank =
        prop_oneof![4 => Just(Rank::Full), 1 => Just(Rank::Headline), 1 => Just(Rank::Merged)];
    let some = |most: u8| prop::option::weighted(0.8, 0..most);
    (0u8..12, 0u8..12, 0u8..8, some(6), some(8), prop::bool::weighted(0.15), rank).prop_map(
        |(rule, link, title, published, body, capture, rank)| Says {
            rule,
            link,
            title,
            published,
            body,
            capture,
            rank,
        },
    )
}

/// Each round: documents, by number; `None` where one goes.
fn rounds() -> impl Strategy<Value = Vec<Vec<(u8, Option<Says>)>>> {
    let document = (0u8..10, prop::option::weighted(0.8, says()));
    prop::collection::vec(prop::collection::vec(document, 1..8), 1..5)
}

fn stage(catalog: &mut Catalog, n: u8, says: Option<&Says>) {
    let ending = if says.is_some_and(|s| s.capture) { "txt" } else { "md" };
    for other in ["txt", "md"].iter().filter(|e| says.is_none() || **e != ending) {
        catalog.stage_vanished(SOURCE, &[format!("{n}.{other}")]).unwrap();
    }
    let Some(says) = says else { return };
    let path = format!("{n}.{ending}");
    let head = FoundHead {
        shown: path.clone(),
        path,
        context: ContentHash([0; 16]),
        indexes: Arc::from([]),
        known: None,
    };
    let reading = Reading { sightings: vec![says.sighting()], ..Reading::default() };
    let hash = ContentHash::of(format!("{says:?}").as_bytes());
    let staged = prepare(SOURCE, head, Stamp(Vec::new()), hash, reading, Vec::new()).unwrap();
    catalog.stage(vec![staged]).unwrap();
}

/// A decision with its strangers among the changes, in an order of its own.
fn told(catalog: &Catalog, decision: &Decision) -> (BTreeSet<String>, usize) {
    let mut told: BTreeSet<String> =
        decision.changes.iter().map(|change| format!("{change:?}")).collect();
    let mut strangers = 0;
    catalog
        .rows(
            "select s.sighting, s.rule_id, s.source from temp.stranger x
             cross join sighting s on s.sighting = x.sighting",
            |row| {
                let (sighting, rule, source) = (row.get(0)?, row.get::<_, String>(1)?, row.get(2)?);
                let (id, was_out) = (rule.clone(), false);
                strangers += 1;
                told.insert(format!("{:?}", Change::New { sighting, id, rule, source, was_out }));
                Ok(())
            },
        )
        .unwrap();
    told.extend(decision.doubts.iter().map(|d| format!("{d:?}")));
    told.extend(decision.unfound.iter().map(|u| format!("{u:?}")));
    told.extend(decision.problems.iter().map(|p| format!("{p:?}")));
    told.extend(decision.same.iter().map(|s| format!("same {s}")));
    (told, strangers)
}

fn learned(id: u8, says: &Says) -> KnownArticle {
    let article = Says { rule: id, ..says.clone() }.sighting().article;
    KnownArticle {
        article: None,
        id: article.rule_id.clone(),
        rule_id: article.rule_id,
        sighting: 0,
        hash: ContentHash([0; 16]),
        source: String::new(),
        path: String::new(),
        link: article.link,
        title: article.title,
        published: article.published.map(|p| p.at.timestamp()),
        capture: false,
        body: article.body.map(|b| b.hash),
        vanished: true,
        was_out: true,
    }
}

proptest! {
    #[test]
    fn telling_strangers_apart_changes_no_decision(
        rounds in rounds(),
        locked in prop::collection::btree_map(0u8..12, 0u8..12, 0..3),
        published in prop::collection::btree_map(0u8..12, says(), 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state"), &folder.path().join("f")).unwrap();
        let mut catalog = Catalog::open(&state).unwrap();
        let name = |n: &u8| format!("https://a.example/{n}");
        let ids: BTreeMap<_, _> = locked.iter().map(|(r, i)| (name(r), name(i))).collect();
        let lock = Lock { ids, ..Lock::default() };
        let sources = [SOURCE.to_owned()];
        for (at, round) in rounds.iter().enumerate() {
            for (n, says) in round {
                stage(&mut catalog, *n, says.as_ref());
            }
            let learned: Vec<_> = match at {
                0 => published.iter().map(|(id, says)| learned(*id, says)).collect(),
                _ => Vec::new(),
            };
            catalog.compare(&lock).unwrap();
            catalog.set_aside(&BTreeSet::new()).unwrap();
            let whole = catalog.decide_all(&sources, &lock, learned.clone()).unwrap();
            let whole = told(&catalog, &whole);
            prop_assert_eq!(whole.1, 0);
            let decision = catalog.decide(&sources, &lock, learned).unwrap();
            prop_assert_eq!(&told(&catalog, &decision).0, &whole.0);
            let as_of = DateTime::from_timestamp(1_800_000_000 + at as i64, 0).unwrap();
            catalog.commit(&decision, &[], &lock, &Verdict::default(), as_of).unwrap();
        }
    }
}
