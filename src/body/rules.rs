//! What may stand in a body (standards §4.2): the elements that readers keep or unwrap, and their
//! attributes. Everything else goes; of an unknown element its content stays.

/// Elements that stay.
pub(super) const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "iframe",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "track",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// Pages that readers keep framed (Miniflux and others have such a list), and the site whose page a
/// link beside one may lead to. Of any other framed page only a link stays.
pub(super) const FRAMES: &[(&str, &str)] = &[
    ("bandcamp.com", "bandcamp.com"),
    ("embed.podcasts.apple.com", "apple.com"),
    ("geo.dailymotion.com", "dailymotion.com"),
    ("open.spotify.com", "spotify.com"),
    ("player.twitch.tv", "twitch.tv"),
    ("player.vimeo.com", "vimeo.com"),
    ("w.soundcloud.com", "soundcloud.com"),
    ("www.dailymotion.com", "dailymotion.com"),
    ("www.youtube-nocookie.com", "youtube.com"),
    ("www.youtube.com", "youtube.com"),
];

/// The site of a page that readers keep framed.
pub(super) fn framed(address: &str) -> Option<&'static str> {
    let (host, _) = address.strip_prefix("https://")?.split_once('/')?;
    FRAMES.iter().find(|(known, _)| *known == host).map(|(_, site)| *site)
}

/// Elements that go with all that is in them. Those of SVG and MathML too, which most readers don't
/// show; of a formula its text is put in its place.
pub(super) const DROPPED: &[&str] = &[
    "applet", "button", "canvas", "datalist", "frameset", "math", "noembed", "noframes", "script",
    "select", "style", "svg", "template", "textarea", "title", "xmp",
];

/// Elements without content (HTML §13.1.2).
pub(super) const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Attributes that any element may have. An `id` only where something in the body points to it.
pub(super) const EVERYWHERE: &[&str] = &["dir", "id", "lang", "title"];

/// Attributes of single elements.
pub(super) const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang"]),
    ("audio", &["controls", "src"]),
    ("blockquote", &["cite"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    ("iframe", &["allowfullscreen", "height", "src", "title", "width"]),
    ("img", &["alt", "height", "sizes", "src", "srcset", "width"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["reversed", "start", "type"]),
    ("q", &["cite"]),
    ("source", &["height", "media", "sizes", "src", "srcset", "type", "width"]),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["align", "colspan", "rowspan", "scope"]),
    ("time", &["datetime"]),
    ("track", &["default", "kind", "label", "src", "srclang"]),
    ("video", &["controls", "height", "loop", "muted", "poster", "src", "width"]),
];

/// What a link may begin with.
pub(super) const LINK_SCHEMES: &[&str] = &["http", "https", "mailto", "tel"];

/// Where `src` is looked for, lazy-loading scripts' spellings before the placeholder in `src`.
pub(super) const SRC: &[&str] = &["data-src", "data-lazy-src", "data-original", "src"];

/// The same of `srcset`.
pub(super) const SRCSET: &[&str] = &["data-srcset", "data-lazy-srcset", "srcset"];

/// Start tags that end an open paragraph (HTML §13.2.6.4.7).
pub(super) fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "details"
            | "dd"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "ul"
    )
}

/// Elements that stand for nothing once they are empty.
pub(super) fn is_nothing_when_empty(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "em"
            | "figcaption"
            | "figure"
            | "i"
            | "li"
            | "ol"
            | "p"
            | "picture"
            | "s"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "u"
            | "ul"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "blockquote"
            | "div"
    )
}

/// Open elements that a start tag ends, and those beyond which it doesn't look for them.
pub(super) fn ends(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    const TABLE: &[&str] = &["table"];
    const CELL: &[&str] = &["table", "td", "th", "caption"];
    const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
    const LIST: &[&str] = &[
        "ul",
        "ol",
        "table",
        "td",
        "th",
        "caption",
        "blockquote",
        "section",
        "article",
        "aside",
        "figure",
        "details",
        "header",
        "footer",
    ];
    const TERMS: &[&str] = &[
        "dl",
        "ul",
        "ol",
        "table",
        "td",
        "th",
        "caption",
        "blockquote",
        "section",
        "article",
        "aside",
        "figure",
        "details",
        "header",
        "footer",
    ];
    Some(match name {
        "a" => (&["a"], CELL),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => (HEADINGS, LIST),
        "li" => (&["li"], LIST),
        "dd" | "dt" => (&["dd", "dt"], TERMS),
        "rt" | "rp" => (&["rt", "rp"], &["ruby"]),
        "td" | "th" => (&["td", "th", "caption", "colgroup"], TABLE),
        "tr" => (&["tr", "td", "th", "caption", "colgroup"], TABLE),
        "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => {
            (&["tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"], TABLE)
        }
        _ => return None,
    })
}

/// Parts of a table, which outside one a browser ignores.
pub(super) fn is_table_part(name: &str) -> bool {
    matches!(
        name,
        "caption" | "col" | "colgroup" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr"
    )
}
