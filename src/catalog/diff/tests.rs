use super::*;

fn seen(sighting: i64, rank: Rank, title: &str) -> Seen {
    Seen {
        sighting,
        source_order: 0,
        source: "s".to_owned(),
        path: format!("{sighting}.txt"),
        shown: format!("s/{sighting}.txt"),
        line: 1,
        rank,
        capture: true,
        named: false,
        rule_id: title.to_owned(),
        link: title.to_owned(),
        title: title.to_owned(),
        published: Some(7),
        summary_bytes: 0,
        hash: ContentHash::of(format!("{rank:?}{title}").as_bytes()),
        body: None,
    }
}

/// A Markdown document: no capture, so only its id, link, path and body tell what it is.
fn file(sighting: i64, path: &str, title: &str) -> Seen {
    let mut s = seen(sighting, Rank::Full, title);
    s.capture = false;
    path.clone_into(&mut s.path);
    s.rule_id = format!("https://a.example/{path}/");
    s.link.clone_from(&s.rule_id);
    s.published = Some(sighting);
    s.body = Some(ContentHash::of(title.as_bytes()));
    s.hash = ContentHash::of(format!("{path} {title}").as_bytes());
    s
}

fn known(article: i64, of: &Seen) -> KnownArticle {
    KnownArticle {
        article: Some(article),
        id: of.rule_id.clone(),
        rule_id: of.rule_id.clone(),
        sighting: of.sighting,
        hash: of.hash,
        source: of.source.clone(),
        path: of.path.clone(),
        link: of.link.clone(),
        title: of.title.clone(),
        published: of.published,
        capture: of.capture,
        body: of.body,
        vanished: true,
        was_out: false,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn decide(seen: Vec<Seen>, known: &[KnownArticle]) -> Decision {
    decide_with(seen, known, &[], &[])
}

fn decide_with(
    seen: Vec<Seen>,
    known: &[KnownArticle],
    locked: &[(&str, &str)],
    bodies: &[(ContentHash, String)],
) -> Decision {
    let locked: BTreeMap<String, String> =
        locked.iter().map(|(r, i)| ((*r).to_owned(), (*i).to_owned())).collect();
    let around = Around {
        locked: &locked,
        taken: &|id| id == "taken",
        words: &|hash| bodies.iter().find(|(h, _)| h == hash).map(|(_, text)| words(text)),
    };
    super::decide(seen, known, &around)
}

/// What each change does to whom, in the order of sightings and then of articles.
fn told(decision: &Decision) -> Vec<String> {
    decision
        .changes
        .iter()
        .map(|c| match c {
            Change::New { sighting, id, .. } => format!("new {sighting} {id}"),
            Change::Edited { article, sighting, id, .. } => {
                format!("edited {article} {sighting} {id}")
            }
            Change::Repointed { article, sighting, .. } => {
                format!("repointed {article} {sighting}")
            }
            Change::Withdrawn { article, .. } => format!("withdrawn {article}"),
        })
        .collect()
}

#[test]
fn a_merged_line_is_its_better_twin() {
    let all = vec![
        seen(1, Rank::Merged, "A show Must go on"),
        seen(2, Rank::Headline, "A show"),
        seen(3, Rank::Headline, "A sh"),
        seen(4, Rank::Merged, "Alone Without twin"),
    ];
    let decision = decide(all, &[]);
    assert_eq!(told(&decision), ["new 3 A sh", "new 2 A show", "new 4 Alone Without twin"]);
    assert!(decision.problems.is_empty());
}

#[test]
fn a_story_keeps_its_id_when_its_better_sighting_comes_or_goes() {
    let headline = seen(1, Rank::Headline, "A show");
    let merged = seen(2, Rank::Merged, "A show Must go on");
    let decision = decide(vec![merged.clone()], &[known(5, &headline)]);
    assert_eq!(told(&decision), ["edited 5 2 A show"]);
    let decision = decide(vec![merged.clone(), headline], &[known(5, &merged)]);
    assert_eq!(told(&decision), ["edited 5 1 A show Must go on"]);
}

#[test]
fn what_is_known_is_edited_repointed_or_withdrawn() {
    let (a, b, c) = (seen(1, Rank::Full, "a"), seen(2, Rank::Full, "b"), seen(3, Rank::Full, "c"));
    let mut edited = a.clone();
    edited.hash = ContentHash::of(b"other");
    let mut moved = b.clone();
    moved.sighting = 9;
    let decision = decide(vec![edited, moved], &[known(1, &a), known(2, &b), known(3, &c)]);
    assert_eq!(told(&decision), ["edited 1 1 a", "repointed 2 9", "withdrawn 3"]);
}

#[test]
fn a_document_that_keeps_its_path_keeps_its_id() {
    let old = file(1, "x", "Title");
    let mut slugged = old.clone();
    slugged.sighting = 2;
    slugged.rule_id = "https://a.example/new/".to_owned();
    slugged.link.clone_from(&slugged.rule_id);
    slugged.hash = ContentHash::of(b"new");
    let decision = decide(vec![slugged.clone()], &[known(5, &old)]);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/x/"]);
    slugged.title = "Another story".to_owned();
    slugged.body = None;
    slugged.published = Some(99);
    let decision = decide(vec![slugged], &[known(5, &old)]);
    assert_eq!(told(&decision), ["new 2 https://a.example/new/", "withdrawn 5"]);
}

#[test]
fn what_stood_at_a_path_before_leaves_the_article_there_its_id() {
    let (before, now) = (file(1, "a", "Old"), file(2, "a", "New"));
    let mut stands = known(2, &now);
    stands.rule_id = "https://a.example/slug/".to_owned();
    stands.link.clone_from(&stands.rule_id);
    stands.id.clone_from(&stands.rule_id);
    let mut departed = known(1, &before);
    departed.article = None;
    let mut edited = now;
    edited.rule_id = "https://a.example/other/".to_owned();
    edited.link.clone_from(&edited.rule_id);
    let decision = decide(vec![edited], &[departed, stands]);
    assert_eq!(told(&decision), ["repointed 2 2"], "{decision:?}");
}

#[test]
fn an_article_keeps_its_id_when_its_document_starts_or_stops_naming_one() {
    let derived = file(1, "x", "Title");
    let mut named = derived.clone();
    named.sighting = 2;
    named.named = true;
    named.rule_id = "urn:x:1".to_owned();
    named.hash = ContentHash::of(b"named");
    let decision = decide(vec![named.clone()], &[known(5, &derived)]);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/x/"]);
    let decision = decide(vec![derived], &[known(5, &named)]);
    assert_eq!(told(&decision), ["edited 5 1 urn:x:1"]);
}

#[test]
fn a_moved_article_is_known_by_its_body_its_instant_or_its_text() {
    let long: String = (0..60).map(|n| format!("w{n} ")).collect();
    let edited: String =
        (0..60).map(|n| if n < 15 { format!("v{n} ") } else { format!("w{n} ") }).collect();
    let old = file(1, "old", "Title");
    let bodies = |new: &Seen, text: &str| {
        vec![(old.body.unwrap(), long.clone()), (new.body.unwrap(), text.to_owned())]
    };
    // Equal body.
    let mut new = file(2, "new", "Another title");
    new.body = old.body;
    let decision =
        decide_with(vec![new], &[known(5, &old)], &[], &[(old.body.unwrap(), long.clone())]);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/old/"]);
    // Equal body, but too short to mean anything.
    let mut new = file(2, "new", "Another title");
    new.body = old.body;
    let decision =
        decide_with(vec![new], &[known(5, &old)], &[], &[(old.body.unwrap(), "short".to_owned())]);
    assert_eq!(told(&decision), ["new 2 https://a.example/new/", "withdrawn 5"]);
    // Equal instant and title.
    let mut new = file(2, "new", "Title");
    new.published = old.published;
    new.body = None;
    let decision = decide(vec![new], &[known(5, &old)]);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/old/"]);
    // Equal title, and most of the text.
    let mut new = file(2, "new", "Title");
    new.body = Some(ContentHash::of(b"edited"));
    let with = bodies(&new, &edited);
    let decision = decide_with(vec![new.clone()], &[known(5, &old)], &[], &with);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/old/"]);
    // Equal title, another text.
    let with = bodies(&new, "something else altogether that nobody wrote before");
    let decision = decide_with(vec![new], &[known(5, &old)], &[], &with);
    assert_eq!(told(&decision), ["new 2 https://a.example/new/", "withdrawn 5"]);
}

#[test]
fn a_move_counts_only_where_one_pair_fits() {
    let old = file(1, "old", "Title");
    let copies: Vec<Seen> = [2, 3]
        .map(|n| {
            let mut new = file(n, &format!("new{n}"), "Title");
            new.published = old.published;
            new.body = None;
            new
        })
        .to_vec();
    let decision = decide(copies, &[known(5, &old)]);
    assert_eq!(
        told(&decision),
        ["new 2 https://a.example/new2/", "new 3 https://a.example/new3/", "withdrawn 5"]
    );
}

#[test]
fn a_copy_whose_original_stands_is_new() {
    let old = file(1, "old", "Title");
    let mut copy = file(2, "copy", "Title");
    copy.body = old.body;
    copy.published = old.published;
    let decision = decide(vec![old.clone(), copy], &[known(5, &old)]);
    assert_eq!(told(&decision), ["new 2 https://a.example/copy/"]);
}

#[test]
fn what_comes_back_has_the_id_that_it_had() {
    let old = file(1, "old", "Title");
    let mut withdrawn = known(5, &old);
    withdrawn.article = None;
    withdrawn.id = "urn:first".to_owned();
    let decision = decide(vec![old], &[withdrawn]);
    assert_eq!(told(&decision), ["new 1 urn:first"]);
}

#[test]
fn two_links_with_one_derived_id_are_two_articles() {
    let (mut a, mut b) = (file(1, "2023/foo", "Foo"), file(2, "2024/foo", "Foo again"));
    for s in [&mut a, &mut b] {
        s.rule_id = "https://a.example/foo/".to_owned();
    }
    let decision = decide(vec![a.clone(), b.clone()], &[]);
    assert_eq!(
        told(&decision),
        ["new 1 https://a.example/foo/", "new 2 https://a.example/foo/#2024/foo"]
    );
    // The one that was there first keeps the plain id, whatever its place.
    let decision = decide(vec![a, b.clone()], &[known(5, &b)]);
    assert_eq!(told(&decision), ["new 1 https://a.example/foo/#2023/foo", "repointed 5 2"]);
}

#[test]
fn no_id_is_given_twice() {
    let mut rule = file(1, "a", "A");
    rule.rule_id = "taken".to_owned();
    assert_eq!(told(&decide(vec![rule], &[])), ["new 1 taken#2"]);
    // What the lock gives to a rule is that one's, also while its document isn't there.
    let new = file(1, "old", "A");
    let locked = [("https://a.example/new/", "https://a.example/old/")];
    let decision = decide_with(vec![new], &[], &locked, &[]);
    assert_eq!(told(&decision), ["new 1 https://a.example/old/#2"]);
}

#[test]
fn ids_on_a_loopback_host_follow_the_site() {
    let mut old = file(1, "x", "Title");
    old.rule_id = "http://localhost:1313/x/".to_owned();
    old.link.clone_from(&old.rule_id);
    let new = file(2, "x", "Title");
    let decision = decide(vec![new], &[known(5, &old)]);
    assert_eq!(told(&decision), ["edited 5 2 https://a.example/x/"]);
}

#[test]
fn two_full_articles_of_one_id_are_told() {
    let mut one = file(1, "a", "A");
    let mut two = file(2, "b", "B");
    for s in [&mut one, &mut two] {
        s.named = true;
        s.rule_id = "7".to_owned();
    }
    two.source = "t".to_owned();
    two.source_order = 1;
    let decision = decide(vec![two, one], &[]);
    assert_eq!(decision.changes.len(), 1);
    let problem = &decision.problems[&1][0];
    assert_eq!(problem.code, ID_TWICE);
    assert!(problem.help.as_deref().unwrap().contains("id_prefix"));
}
