//! What belongs to a recording beside its file, and what a file is by its name. Shared by reading,
//! by selecting and by every format, so that all of them mean the same.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Facts, Media};

/// The words of a recording (Podcasting 2.0, `transcript`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// Absolute URL.
    pub url: String,
    /// Media type, such as `text/vtt`.
    pub media_type: String,
    /// BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether its lines are timed to be shown while the recording plays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub captions: bool,
}

/// Reads a list of transcripts, or the one pair of URL and type that was kept before there were
/// several.
pub(super) fn transcripts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Transcript>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Pair((String, String)),
        List(Vec<Transcript>),
    }
    Ok(match Kept::deserialize(from)? {
        Kept::Pair((url, media_type)) => {
            vec![Transcript { url, media_type, language: None, captions: false }]
        }
        Kept::List(list) => list,
    })
}

/// A part of a recording (Podcasting 2.0, `soundbite`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Soundbite {
    /// Milliseconds from the recording's beginning.
    pub start_ms: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A place on earth (Podcasting 2.0, `location`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Location {
    /// For people, plain text.
    pub name: String,
    /// RFC 5870: `geo:30.27,-97.74`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<String>,
    /// OpenStreetMap's identifier: `R113314`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub osm: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Where it was made, and not what it is about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub creator: bool,
}

/// Where an episode is talked about (Podcasting 2.0, `socialInteract`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discussion {
    /// Address of the first post.
    pub uri: String,
    /// `activitypub`, `atproto` …
    pub protocol: String,
    /// Whose post it is: `@gazette`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Media {
    /// A medium of which nothing but its address is known.
    #[must_use]
    pub fn at(url: impl Into<String>, role: super::MediaRole) -> Media {
        Media {
            url: url.into(),
            role,
            media_type: None,
            bytes: None,
            width: None,
            height: None,
            duration_s: None,
            alt: None,
            caption: None,
            credit: None,
            language: None,
            facts: Facts::Unknown,
        }
    }

    /// Its media type: as measured or named, else as the ending of its address says.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        let named = self.media_type.as_deref().map(str::trim);
        named.filter(|t| t.contains('/')).or_else(|| by_ending(&self.url))
    }

    /// Whether it is a recording that podcast players play.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.kind().is_some_and(|kind| kind.starts_with("audio/") || kind.starts_with("video/"))
    }
}

/// Endings and their media types, as podcast directories spell them.
const TYPES: [(&str, &str); 26] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("svg", "image/svg+xml"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/x-m4a"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("oga", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("pdf", "application/pdf"),
    ("epub", "application/epub+zip"),
    ("vtt", "text/vtt"),
    ("srt", "application/x-subrip"),
    ("json", "application/json"),
    ("html", "text/html"),
    ("txt", "text/plain"),
];

/// The media type of a file, by the ending of its address.
#[must_use]
pub fn by_ending(url: &str) -> Option<&'static str> {
    let ending = ending(url)?;
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, t)| *t)
}

/// The ending of an address' path, in lower case.
#[must_use]
pub fn ending(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(ending.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{MediaRole, Podcast};

    #[test]
    fn types_come_from_endings_where_nobody_named_one() {
        for (url, expected) in [
            ("https://x.example/a.JPG?b=c.png", Some("image/jpeg")),
            ("https://x.example/a.mp3#t=1", Some("audio/mpeg")),
            ("https://x.example/a", None),
            ("https://x.example/a.d/b", None),
        ] {
            assert_eq!(Media::at(url, MediaRole::Lead).kind(), expected, "{url}");
        }
        let mut named = Media::at("https://x.example/a.mp3", MediaRole::Enclosure);
        named.media_type = Some("audio/x".into());
        assert_eq!(named.kind(), Some("audio/x"));
    }

    #[test]
    fn what_was_kept_of_one_transcript_is_read_as_a_list() {
        let kept: Podcast =
            serde_json::from_str(r#"{"transcript":["https://x.example/a.vtt","text/vtt"]}"#)
                .unwrap();
        assert_eq!(kept.transcripts.len(), 1);
        let again: Podcast = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
        assert_eq!(again, kept);
    }
}
