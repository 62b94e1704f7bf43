//! Podcasting 2.0 (standards §1.9): the tags that apps act on. Others of the namespace are let be.

use super::elements::{Child, Children, Spec, many, one, one_of, optional, required};
use super::sheet::{Sheet, quote};
use super::urls;
use super::values::{Value, up_to};
use super::{Rule, error, warning};
use crate::problem::Code;

const VALUE: Rule = error(
    Code::new("feed-invalid-podcast-value"),
    "write what the podcast namespace says of this tag",
);
const PLAIN_HTTP: Rule = warning(
    Code::new("feed-podcast-not-https"),
    "serve it over https; apps on phones refuse the rest",
);

const ROLE: Rule = warning(
    Code::new("feed-unknown-podcast-role"),
    "write a role of the Podcast Taxonomy, such as host, guest or editor; some readers refuse others",
);

/// The Podcast Taxonomy's roles.
const ROLES: &str = "host,co-host,guest host,guest,voice actor,narrator,announcer,reporter,director,\
    assistant director,executive producer,senior producer,producer,associate producer,\
    development producer,creative director,author,editorial director,co-writer,writer,songwriter,\
    guest writer,story editor,managing editor,script editor,script coordinator,researcher,editor,\
    fact checker,translator,transcriber,logger,studio coordinator,technical director,\
    technical manager,audio engineer,remote recording engineer,post production engineer,\
    audio editor,sound designer,foley artist,composer,theme music,music production,\
    music contributor,production coordinator,booking coordinator,production assistant,\
    content manager,marketing manager,sales representative,sales manager,graphic designer,\
    cover art designer,social media manager,camera operator,lighting designer,camera grip,\
    assistant camera";

const MEDIA: &[&str] = &[
    "podcast",
    "music",
    "video",
    "film",
    "audiobook",
    "newsletter",
    "blog",
    "publisher",
    "course",
    "mixed",
    "podcastL",
    "musicL",
    "videoL",
    "filmL",
    "audiobookL",
    "newsletterL",
    "blogL",
    "publisherL",
    "courseL",
];

const TRANSCRIPTS: &[&str] = &[
    "text/vtt",
    "application/x-subrip",
    "application/srt",
    "application/json",
    "text/html",
    "text/plain",
];

/// What the elements are; `None`: not of those that are looked at.
pub(super) fn spec(name: &str) -> Option<Spec> {
    Some(match name {
        "podcast:guid" | "podcast:medium" => one(Value::Text),
        "podcast:locked" => one(Value::Text).with(&["owner"]),
        "podcast:funding" => many(Value::Text).with(&["url"]),
        "podcast:person" => many(Value::Text).with(&["role", "group", "img", "href"]),
        "podcast:location" => many(Value::Text).with(&["rel", "geo", "osm", "country"]),
        "podcast:license" => one(Value::Text).with(&["url"]),
        "podcast:txt" => many(Value::Text).with(&["purpose"]),
        "podcast:transcript" => many(Value::Text).with(&["url", "type", "language", "rel"]),
        "podcast:chapters" => one(Value::Text).with(&["url", "type"]),
        "podcast:season" => one(Value::Text).with(&["name"]),
        "podcast:episode" => one(Value::Text).with(&["display"]),
        "podcast:soundbite" => many(Value::Text).with(&["startTime", "duration"]),
        _ => return None,
    })
}

/// Looks at a channel's and its items' elements together.
pub(super) fn channel(sheet: &mut Sheet<'_>, found: &Children<'_, '_>) {
    let Some(guid) = found.get("podcast:guid") else { return };
    if !urls::is_uuid(&guid.text) {
        let message = format!("`podcast:guid` is {}, and not a UUID", quote(&guid.text));
        sheet.tell_value(&VALUE, guid.at(), &guid.text, message);
    }
}

/// Looks at one element.
pub(super) fn element(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let (node, text) = (child.node, child.text.as_str());
    match &*child.name {
        "podcast:locked" => {
            one_of(sheet, &VALUE, node, "podcast:locked", text, &["yes", "no"]);
            optional(sheet, node, "owner", Value::Email);
        }
        "podcast:medium" => one_of(sheet, &VALUE, node, "podcast:medium", text, MEDIA),
        "podcast:funding" => {
            required(sheet, node, "url", Value::Url);
            up_to(sheet, "podcast:funding", text, node, 128);
        }
        "podcast:person" => {
            optional(sheet, node, "img", Value::Url);
            optional(sheet, node, "href", Value::Url);
            role(sheet, child);
            up_to(sheet, "podcast:person", text, node, 128);
        }
        "podcast:location" | "podcast:license" => up_to(sheet, &child.name, text, node, 128),
        "podcast:txt" => up_to(sheet, "podcast:txt", text, node, 4000),
        "podcast:transcript" => {
            required(sheet, node, "url", Value::Url);
            if let Some(kind) = required(sheet, node, "type", Value::Mime) {
                one_of(sheet, &VALUE, node, "podcast:transcript type", kind, TRANSCRIPTS);
            }
            optional(sheet, node, "language", Value::Language);
        }
        "podcast:chapters" => {
            required(sheet, node, "url", Value::Url);
            required(sheet, node, "type", Value::Mime);
        }
        "podcast:soundbite" => {
            seconds(sheet, child, "startTime");
            seconds(sheet, child, "duration");
            up_to(sheet, "podcast:soundbite", text, node, 128);
        }
        "podcast:season" => {
            if let Some(name) = node.attribute("name") {
                up_to(sheet, "podcast:season name", name, node, 128);
            }
            if !super::values::is_integer(text) {
                number(sheet, child);
            }
        }
        "podcast:episode" => {
            if let Some(display) = node.attribute("display") {
                up_to(sheet, "podcast:episode display", display, node, 32);
            }
            if text.parse::<f64>().is_err() {
                number(sheet, child);
            }
        }
        _ => {}
    }
    for name in ["url", "img", "href"] {
        if let Some(url) = node.attribute(name).filter(|url| url.starts_with("http://")) {
            let message = format!("`{}` names {}", child.name, quote(url));
            sheet.tell_value(&PLAIN_HTTP, child.at(), url, message);
        }
    }
}

fn role(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let Some(role) = child.node.attribute("role") else { return };
    if !ROLES.split(',').any(|known| known.eq_ignore_ascii_case(role.trim())) {
        let message = format!("{} isn't a role that podcast apps know", quote(role));
        sheet.tell_value(&ROLE, child.at(), role, message);
    }
}

/// An attribute that is a time in seconds.
fn seconds(sheet: &mut Sheet<'_>, child: &Child<'_, '_>, name: &str) {
    let Some(value) = required(sheet, child.node, name, Value::Text) else { return };
    if !value.parse::<f64>().is_ok_and(|seconds| seconds.is_finite() && seconds >= 0.0) {
        let message = format!("`{} {name}` is {}, and no seconds", child.name, quote(value));
        sheet.tell_value(&VALUE, child.at(), value, message);
    }
}

fn number(sheet: &mut Sheet<'_>, child: &Child<'_, '_>) {
    let message = format!("`{}` is {}, and not a number", child.name, quote(&child.text));
    sheet.tell_value(&VALUE, child.at(), &child.text, message);
}
