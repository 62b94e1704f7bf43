//! What the standards ask of every feed, looked for in the bytes of every case, whatever the case is
//! about. `docs/reference/formats.md` names these tests; the values themselves are the golden files'.

use std::collections::BTreeSet;

use chrono::DateTime;
use feedwright::feed::Format;
use feedwright::render::{self, Channel};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::cases;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// Looks at one format of every case.
fn each(format: Format, look: impl Fn(&str, &Channel<'_>, &str)) {
    for (path, case) in cases() {
        let channel =
            Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
        let text = String::from_utf8(render::feed(format, &channel).unwrap()).unwrap();
        look(&path.file_name().unwrap().to_string_lossy(), &channel, &text);
    }
}

/// Looks at every item of RSS, or entry of Atom.
fn each_item(format: Format, look: impl Fn(&str, Node<'_, '_>)) {
    let name = if format == Format::Rss { "item" } else { "entry" };
    each(format, |case, _, text| {
        let document = Document::parse(text).unwrap();
        document.descendants().filter(|n| n.tag_name().name() == name).for_each(|n| look(case, n));
    });
}

fn names<'a>(node: Node<'a, '_>) -> Vec<&'a str> {
    node.children().filter(Node::is_element).map(|n| n.tag_name().name()).collect()
}

fn named<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> Vec<Node<'a, 'd>> {
    node.children().filter(|n| n.is_element() && n.tag_name().name() == name).collect()
}

/// The bytes without what stands in CDATA.
fn without_cdata(text: &str) -> String {
    let mut parts = text.split("<![CDATA[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("]]>").map_or("", |(_, rest)| rest))
}

#[test]
fn what_is_said_of_a_feed_stands_before_its_entries() {
    for (format, item) in [(Format::Rss, "item"), (Format::Atom, "entry")] {
        each(format, |case, _, text| {
            let document = Document::parse(text).unwrap();
            let root = document.root_element();
            let head = if format == Format::Rss { named(root, "channel")[0] } else { root };
            let names = names(head);
            let first = names.iter().position(|n| *n == item).unwrap_or(names.len());
            assert!(names[first..].iter().all(|n| *n == item), "{case}: {names:?}");
        });
    }
}

#[test]
fn rss_spells_ampersands_and_brackets_for_readers_that_decode_twice() {
    each(Format::Rss, |case, _, text| {
        let text = without_cdata(text);
        assert!(!text.contains("&amp;") && !text.contains("&lt;"), "{case}");
    });
}

#[test]
fn rss_elements_without_a_namespace_are_those_of_the_standard() {
    const KNOWN: [&str; 21] = [
        "rss",
        "channel",
        "title",
        "link",
        "description",
        "language",
        "copyright",
        "managingEditor",
        "pubDate",
        "lastBuildDate",
        "generator",
        "docs",
        "ttl",
        "image",
        "url",
        "item",
        "category",
        "comments",
        "enclosure",
        "guid",
        "source",
    ];
    each(Format::Rss, |case, _, text| {
        let document = Document::parse(text).unwrap();
        for node in document.descendants().filter(Node::is_element) {
            let name = node.tag_name();
            assert!(name.namespace().is_some() || KNOWN.contains(&name.name()), "{case}: {name:?}");
            let own = name.namespace().is_none();
            assert!(!own || node.attributes().all(|a| a.namespace().is_none()), "{case}: {name:?}");
        }
    });
}

#[test]
fn rss_dates_are_gmt_with_two_digits_and_a_true_weekday() {
    each(Format::Rss, |case, _, text| {
        let document = Document::parse(text).unwrap();
        let dates = document
            .descendants()
            .filter(|n| matches!(n.tag_name().name(), "pubDate" | "lastBuildDate"))
            .filter(|n| n.tag_name().namespace().is_none());
        for date in dates.filter_map(|n| n.text()) {
            let at = DateTime::parse_from_rfc2822(date).unwrap_or_else(|e| panic!("{date}: {e}"));
            // Written again in the one form, so that anything looser shows.
            assert_eq!(at.format("%a, %d %b %Y %H:%M:%S GMT").to_string(), date, "{case}");
        }
    });
}

#[test]
fn rss_channels_have_title_link_and_description_and_the_image_repeats_them() {
    each(Format::Rss, |case, channel, text| {
        let document = Document::parse(text).unwrap();
        let head = named(document.root_element(), "channel")[0];
        let text_of = |node: Node<'_, '_>, name| {
            let found: Vec<_> = named(node, name)
                .into_iter()
                .filter(|n| n.tag_name().namespace().is_none())
                .collect();
            assert_eq!(found.len(), 1, "{case}: {name}");
            found[0].text().unwrap_or_default().to_owned()
        };
        let (title, link) = (text_of(head, "title"), text_of(head, "link"));
        assert!(!title.trim().is_empty() && link.starts_with("https://"), "{case}");
        text_of(head, "description");
        let images = named(head, "image");
        for image in images.into_iter().filter(|n| n.tag_name().namespace().is_none()) {
            assert_eq!(
                (text_of(image, "title"), text_of(image, "link")),
                (title.clone(), link.clone())
            );
        }
        let ttl = format!("<ttl>{}</ttl>", channel.site.ttl_minutes);
        assert_eq!(text.contains(&ttl), channel.site.ttl_minutes > 0, "{case}");
    });
}

#[test]
fn every_guid_says_whether_it_is_a_link_and_none_stands_twice() {
    each(Format::Rss, |case, _, text| {
        let document = Document::parse(text).unwrap();
        let mut seen = BTreeSet::new();
        for item in document.descendants().filter(|n| n.has_tag_name("item")) {
            let guid = named(item, "guid")[0];
            let id = guid.text().unwrap_or_default();
            let link = named(item, "link")[0].text().unwrap_or_default();
            let expected = id == link && id.starts_with("http");
            assert_eq!(
                guid.attribute("isPermaLink"),
                Some(expected.to_string().as_str()),
                "{case}"
            );
            assert!(seen.insert(id.to_owned()), "{case}: {id}");
        }
    });
}

#[test]
fn an_rss_item_has_its_summary_before_its_content_and_one_enclosure() {
    each_item(Format::Rss, |case, item| {
        let children: Vec<_> = item.children().filter(Node::is_element).collect();
        let at = |name: &str, namespace: Option<&str>| {
            let is = |n: &Node<'_, '_>| {
                n.tag_name().name() == name && n.tag_name().namespace() == namespace
            };
            children.iter().position(is)
        };
        if let (Some(summary), Some(content)) =
            (at("description", None), at("encoded", Some(CONTENT)))
        {
            assert!(summary < content, "{case}");
        }
        assert!(at("title", None).is_some() && at("author", None).is_none(), "{case}");
        let enclosures = named(item, "enclosure");
        assert!(enclosures.len() <= 1, "{case}");
        for enclosure in enclosures {
            let attribute = |name| enclosure.attribute(name).unwrap_or_default();
            assert!(attribute("length").parse::<u64>().is_ok(), "{case}");
            assert!(
                attribute("type").contains('/') && attribute("url").starts_with("http"),
                "{case}"
            );
        }
    });
}

#[test]
fn authors_are_named_one_by_one_and_without_addresses() {
    each_item(Format::Rss, |case, item| {
        for creator in named(item, "creator") {
            let name = creator.text().unwrap_or_default();
            assert!(
                !name.is_empty() && !name.contains('@') && !name.contains(", "),
                "{case}: {name}"
            );
        }
        for category in named(item, "category") {
            assert!(
                category.attribute("domain").is_some_and(|d| d.starts_with("https://")),
                "{case}"
            );
        }
    });
}

#[test]
fn only_namespaces_that_are_used_are_declared_under_their_usual_prefix() {
    const USUAL: [(&str, &str); 8] = [
        ("atom", ATOM),
        ("content", CONTENT),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("media", MEDIA),
        ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
        ("podcast", "https://podcastindex.org/namespace/1.0"),
        ("at", "http://purl.org/atompub/tombstones/1.0"),
        ("xml", "http://www.w3.org/XML/1998/namespace"),
    ];
    for format in [Format::Rss, Format::Atom] {
        each(format, |case, _, text| {
            let document = Document::parse(text).unwrap();
            for declared in document.root_element().namespaces() {
                let (Some(prefix), uri) = (declared.name(), declared.uri()) else { continue };
                assert!(USUAL.contains(&(prefix, uri)), "{case}: {prefix}");
                let used = text.contains(&format!("<{prefix}:")) || prefix == "xml";
                assert!(used, "{case}: {prefix} is declared and not used");
            }
        });
    }
}

#[test]
fn media_rss_says_what_a_picture_is_and_one_is_no_group() {
    for format in [Format::Rss, Format::Atom] {
        each_item(format, |case, item| {
            for content in named(item, "content")
                .into_iter()
                .filter(|n| n.tag_name().namespace() == Some(MEDIA))
            {
                assert!(content.attribute("url").is_some_and(|u| u.starts_with("http")), "{case}");
                for credit in named(content, "credit") {
                    let role = credit.attribute("role").unwrap_or_default();
                    assert!(matches!(role, "photographer" | "producer"), "{case}: {role}");
                }
            }
            assert!(named(item, "group").is_empty(), "{case}");
        });
    }
}

#[test]
fn a_lead_picture_stands_once_in_the_body() {
    each_item(Format::Rss, |case, item| {
        let Some(content) = named(item, "encoded").first().and_then(|n| n.text()) else { return };
        let media = named(item, "content");
        let lead = media.iter().find(|n| n.attribute("medium") == Some("image"));
        let Some(url) = lead.and_then(|n| n.attribute("url")) else { return };
        let url = url.replace('&', "&amp;");
        assert_eq!(content.matches(&format!("src=\"{url}\"")).count(), 1, "{case}: {url}");
    });
}

#[test]
fn bodies_hold_no_relative_address() {
    each_item(Format::Rss, |case, item| {
        let Some(content) = named(item, "encoded").first().and_then(|n| n.text()) else { return };
        for attribute in [" href=\"", " src=\"", " poster=\"", " cite=\"", " srcset=\""] {
            for value in content.split(attribute).skip(1) {
                let sound = ["https://", "http://", "mailto:", "tel:"];
                assert!(
                    sound.iter().any(|s| value.starts_with(s)),
                    "{case}: {attribute}{}",
                    &value[..20.min(value.len())]
                );
            }
        }
    });
}

#[test]
fn xml_begins_with_its_declaration_and_has_no_mark_no_doctype_and_no_base() {
    for format in [Format::Rss, Format::Atom] {
        each(format, |case, _, text| {
            assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<"), "{case}");
            let bare = without_cdata(text);
            assert!(!bare.contains("<!DOCTYPE") && !bare.contains("xml:base"), "{case}");
            assert_eq!(text.matches("<?").count(), 1, "{case}");
        });
    }
}

#[test]
fn xml_and_json_hold_no_character_that_readers_choke_on() {
    for format in Format::ALL {
        each(format, |case, _, text| {
            let bad = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
            assert_eq!(text.chars().find(|c| bad(*c)), None, "{case} {format:?}");
        });
    }
}

#[test]
fn atom_feeds_and_entries_have_what_they_must() {
    each(Format::Atom, |case, channel, text| {
        let document = Document::parse(text).unwrap();
        let feed = document.root_element();
        let of_feed = names(feed);
        for name in ["id", "title", "updated"] {
            assert_eq!(of_feed.iter().filter(|n| **n == name).count(), 1, "{case}: {name}");
        }
        assert!(of_feed.contains(&"author"), "{case}: entries without a byline inherit it");
        let updated = |node| named(node, "updated")[0].text().unwrap_or_default().to_owned();
        let mut newest = None;
        for entry in named(feed, "entry") {
            let of_entry = names(entry);
            for name in ["id", "title", "updated", "published"] {
                assert_eq!(of_entry.iter().filter(|n| **n == name).count(), 1, "{case}: {name}");
            }
            let id = named(entry, "id")[0].text().unwrap_or_default();
            assert!(url::Url::parse(id).is_ok(), "{case}: {id}");
            let at = DateTime::parse_from_rfc3339(&updated(entry)).unwrap();
            newest = newest.max(Some(at));
            let links = named(entry, "link");
            let alternates = links.iter().filter(|l| l.attribute("rel") == Some("alternate"));
            assert_eq!(alternates.count(), 1, "{case}");
        }
        if let Some(newest) = newest {
            assert_eq!(DateTime::parse_from_rfc3339(&updated(feed)).unwrap(), newest, "{case}");
        }
        let own = named(feed, "link").iter().filter(|l| l.attribute("rel") == Some("self")).count();
        assert_eq!(own, usize::from(channel.site.base_url.is_some()), "{case}");
    });
}

#[test]
fn atom_alternates_differ_in_type() {
    each(Format::Atom, |case, _, text| {
        let document = Document::parse(text).unwrap();
        let mut seen = BTreeSet::new();
        for link in named(document.root_element(), "link") {
            if link.attribute("rel") == Some("alternate") {
                let key = (link.attribute("type"), link.attribute("hreflang"));
                assert!(seen.insert(key), "{case}: {key:?}");
            }
            assert!(link.attribute("href").is_some_and(|h| h.starts_with("http")), "{case}");
        }
    });
}

#[test]
fn atom_text_is_plain_and_content_is_html() {
    each_item(Format::Atom, |case, entry| {
        for name in ["title", "summary", "rights"] {
            for node in named(entry, name) {
                assert!(matches!(node.attribute("type"), None | Some("text")), "{case}: {name}");
                assert!(node.children().all(|n| n.is_text()), "{case}: {name}");
            }
        }
        let contents = named(entry, "content");
        for node in contents.iter().filter(|n| n.tag_name().namespace() == Some(ATOM)) {
            assert_eq!(node.attribute("type"), Some("html"), "{case}");
        }
        for category in named(entry, "category") {
            for name in ["term", "scheme", "label"] {
                assert!(category.attribute(name).is_some_and(|v| !v.is_empty()), "{case}: {name}");
            }
        }
    });
}

#[test]
fn json_has_its_version_first_nothing_empty_and_every_item_an_id_and_a_content() {
    fn full(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Array(all) => !all.is_empty() && all.iter().all(full),
            Value::Object(all) => !all.is_empty() && all.values().all(full),
            _ => true,
        }
    }
    each(Format::Json, |case, channel, text| {
        assert!(
            text.starts_with("{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":"),
            "{case}"
        );
        let feed: Value = serde_json::from_str(text).unwrap();
        assert_eq!(feed.get("feed_url").is_some(), channel.site.base_url.is_some(), "{case}");
        let items = feed["items"].as_array().unwrap();
        for item in items {
            assert!(full(item), "{case}: {item}");
            assert!(item["id"].is_string() && item["date_published"].is_string(), "{case}");
            assert!(
                item.get("content_html").is_some() != item.get("content_text").is_some(),
                "{case}"
            );
            for file in item["attachments"].as_array().into_iter().flatten() {
                assert!(file["url"].is_string() && file["mime_type"].is_string(), "{case}");
                assert!(file.get("size_in_bytes").is_none_or(Value::is_u64), "{case}");
            }
            let plain = [&item["title"], &item["summary"]];
            let own = plain.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>();
            assert!(own.iter().all(|text| !text.contains('\n')), "{case}");
        }
        let head = feed.as_object().unwrap();
        assert!(head.iter().all(|(key, value)| key == "items" || full(value)), "{case}");
        assert!(
            head["authors"].as_array().unwrap().iter().all(|a| a["name"].is_string()),
            "{case}"
        );
    });
}

#[test]
fn an_article_has_one_id_in_every_format() {
    for (path, case) in cases() {
        let channel =
            Channel { site: &case.site, feed: &case.feed, entries: &case.entries, gone: &[] };
        let text = |format| String::from_utf8(render::feed(format, &channel).unwrap()).unwrap();
        let (rss, atom) = (text(Format::Rss), text(Format::Atom));
        let json: Value = serde_json::from_str(&text(Format::Json)).unwrap();
        let (rss, atom) = (Document::parse(&rss).unwrap(), Document::parse(&atom).unwrap());
        let of = |document: &Document<'_>, item: &str, name: &'static str| -> Vec<String> {
            let items = document.descendants().filter(|n| n.tag_name().name() == item);
            items.map(|n| named(n, name)[0].text().unwrap_or_default().to_owned()).collect()
        };
        let guids = of(&rss, "item", "guid");
        let ids: Vec<String> = json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(guids, ids, "{}", path.display());
        for (guid, id) in guids.iter().zip(of(&atom, "entry", "id")) {
            assert_eq!(render::atom::entry_id(guid, &case.site.id_base), id);
            assert!(*guid == id || id.starts_with("urn:uuid:"), "{guid} → {id}");
        }
    }
}
