//! Pictures and recordings as Media RSS says them (standards §1.7), for RSS and Atom alike.

use std::collections::BTreeMap;

use super::text;
use crate::article::Media;
use crate::article::media::by_ending;

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

    /// An element that holds nothing but attributes; those without a value are left out.
    pub(crate) fn empty(
        name: &'static str,
        attrs: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> Element {
        let attrs = attrs.into_iter().filter_map(|(k, v)| Some((k, v.filter(|v| !v.is_empty())?)));
        Element { name, value: None, attrs: attrs.collect(), children: Vec::new() }
    }

    /// The same with text in it.
    pub(crate) fn holding(mut self, value: impl Into<String>) -> Element {
        self.value = Some(value.into());
        self
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
        credit.map(|c| Element {
            attrs: vec![("role", maker(medium).to_owned())],
            ..Element::text("media:credit", c)
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the maker of a medium did, in the terms of `urn:ebu`, which is what `role` means where no
/// scheme is named.
fn maker(medium: &Media) -> &'static str {
    match medium.kind() {
        Some(kind) if kind.starts_with("audio/") || kind.starts_with("video/") => "producer",
        _ => "photographer",
    }
}

/// The media type of a medium: as named, else as the ending of its address says.
pub(crate) fn media_type(medium: &Media) -> Option<String> {
    medium.kind().map(text::url).filter(|t| t.contains('/'))
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
