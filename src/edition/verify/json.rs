//! Reads JSON Feed 1.1 back, key by key (standards §3).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Check, Refusal, about_feed, own_address, same_count};
use crate::feed::Format;
use crate::render::item::{self, Item, Someone};
use crate::render::{Channel, json, text};

pub(super) fn verify(text: &str, channel: &Channel<'_>, items: &[Item<'_>]) -> Result<(), Refusal> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| about_feed(format!("it isn't JSON: {e}")))?;
    let head = Check::feed();
    let feed = value.as_object().ok_or_else(|| about_feed("it isn't an object"))?;
    nothing_empty(&value)?;
    head.text("`version`", string(feed, "version"), Some(json::VERSION))?;
    head.text("`title`", string(feed, "title"), Some(&item::title(channel)))?;
    let home = text::url(&channel.feed.home);
    head.text("`home_page_url`", string(feed, "home_page_url"), Some(&home))?;
    let own = own_address(channel, Format::Json);
    head.text("`feed_url`", string(feed, "feed_url"), own.as_deref())?;
    head.same("`authors`", &names(feed), &expected_names(&item::site_authors(channel.site)))?;
    let found = feed.get("items").and_then(Value::as_array);
    let found = found.ok_or_else(|| about_feed("it has no array `items`"))?;
    same_count("items", found.len(), items.len())?;
    for (index, (value, item)) in found.iter().zip(items).enumerate() {
        let check = Check::entry(index, item);
        let object = value.as_object();
        check.same("being an object", &object.is_some(), &true)?;
        if let Some(object) = object {
            verify_item(object, &check, item)?;
        }
    }
    let ids: BTreeSet<&str> = items.iter().map(|i| i.id.as_str()).collect();
    same_count("different ids", ids.len(), items.len())
}

fn verify_item(found: &Map<String, Value>, check: &Check, item: &Item<'_>) -> Result<(), Refusal> {
    let text = |key: &str, expected: Option<&str>| {
        check.text(&format!("`{key}`"), string(found, key), expected)
    };
    text("id", Some(&item.id))?;
    text("url", Some(&item.link))?;
    text("title", Some(&item.title))?;
    text("content_html", item.content.as_deref())?;
    text("summary", item.summary.as_deref())?;
    let instead = item.summary.as_deref().unwrap_or(&item.title);
    text("content_text", item.content.is_none().then_some(instead))?;
    let has_content = found.contains_key("content_html") != found.contains_key("content_text");
    check.same("having one content", &has_content, &true)?;
    let time = |key: &str| string(found, key).and_then(instant);
    check.same("`date_published`", &time("date_published"), &Some(item.published))?;
    check.same("`date_modified`", &time("date_modified"), &item.changed())?;
    check.same("`authors`", &names(found), &expected_names(&item.authors))?;
    let attachments: Vec<Option<String>> = found
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|a| a.get("url").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let expected: Vec<_> = item.enclosures.iter().map(|m| Some(text::url(&m.url))).collect();
    check.same("`attachments`", &attachments, &expected)?;
    let tags = found.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
    check.same("`tags`", &tags, &item.tags())
}

/// Absent is absent: no `null`, and no empty array but `items`.
fn nothing_empty(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Null => Err(about_feed("it holds a null")),
        Value::Array(values) => values.iter().try_for_each(nothing_empty),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| match value {
            Value::Array(values) if values.is_empty() && key != "items" => {
                Err(about_feed(format!("`{key}` is an empty array")))
            }
            _ => nothing_empty(value),
        }),
        _ => Ok(()),
    }
}

fn string<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

fn names(object: &Map<String, Value>) -> Vec<Option<String>> {
    let authors = object.get("authors").and_then(Value::as_array).into_iter().flatten();
    authors.map(|a| a.get("name").and_then(Value::as_str).map(str::to_owned)).collect()
}

fn expected_names(people: &[Someone]) -> Vec<Option<String>> {
    people.iter().map(|p| Some(p.name.clone())).collect()
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}
