//! How one document is read: bytes or a row in, sightings of articles and problems out. Where
//! documents are is [`source`](crate::source)'s; which sighting wins is the
//! [`catalog`](crate::catalog)'s. Reading touches no network and no file but through
//! [`Surroundings`], keeps going after a problem wherever half an article beats none, and gives the
//! same result for the same input on any machine.

mod branches;
mod capture;
mod charset;
mod columns;
mod dates;
mod desk;
mod embed;
mod fields;
mod front_matter;
pub mod ghost;
mod guard;
mod html;
mod markdown;
pub mod permalink;
mod plain;
mod resolve;
mod row;
mod shortcode;
mod tag;
mod text;
pub mod wordpress;

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use self::desk::Desk;
use self::fields::Fields;
use self::resolve::spot::Spot;

use crate::article::{Article, ContentHash};
use crate::problem::{Code, Problem};
use crate::time::Zone;

/// A source's documents name no links; they were made from its pattern. True of the whole source, so
/// it is told once.
pub const LINK_MADE: Code = Code::new("link-made");

/// Stands for "the same input now reads otherwise": part of every reading context, never of bytes.
/// Raising it has its line in CHANGELOG.
pub const READ: u32 = 4;

/// How the documents of one source are read. Resolved: no defaults are applied below.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Name of the source.
    pub source: String,
    /// What relative links resolve against.
    pub site_url: Url,
    /// Zone of times written without one.
    pub zone: Zone,
    /// Zone of `{year}`, `{month}` and `{day}` in links: the site's.
    pub link_zone: Zone,
    /// Pattern for documents that name no link; `None` is the default of their kind.
    pub permalink: Option<String>,
    /// Where derived ids begin: the `base` of `feeds.lock`.
    pub id_base: Url,
    /// The pattern that derived ids follow, as `feeds.lock` recorded it.
    pub id_permalink: Option<String>,
    /// The zone that derived ids follow, as `feeds.lock` recorded it.
    pub id_zone: Zone,
    /// Put before ids that documents name, so that those of two sources can't meet.
    pub id_prefix: Option<String>,
    /// Language of documents that name none.
    pub language: Option<String>,
    /// Authors of documents that name none.
    pub authors: Vec<String>,
    /// Section of documents that name none and stand in no folder.
    pub section: Option<String>,
    /// What separates values in a cell that holds several (databases); a JSON list needs none.
    pub list_separator: String,
    /// Drafts are read as if they were published: for whoever asks what could be.
    pub drafts: bool,
    /// The charset of columns that are bytes, and of text that is no UTF-8 (databases).
    pub charset: Option<&'static encoding_rs::Encoding>,
    /// A feed selects by language, so that each article's is a term; this one, the site's, where none
    /// is named. May be empty.
    pub by_language: Option<String>,
}

impl Options {
    /// Changes whenever the same document could read otherwise under these options.
    #[must_use]
    pub fn digest(&self) -> ContentHash {
        // `Debug` of plain data is stable within one build, and a new build may re-read.
        ContentHash::of(format!("{READ} {self:?}").as_bytes())
    }
}

/// One document, as a source found it.
#[derive(Debug)]
pub struct Document<'a> {
    /// Names it within its source: a path below the source's root with `/` (NFC), or a row's key.
    pub path: &'a str,
    /// What problems call it: the path as the operator would write it, or `SOURCE row KEY`.
    pub shown: &'a str,
    /// What it holds.
    pub content: Content<'a>,
    /// What stands around it.
    pub around: Surroundings<'a>,
}

/// What a document holds.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A file's bytes.
    File(&'a [u8]),
    /// A row of a database.
    Row(&'a Row),
}

/// What stands around a document and is read with it. Whatever is looked at here becomes part of the
/// document's reading context.
pub struct Surroundings<'a> {
    /// The `_index.md` of the folders that it stands in, outermost first; folders without one are
    /// left out.
    pub indexes: &'a [Arc<FolderIndex>],
    /// What a file below the source's root is, `None` where there is none.
    pub file: &'a dyn Fn(&str) -> Option<Measured>,
}

/// What looking at a file told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Its length.
    pub bytes: u64,
    /// Its media type, by its content.
    pub media_type: Option<&'static str>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Whole seconds.
    pub duration_s: Option<u64>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("indexes", &self.indexes).finish_non_exhaustive()
    }
}

/// What a folder's `_index.md` says of the section that the folder is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderIndex {
    /// The folder, relative to the source's root, with `/`; empty of the root itself.
    pub folder: String,
    /// The section's name for people.
    pub title: Option<String>,
    /// Where the section stands among its siblings.
    pub weight: Option<i64>,
}

/// One row of a database, columns in the query's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name and value of each column.
    pub columns: Vec<(String, Value)>,
}

/// A value as a database gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text; not necessarily UTF-8.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
    /// What another question gave for this row: its tags, authors, media. In that question's order.
    Rows(Vec<Row>),
}

impl Row {
    /// The value of a column; SQL's names have no case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    /// The text of a column, where it is text or a number. What is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Integer(n) => Some(n.to_string()),
            Value::Real(n) => Some(n.to_string()),
            Value::Text(bytes) | Value::Blob(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            Value::Null | Value::Rows(_) => None,
        }
    }

    /// The rows that another question gave for this one.
    #[must_use]
    pub fn rows(&self, name: &str) -> &[Row] {
        match self.get(name) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }
}

/// What a site says of itself, asked before its articles: answers by the name of their question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The answers.
    pub rows: BTreeMap<String, Vec<Row>>,
}

impl Facts {
    /// The rows that a question gave.
    #[must_use]
    pub fn of(&self, question: &str) -> &[Row] {
        self.rows.get(question).map_or(&[], Vec::as_slice)
    }

    /// What stands beside a name, in an answer of rows with a name and a value.
    #[must_use]
    pub fn named(&self, question: &str, name: &str) -> Option<String> {
        let row = self.of(question).iter().find(|row| {
            row.columns.first().is_some_and(|(first, _)| row.text(first).as_deref() == Some(name))
        })?;
        row.columns.get(1).and_then(|(second, _)| row.text(second))
    }
}

/// Makes a row with the common columns out of one with a program's own (WordPress, Ghost): a pure function
/// of the row and of what the site says of itself.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The program's name.
    pub name: &'static str,
    /// Raised when the same row becomes another: all are read again.
    pub version: u32,
    /// The function.
    pub of: fn(&Row, &Facts) -> Row,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        (self.name, self.version) == (other.name, other.version)
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What one document says of one article. Lower ranks win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// A full article.
    Full = 0,
    /// A headline, with its kicker or without.
    Headline = 1,
    /// Headline and kicker run together on one line; where a better sighting has the same instant
    /// and its title begins this one's, they are the same article.
    Merged = 2,
}

/// What one document says of one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// How good a sighting it is.
    pub rank: Rank,
    /// The article as this document has it.
    pub article: Article,
    /// Its body: HTML as read, before sanitising. `article.body` names it.
    pub body: Option<String>,
    /// Where the document speaks of it, for problems found later; line from 1.
    pub line: u32,
}

/// What reading a document gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The articles that it speaks of; none of a draft.
    pub sightings: Vec<Sighting>,
    /// What is wrong in it.
    pub problems: Vec<Problem>,
    /// It could not be read at all: what is known of it from before stays.
    pub failed: bool,
    /// Files below the source's root that were looked for, found or not (local media).
    pub looked_for: Vec<String>,
}

/// Endings of Markdown files.
const MARKDOWN: [&str; 5] = ["md", "markdown", "mkd", "mkdn", "mkdown"];

/// Endings of HTML pages.
const HTML: [&str; 3] = ["html", "htm", "xhtml"];

fn ending(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())
}

fn is_html(path: &str) -> bool {
    ending(path).is_some_and(|ending| HTML.contains(&ending.as_str()))
}

/// Folders in which generators keep what they make pages with.
const TEMPLATES: [&str; 5] = ["_includes", "_layouts", "_data", "_sass", "_plugins"];

/// Whether a file is a document, by its ending: Markdown, an HTML page, or plain text (captures). A
/// folder's `_index.md` isn't one, nor are Jekyll's templates.
#[must_use]
pub fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let ending = ending.to_ascii_lowercase();
    if stem.is_empty() || stem == "_index" {
        return false;
    }
    if path.split('/').any(|folder| TEMPLATES.contains(&folder)) {
        return false;
    }
    ending == "txt" || [&HTML[..], &MARKDOWN[..]].iter().any(|of| of.contains(&ending.as_str()))
}

/// Reads one document: its sightings, and what is wrong in it.
#[must_use]
pub fn read(document: &Document<'_>, options: &Options) -> Reading {
    let mut reading = read_content(document, options);
    if let Some(of_site) = &options.by_language {
        for sighting in &mut reading.sightings {
            let article = &mut sighting.article;
            let language = article.language.as_ref().unwrap_or(of_site).clone();
            article.terms.extend(resolve::terms::languages(&language));
        }
    }
    reading
}

fn read_content(document: &Document<'_>, options: &Options) -> Reading {
    match document.content {
        Content::Row(row) => {
            let mut desk = Desk::new(document, options, "");
            row::read(&mut desk, row);
            desk.reading
        }
        Content::File(bytes) => {
            let decoded = text::decode(document.shown, bytes, hints(document, options));
            let Some(text) = decoded.text else {
                let problems = decoded.problem.into_iter().collect();
                return Reading { problems, failed: true, ..Reading::default() };
            };
            let mut desk = Desk::new(document, options, &text);
            desk.reading.problems.extend(decoded.problem);
            if text.trim().is_empty() {
                tell_empty(&mut desk);
            } else if ending(document.path).as_deref() == Some("txt") {
                capture::read(&mut desk);
            } else if is_html(document.path) && !has_front_matter(&text) {
                html::read(&mut desk, None);
            } else {
                read_markdown(&mut desk);
            }
            desk.reading
        }
    }
}

/// What may be known of a file's encoding before it is read.
fn hints<'a>(document: &Document<'_>, options: &'a Options) -> text::Hints<'a> {
    text::Hints { markup: is_html(document.path), host: options.site_url.host_str() }
}

fn tell_empty(desk: &mut Desk<'_>) {
    desk.note(
        &resolve::EMPTY,
        desk.whole(),
        "this file is empty",
        "write an article, or remove the file",
    );
}

/// Reads a text with front matter, or with none: Markdown, or HTML that a template puts into a page.
fn read_markdown(desk: &mut Desk<'_>) {
    let spot = Spot::of_file(desk.document.path);
    if spot.drafts && !desk.options.drafts {
        desk.reading = Reading::default();
        return;
    }
    let Some((map, head)) = front_matter(desk) else { return };
    let text = desk.text;
    let (header, body) = head.map_or((0..0, 0), |head| (head.range, head.body));
    let (fields, twice) = Fields::new(map, desk.document.shown, text, header);
    if !desk.options.drafts && !resolve::is_published(&fields) {
        desk.reading = Reading::default();
        return;
    }
    for name in twice {
        desk.warn(
            &front_matter::TWICE,
            fields.last_place(&name),
            format!("{name} is named twice; this one counts"),
            "take the other one out",
        );
    }
    let body = match is_html(desk.document.path) {
        true if html::is_page(&text[body..]) => {
            html::read(desk, Some(html::Above { fields, body }));
            return;
        }
        true if is_loop(&text[body..]) => {
            html::tell_passed_over(desk, "its generator fills it with a list");
            return;
        }
        true => resolve::Body::Template(&text[body..], body),
        false => resolve::Body::Markdown(&text[body..], body),
    };
    if let Some(sighting) = resolve::sighting(desk, &fields, &spot, body) {
        desk.reading.sightings.push(sighting);
    }
}

/// HTML begins with front matter by a line of its delimiters alone.
fn has_front_matter(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default().trim_end();
    matches!(first, "---" | "+++" | "---toml" | "---json" | "---yaml" | "---yml")
}

/// Whether a generator makes a list here, of what only it knows.
fn is_loop(text: &str) -> bool {
    const LISTS: [&str; 7] = [
        " in site.",
        " in paginator.",
        " in collections.",
        "{% paginate",
        "{{ range .Pages",
        "{{ range .Site",
        "{{ range where",
    ];
    LISTS.iter().any(|sign| text.contains(sign))
}

type Named = (String, fields::Named);

/// What the front matter names, and where it is; `None` after an error.
fn front_matter(desk: &mut Desk<'_>) -> Option<(Vec<Named>, Option<front_matter::Head>)> {
    let text = desk.text;
    let found = front_matter::find(text).and_then(|head| match head {
        Some(head) => front_matter::parse(text, &head).map(|map| (map, Some(head))),
        None => Ok((Vec::new(), None)),
    });
    match found {
        Ok(found) => Some(found),
        Err(mistake) => {
            desk.fail(&mistake.code, desk.at(mistake.offset), mistake.message, &mistake.help);
            None
        }
    }
}

/// Reads a folder's `_index.md`: what it says of the section that the folder is. `folder` is
/// relative to the source's root; `shown` is what problems call the file.
#[must_use]
pub fn read_index(folder: &str, shown: &str, bytes: &[u8]) -> (FolderIndex, Vec<Problem>) {
    let mut index = FolderIndex { folder: folder.to_owned(), ..FolderIndex::default() };
    let decoded = text::decode(shown, bytes, text::Hints::default());
    let mut problems: Vec<Problem> = decoded.problem.into_iter().collect();
    let Some(text) = decoded.text else { return (index, problems) };
    let head = front_matter::find(&text);
    match head.and_then(|head| head.map(|head| front_matter::parse(&text, &head)).transpose()) {
        Ok(map) => {
            let (fields, _) = Fields::new(map.unwrap_or_default(), shown, &text, 0..0);
            index.title = fields.line(&["title", "linktitle"]);
            index.weight = fields.integer(&["weight"]);
        }
        Err(mistake) => {
            let place = crate::problem::Place::in_text(shown, &text, mistake.offset);
            // The section stands all the same, only without its name.
            problems.push(
                Problem::warning(&mistake.code, place, mistake.message)
                    .line(&text)
                    .help(mistake.help),
            );
        }
    }
    (index, problems)
}

/// The words of some HTML as a reader sees them, in lower case: what a body is known again by.
#[must_use]
pub fn words(html: &str) -> Vec<String> {
    plain::of_html(html).to_lowercase().split(' ').map(str::to_owned).collect()
}
