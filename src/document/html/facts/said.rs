//! What schema.org's words say of an article, JSON-LD's or microdata's, as facts.

use url::Url;

use super::super::super::desk::Desk;
use super::super::super::fields::Named;
use super::super::super::plain;
use super::super::schema::{self, Schema};
use super::address::below_site;
use super::image::picture;
use super::{Facts, NAMES_MAX};

impl Facts {
    pub(super) fn schema(&mut self, schema: &Schema, thing: &Named, desk: &Desk<'_>, own: &Url) {
        let said = |keys: &[&str]| schema::text(thing.member(keys)?);
        if self.headlines.is_empty() {
            self.headlines = ["headline", "name"]
                .iter()
                .filter_map(|key| Some((said(&[key])?, (*key).to_owned())))
                .collect();
        }
        for key in ["datepublished", "datecreated"] {
            if let Some(date) = said(&[key]) {
                self.offer_date(desk, "date", spelled(key), &date);
            }
        }
        for (key, from) in [("updated", "datemodified"), ("expires", "expires")] {
            if let Some(date) = said(&[from]) {
                self.offer_date(desk, key, spelled(from), &date);
            }
        }
        for (key, from) in [
            ("description", "description"),
            ("language", "inlanguage"),
            ("copyright", "copyrightnotice"),
        ] {
            if let Some(text) = said(&[from]) {
                self.offer(key, spelled(from), Named::Text(text));
            }
        }
        if let Some(url) = thing.member(&["license"]).and_then(schema::url) {
            self.offer("license", "license", Named::Text(url));
        }
        self.things(schema, thing, own, desk);
        self.thing.get_or_insert_with(|| thing.clone());
    }

    /// Names, people, media and who may read.
    fn things(&mut self, schema: &Schema, thing: &Named, own: &Url, desk: &Desk<'_>) {
        for (key, from) in [("section", "articlesection"), ("keywords", "keywords")] {
            if let Some(value) = thing.member(&[from]) {
                self.offer(key, spelled(from), names(schema, value));
            }
        }
        for (key, froms) in [
            ("authors", &["author", "creator"][..]),
            ("editors", &["editor"]),
            ("contributors", &["contributor"]),
            ("translators", &["translator"]),
        ] {
            if let Some((from, value)) = froms.iter().find_map(|f| Some((f, thing.member(&[f])?))) {
                self.offer(key, from, people(schema, value));
            }
        }
        if let Some(value) = thing.member(&["image", "thumbnailurl"]) {
            let one = schema.whole(value.each().first().unwrap_or(value));
            self.take_image("image", picture(one), own, desk);
        }
        if let Some(value) = thing.member(&["audio", "associatedmedia"]) {
            self.sound(schema.whole(value.each().first().unwrap_or(value)), own, desk);
        }
        if let Some(name) = thing.member(&["publisher"]) {
            let name = schema.whole(name).member(&["name"]).and_then(schema::text);
            self.sites.extend(name);
        }
        if thing.member(&["isaccessibleforfree"]).and_then(truth) == Some(false) {
            self.closed.get_or_insert_default().extend(closed(schema, thing));
        }
    }

    fn sound(&mut self, thing: &Named, own: &Url, desk: &Desk<'_>) {
        let is_sound = schema::types(thing).iter().any(|t| t == "AudioObject")
            || thing
                .member(&["encodingformat"])
                .and_then(schema::text)
                .is_some_and(|t| t.starts_with("audio/"));
        let Some(url) = thing.member(&["contenturl", "url"]).and_then(schema::url) else { return };
        if !is_sound {
            return;
        }
        let mut map = vec![("url".to_owned(), Named::Text(below_site(&url, own, desk)))];
        if let Some(kind) = thing.member(&["encodingformat"]).and_then(schema::text) {
            map.push(("type".to_owned(), Named::Text(kind)));
        }
        if let Some(seconds) =
            thing.member(&["duration"]).and_then(schema::text).and_then(|d| duration(&d))
        {
            map.push(("duration".to_owned(), Named::Integer(seconds)));
        }
        self.offer("audio", "audio", Named::Map(map));
    }
}

fn spelled(key: &str) -> &str {
    match key {
        "datepublished" => "datePublished",
        "datecreated" => "dateCreated",
        "datemodified" => "dateModified",
        "inlanguage" => "inLanguage",
        "copyrightnotice" => "copyrightNotice",
        "articlesection" => "articleSection",
        key => key,
    }
}

fn truth(value: &Named) -> Option<bool> {
    let one = value.each().first()?;
    let word = one.text()?;
    Named::Text(word.rsplit(['/', '#']).next()?.to_owned()).truth()
}

/// Names out of texts and named things; one text may be several words with commas.
fn names(schema: &Schema, value: &Named) -> Named {
    match value {
        Named::Text(_) => value.clone(),
        value => Named::List(
            value
                .each()
                .iter()
                .take(NAMES_MAX)
                .filter_map(|one| {
                    one.text().or_else(|| schema::text(schema.whole(one).member(&["name"])?))
                })
                .map(Named::Text)
                .collect(),
        ),
    }
}

fn people(schema: &Schema, value: &Named) -> Named {
    let person = |one: &Named| {
        if let Some(name) = one.text() {
            return without_by(&name).filter(|name| !name.contains("://")).map(Named::Text);
        }
        let whole = schema.whole(one);
        let name = schema::text(whole.member(&["name"]).or_else(|| one.member(&["name"]))?)?;
        let name = without_by(&name)?;
        let mut map = vec![("name".to_owned(), Named::Text(name))];
        if let Some(url) = whole.member(&["url"]).and_then(schema::url) {
            map.push(("url".to_owned(), Named::Text(url)));
        }
        if let Some(url) = whole.member(&["image"]).and_then(|i| schema::url(schema.whole(i))) {
            map.push(("image".to_owned(), Named::Text(url)));
        }
        if let Some(email) = whole.member(&["email"]).and_then(schema::text) {
            map.push((
                "email".to_owned(),
                Named::Text(email.trim_start_matches("mailto:").to_owned()),
            ));
        }
        Some(Named::Map(map))
    };
    Named::List(value.each().iter().take(NAMES_MAX).filter_map(person).collect())
}

/// A name without what a page says around it; what is longer than a name is none.
fn without_by(name: &str) -> Option<String> {
    let name = plain::collapse(name);
    let bare = ["By ", "by ", "BY "].iter().find_map(|by| name.strip_prefix(by)).unwrap_or(&name);
    (bare.chars().count() <= NAME_CHARS_MAX).then(|| bare.to_owned())
}

/// A longer text is a byline with all that stands around it.
const NAME_CHARS_MAX: usize = 80;

fn closed(schema: &Schema, thing: &Named) -> Vec<String> {
    let parts = thing.member(&["haspart"]).map(Named::each).unwrap_or_default();
    parts
        .iter()
        .map(|part| schema.whole(part))
        .filter(|part| part.member(&["isaccessibleforfree"]).and_then(truth) == Some(false))
        .flat_map(|part| part.member(&["cssselector"]).map(Named::each).unwrap_or_default())
        .filter_map(Named::text)
        .collect()
}

/// ISO 8601's `PT1H2M3S` in seconds.
fn duration(text: &str) -> Option<i64> {
    let time = text.trim().strip_prefix("PT")?;
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    for c in time.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (seconds > 0).then_some(seconds)
}
