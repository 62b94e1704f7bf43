use super::*;
use crate::article::Media;

fn medium(url: &str, role: MediaRole) -> Media {
    Media::at(url, role)
}

#[test]
fn what_a_document_says_stands() {
    let found = Found {
        bytes: Some(7),
        media_type: Some("audio/flac".into()),
        width: Some(1),
        height: Some(2),
        duration_s: Some(3),
    };
    let mut unsaid = medium("https://a.example/x.mp3", MediaRole::Enclosure);
    unsaid.media_type = Some("audio/mpeg".into());
    fill(&mut unsaid, &found);
    assert_eq!((unsaid.bytes, unsaid.duration_s), (Some(7), Some(3)));
    assert_eq!(unsaid.media_type.as_deref(), Some("audio/flac"), "an ending is nobody's word");
    assert_eq!(unsaid.facts, Facts::Measured);
    let mut said = medium("https://a.example/x.mp3", MediaRole::Enclosure);
    said.media_type = Some("audio/mp4".into());
    (said.bytes, said.duration_s, said.width) = (Some(1), Some(2), Some(9));
    said.facts = Facts::Claimed;
    let before = said.clone();
    fill(&mut said, &found);
    assert_eq!(said, before);
}

#[test]
fn only_what_is_elsewhere_and_unknown_is_worth_asking_for() {
    let is = |m: &Media| matters(m) && lacks(m);
    let mut sound = medium("https://a.example/x.mp3", MediaRole::Enclosure);
    assert!(is(&sound));
    sound.bytes = Some(1);
    assert!(is(&sound), "its seconds aren't known");
    sound.duration_s = Some(1);
    assert!(!is(&sound));
    assert!(is(&medium("http://a.example/x.jpg", MediaRole::Lead)));
    assert!(!is(&medium("http://a.example/x.jpg", MediaRole::Further)));
    assert!(!is(&medium("data:image/png;base64,AA", MediaRole::Lead)));
    let mut local = medium("https://a.example/x.jpg", MediaRole::Lead);
    local.facts = Facts::Measured;
    assert!(!is(&local));
}

#[test]
fn a_mark_is_another_only_where_something_is_known() {
    let hash = ContentHash::of(b"article");
    let plain = ContentHash::of(b"window");
    let url = "https://a.example/x.mp3".to_owned();
    let mut known = Known::default();
    assert_eq!(known.mark(plain, [&hash].into_iter()), plain);
    known.articles.insert(hash, vec![url.clone()]);
    known.files.insert(url.clone(), File { failures: 3, ..File::default() });
    assert_eq!(known.mark(plain, [&hash].into_iter()), plain);
    assert_eq!(known.mark_all(plain), plain);
    let found = Found { bytes: Some(1), ..Found::default() };
    known.files.insert(url, File { found, ..File::default() });
    assert_ne!(known.mark(plain, [&hash].into_iter()), plain);
    assert_ne!(known.mark_all(plain), plain);
    assert_eq!(known.mark(plain, [&plain].into_iter()), plain);
}

#[test]
fn the_cache_keeps_what_is_wanted_and_forgets_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    assert!(Cache::open_to_read(&path).unwrap().is_none());
    let mut cache = Cache::open(&path).unwrap();
    let rank = Rank { purpose: Purpose::Recording, age: -5 };
    let older = Rank { purpose: Purpose::Recording, age: -4 };
    let picture = Rank { purpose: Purpose::Picture, age: -9 };
    let hash = ContentHash::of(b"article");
    let url = |name: &str| format!("https://a.example/{name}");
    let wanted = Wanted {
        files: [(url("a"), rank), (url("b"), picture), (url("c"), older)].into(),
        articles: vec![(hash, vec![url("a")])],
        standing: [hash].into(),
    };
    cache.want(&Known::default(), &wanted, 0).unwrap();
    let (due, all) = cache.due(0, 2).unwrap();
    assert_eq!(all, 3);
    assert_eq!(due.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>(), [url("a"), url("c")]);
    // What came of one stays, whoever wants what meanwhile.
    let file = File {
        rank: Some(rank),
        asked: Some(9),
        next: 99,
        failures: 2,
        failure: Some("is away".to_owned()),
        validators: (Some("\"x\"".to_owned()), None),
        lacks: "byte ranges".to_owned(),
        found: Found { bytes: Some(1 << 40), duration_s: Some(3), ..Found::default() },
    };
    cache.note(&[(url("a"), file.clone()), (url("gone"), File::default())]).unwrap();
    let known = Cache::open_to_read(&path).unwrap().unwrap().known().unwrap();
    assert_eq!(known.files.get(&url("a")), Some(&file));
    assert_eq!((known.files.len(), known.articles.get(&hash)), (3, Some(&vec![url("a")])));
    assert_eq!(cache.counts().unwrap(), (3, 1));
    // Nothing names anything any more: what was never asked for goes at once, the other after a month.
    cache.want(&known, &Wanted::default(), 10).unwrap();
    let left = cache.known().unwrap();
    assert_eq!((left.files.len(), left.articles.len()), (1, 0));
    assert_eq!(cache.due(1000, 9).unwrap().1, 0, "nobody asks for it");
    cache.want(&left, &Wanted::default(), 10 + 40 * 86_400).unwrap();
    assert!(cache.known().unwrap().files.is_empty());
}

#[test]
fn a_cache_of_a_later_release_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    drop(Cache::open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let told = Cache::open(&path).unwrap_err().to_string();
    assert!(told.contains("a later release of feedwright (schema 99"), "{told}");
    assert!(Cache::open_to_read(&path).is_err());
}
