//! Pictures and recordings as Media RSS says them (standards §1.7), for RSS and Atom alike.

use std::collections::BTreeMap;

use super::text;
use crate::article::Media;

/// The namespace of Media RSS; the final slash belongs to it.
pub(crate) const NAMESPACE: &str = "http://search.yahoo.com/mrss/";

/// An element of an extension namespace, before it takes the shape of either crate. Values are not
/// escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Name with prefix.
    pub(crate) name: &'static str,
    /// Text.
    pub(crate) value: Option<String>,
    /// Attributes.
    pub(crate) attrs: Vec<(&'static str, String)>,
    /// Elements in it.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// An element that holds text alone.
    pub(crate) fn text(name: &'static str, value: impl Into<String>) -> Element {
        Element { name, value: Some(value.into()), attrs: Vec::new(), children: Vec::new() }
    }

    /// Its name without the prefix.
    pub(crate) fn local(&self) -> &'static str {
        self.name.split_once(':').map_or(self.name, |(_, local)| local)
    }

    /// The shape that `rss` writes. It escapes attributes itself.
    pub(crate) fn for_rss(&self) -> rss::extension::Extension {
        rss::extension::Extension {
            name: self.name.to_owned(),
            value: self.value.clone(),
            attrs: self.attrs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
            children: grouped(&self.children, Element::for_rss),
        }
    }

    /// The shape that `atom_syndication` writes. That crate writes attributes of extensions as they
    /// are, so they are escaped here; a test below fails when it begins to.
    pub(crate) fn for_atom(&self) -> atom_syndication::extension::Extension {
        let escaped = |v: &String| quick_xml::escape::escape(v.as_str()).into_owned();
        atom_syndication::extension::Extension {
            name: self.name.to_owned(),
            value: self.value.clone(),
            attrs: self.attrs.iter().map(|(k, v)| ((*k).to_owned(), escaped(v))).collect(),
            children: grouped(&self.children, Element::for_atom),
        }
    }
}

/// Elements by local name, as the extension maps of both crates hold them.
pub(crate) fn grouped<E>(
    elements: &[Element],
    shape: impl Fn(&Element) -> E,
) -> BTreeMap<String, Vec<E>> {
    let mut groups: BTreeMap<String, Vec<E>> = BTreeMap::new();
    for element in elements {
        groups.entry(element.local().to_owned()).or_default().push(shape(element));
    }
    groups
}

/// `media:content` of one medium, with its caption, its alternative text and its maker.
pub(crate) fn content(medium: &Media) -> Element {
    let mut attrs = vec![("url", text::url(&medium.url))];
    if let Some(bytes) = medium.bytes {
        attrs.push(("fileSize", bytes.to_string()));
    }
    let media_type = media_type(medium);
    if let Some(kind) = media_type.as_deref().and_then(kind) {
        attrs.push(("medium", kind.to_owned()));
    }
    if let Some(media_type) = media_type {
        attrs.push(("type", media_type));
    }
    if let Some(seconds) = medium.duration_s {
        attrs.push(("duration", seconds.to_string()));
    }
    if let Some(width) = medium.width {
        attrs.push(("width", width.to_string()));
    }
    if let Some(height) = medium.height {
        attrs.push(("height", height.to_string()));
    }
    if let Some(language) = medium.language.as_deref().and_then(text::some_line) {
        attrs.push(("lang", language));
    }
    Element { name: "media:content", value: None, attrs, children: words(medium) }
}

/// A picture that has no type is still a picture: `medium` says so where the role does.
pub(crate) fn image(medium: &Media) -> Element {
    let mut element = content(medium);
    if let Some(kind) = element.attrs.iter_mut().find(|(name, _)| *name == "medium") {
        "image".clone_into(&mut kind.1);
    } else {
        element.attrs.push(("medium", "image".to_owned()));
    }
    element
}

/// The caption is the description, and the alternative text the title; without a caption the
/// alternative text is the description (§1.7).
fn words(medium: &Media) -> Vec<Element> {
    let caption = medium.caption.as_deref().and_then(text::some_line);
    let alt = medium.alt.as_deref().and_then(text::some_line);
    let (title, description) = match (alt, caption) {
        (alt, Some(caption)) => (alt.filter(|a| *a != caption), Some(caption)),
        (alt, None) => (None, alt),
    };
    let credit = medium.credit.as_deref().and_then(text::some_line);
    let element = |name, value: Option<String>| value.map(|v| Element::text(name, v));
    [
        element("media:title", title),
        element("media:description", description),
        element("media:credit", credit),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The media type of a medium: as named, else as the ending of its address says.
pub(crate) fn media_type(medium: &Media) -> Option<String> {
    let named = medium.media_type.as_deref().map(text::url).filter(|t| t.contains('/'));
    named.or_else(|| by_ending(&medium.url).map(str::to_owned))
}

fn by_ending(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" => "audio/ogg",
        "opus" => "audio/opus",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "pdf" => "application/pdf",
        "epub" => "application/epub+zip",
        _ => return None,
    })
}

/// What `medium` says of a media type.
fn kind(media_type: &str) -> Option<&'static str> {
    Some(match media_type.split('/').next()? {
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        "text" => "document",
        "application" if matches!(media_type, "application/pdf" | "application/epub+zip") => {
            "document"
        }
        _ => return None,
    })
}

/// Whether Apple and old readers can show a picture: its address says JPEG or PNG.
pub(crate) fn is_jpeg_or_png(url: &str) -> bool {
    matches!(by_ending(url), Some("image/jpeg" | "image/png"))
}

/// Whether the standard allows a picture as a channel's `image`: gif, jpeg or png.
pub(crate) fn is_channel_image(url: &str) -> bool {
    is_jpeg_or_png(url) || by_ending(url) == Some("image/gif")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Facts, MediaRole};

    fn medium(url: &str) -> Media {
        Media {
            url: url.to_owned(),
            role: MediaRole::Lead,
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

    #[test]
    fn types_come_from_endings_where_nobody_named_one() {
        for (url, expected) in [
            ("https://x.example/a.JPG?b=c.png", Some("image/jpeg")),
            ("https://x.example/a.mp3#t=1", Some("audio/mpeg")),
            ("https://x.example/a", None),
            ("https://x.example/a.d/b", None),
        ] {
            assert_eq!(media_type(&medium(url)).as_deref(), expected, "{url}");
        }
        let named =
            Media { media_type: Some("audio/x".into()), ..medium("https://x.example/a.mp3") };
        assert_eq!(media_type(&named).as_deref(), Some("audio/x"));
    }

    /// The day this fails, `atom_syndication` escapes attributes of extensions itself, and
    /// `for_atom` must stop doing so.
    #[test]
    fn atom_syndication_still_writes_attributes_of_extensions_as_they_are() {
        let extension = atom_syndication::extension::Extension {
            name: "x:y".to_owned(),
            attrs: BTreeMap::from([("a".to_owned(), "1&2".to_owned())]),
            ..Default::default()
        };
        let feed = atom_syndication::Feed {
            extensions: BTreeMap::from([(
                "x".to_owned(),
                BTreeMap::from([("y".to_owned(), vec![extension])]),
            )]),
            ..Default::default()
        };
        let xml = String::from_utf8(feed.write_to(Vec::new()).unwrap()).unwrap();
        assert!(xml.contains(r#"a="1&2""#), "{xml}");
    }
}
