//! An export file as a stream of its parts: what the channel says, then item by item. Elements are
//! known by the prefixes that WordPress writes, whatever version their addresses name. No entity is
//! ever expanded but those of XML itself; a document type is refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Error, Terms};
use crate::document::wordpress::{Author, Post};

/// What a channel says of all its posts.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) link: String,
    pub(super) blog_url: String,
    /// By login.
    pub(super) authors: BTreeMap<String, Author>,
    pub(super) terms: Terms,
}

/// A term that a channel lists.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) id: i64,
    pub(super) name: String,
    /// The slug of the one that it stands below; empty of none.
    pub(super) parent: String,
}

/// An item as it stands.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) post: Post,
    pub(super) login: String,
    /// Domain, slug and name.
    pub(super) terms: Vec<(String, String, String)>,
    pub(super) attachment_url: String,
    pub(super) parent: i64,
    pub(super) menu_order: i64,
}

/// A part of an export.
pub(super) enum Part {
    Item(Box<Item>),
    /// At the end: old versions list nothing, new ones before the first item.
    Channel(Channel),
}

/// An element, its markup included, has at most so many bytes: more would only cost memory.
const EVENT_BYTES_MAX: u64 = 96 << 20;
/// Of a text so much is kept; who reads it says that it is too long.
const TEXT_BYTES_MAX: usize = 17 << 20;
/// Elements within each other; WordPress's own have five.
const DEPTH_MAX: usize = 32;
/// Meta fields of one post, and terms.
const LIST_MAX: usize = 10_000;

/// Reads a file to its end.
pub(super) fn read(
    file: File,
    shown: &str,
    deliver: &mut dyn FnMut(Part) -> Result<(), Error>,
) -> Result<(), Error> {
    let counted = Counted { inner: BufReader::with_capacity(1 << 18, file), lines: 1, event: 0 };
    let mut reader = Reader::from_reader(counted);
    let mut state = State::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().event = 0;
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(cause)) if cause.kind() != io::ErrorKind::InvalidData => {
                let cause = io::Error::new(cause.kind(), cause.to_string());
                return Err(Error::Io { shown: shown.to_owned(), cause });
            }
            Err(cause) => return Err(broken(shown, &reader, format!("this isn't XML: {cause}"))),
        };
        match event {
            Event::Eof => break,
            other => state
                .take(other, deliver)?
                .map_err(|what| broken(shown, &reader, what.to_owned()))?,
        }
    }
    if !state.path.is_empty() || !state.complete {
        let what = match state.version {
            true => "the export breaks off here",
            false => "this is no WordPress export: it has no wp:wxr_version",
        };
        return Err(broken(shown, &reader, what.to_owned()));
    }
    if !state.version {
        let what = "this is no WordPress export: it has no wp:wxr_version";
        return Err(broken(shown, &reader, what.to_owned()));
    }
    deliver(Part::Channel(state.channel))
}

fn broken(shown: &str, reader: &Reader<Counted>, what: String) -> Error {
    Error::Broken { shown: shown.to_owned(), line: reader.get_ref().lines, what }
}

#[derive(Default)]
struct State {
    path: Vec<String>,
    text: String,
    item: Option<Item>,
    /// Members of the author, term or meta field that is being read.
    record: BTreeMap<String, String>,
    /// Domain and slug of the category that is being read.
    category: (String, String),
    channel: Channel,
    version: bool,
    /// The root was closed.
    complete: bool,
}

type Taken = Result<(), &'static str>;

impl State {
    fn take(
        &mut self,
        event: Event<'_>,
        deliver: &mut dyn FnMut(Part) -> Result<(), Error>,
    ) -> Result<Taken, Error> {
        match event {
            Event::Start(start) => return Ok(self.start(&start)),
            Event::End(_) => {
                let Some(name) = self.path.pop() else {
                    return Ok(Err("an element ends that never began"));
                };
                self.end(&name, deliver)?;
                self.complete |= self.path.is_empty();
            }
            Event::Text(text) => self.push(&text),
            Event::CData(text) => self.push(&text),
            Event::GeneralRef(reference) => return Ok(self.reference(&reference)),
            Event::DocType(_) => {
                return Ok(Err("an export has no document type; entities are never expanded"));
            }
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(Ok(()))
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Taken {
        if self.path.len() == DEPTH_MAX {
            return Err("elements stand too deep within each other");
        }
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        if self.path.is_empty() && name != "rss" {
            return Err("this is no WordPress export: it doesn't begin with <rss>");
        }
        self.text.clear();
        match name.as_str() {
            "item" if self.path.len() == 2 => self.item = Some(Item::default()),
            "category" => {
                self.category = (attribute(start, "domain"), attribute(start, "nicename"))
            }
            "wp:author" | "wp:category" | "wp:tag" | "wp:term" | "wp:postmeta" => {
                self.record.clear();
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    /// Comments aren't read, nor what stands between elements.
    fn is_read(&self) -> bool {
        self.path.len() > 2 && !self.path.iter().any(|name| name == "wp:comment")
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.is_read() && self.text.len() < TEXT_BYTES_MAX {
            let left = TEXT_BYTES_MAX - self.text.len();
            self.text.push_str(&String::from_utf8_lossy(&bytes[..bytes.len().min(left)]));
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Taken {
        if !self.is_read() {
            return Ok(());
        }
        if reference.is_char_ref() {
            let Ok(Some(c)) = reference.resolve_char_ref() else {
                return Err("this is no character reference");
            };
            self.text.push(c);
            return Ok(());
        }
        let name = String::from_utf8_lossy(reference).into_owned();
        match quick_xml::escape::resolve_predefined_entity(&name) {
            Some(text) => self.text.push_str(text),
            // Plugins write HTML's.
            None => self.text.push_str(&format!("&{name};")),
        }
        Ok(())
    }

    fn end(
        &mut self,
        name: &str,
        deliver: &mut dyn FnMut(Part) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let text = clean(std::mem::take(&mut self.text));
        let parent = self.path.last().map(String::as_str).unwrap_or_default();
        match (parent, name) {
            ("channel", "item") => {
                if let Some(item) = self.item.take() {
                    deliver(Part::Item(Box::new(item)))?;
                }
            }
            ("channel", "wp:wxr_version") => self.version = true,
            ("channel", "link") => self.channel.link = text.trim().to_owned(),
            ("channel", "wp:base_blog_url") => self.channel.blog_url = text.trim().to_owned(),
            ("channel", "wp:author") => self.author(),
            ("channel", "wp:category" | "wp:tag" | "wp:term") => self.term(name),
            ("wp:author" | "wp:category" | "wp:tag" | "wp:term" | "wp:postmeta", member) => {
                self.record.insert(member.to_owned(), text);
            }
            ("item", "wp:postmeta") => self.meta(),
            ("item", "category") => {
                let (domain, slug) = std::mem::take(&mut self.category);
                if let Some(item) = self.item.as_mut().filter(|i| i.terms.len() < LIST_MAX) {
                    item.terms.push((domain, slug, text));
                }
            }
            ("item", field) => {
                if let Some(item) = &mut self.item {
                    item.put(field, text);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn member(&mut self, name: &str) -> String {
        self.record.remove(name).unwrap_or_default()
    }

    fn author(&mut self) {
        let login = self.member("wp:author_login");
        let name = self.member("wp:author_display_name");
        let name = if name.trim().is_empty() { login.clone() } else { name };
        let author = Author { name, nicename: login.clone(), url: String::new() };
        self.channel.authors.insert(login, author);
    }

    fn term(&mut self, kind: &str) {
        let id = number(&self.member("wp:term_id"));
        let (taxonomy, slug, parent, name) = match kind {
            "wp:category" => (
                "category".to_owned(),
                self.member("wp:category_nicename"),
                self.member("wp:category_parent"),
                self.member("wp:cat_name"),
            ),
            "wp:tag" => (
                "post_tag".to_owned(),
                self.member("wp:tag_slug"),
                String::new(),
                self.member("wp:tag_name"),
            ),
            _ => (
                self.member("wp:term_taxonomy"),
                self.member("wp:term_slug"),
                self.member("wp:term_parent"),
                self.member("wp:term_name"),
            ),
        };
        self.channel.terms.insert((taxonomy, slug), Named { id, name, parent });
    }

    fn meta(&mut self) {
        let key = self.member("wp:meta_key");
        let value = self.member("wp:meta_value");
        if let Some(item) = self.item.as_mut().filter(|item| item.post.meta.len() < LIST_MAX) {
            item.post.meta.push((key, value));
        }
    }
}

impl Item {
    fn put(&mut self, field: &str, text: String) {
        let post = &mut self.post;
        match field {
            "title" => post.title = text,
            "link" => post.link = Some(text.trim().to_owned()).filter(|link| !link.is_empty()),
            "dc:creator" => self.login = text.trim().to_owned(),
            "guid" => post.guid = text,
            "content:encoded" => post.content = text,
            "excerpt:encoded" => post.excerpt = text,
            "wp:post_id" => post.id = number(&text),
            "wp:post_date" => post.date = text,
            "wp:post_date_gmt" => post.date_gmt = text,
            "wp:post_modified" => post.modified = text,
            "wp:post_modified_gmt" => post.modified_gmt = text,
            "wp:comment_status" => post.comments = text.trim() == "open",
            "wp:post_name" => post.name = text,
            "wp:status" => post.status = text.trim().to_owned(),
            "wp:post_type" => post.kind = text.trim().to_owned(),
            "wp:post_password" => post.password = text,
            "wp:is_sticky" => post.sticky = text.trim() == "1",
            "wp:post_parent" => self.parent = number(&text),
            "wp:menu_order" => self.menu_order = number(&text),
            "wp:attachment_url" => self.attachment_url = text,
            _ => {}
        }
    }
}

fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or(0)
}

/// Without the control characters that XML forbids and WordPress writes all the same.
fn clean(text: String) -> String {
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(control) { text.replace(control, "") } else { text }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let Ok(Some(found)) = start.try_get_attribute(name) else { return String::new() };
    let raw = String::from_utf8_lossy(&found.value).into_owned();
    match quick_xml::escape::unescape(&raw) {
        Ok(text) => clean(text.into_owned()),
        Err(_) => raw,
    }
}

/// A file that knows its line, and how long the present event is.
struct Counted {
    inner: BufReader<File>,
    lines: u64,
    event: u64,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.event > EVENT_BYTES_MAX {
            let what = format!("an element here is longer than {} MB", EVENT_BYTES_MAX >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let consumed = &self.inner.buffer()[..amount.min(self.inner.buffer().len())];
        let lines = memchr::memchr_iter(b'\n', consumed).count();
        self.lines += u64::try_from(lines).unwrap_or(0);
        self.event += u64::try_from(amount).unwrap_or(0);
        self.inner.consume(amount);
    }
}
