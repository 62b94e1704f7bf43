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
