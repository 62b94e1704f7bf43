//! A page's facts, each from the best source that names it: schema.org (JSON-LD, then microdata), then
//! Open Graph and its kin, then Dublin Core and the meta elements of older systems, then what the page
//! shows. What a fact means is not asked here.

use dom_query::Document;
use url::Url;

use super::super::desk::Desk;
use super::super::fields::{Fact, Named};
use super::super::{dates, plain};
use super::content::Content;
use super::head::{Head, value};
use super::schema::{self, Schema, Subject, Unreadable};
use super::{Addresses, CANONICAL, JSON_LD, micro, title};
use crate::article::Precision;
use crate::problem::Place;

/// More pictures than an article leads with.
const IMAGES_MAX: usize = 10;
/// More tags or authors than any article has.
const NAMES_MAX: usize = 200;

/// What a page says of its article.
#[derive(Debug, Default)]
pub(super) struct Facts {
    list: Vec<Fact>,
    /// A date that can't be read; it counts where no other source names one that can.
    bad_dates: Vec<Fact>,
    /// The article as schema.org has it.
    thing: Option<Named>,
    /// Several articles are described, none as this page's own.
    pub(super) is_many: bool,
    /// The page says that it is a list.
    pub(super) is_list: bool,
    /// The names by which the site goes.
    pub(super) sites: Vec<String>,
    /// What the page calls itself (`og:type`).
    pub(super) kind: Option<String>,
    /// Titles by schema.org, and by what key.
    headlines: Vec<(String, String)>,
    /// Selectors of what is closed to those who don't pay; `None`: the page is free.
    closed: Option<Vec<String>>,
    /// An address that isn't the page's own: by what name, and where.
    elsewhere: Option<(String, Url)>,
    /// Addresses of the lead image, as the page writes them.
    images: Vec<String>,
}

impl Facts {
    /// Reads them.
    pub(super) fn of(desk: &mut Desk<'_>, dom: &Document, head: &Head, at: &Addresses) -> Facts {
        let own = &at.base;
        let (scripts, unreadable) = Schema::of_scripts(&head.data);
        for one in &unreadable {
            tell_unreadable(desk, head, one);
        }
        let marked = Schema::of_things(micro::things(dom));
        let is_own = |url: &str| is_own(url, head, at);
        let mut facts = Facts {
            is_list: scripts.is_list() || marked.is_list(),
            kind: head.get("og:type").map(str::to_lowercase),
            ..Facts::default()
        };
        let (site, about_site) = scripts.site();
        facts.sites.extend(site);
        facts.sites.extend(
            ["og:site_name", "application-name", "apple-mobile-web-app-title"]
                .iter()
                .filter_map(|key| head.get(key))
                .map(plain::line),
        );
        for schema in [&scripts, &marked] {
            match schema.article(is_own) {
                Subject::One(thing) => facts.schema(schema, thing, desk, own),
                Subject::Many => facts.is_many = true,
                Subject::Nothing => {}
            }
        }
        facts.is_many &= facts.thing.is_none();
        facts.graph(head, desk, own);
        facts.older(head, desk, about_site.as_deref());
        facts.address(head, desk, at);
        facts.image(head, own, desk);
        facts
    }

    fn has(&self, key: &str) -> bool {
        self.list.iter().any(|fact| fact.key == key)
    }

    /// Takes a fact, unless a better source named it.
    fn offer(&mut self, key: &'static str, name: &str, value: Named) {
        if !value.is_empty() && !self.has(key) {
            let near = value.each().first().and_then(Named::text).unwrap_or_default();
            self.list.push(Fact::new(key, name, value, &near));
        }
    }

    /// Takes a text that the parser of the page has decoded.
    fn offer_text(&mut self, key: &'static str, name: &str, text: &str) {
        if !text.trim().is_empty() && !self.has(key) {
            let value = Named::Text(text.replace('&', "&amp;"));
            self.list.push(Fact::new(key, name, value, text));
        }
    }

    /// Takes a date that can be read.
    fn offer_date(&mut self, desk: &Desk<'_>, key: &'static str, name: &str, text: &str) {
        if self.has(key) || text.trim().is_empty() || dates::is_zero(text) {
            return;
        }
        let value = Named::Text(text.trim().to_owned());
        let fact = Fact::new(key, name, value, text.trim());
        if dates::moment(text, &desk.options.zone).is_some() {
            self.list.push(fact);
        } else if !self.bad_dates.iter().any(|bad| bad.key == key) {
            self.bad_dates.push(fact);
        }
    }

    fn schema(&mut self, schema: &Schema, thing: &Named, desk: &Desk<'_>, own: &Url) {
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
            self.take_image("image", image(one), own, desk);
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
        self.thing.get_or_insert_with(|| thing.clone());
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

    /// Open Graph, and what Facebook's and Twitter's names add.
    fn graph(&mut self, head: &Head, desk: &Desk<'_>, own: &Url) {
        for (key, froms) in [
            ("date", &["article:published_time", "article:published", "og:published_time"][..]),
            ("updated", &["article:modified_time", "og:updated_time"]),
            ("expires", &["article:expiration_time"]),
        ] {
            for from in froms {
                if let Some(date) = head.get(from) {
                    self.offer_date(desk, key, from, date);
                }
            }
        }
        for (key, from) in [("description", "og:description"), ("section", "article:section")] {
            if let Some(text) = head.get(from) {
                self.offer_text(key, from, text);
            }
        }
        // Facebook wants the address of a profile here, others write the name.
        let authors: Vec<&str> =
            head.all("article:author").filter(|author| !author.contains("://")).collect();
        self.offer("authors", "article:author", texts(authors.into_iter()));
        if !self.has("keywords") {
            self.offer("tags", "article:tag", texts(head.all("article:tag")));
        }
        if let Some(url) = head.first(&["og:audio:secure_url", "og:audio", "og:audio:url"]) {
            let sound = below_site(url.1, own, desk);
            self.offer("audio", url.0, Named::Text(sound));
        }
    }

    /// Dublin Core, newspapers' and scholars' names, and those that everybody makes up.
    fn older(&mut self, head: &Head, desk: &Desk<'_>, about_site: Option<&str>) {
        for (key, froms) in [("date", DATES), ("updated", UPDATES)] {
            for from in froms {
                if let Some(date) = head.get(from) {
                    self.offer_date(desk, key, from, date);
                }
            }
        }
        for (key, froms) in
            [("description", DESCRIPTIONS), ("section", SECTIONS), ("copyright", RIGHTS)]
        {
            if let Some((name, text)) = head.first(froms) {
                self.offer_text(key, name, text);
            }
        }
        // The same on every page, it says nothing of this one.
        if let Some(about) = about_site {
            self.list.retain(|f| f.key != "description" || f.near.trim() != about.trim());
        }
        for from in AUTHORS {
            self.offer("authors", from, texts(head.all(from).filter(|a| !a.contains("://"))));
        }
        if let Some(url) = &head.licence {
            self.offer("license", "rel=license", Named::Text(url.clone()));
        }
    }

    /// What the page shows, where nothing names it: its dates, its authors, its tags.
    pub(super) fn shown(&mut self, desk: &Desk<'_>, head: &Head, content: &Content<'_>) {
        let outer = content.outer();
        if !self.has("date") {
            let times = outer.descendants_it().filter(|node| node.has_name("time"));
            for time in times.take(20) {
                let Some(date) = value(&time, "datetime").or_else(|| micro::short_text(&time))
                else {
                    continue;
                };
                let at = dates::moment(&date, &desk.options.zone);
                if at.is_some_and(|at| at.precision == Precision::Instant || date.len() >= 8) {
                    self.offer_date(desk, "date", "time", &date);
                    break;
                }
            }
        }
        let links = |rel: &str| -> Vec<String> {
            outer
                .descendants_it()
                .filter(|node| node.has_name("a"))
                .filter(|node| {
                    node.attr("rel").is_some_and(|r| {
                        r.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case(rel))
                    })
                })
                .filter_map(|node| micro::short_text(&node))
                .take(NAMES_MAX)
                .collect()
        };
        self.offer("authors", "rel=author", texts(links("author").iter().map(String::as_str)));
        if !self.has("keywords") {
            self.offer("tags", "rel=tag", texts(links("tag").iter().map(String::as_str)));
        }
        for from in ["news_keywords", "keywords"] {
            if let Some(words) = head.get(from).filter(|_| !self.has("tags")) {
                self.offer_text("keywords", from, words);
            }
        }
        self.language(head, content);
    }

    /// The article's own element knows best, a site's locale least.
    fn language(&mut self, head: &Head, content: &Content<'_>) {
        let lang = value(&content.outer(), "lang");
        let is_tag = |tag: &&str| (2..=35).contains(&tag.len()) && tag.is_ascii();
        let found = [
            lang.as_deref().map(|l| ("lang", l)),
            self.list
                .iter()
                .find(|f| f.key == "language")
                .map(|f| (f.name.as_str(), f.near.as_str())),
            head.language.as_deref().map(|l| ("lang", l)),
            head.first(&["content-language", "dc.language", "dcterms.language", "og:locale"]),
        ];
        let found = found.into_iter().flatten().find(|(_, tag)| is_tag(tag));
        let found = found.map(|(name, tag)| (name.to_owned(), tag.to_owned()));
        self.list.retain(|f| f.key != "language");
        if let Some((name, tag)) = found {
            self.offer("language", &name, Named::Text(tag));
        }
    }

    /// The page's own address: the canonical link, else Open Graph's, else schema.org's.
    fn address(&mut self, head: &Head, desk: &Desk<'_>, at: &Addresses) {
        let site = &desk.options.site_url;
        let thing = self.thing.as_ref().map(schema::addresses).unwrap_or_default();
        let named = [
            head.canonical.as_deref().map(|url| ("canonical", url)),
            head.get("og:url").map(|url| ("og:url", url)),
        ];
        let found = named.into_iter().flatten().chain(
            thing.iter().filter(|url| !url.starts_with('#')).map(|url| ("url", url.as_str())),
        );
        let mut elsewhere = None;
        for (name, written) in found {
            let url = absolute(written, &at.base);
            let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
                continue;
            };
            if url.host_str() != site.host_str() || url.port() != site.port() {
                elsewhere = elsewhere.or(Some((name, url)));
                continue;
            }
            // A template's mistake, that would make all pages one article.
            let is_front = url.path() == site.path() && url.query().is_none();
            if is_front && at.page.path() != site.path() {
                elsewhere = elsewhere.or(Some((name, url)));
                continue;
            }
            let mut url = url;
            url.set_fragment(None);
            let value = Named::Text(url.to_string());
            self.list.push(Fact::new("canonical", name, value, written));
            return;
        }
        self.elsewhere = elsewhere.map(|(name, url)| (name.to_owned(), url));
    }

    /// Tells that the page's link isn't the one that it names.
    pub(super) fn tell_elsewhere(&self, desk: &mut Desk<'_>) {
        if let Some((name, url)) = &self.elsewhere {
            tell_elsewhere(desk, name, url);
        }
    }

    fn image(&mut self, head: &Head, own: &Url, desk: &Desk<'_>) {
        let graph = graph_images(head);
        if self.has("image") {
            // Of the same picture, Open Graph may know more.
            let url = self.images.first().cloned().unwrap_or_default();
            let more = graph.iter().find(|(known, _)| *known == url).map(|(_, more)| more.clone());
            if let (Some(more), Some(fact)) =
                (more, self.list.iter_mut().find(|f| f.key == "image"))
            {
                complete(&mut fact.value, more);
            }
            return;
        }
        let mut found = Vec::new();
        for (url, more) in graph.into_iter().take(IMAGES_MAX) {
            let mut map = vec![("url".to_owned(), Named::Text(below_site(&url, own, desk)))];
            map.extend(more);
            found.push(Named::Map(map));
            self.images.push(url);
        }
        if let [one] = &mut found[..] {
            let one = std::mem::replace(one, Named::Null);
            self.offer("image", "og:image", one);
        } else {
            self.offer("image", "og:image", Named::List(found));
        }
        let others = head
            .first(&["twitter:image", "twitter:image:src", "thumbnail", "sailthru.image.full"])
            .or(head.image.as_deref().map(|url| ("image_src", url)));
        if let Some((name, url)) = others {
            let alt = head.get("twitter:image:alt").map(|alt| ("alt".to_owned(), text(alt)));
            let found = Some((url.to_owned(), alt.into_iter().collect()));
            self.take_image(name, found, own, desk);
        }
    }

    fn take_image(
        &mut self,
        name: &str,
        found: Option<(String, Vec<(String, Named)>)>,
        own: &Url,
        desk: &Desk<'_>,
    ) {
        let Some((url, more)) = found else { return };
        if self.has("image") {
            return;
        }
        let mut map = vec![("url".to_owned(), Named::Text(below_site(&url, own, desk)))];
        map.extend(more);
        self.offer("image", name, Named::Map(map));
        self.images.push(url);
    }

    /// Whether everybody may read the article.
    pub(super) fn is_free(&self) -> bool {
        self.closed.is_none()
    }

    /// Selectors of what not everybody may read.
    pub(super) fn locked(&self) -> Vec<String> {
        self.closed.clone().unwrap_or_default()
    }

    /// Whether the page says that it is an article.
    pub(super) fn says_article(&self) -> bool {
        self.thing.is_some() || self.kind.as_deref() == Some("article")
    }

    /// Whether anything but the page's path dates it.
    pub(super) fn is_dated(&self) -> bool {
        self.has("date")
    }

    /// The description, as the page writes it.
    pub(super) fn description(&self) -> Option<&str> {
        self.list.iter().find(|f| f.key == "description").map(|f| f.near.as_str())
    }

    /// The link that the page names.
    pub(super) fn link(&self) -> Option<String> {
        self.list.iter().find(|f| f.key == "canonical").and_then(|f| f.value.text())
    }

    /// All facts as fields; what the text shows of the lead image is added.
    pub(super) fn into_fields(mut self, content: &Content<'_>, own: &Url) -> Vec<Fact> {
        if let Some(lead) = self.images.first()
            && let Some(fact) = self.list.iter_mut().find(|f| f.key == "image")
        {
            let lead = absolute(lead, own).map(String::from);
            let shown = lead.map(|lead| content.picture(&lead, own)).unwrap_or_default();
            match &mut fact.value {
                Named::List(list) => {
                    list.first_mut().into_iter().for_each(|one| complete(one, shown.clone()))
                }
                one => complete(one, shown),
            }
        }
        let bad: Vec<Fact> = self.bad_dates.drain(..).collect();
        for fact in bad {
            if !self.has(fact.key) {
                self.list.push(fact);
            }
        }
        self.list
    }
}

const DATES: &[&str] = &[
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.created",
    "dc.date.created",
    "dcterms.date",
    "dc.date",
    "citation_publication_date",
    "citation_date",
    "parsely-pub-date",
    "sailthru.date",
    "publish-date",
    "publish_date",
    "publication_date",
    "published_date",
    "pubdate",
    "pub_date",
    "originalpublicationdate",
    "cxenseparse:recs:publishtime",
    "date",
];
const UPDATES: &[&str] = &[
    "dcterms.modified",
    "dc.date.modified",
    "lastmod",
    "last-modified",
    "revision_date",
    "modified",
];
const DESCRIPTIONS: &[&str] = &[
    "dcterms.description",
    "dc.description",
    "description",
    "twitter:description",
    "dcterms.abstract",
    "sailthru.description",
];
const SECTIONS: &[&str] = &["parsely-section", "section", "cxenseparse:recs:category", "category"];
const RIGHTS: &[&str] = &["dcterms.rights", "dc.rights", "copyright"];
const AUTHORS: &[&str] = &[
    "dcterms.creator",
    "dc.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "author",
];

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

fn text(text: &str) -> Named {
    Named::Text(text.replace('&', "&amp;"))
}

fn texts<'t>(values: impl Iterator<Item = &'t str>) -> Named {
    Named::List(values.take(NAMES_MAX).map(text).collect())
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

/// A picture's address, and what is said of it.
fn image(thing: &Named) -> Option<(String, Vec<(String, Named)>)> {
    let url = match thing {
        Named::Map(_) => thing.member(&["contenturl", "url"]).and_then(schema::url)?,
        one => one.text()?,
    };
    let mut more = Vec::new();
    for (from, to) in [
        ("width", "width"),
        ("height", "height"),
        ("caption", "caption"),
        ("credittext", "credit"),
        ("copyrightnotice", "credit"),
    ] {
        let found = thing
            .member(&[from])
            .and_then(|v| schema::text(v).or_else(|| schema::text(v.member(&["value", "name"])?)));
        if let Some(found) = found.filter(|_| !more.iter().any(|(known, _)| known == to)) {
            let found = found.trim_end_matches("px").trim().to_owned();
            more.push((to.to_owned(), Named::Text(found)));
        }
    }
    Some((url, more))
}

/// Open Graph's pictures: what follows an address is said of it.
fn graph_images(head: &Head) -> Vec<(String, Vec<(String, Named)>)> {
    let mut found: Vec<(String, Vec<(String, Named)>)> = Vec::new();
    for (key, value) in &head.metas {
        let to = match key.as_str() {
            "og:image" | "og:image:url" | "og:image:secure_url" => {
                let bare =
                    |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
                if !found.iter().any(|(known, _)| bare(known) == bare(value)) {
                    found.push((value.clone(), Vec::new()));
                }
                continue;
            }
            "og:image:width" => "width",
            "og:image:height" => "height",
            "og:image:alt" => "alt",
            "og:image:type" => "type",
            _ => continue,
        };
        if let Some((_, more)) = found.last_mut() {
            more.push((to.to_owned(), text(value)));
        }
    }
    found
}

/// Adds what isn't said yet.
fn complete(value: &mut Named, more: Vec<(String, Named)>) {
    let Named::Map(map) = value else { return };
    for (name, said) in more {
        if !map.iter().any(|(known, _)| *known == name) {
            map.push((name, said));
        }
    }
}

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

/// An address as the page means it: relative to the page.
pub(super) fn absolute(written: &str, own: &Url) -> Option<Url> {
    own.join(written.trim()).ok()
}

/// An address below the site as its path, so that the file is looked for beside the page; others as
/// absolute addresses.
fn below_site(written: &str, own: &Url, desk: &Desk<'_>) -> String {
    let site = &desk.options.site_url;
    let Some(url) = absolute(written, own) else { return written.to_owned() };
    let root = site.path().trim_end_matches('/');
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    match path.strip_prefix(root).filter(|path| path.starts_with('/')) {
        Some(path) if url.host_str() == site.host_str() && url.port() == site.port() => {
            path.to_owned()
        }
        _ => url.to_string(),
    }
}

/// Whether an address is the page's own.
fn is_own(url: &str, head: &Head, at: &Addresses) -> bool {
    let bare = |url: &str| {
        absolute(url, &at.base)
            .map(|url| url[..url::Position::AfterPath].trim_end_matches('/').to_owned())
    };
    let url = bare(url);
    url.is_some()
        && [head.canonical.as_deref(), head.get("og:url"), Some(at.page.as_str())]
            .into_iter()
            .flatten()
            .any(|known| bare(known) == url)
}

fn tell_unreadable(desk: &mut Desk<'_>, head: &Head, one: &Unreadable) {
    let script = head.data.get(one.script).map_or("", String::as_str);
    let place = match desk.text.find(script).filter(|_| !script.is_empty()) {
        Some(at) => {
            let line: usize =
                script.split_inclusive('\n').take(one.line.saturating_sub(1)).map(str::len).sum();
            let within = script[line..].char_indices().nth(one.column.saturating_sub(1));
            desk.at(at + line + within.map_or(0, |(at, _)| at))
        }
        None => Place::whole(desk.document.shown),
    };
    desk.warn(
        &JSON_LD,
        place,
        format!("the JSON-LD of this page can't be read: {}", one.message),
        "the page's other names count instead; put the JSON right, as a validator of structured \
         data shows it",
    );
}

fn tell_elsewhere(desk: &mut Desk<'_>, name: &str, url: &Url) {
    let site = &desk.options.site_url;
    if url.host_str() == site.host_str() {
        desk.warn(
            &CANONICAL,
            desk.whole(),
            format!("by its {name} this page is the front page; its link was made from its path"),
            "let each page name its own address",
        );
        return;
    }
    let host = url.host_str().unwrap_or_default();
    desk.note(
        &CANONICAL,
        desk.whole(),
        format!("by its {name} this page stands on {host}, which isn't the site; its link was made from its path"),
        "if the site is there, set site.url to it; or build the pages with the site's own address",
    );
}

/// A title that the page's head names, by what. Encyclopaedias say in a headline what a thing is, and
/// in its name what it is called: what the page itself shows decides.
pub(super) fn headline(
    facts: &Facts,
    head: &Head,
    shown: Option<&str>,
) -> Option<(String, String)> {
    let title = plain::collapse(head.title.as_deref().unwrap_or_default());
    let is_shown = |text: &str| {
        let text = plain::line(text);
        shown == Some(text.as_str()) || title.starts_with(&text)
    };
    let best = facts.headlines.iter().find(|(text, _)| is_shown(text));
    if let Some((text, name)) = best.or(facts.headlines.first()) {
        return Some((plain::line(text), name.clone()));
    }
    let named =
        head.first(&["og:title", "dcterms.title", "dc.title", "citation_title", "twitter:title"])?;
    Some((title::without_site(named.1, &facts.sites), named.0.to_owned()))
}
