//! Media RSS (standards §1.7): pictures, recordings and what is said of them, wherever they stand.

use roxmltree::Node;

use super::elements::{Child, Home, Spec, many, one, one_of, optional, required, walk};
use super::sheet::{Sheet, quote};
use super::values::Value;
use super::{Rule, error, html, plain, warning};
use crate::problem::Code;

const GROUP: Rule = error(
    Code::new("feed-media-group-without-alternatives"),
    "take media:content out of the group: a group is for several renditions of one thing",
);
const MEDIUM: Rule = error(
    Code::new("feed-invalid-media-medium"),
    "write image, audio, video, document or executable",
);
const EXPRESSION: Rule =
    error(Code::new("feed-invalid-media-expression"), "write full, sample or nonstop");
const ROLE: Rule = error(
    Code::new("feed-invalid-credit-role"),
    "write a role of the EBU's list in lower case, such as photographer or author; or name a scheme",
);
const TEXT_TYPE: Rule =
    error(Code::new("feed-invalid-media-text-type"), "write type=\"plain\" or type=\"html\"");
const NPT: Rule = error(Code::new("feed-invalid-npt-time"), "write seconds, `12.5`, or `H:MM:SS`");
const HASH: Rule = error(
    Code::new("feed-invalid-media-hash"),
    "write an md5 of 32 or a sha-1 of 40 hex digits, and which it is in `algo`",
);
const RATING: Rule = error(
    Code::new("feed-invalid-media-rating"),
    "write a value of its scheme: of urn:simple `adult` or `nonadult`",
);
const RESTRICTION: Rule = error(
    Code::new("feed-invalid-media-restriction"),
    "write relationship=\"allow\" or \"deny\", type=\"country\" or \"uri\", and the list",
);
const COUNTRY: Rule = error(
    Code::new("feed-invalid-country-code"),
    "write codes of ISO 3166, two letters each, with spaces between them",
);
const ADULT: Rule = warning(
    Code::new("feed-deprecated-media-adult"),
    "write <media:rating>nonadult</media:rating>, or `adult`",
);

/// Roles of the EBU that a newsroom's credits use, and what the validator takes beside them.
const ROLES: &[&str] = &[
    "actor",
    "anchor person",
    "animator",
    "announcer",
    "art director",
    "artist",
    "artist/performer",
    "author",
    "broadcast journalist",
    "camera operator",
    "choreographer",
    "commentary or commentator",
    "composer",
    "conductor",
    "consultant",
    "correspondent",
    "designer",
    "director",
    "director of photography",
    "distribution company",
    "editor",
    "editor/producer",
    "ensemble",
    "executive producer",
    "expert",
    "graphic designer",
    "illustrator",
    "interviewed guest",
    "interviewer",
    "lyricist",
    "music group",
    "musician",
    "news reader",
    "orchestra",
    "participant",
    "performer",
    "photographer",
    "producer",
    "production company",
    "publishing company",
    "reporter",
    "set designer",
    "singer",
    "sound designer",
    "sound mixer",
    "sound recordist",
    "technical director",
    "translation",
    "visual editor",
    "witness",
];

/// What the elements are; `None`: not of Media RSS.
pub(super) fn spec(name: &str) -> Option<Spec> {
    Some(match name {
        "media:group" => many(Value::Within),
        "media:content" => many(Value::Within).with(&[
            "url",
            "fileSize",
            "type",
            "medium",
            "isDefault",
            "expression",
            "bitrate",
            "framerate",
            "samplingrate",
            "channels",
            "duration",
            "height",
            "width",
            "lang",
        ]),
        "media:thumbnail" => many(Value::Text).with(&["url", "width", "height", "time"]),
        "media:title" | "media:description" => one(Value::Text).with(&["type"]),
        "media:text" => many(Value::Text).with(&["type", "lang", "start", "end"]),
        "media:credit" => many(Value::Text).with(&["role", "scheme"]),
        "media:copyright" => one(Value::Plain).with(&["url"]),
        "media:keywords" => many(Value::Text),
        "media:category" => many(Value::Text).with(&["scheme", "label"]),
        "media:player" => many(Value::Text).with(&["url", "width", "height"]),
        "media:rating" => many(Value::Text).with(&["scheme"]),
        "media:hash" => many(Value::Text).with(&["algo"]),
        "media:restriction" => many(Value::Text).with(&["relationship", "type"]),
        "media:adult" => one(Value::TrueFalse),
        // Of version 1.5, which the validator doesn't know and readers pass over.
        "media:community" | "media:comments" | "media:embed" | "media:responses"
        | "media:status" | "media:backLinks" | "media:price" | "media:license"
        | "media:subTitle" | "media:peerLink" | "media:location" | "media:rights"
        | "media:scenes" => many(Value::Eaten),
        _ => return None,
    })
}

/// Looks at one element and what stands in it.
pub(super) fn element(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let (node, at, text) = (child.node, child.at(), child.text.as_str());
    match &*child.name {
        "media:group" => {
            let found = walk(sheet, node, Home::Rss, spec);
            if found.named("media:content").count() < 2 {
                sheet.tell(&GROUP, at, "a media:group has fewer than two media:content");
            }
            for inner in &found.all {
                element(sheet, inner);
            }
        }
        "media:content" => content(sheet, node),
        "media:thumbnail" => {
            required(sheet, node, "url", Value::Url);
            optional(sheet, node, "width", Value::Positive);
            optional(sheet, node, "height", Value::Positive);
            time(sheet, node, "time");
        }
        "media:title" | "media:description" | "media:text" => {
            if child.name == "media:text" {
                optional(sheet, node, "lang", Value::Language);
                time(sheet, node, "start");
                time(sheet, node, "end");
            }
            text_of(sheet, child);
        }
        "media:credit" => credit(sheet, node),
        "media:copyright" => optional(sheet, node, "url", Value::Url),
        "media:category" => optional(sheet, node, "scheme", Value::Url),
        "media:player" => {
            required(sheet, node, "url", Value::Url);
            optional(sheet, node, "width", Value::Positive);
            optional(sheet, node, "height", Value::Positive);
        }
        "media:rating" => rating(sheet, node, text),
        "media:hash" => hash(sheet, node, text),
        "media:restriction" => restriction(sheet, node, text),
        "media:adult" => sheet.tell(&ADULT, at, "`media:adult` is out of use"),
        _ => {}
    }
}

fn content(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    const ALL: &[(&str, Value)] = &[
        ("url", Value::Url),
        ("fileSize", Value::Positive),
        ("type", Value::Mime),
        ("medium", Value::OneOf(&["image", "audio", "video", "document", "executable"], || MEDIUM)),
        ("isDefault", Value::TrueFalse),
        ("expression", Value::OneOf(&["full", "sample", "nonstop"], || EXPRESSION)),
        ("bitrate", Value::Float),
        ("framerate", Value::Float),
        ("samplingrate", Value::Float),
        ("duration", Value::Float),
        ("channels", Value::NonNegative),
        ("height", Value::Positive),
        ("width", Value::Positive),
        ("lang", Value::Language),
    ];
    for (name, value) in ALL {
        optional(sheet, node, name, *value);
    }
    for inner in &walk(sheet, node, Home::Rss, spec_within).all {
        element(sheet, inner);
    }
}

/// Media doesn't stand in media.
fn spec_within(name: &str) -> Option<Spec> {
    spec(name).filter(|_| !matches!(name, "media:group" | "media:content"))
}

/// Text that says whether it is HTML.
fn text_of(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    match child.node.attribute("type") {
        Some("html") => html::check(sheet, &child.text, child.node.range()),
        Some("plain") | None => {
            plain::construct(sheet, &child.name, &child.text, child.node);
        }
        Some(other) => {
            one_of(sheet, &TEXT_TYPE, child.node, "type", other, &["plain", "html"]);
        }
    }
}

/// Normal play time (RFC 2326 §3.6).
fn time(sheet: &mut Sheet<'_>, node: Node<'_, '_>, name: &str) {
    let Some(text) = node.attribute(name) else { return };
    let parts: Vec<&str> = text.split(':').collect();
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let sound = text == "now" || matches!(parts.len(), 1 | 3) && parts.iter().all(|t| number(t));
    if !sound {
        let message = format!("`{name}` is {}, and not a time", quote(text));
        sheet.tell_value(&NPT, node.range().start, text, message);
    }
}

fn credit(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let scheme = node.attribute("scheme").unwrap_or("urn:ebu");
    if scheme != "urn:ebu" {
        optional(sheet, node, "scheme", Value::Url);
    }
    let Some(role) = node.attribute("role").filter(|r| !r.is_empty()) else { return };
    let unknown = scheme == "urn:ebu" && !ROLES.contains(&role);
    if unknown || role.chars().any(char::is_uppercase) {
        let message = format!("`media:credit` has the role {}", quote(role));
        sheet.tell_value(&ROLE, node.range().start, role, message);
    }
}

fn rating(sheet: &mut Sheet<'_>, node: Node<'_, '_>, text: &str) {
    let known: &[&str] = match node.attribute("scheme").unwrap_or("urn:simple") {
        "urn:simple" => &["adult", "nonadult"],
        "urn:mpaa" => &["g", "m", "nc-17", "pg", "pg-13", "r", "x"],
        "urn:v-chip" => &[
            "14+", "18+", "c", "c8", "g", "pg", "tv-14", "tv-g", "tv-ma", "tv-pg", "tv-y", "tv-y7",
            "tv-y7-fv",
        ],
        "urn:icra" => return,
        _ => return optional(sheet, node, "scheme", Value::Url),
    };
    one_of(sheet, &RATING, node, "media:rating", text, known);
}

fn hash(sheet: &mut Sheet<'_>, node: Node<'_, '_>, text: &str) {
    let length = match node.attribute("algo") {
        None | Some("md5") => Some(32),
        Some("sha-1") => Some(40),
        Some(_) => None,
    };
    let sound = length == Some(text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !sound {
        let message = format!("`media:hash` is {}", quote(text));
        sheet.tell_value(&HASH, node.range().start, text, message);
    }
}

fn restriction(sheet: &mut Sheet<'_>, node: Node<'_, '_>, text: &str) {
    let at = node.range().start;
    if let Some(relationship) = required(sheet, node, "relationship", Value::Text) {
        one_of(sheet, &RESTRICTION, node, "relationship", relationship, &["allow", "deny"]);
    }
    match node.attribute("type") {
        Some("country") => {
            let sound = |c: &str| c.len() == 2 && c.bytes().all(|b| b.is_ascii_alphabetic());
            if let Some(wrong) = text.split_whitespace().find(|c| !sound(c)) {
                let message = format!("{} isn't a code of a country", quote(wrong));
                sheet.tell_value(&COUNTRY, at, wrong, message);
            }
        }
        Some("uri") => {
            for uri in text.split_whitespace() {
                super::urls::absolute(sheet, "media:restriction", uri, at);
            }
        }
        None if text.is_empty() || matches!(text, "all" | "none") => {}
        None => {
            let message = format!("`media:restriction` is {}, of no type", quote(text));
            sheet.tell(&RESTRICTION, at, message);
        }
        Some(other) => one_of(sheet, &RESTRICTION, node, "type", other, &["country", "uri"]),
    }
}
