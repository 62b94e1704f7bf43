//! The pictures and recordings that a post refers to by number, and the HTML that shows them.

use serde::{Deserialize, Serialize};

use super::super::plain::escape;

/// A file of the site's media library.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attachment {
    /// Its post's number.
    pub id: i64,
    /// The number of the post that it was uploaded to; 0 where to none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parent: i64,
    /// Where it is.
    pub url: String,
    /// Media type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mime: String,
    /// Its title, which mostly is the file's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// HTML below it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caption: String,
    /// What stands for a picture that can't be seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Where it stands among the files of its post.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub order: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Attachment {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.mime.split('/').next() == Some(kind)
    }
}

/// Files that a browser plays, by their ending, as WordPress lists them.
const AUDIO: [&str; 7] = ["mp3", "ogg", "flac", "m4a", "wav", "aac", "opus"];
const VIDEO: [&str; 6] = ["mp4", "m4v", "webm", "ogv", "flv", "mov"];

/// Whether an address is that of a recording, and of which kind.
pub(super) fn recording(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
    if AUDIO.contains(&ending.as_str()) {
        Some("audio")
    } else if VIDEO.contains(&ending.as_str()) {
        Some("video")
    } else {
        None
    }
}

/// A player, and a link for readers that have none.
pub(super) fn player(kind: &str, url: &str, poster: Option<&str>) -> String {
    let url = escape(url);
    let poster = poster.map(|url| format!(" poster=\"{}\"", escape(url))).unwrap_or_default();
    format!("<{kind} controls src=\"{url}\"{poster}><a href=\"{url}\">{url}</a></{kind}>")
}

/// A picture with its caption.
pub(super) fn figure(image: &Attachment) -> String {
    let alt = escape(&image.alt);
    let mut html = format!("<figure><img src=\"{}\" alt=\"{alt}\"", escape(&image.url));
    for (name, size) in [("width", image.width), ("height", image.height)] {
        if let Some(size) = size {
            html.push_str(&format!(" {name}=\"{size}\""));
        }
    }
    html.push('>');
    if !image.caption.trim().is_empty() {
        html.push_str(&format!("<figcaption>{}</figcaption>", image.caption.trim()));
    }
    html.push_str("</figure>");
    html
}
