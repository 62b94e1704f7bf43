//! What Apple's directory, and all that follow it, ask of a podcast (standards §1.8).

use roxmltree::Node;

use super::elements::{Child, Children, Home, Spec, many, missing, one, required, walk};
use super::sheet::{Sheet, quote};
use super::values::{self, Value};
use super::{Rule, error, warning};
use crate::problem::Code;

const MISSING: Rule = warning(
    Code::new("feed-missing-itunes-element"),
    "add it: Apple's directory takes no podcast without it",
);
const MISSING_EMAIL: Rule = warning(
    Code::new("feed-missing-itunes-email"),
    "add itunes:owner with itunes:email, if the address may be public; directories write there",
);
const FORMAT: Rule = warning(
    Code::new("feed-unsupported-itunes-format"),
    "offer m4a, mp3, mov, mp4, m4v, pdf or epub, with that ending in the address",
);
const LONG: Rule =
    warning(Code::new("feed-too-long"), "shorten it; directories cut it off, or leave it out");
const NOT_UTF8: Rule = warning(Code::new("feed-not-utf8"), "write the feed in UTF-8");
const CATEGORY: Rule = error(
    Code::new("feed-invalid-itunes-category"),
    "write a category of Apple's list, letter by letter: <itunes:category text=\"News\">",
);
const OBSOLETE_CATEGORY: Rule = warning(
    Code::new("feed-obsolete-itunes-category"),
    "write a category of Apple's list of today, such as News or Society & Culture",
);
const EPISODE_TYPE: Rule =
    error(Code::new("feed-invalid-itunes-episode-type"), "write full, trailer or bonus");
const CHANNEL_TYPE: Rule =
    error(Code::new("feed-invalid-itunes-channel-type"), "write episodic or serial");

/// Apple's categories and what is below them.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("Arts", &["Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"]),
    (
        "Business",
        &["Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"],
    ),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    ("Education", &["Courses", "How To", "Language Learning", "Self-Improvement"]),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    ("History", &[]),
    (
        "Health & Fitness",
        &["Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"],
    ),
    ("Kids & Family", &["Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"]),
    (
        "Leisure",
        &[
            "Animation & Manga",
            "Automotive",
            "Aviation",
            "Crafts",
            "Games",
            "Hobbies",
            "Home & Garden",
            "Video Games",
        ],
    ),
    ("Music", &["Music Commentary", "Music History", "Music Interviews"]),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &["Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &["Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"],
    ),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    (
        "TV & Film",
        &["After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"],
    ),
];

/// Categories that Apple took out in 2019.
const OBSOLETE: &[&str] = &[
    "Food",
    "Fashion",
    "Games & Hobbies",
    "Government & Organizations",
    "Health",
    "International",
    "Movies & Television",
    "News & Politics",
    "Politics",
    "Public Radio",
    "Science & Medicine",
    "Sports & Recreation",
    "Talk Radio",
    "Transportation",
    "Travel",
];

const FORMATS: &[&str] = &["m4a", "mp3", "mov", "mp4", "m4v", "pdf", "epub"];

fn shared(name: &str) -> Option<Spec> {
    Some(match name {
        "itunes:author" | "itunes:subtitle" => one(Value::PlainUpTo(255)),
        "itunes:title" => one(Value::Text),
        "itunes:block" => one(Value::YesNo),
        "itunes:explicit" => one(Value::TrueFalse),
        "itunes:keywords" => one(Value::Keywords),
        "itunes:summary" => one(Value::PlainUpTo(4000)),
        "itunes:image" => one(Value::Text).with(&["href"]),
        _ => return None,
    })
}

/// A channel's elements.
pub(super) fn channel_spec(name: &str) -> Option<Spec> {
    Some(match name {
        "itunes:owner" => one(Value::Within),
        "itunes:category" => many(Value::Within).with(&["text"]),
        "itunes:new-feed-url" => one(Value::Url),
        "itunes:type" => one(Value::OneOf(&["episodic", "serial"], || CHANNEL_TYPE)),
        "itunes:complete" => one(Value::YesNo),
        "itunes:applepodcastsverify" => one(Value::Text),
        "itunes:pubDate" => one(Value::Rfc822),
        name => return shared(name),
    })
}

/// An item's elements.
pub(super) fn item_spec(name: &str) -> Option<Spec> {
    Some(match name {
        "itunes:duration" => one(Value::Duration),
        "itunes:episode" | "itunes:season" => one(Value::Positive),
        "itunes:episodeType" => one(Value::OneOf(&["full", "trailer", "bonus"], || EPISODE_TYPE)),
        "itunes:order" => one(Value::NonNegative),
        name => return shared(name),
    })
}

/// What only the channel of a podcast says. An author, a picture, and whether it is explicit are said by
/// feeds of news, too, in which some articles can be heard.
const OF_A_SHOW: [&str; 6] = [
    "itunes:category",
    "itunes:owner",
    "itunes:type",
    "itunes:new-feed-url",
    "itunes:complete",
    "itunes:applepodcastsverify",
];

/// Whether a channel is a podcast's: it says what only such a one says, or there is something of
/// Apple's in it, and every item has a recording.
fn is_podcast(found: &Children<'_, '_>, first: Option<Node<'_, '_>>) -> bool {
    let is_recording = |node: Node<'_, '_>| {
        let kind = node.attribute("type").unwrap_or_default();
        node.tag_name().name() == "enclosure"
            && (kind.starts_with("audio/") || kind.starts_with("video/"))
    };
    let mut items = found.named("item").chain(found.named("entry")).peekable();
    let all = items.peek().is_some() && items.all(|i| i.node.children().any(is_recording));
    first.is_some() && all || OF_A_SHOW.iter().any(|name| found.has(name))
}

/// Looks at a channel; says whether it is a podcast's.
pub(super) fn channel(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) -> bool {
    let is_ours = |node: Node<'_, '_>| {
        node.is_element() && super::namespaces::name(node, None).starts_with("itunes:")
    };
    let items = found.named("item").flat_map(|item| item.node.children());
    let own = found.all.iter().map(|child| child.node);
    let first = own.chain(items).find(|node| is_ours(*node));
    for child in found.named("itunes:image") {
        image(sheet, child);
    }
    if !is_podcast(found, first) {
        return false;
    }
    let at = found.parent.range().start;
    for name in ["language", "itunes:image", "itunes:category", "itunes:explicit"] {
        if !found.has(name) {
            sheet.tell(&MISSING, at, format!("a podcast's channel has no `{name}`"));
        }
    }
    if !found.has("itunes:owner") {
        sheet.tell(&MISSING_EMAIL, at, "a podcast's channel has no `itunes:owner` with an e-mail");
    }
    let declaration = sheet.text.split("?>").next().unwrap_or_default().to_ascii_lowercase();
    if declaration.contains("encoding") && !declaration.contains("utf-8") {
        let at = first.map_or(at, |first| first.range().start);
        sheet.tell(&NOT_UTF8, at, "a podcast's feed isn't in UTF-8");
    }
    for child in &found.all {
        match &*child.name {
            "itunes:owner" => owner(sheet, child.node),
            "itunes:category" => category(sheet, child.node),
            _ => {}
        }
    }
    texts(sheet, found, &[("title", 255), ("itunes:title", 255)]);
    if let Some(description) = found.get("description") {
        values::up_to(sheet, "description", &description.text, description.node, 4000);
    }
    true
}

/// Looks at an item of a channel, which may be a podcast's.
pub(super) fn item(sheet: &mut Sheet<'_>, found: &Children<'_, '_>, is_podcast: bool) {
    if let Some(child) = found.get("itunes:image") {
        image(sheet, child);
    }
    if !is_podcast {
        return;
    }
    texts(sheet, found, &[("title", 255), ("itunes:title", 255), ("description", 4000)]);
    let Some(enclosure) = found.get("enclosure") else {
        let at = found.parent.range().start;
        sheet.tell(&MISSING, at, "an episode has no `enclosure`: there is nothing to play");
        return;
    };
    let url = enclosure.node.attribute("url").unwrap_or_default();
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let kind = enclosure.node.attribute("type").unwrap_or_default();
    let recording = kind.starts_with("audio/") || kind.starts_with("video/");
    if recording && !FORMATS.contains(&ending.as_str()) {
        let message = format!("Apple doesn't play {}", quote(url));
        sheet.tell_value(&FORMAT, enclosure.at(), url, message);
    }
}

/// Tells of texts that are longer than Apple shows, in characters.
fn texts(sheet: &mut Sheet<'_>, found: &Children<'_, '_>, limits: &[(&str, usize)]) {
    for (name, most) in limits {
        let Some(child) = found.get(name) else { continue };
        let length = child.text.chars().count();
        if length > *most {
            let message = format!("`{name}` has {length} characters; Apple takes {most}");
            sheet.tell(&LONG, child.at(), message);
        }
    }
}

fn image(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let Some(href) = required(sheet, child.node, "href", Value::Http) else { return };
    let path = href.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    if ![".jpg", ".jpeg", ".png"].iter().any(|ending| path.ends_with(ending)) {
        let message = format!("the artwork {} isn't a JPEG or PNG", quote(href));
        sheet.tell_value(&super::rss::IMAGE_FORMAT, child.at(), href, message);
    }
}

fn owner(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, |name| {
        Some(match name {
            "itunes:email" => one(Value::Email),
            "itunes:name" => one(Value::PlainUpTo(255)),
            _ => return None,
        })
    });
    if !found.has("itunes:email") {
        missing(sheet, node, "itunes:email");
    }
}

fn category(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, |name| {
        (name == "itunes:category").then(|| many(Value::Eaten).with(&["text"]))
    });
    let Some(text) = required(sheet, node, "text", Value::Text) else { return };
    let Some((_, below)) = CATEGORIES.iter().find(|(name, _)| *name == text) else {
        let rule = if OBSOLETE.contains(&text) { &OBSOLETE_CATEGORY } else { &CATEGORY };
        let message = format!("Apple has no category {}", quote(text));
        sheet.tell(rule, node.range().start, message);
        return;
    };
    for child in &found.all {
        let Some(sub) = required(sheet, child.node, "text", Value::Text) else { continue };
        if !below.contains(&sub) {
            let message = format!("Apple has no category {} in {}", quote(sub), quote(text));
            sheet.tell(&CATEGORY, child.at(), message);
        }
    }
}
