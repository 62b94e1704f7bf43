//! HTML pages: what a page says of its article (`facts`), whether it is one at all (`kind`), and its
//! text without the page around it (`content`). What the names then mean is
//! [`resolve`](super::resolve)'s, as of any document. A page that could not be parsed in time is
//! refused before there is a tree of it.

mod clean;
mod content;
mod facts;
mod head;
mod kind;
mod measure;
mod micro;
mod names;
mod schema;
mod title;
mod xhtml;

use dom_query::Document as Dom;
use url::Url;

use self::content::Content;
use self::facts::Facts;
use self::head::Head;
use super::desk::Desk;
use super::fields::{Fact, Fields, Named};
use super::guard::{self, Refusal};
use super::resolve::spot::Spot;
use super::resolve::{self, Body};
use crate::article::Extent;
use crate::problem::Code;

/// A page's elements are nested too deeply, or are too many.
pub(crate) const TOO_DEEP: Code = Code::new("page-too-deep");
/// A page holds no article: a list of others, a redirect, an error page.
pub(crate) const NOT_ARTICLE: Code = Code::new("page-not-article");
/// A page says that its article stands elsewhere.
pub(crate) const CANONICAL: Code = Code::new("canonical-elsewhere");
/// A page's JSON-LD can't be read.
pub(crate) const JSON_LD: Code = Code::new("json-ld-invalid");
/// A page says that it isn't free to read.
pub(crate) const NOT_FREE: Code = Code::new("page-not-free");
/// A page asks not to be listed.
pub(crate) const NOINDEX: Code = Code::new("page-noindex");

/// Of a page with front matter: the names, and where the page begins.
pub(super) struct Above<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) body: usize,
}

/// Whether a text is a whole page, and not a part that a template puts into one.
pub(super) fn is_page(text: &str) -> bool {
    let start = text.trim_start();
    let start = start
        .strip_prefix("<?xml")
        .map_or(start, |rest| rest.split_once("?>").map_or(rest, |(_, rest)| rest.trim_start()));
    ["<!doctype html", "<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
}

/// Reads a page into `desk`. What stands in a front matter above it counts first.
pub(super) fn read(desk: &mut Desk<'_>, above: Option<Above<'_>>) {
    let text = desk.text;
    let from = above.as_ref().map_or(0, |above| above.body);
    if let Err(refusal) = guard::check(&text[from..]) {
        refuse(desk, from, refusal);
        return;
    }
    let page = xhtml::opened(desk.document.path, &text[from..]);
    let dom = Dom::from(page.as_ref());
    let mut spot = Spot::of_file(desk.document.path);
    spot.page = Some(own_path(desk.document.path));
    let head = Head::of(&dom);
    let at = Addresses::of(desk, &spot, &head);
    let mut facts = Facts::of(desk, &dom, &head, &at);
    let mut content = Content::of(&dom);
    facts.shown(desk, &head, &content);
    if above.is_none() {
        if let Some(reason) = kind::never_an_article(desk, &spot, &head, &facts, &at.page) {
            tell_passed_over(desk, &reason);
            return;
        }
        if let Some(reason) = kind::not_an_article(desk, &spot, &head, &facts, &content) {
            tell_no_article(desk, &reason);
            return;
        }
    }
    facts.tell_elsewhere(desk);
    let title = title::of(&dom, &head, &facts, &content);
    let is_free = facts.is_free();
    if !is_free {
        content.keep_free(&facts.locked());
    }
    let base = base(&head, &at, facts.link().as_deref());
    let description = facts.description().map(str::to_owned);
    let mut named = facts.into_fields(&content, &at.base);
    if head.is_noindex() {
        tell_noindex(desk);
        named.push(Fact::new("unlisted", "robots", Named::Bool(true), "noindex"));
    }
    let text = title.as_ref().map(|(title, _)| title.clone());
    let html = content.html(text.as_deref(), description.as_deref(), base.as_ref());
    if let Some((title, name)) = title {
        // Decoded already, and it will be once more.
        named.push(Fact::new("title", &name, Named::Text(title.replace('&', "&amp;")), &title));
    }
    let mut fields = above.map_or_else(
        || Fields::new(Vec::new(), desk.document.shown, desk.text, 0..0).0,
        |above| above.fields,
    );
    fields.extend(named);
    let body = html.map_or(Body::None, Body::Html);
    let Some(mut sighting) = resolve::sighting(desk, &fields, &spot, body) else { return };
    if !is_free {
        tell_not_free(desk, sighting.article.body.is_some());
        if let Some(body) = &mut sighting.article.body {
            body.extent = Extent::Teaser;
        }
    }
    desk.reading.sightings.push(sighting);
}

/// What relative addresses in the text must be resolved against before the page's link is: its
/// `<base>`, or its folder where the link doesn't end as a folder's does.
fn base(head: &Head, at: &Addresses, link: Option<&str>) -> Option<Url> {
    let folder = link.and_then(|link| Url::parse(link).ok()).is_some_and(|link| {
        at.page.path().strip_suffix('/').is_some_and(|path| path == link.path())
    });
    (head.base.is_some() || folder).then(|| at.base.clone())
}

fn refuse(desk: &mut Desk<'_>, from: usize, refusal: Refusal) {
    let before = desk.text[..from].matches('\n').count();
    let line =
        |line: u64| u32::try_from(line).unwrap_or(u32::MAX) + u32::try_from(before).unwrap_or(0);
    let at = |line| crate::problem::Place::at(desk.document.shown, line, 0);
    let (place, message) = match refusal {
        Refusal::TooDeep(n) => (
            at(line(n)),
            format!("the elements of this page are nested deeper than {}", guard::DEPTH_MAX),
        ),
        Refusal::TooMany(n) => (
            at(line(n)),
            "this page has more elements than any article; many are formatting that was opened, \
             never closed, and goes on in each paragraph"
                .to_owned(),
        ),
        Refusal::EndlessTag(offset) => {
            (desk.at(from + offset), "this tag has thousands of attributes".to_owned())
        }
    };
    let help = "look for tags that are opened and never closed; if it isn't an article, name the \
                file in the source's \"exclude\"";
    desk.fail(&TOO_DEEP, place, message, help);
}

/// The path at which a server shows the file, percent-encoded: `/news/fog.html`, `/news/fog/`.
fn own_path(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let shown = match (folder, stem) {
        ("", "index") => String::new(),
        (folder, "index") => format!("{folder}/"),
        _ => path.to_owned(),
    };
    format!("/{}", super::permalink::encoded_path(&shown))
}

/// Where a page is.
#[derive(Debug)]
struct Addresses {
    /// At which a server shows the file.
    page: Url,
    /// To which its relative addresses are relative.
    base: Url,
}

impl Addresses {
    fn of(desk: &Desk<'_>, spot: &Spot, head: &Head) -> Addresses {
        let site = &desk.options.site_url;
        let page = spot.page.as_deref().and_then(|path| resolve::address::absolute(site, path));
        let page = page.unwrap_or_else(|| site.clone());
        let base = head.base.as_deref().and_then(|base| page.join(base.trim()).ok());
        let base = base.filter(Url::has_host).unwrap_or_else(|| page.clone());
        Addresses { page, base }
    }
}

/// Tells of a page that is no article, whatever it says of itself.
pub(super) fn tell_passed_over(desk: &mut Desk<'_>, reason: &str) {
    let message = format!("this page is no article: {reason}");
    let help = "nothing to do: such a page stands in no feed; `exclude` of the source passes it over \
                in silence";
    desk.note(&NOT_ARTICLE, desk.whole(), message, help);
}

fn tell_no_article(desk: &mut Desk<'_>, reason: &str) {
    let message = format!("this page is no article: {reason}");
    let help = "nothing to do, if that is so; if it is an article after all, let it say so with \
                <meta property=\"og:type\" content=\"article\">";
    desk.note(&NOT_ARTICLE, desk.whole(), message, help);
}

fn tell_noindex(desk: &mut Desk<'_>) {
    desk.note(
        &NOINDEX,
        desk.whole(),
        "this page asks search engines to leave it out (noindex), so feeds do too",
        "take \"noindex\" out of its <meta name=\"robots\">, if it is meant to be found",
    );
}

fn tell_not_free(desk: &mut Desk<'_>, has_body: bool) {
    let message = if has_body {
        "this page isn't free to read: what it marks as closed stays out of feeds"
    } else {
        "this page isn't free to read, and marks no part of it as closed: its text stays out of feeds"
    };
    desk.note(
        &NOT_FREE,
        desk.whole(),
        message,
        "say what is closed by \"hasPart\" with \"cssSelector\" in its JSON-LD, or take \
         \"isAccessibleForFree\": false out",
    );
}
