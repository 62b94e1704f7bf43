//! RSS 2.0: the channel (standards §1.1–1.3), and what is common to it and its items.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::elements::{
    Child, Children, Home, Spec, attributes, many, missing, missing_attribute, one, optional, walk,
};
use super::sheet::{Sheet, quote};
use super::values::{Value, is_integer};
use super::{Rule, atom_links, error, itunes, media, namespaces, note, podcast, rss_item, warning};
use crate::problem::Code;

const VERSION: Rule = error(Code::new("feed-invalid-rss-version"), "write version=\"2.0\"");
const MISPLACED: Rule = warning(
    Code::new("feed-misplaced-item"),
    "move it before the first item: readers that read as they go have passed on",
);
pub(super) const NO_SELF: Rule = warning(
    Code::new("feed-missing-self"),
    "name the feed's own address: readers that lost it, and hubs, go by it",
);
pub(super) const NO_LANGUAGE: Rule = note(
    Code::new("feed-missing-dc-language"),
    "name the language: readers choose fonts, voices and translations by it",
);
pub(super) const SEMANTICS: Rule = warning(
    Code::new("feed-duplicate-semantics"),
    "keep RSS's own element, and leave the module's out; readers show one of them, or both",
);
const TEXT_INPUT: Rule =
    warning(Code::new("feed-avoid-text-input"), "leave it out; no reader shows a form for it");
const IMAGE_TITLE: Rule = warning(
    Code::new("feed-image-title-doesnt-match"),
    "give the image the channel's title; it stands in for it",
);
const IMAGE_LINK: Rule =
    warning(Code::new("feed-image-link-doesnt-match"), "give the image the channel's link");
pub(super) const IMAGE_FORMAT: Rule =
    warning(Code::new("feed-image-url-format"), "use a JPEG, PNG or GIF; others aren't shown");
const WIDTH: Rule =
    error(Code::new("feed-invalid-width"), "write 1 to 144 pixels; absent it is 88");
const HEIGHT: Rule =
    error(Code::new("feed-invalid-height"), "write 1 to 400 pixels; absent it is 31");
const HOUR: Rule = error(Code::new("feed-invalid-hour"), "write an hour of GMT, 0 to 23");
const MIDNIGHT: Rule = warning(Code::new("feed-use-zero-for-midnight"), "write 0 for midnight");
const HOURS: Rule =
    error(Code::new("feed-not-enough-hours-in-the-day"), "a day has 24 hours; name each once");
const DAY: Rule = error(Code::new("feed-invalid-day"), "write Monday, Tuesday … Sunday");
const DAYS: Rule = error(Code::new("feed-eight-days-a-week"), "name each day once");
pub(super) const DUPLICATE_VALUE: Rule =
    error(Code::new("feed-duplicate-value"), "each has to be different; write it once");
pub(super) const INTEGER: Rule = error(
    Code::new("feed-invalid-integer-attribute"),
    "write a whole number, in digits; 0 for a length that isn't known",
);
const UPDATE_PERIOD: Rule = error(
    Code::new("feed-invalid-update-period"),
    "write hourly, daily, weekly, monthly or yearly",
);

/// Elements of modules that a channel and an item may both have; `None`: not of these.
pub(super) fn modules(name: &str) -> Option<Spec> {
    Some(match name {
        "dc:creator" | "dc:subject" | "dc:publisher" | "dc:contributor" | "dc:identifier"
        | "dc:relation" | "dc:coverage" => many(Value::Text),
        "dc:title" | "dc:description" | "dc:type" | "dc:format" | "dc:source" => one(Value::Text),
        "dc:date" => one(Value::W3cdtf),
        "dc:language" => one(Value::Language),
        "dc:rights" => one(Value::Plain),
        "creativeCommons:license" => many(Value::Url),
        "cc:license" | "admin:generatorAgent" => many(Value::Eaten).with(&["rdf:resource"]),
        "dcterms:modified" => one(Value::W3cdtf),
        "atom:author" | "atom:contributor" => many(Value::Within),
        "atom:category" => many(Value::Within).with(&["term", "scheme", "label"]),
        "atom:link" => many(Value::Within).with(atom_links::ATTRIBUTES),
        "atom:id" => one(Value::Url),
        "atom:updated" => one(Value::Rfc3339),
        "atom:title" | "atom:rights" => one(Value::Eaten).with(&["type"]),
        name => return media::spec(name).or_else(|| podcast::spec(name)),
    })
}

fn channel_spec(name: &str) -> Option<Spec> {
    Some(match name {
        "title" => one(Value::Plain).filled(),
        "link" | "docs" => one(Value::Url),
        "description" | "copyright" => one(Value::Plain),
        "language" => one(Value::Language),
        "managingEditor" | "webMaster" => one(Value::EmailWithName),
        "pubDate" | "lastBuildDate" => one(Value::Rfc822),
        "category" => many(Value::Plain).with(&["domain"]),
        "generator" => one(Value::Text),
        "cloud" => {
            one(Value::Text).with(&["domain", "path", "registerProcedure", "protocol", "port"])
        }
        "ttl" => one(Value::Positive),
        "image" | "textInput" | "skipHours" | "skipDays" => one(Value::Within),
        "rating" => one(Value::Text),
        "item" => many(Value::Within),
        "atom:generator" => one(Value::Text).with(&["uri", "version"]),
        "atom:icon" | "atom:logo" => one(Value::Reference).filled(),
        "atom:subtitle" => one(Value::Eaten).with(&["type"]),
        "sy:updatePeriod" => {
            one(Value::OneOf(&["hourly", "daily", "weekly", "monthly", "yearly"], || UPDATE_PERIOD))
        }
        "sy:updateFrequency" => one(Value::Positive),
        "sy:updateBase" => one(Value::W3cdtf),
        "fh:archive" | "fh:complete" => one(Value::Text),
        name => return modules(name).or_else(|| itunes::channel_spec(name)),
    })
}

/// Looks at an RSS feed of version 0.91 to 2.0.
pub(super) fn lint(sheet: &mut Sheet<'_>, root: Node<'_, '_>) {
    match root.attribute("version") {
        None => missing_attribute(sheet, root, "version"),
        Some("2.0" | "0.91" | "0.92") => {}
        Some(other) => {
            let message = format!("RSS {} isn't a version that there is", quote(other));
            sheet.tell(&VERSION, root.range().start, message);
        }
    }
    attributes(sheet, root, Home::Rss, &["version"]);
    let found =
        walk(sheet, root, Home::Rss, |name| (name == "channel").then(|| one(Value::Within)));
    match found.get("channel") {
        Some(child) => channel(sheet, child.node),
        None => missing(sheet, root, "channel"),
    }
}

fn channel(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, channel_spec);
    found.require(sheet, &["title", "link", "description"]);
    misplaced(sheet, &found);
    let has_lang = node.ancestors().any(|n| n.has_attribute((namespaces::XML, "lang")));
    if !found.has("language") && !found.has("dc:language") && !has_lang {
        sheet.tell(&NO_LANGUAGE, node.range().start, "the feed doesn't name its language");
    }
    semantics(
        sheet,
        &found,
        &[
            ("managingEditor", "dc:creator"),
            ("category", "dc:subject"),
            ("pubDate", "dc:date"),
            ("webMaster", "dc:publisher"),
            ("language", "dc:language"),
            ("copyright", "dc:rights"),
            ("lastBuildDate", "dcterms:modified"),
            ("generator", "admin:generatorAgent"),
            ("creativeCommons:license", "cc:license"),
        ],
        &SEMANTICS,
    );
    for child in &found.all {
        match &*child.name {
            "image" => image(sheet, child.node, &found),
            "textInput" => text_input(sheet, child.node),
            "skipHours" => skip_hours(sheet, child.node),
            "skipDays" => skip_days(sheet, child.node),
            "cloud" => cloud(sheet, child.node),
            _ => module(sheet, child),
        }
    }
    let links = atom_links::links(sheet, &found, "atom:link", atom_links::In::Feed);
    if !links.iter().any(|link| link.rel == "self") {
        let message = "the feed doesn't name its own address, by atom:link rel=self";
        sheet.tell(&NO_SELF, node.range().start, message);
    }
    atom_links::history(sheet, &found, &links);
    let is_podcast = itunes::channel(sheet, &found);
    podcast::channel(sheet, &found);
    rss_item::items(sheet, &found, is_podcast);
}

/// Rules of modules' elements that channels and items share.
pub(super) fn module(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    match &*child.name {
        "category" => optional(sheet, child.node, "domain", Value::Text),
        name if name.starts_with("media:") => media::element(sheet, child),
        name if name.starts_with("podcast:") => podcast::element(sheet, child),
        _ => {}
    }
}

/// Tells of a module's element that says what RSS's own says too.
pub(super) fn semantics(
    sheet: &mut Sheet<'_>,
    found: &Children<'_, '_>,
    pairs: &[(&str, &str)],
    rule: &Rule,
) {
    for (core, extension) in pairs {
        if let Some(child) = found.get(extension).filter(|_| found.has(core)) {
            sheet.tell(rule, child.at(), format!("`{extension}` says what `{core}` says"));
        }
    }
}

/// All that a channel says of itself comes before its items (Best Practices Profile).
fn misplaced(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) {
    let mut seen = false;
    for child in &found.all {
        if child.name == "item" {
            seen = true;
        } else if seen && (!child.name.contains(':') || child.name == "atom:link") {
            let message = format!("`{}` of the channel stands after an item", child.name);
            sheet.tell(&MISPLACED, child.at(), message);
        }
    }
}

fn image(sheet: &mut Sheet<'_>, node: Node<'_, '_>, channel: &Children<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, |name| {
        Some(match name {
            "title" => one(Value::Plain).filled(),
            "url" | "link" => one(Value::Url),
            "width" | "height" => one(Value::Text),
            "description" => one(Value::Plain),
            _ => return None,
        })
    });
    found.require(sheet, &["url", "title", "link"]);
    for (name, rule) in [("title", &IMAGE_TITLE), ("link", &IMAGE_LINK)] {
        if let (Some(own), Some(of)) = (found.get(name), channel.text(name))
            && own.text != of
        {
            let message = format!(
                "`{name}` of the image is {}, of the channel {}",
                quote(&own.text),
                quote(of)
            );
            sheet.tell(rule, own.at(), message);
        }
    }
    if let Some(url) = found.get("url") {
        let path = url.text.split(['?', '#']).next().unwrap_or_default();
        let ending = path.rsplit('/').next().and_then(|f| f.rsplit_once('.')).map(|(_, e)| e);
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        if !ending.is_empty() && !["jpg", "jpeg", "gif", "png"].contains(&ending.as_str()) {
            let message = format!("the image {} isn't a JPEG, PNG or GIF", quote(&url.text));
            sheet.tell(&IMAGE_FORMAT, url.at(), message);
        }
    }
    for (name, most, rule) in [("width", 144, &WIDTH), ("height", 400, &HEIGHT)] {
        let Some(child) = found.get(name) else { continue };
        let sound = child.text.parse().is_ok_and(|n: u32| (1..=most).contains(&n));
        if !sound {
            let message = format!("`{name}` is {}, and may be 1 to {most}", quote(&child.text));
            sheet.tell(rule, child.at(), message);
        }
    }
}

fn text_input(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    sheet.tell(&TEXT_INPUT, node.range().start, "the channel has a `textInput`");
    let found = walk(sheet, node, Home::Rss, |name| {
        Some(match name {
            "title" | "description" | "name" => one(Value::Text),
            "link" => one(Value::Url),
            _ => return None,
        })
    });
    found.require(sheet, &["title", "description", "name", "link"]);
}

fn skip_hours(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    let found = walk(sheet, node, Home::Rss, |name| (name == "hour").then(|| many(Value::Text)));
    found.require(sheet, &["hour"]);
    if found.all.len() > 24 {
        sheet.tell(&HOURS, node.range().start, "more than 24 hours are skipped");
    }
    let mut seen = BTreeSet::new();
    for child in &found.all {
        match child.text.parse::<u8>() {
            Ok(24) => sheet.tell(&MIDNIGHT, child.at(), "hour 24 is 0"),
            Ok(hour) if hour < 24 && is_integer(&child.text) => {
                if !seen.insert(hour) {
                    sheet.tell(&DUPLICATE_VALUE, child.at(), format!("hour {hour} stands twice"));
                }
            }
            _ => {
                let message = format!("{} isn't an hour", quote(&child.text));
                sheet.tell(&HOUR, child.at(), message);
            }
        }
    }
}

fn skip_days(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    const ALL: &[&str] =
        &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let found = walk(sheet, node, Home::Rss, |name| (name == "day").then(|| many(Value::Text)));
    found.require(sheet, &["day"]);
    if found.all.len() > 7 {
        sheet.tell(&DAYS, node.range().start, "more than seven days are skipped");
    }
    let mut seen = BTreeSet::new();
    for child in &found.all {
        if !ALL.contains(&child.text.as_str()) {
            sheet.tell(&DAY, child.at(), format!("{} isn't a day", quote(&child.text)));
        } else if !seen.insert(&child.text) {
            let message = format!("{} stands twice", quote(&child.text));
            sheet.tell(&DUPLICATE_VALUE, child.at(), message);
        }
    }
}

fn cloud(sheet: &mut Sheet<'_>, node: Node<'_, '_>) {
    for name in ["domain", "path", "registerProcedure", "protocol"] {
        if !node.has_attribute(name) {
            missing_attribute(sheet, node, name);
        }
    }
    match node.attribute("port") {
        None => missing_attribute(sheet, node, "port"),
        Some(port) if !is_integer(port) || port.parse() == Ok(0_u32) => {
            let message = format!("`cloud port` is {}, and not a port", quote(port));
            sheet.tell(&INTEGER, node.range().start, message);
        }
        Some(_) => {}
    }
}

/// RSS 1.0: how it is built is RDF's; its items are looked at for what they share with RSS 2.0.
pub(super) fn rdf(sheet: &mut Sheet<'_>, root: Node<'_, '_>) {
    let named = |name: &'static str| {
        root.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
    };
    let Some(channel) = named("channel").next() else {
        missing(sheet, root, "channel");
        return;
    };
    for name in ["title", "link", "description"] {
        if !channel.children().any(|n| n.is_element() && n.tag_name().name() == name) {
            missing(sheet, channel, name);
        }
    }
    for item in named("item") {
        sheet.enter(rss_item::entry(item));
        for name in ["title", "link"] {
            if !item.children().any(|n| n.is_element() && n.tag_name().name() == name) {
                missing(sheet, item, name);
            }
        }
        sheet.leave();
    }
}
