//! A page's facts, each from the best source that names it: schema.org (JSON-LD, then microdata), then
//! Open Graph and its kin, then Dublin Core and the meta elements of older systems, then what the page
//! shows. What a fact means is not asked here.

mod address;
mod image;
mod keys;
mod said;

use dom_query::Document;
use url::Url;

pub(super) use self::address::absolute;
use self::address::{below_site, is_own};
use self::image::complete;
use self::keys::{AUTHORS, DATES, DESCRIPTIONS, RIGHTS, SECTIONS, UPDATES};
use super::super::desk::Desk;
use super::super::fields::{Fact, Named};
use super::super::{dates, plain};
use super::content::Content;
use super::head::{Head, value};
use super::schema::{Schema, Subject, Unreadable};
use super::{Addresses, JSON_LD, micro, title};
use crate::article::Precision;
use crate::problem::Place;

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

fn text(text: &str) -> Named {
    Named::Text(text.replace('&', "&amp;"))
}

fn texts<'t>(values: impl Iterator<Item = &'t str>) -> Named {
    Named::List(values.take(NAMES_MAX).map(text).collect())
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
