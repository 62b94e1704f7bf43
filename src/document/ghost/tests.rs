//! A post's row by what its columns say.

use super::*;
use crate::document::{Facts, Row, Value};

const ID: &str = "6b05b7d1bac04f59a2045c01";

fn text(text: &str) -> Value {
    Value::Text(text.as_bytes().to_vec())
}

fn row(columns: &[(&str, Value)]) -> Row {
    Row {
        columns: columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    }
}

fn facts(permalink: &str) -> Facts {
    let pair = |name: &str, value: &str| row(&[("name", text(name)), ("value", text(value))]);
    let mut facts = Facts::default();
    let settings = vec![pair("url", "https://gazette.example/"), pair("permalink", permalink)];
    facts.rows.insert("settings".to_owned(), settings);
    facts.rows.insert("options".to_owned(), vec![pair("timezone", "Asia/Baku")]);
    facts
}

/// A public post; some columns are said otherwise.
fn post(otherwise: &[(&str, Value)]) -> Row {
    let mut columns = vec![
        ("id", text(ID)),
        ("title", text("Fog & lamps")),
        ("slug", text("fog")),
        ("html", text("<p>Words</p>")),
        ("type", text("post")),
        ("status", text("published")),
        ("visibility", text("public")),
        ("published_at", text("2024-02-01 21:30:00")),
        ("updated_at", text("2024-02-01 21:30:00")),
        ("email_only", Value::Null),
    ];
    for (name, value) in otherwise {
        columns.retain(|(own, _)| own != name);
        columns.push((name, value.clone()));
    }
    row(&columns)
}

fn shaped(otherwise: &[(&str, Value)]) -> Row {
    (SHAPE.of)(&post(otherwise), &facts("/{slug}/"))
}

fn of(row: &Row, column: &str) -> String {
    row.text(column).unwrap_or_default()
}

#[test]
fn a_public_post_is_a_row_as_any_other() {
    let shaped = shaped(&[]);
    for (column, value) in [
        ("id", ID),
        ("url", "/fog/"),
        ("title", "Fog &amp; lamps"),
        ("body", "<p>Words</p>"),
        ("body_format", "html"),
        ("published", "2024-02-01T21:30:00Z"),
        ("updated", ""),
        (TOLD, ""),
    ] {
        assert_eq!(of(&shaped, column), value, "{column}");
    }
}

#[test]
fn only_what_is_known_to_be_for_everybody_is_an_article() {
    let withheld = row(&[("id", text(ID)), ("draft", Value::Integer(1))]);
    for otherwise in [
        ("status", text("draft")),
        ("status", text("sent")),
        ("status", text("Published")),
        ("status", text("")),
        ("status", Value::Null),
        ("type", text("page")),
        ("type", text("newsletter")),
        ("type", Value::Null),
        ("email_only", Value::Integer(1)),
        ("email_only", text("1")),
        ("email_only", text("yes")),
        ("email_only", Value::Real(1.0)),
        ("email_only", Value::Blob(vec![1])),
        ("email_only", Value::Blob(Vec::new())),
    ] {
        assert_eq!(shaped(std::slice::from_ref(&otherwise)), withheld, "{otherwise:?}");
    }
    for otherwise in [
        ("email_only", Value::Integer(0)),
        ("email_only", text("0")),
        ("email_only", Value::Blob(vec![0])),
    ] {
        assert_eq!(of(&shaped(&[otherwise]), "body"), "<p>Words</p>");
    }
}

#[test]
fn what_is_scheduled_waits_for_its_time_and_has_one() {
    let at = |date: Value| shaped(&[("status", text("scheduled")), ("published_at", date)]);
    assert_eq!(of(&at(text("2050-01-01 06:00:00")), "published"), "2050-01-01T06:00:00Z");
    assert_eq!(of(&at(text("2050-01-01T06:00:00.000Z")), "published"), "2050-01-01T06:00:00Z");
    assert_eq!(of(&at(Value::Integer(2_524_629_600_000)), "published"), "2050-01-01T06:00:00Z");
    for date in [Value::Null, text(""), text("soon"), text("0000-00-00 00:00:00")] {
        assert_eq!(of(&at(date.clone()), "draft"), "1", "{date:?}");
    }
}

#[test]
fn a_gated_post_keeps_what_everybody_may_know_of_it() {
    let html = text("<p>Free</p><!--members-only--><p>SECRET</p>");
    for (visibility, body, told) in [
        ("members", "<p>Free</p>", "beginning"),
        ("paid", "<p>Free</p>", "beginning"),
        ("tiers", "<p>Free</p>", "beginning"),
        ("gold", "", "visibility"),
    ] {
        let shaped = shaped(&[
            ("visibility", text(visibility)),
            ("html", html.clone()),
            ("custom_excerpt", text("A free & fine excerpt")),
            ("plaintext", text("SECRET")),
            ("lexical", text("SECRET")),
            ("codeinjection_head", text("SECRET")),
        ]);
        assert_eq!(of(&shaped, "body"), body, "{visibility}");
        assert_eq!(of(&shaped, TOLD), told, "{visibility}");
        assert_eq!(of(&shaped, "summary"), "A free &amp; fine excerpt");
        assert_eq!(of(&shaped, "title"), "Fog &amp; lamps");
        assert!(!format!("{:?}", shaped.columns).contains("83, 69, 67, 82, 69, 84"), "{shaped:?}");
    }
    for html in [Value::Null, text(""), text(" \n")] {
        assert_eq!(of(&shaped(&[("html", html)]), TOLD), "empty");
    }
}

#[test]
fn tags_authors_and_picture_come_along() {
    let tag = |name: &str, slug: &str, visibility: &str| {
        row(&[("name", text(name)), ("slug", text(slug)), ("visibility", text(visibility))])
    };
    let author = |name: &str, image: Value| {
        row(&[("name", text(name)), ("slug", text("ada")), ("profile_image", image)])
    };
    let internal_first = Value::Rows(vec![
        tag("#desk", "hash-desk", "internal"),
        tag("World & Sea", "world", "public"),
        tag("New", "new", "secret"),
    ]);
    let gated = |tags: Value| {
        post(&[
            ("tags", tags),
            (
                "authors",
                Value::Rows(vec![
                    author("Ada Brook", text("__GHOST_URL__/content/ada.jpg")),
                    author("Ben Oak", Value::Null),
                ]),
            ),
            ("feature_image", text("__GHOST_URL__/content/fog.jpg")),
            ("feature_image_alt", text("Fog & lamps")),
            ("feature_image_caption", text("By <b>night</b> &amp; day")),
            ("locale", text("en-GB")),
        ])
    };
    let shaped =
        (SHAPE.of)(&gated(internal_first), &facts("/{primary_tag}/{primary_author}/{slug}/"));
    assert_eq!(of(&shaped, "url"), "/all/ada/fog/");
    assert_eq!(
        of(&shaped, "terms"),
        "[{\"taxonomy\":\"tag\",\"slug\":\"world\",\"name\":\"World &amp; Sea\"}]"
    );
    assert_eq!(
        of(&shaped, "authors"),
        "[{\"name\":\"Ada Brook\",\"image\":\"https://gazette.example/content/ada.jpg\"},\
         {\"name\":\"Ben Oak\"}]"
    );
    assert_eq!(
        of(&shaped, "image"),
        "{\"url\":\"https://gazette.example/content/fog.jpg\",\"alt\":\"Fog &amp; lamps\",\
         \"caption\":\"By night &amp; day\"}"
    );
    assert_eq!(of(&shaped, "language"), "en-GB");
    let public_first = Value::Rows(vec![tag("World", "world", "public")]);
    let shaped = (SHAPE.of)(&gated(public_first), &facts("/{primary_tag}/{year}/{day}/{slug}/"));
    assert_eq!(of(&shaped, "url"), "/world/2024/02/fog/");
}

#[test]
fn what_stands_for_the_site_and_for_a_member_is_filled_in() {
    let html = "<a href=\"__GHOST_URL__/a/?u=%7Buuid%7D&b=%7Bu%7Buuid%7Duid%7D\">{uuid}</a>";
    let shaped = shaped(&[
        ("html", text(html)),
        ("updated_at", text("2024-02-03 00:00:00")),
        ("canonical_url", text("__GHOST_URL__/first/")),
    ]);
    assert_eq!(of(&shaped, "body"), "<a href=\"https://gazette.example/a/?u=&b=\">{uuid}</a>");
    assert_eq!(of(&shaped, "canonical_url"), "https://gazette.example/first/");
    assert_eq!(of(&shaped, "updated"), "2024-02-03T00:00:00Z");
}
