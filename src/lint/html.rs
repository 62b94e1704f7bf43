//! HTML within a feed, as readers take it: what they strip because it could do harm, what isn't HTML,
//! what is relative and so leads nowhere. Looked at by a browser's tokenizer; the same body in other
//! feeds and formats is looked at once, where a [`Memo`] is given.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::html_lists::{ADDRESSES, OPTIONAL_END, PROPERTIES, RISKY, SAFE, VOID};
use super::sheet::{Sheet, quote};
use super::{Rule, warning};
use crate::problem::Code;

static RELATIVE: Rule = warning(
    Code::new("feed-contains-rel-ref"),
    "write it whole: readers don't know the page that it was relative to",
);
static RISK: Rule = warning(
    Code::new("feed-security-risk"),
    "leave it out: readers strip it, and some the text in it too; a plain link always works",
);
static RISK_ATTRIBUTE: Rule = warning(
    Code::new("feed-security-risk-attr"),
    "leave it out: readers run no scripts, and strip it",
);
static STYLE: Rule = warning(
    Code::new("feed-dangerous-style-attr"),
    "leave `style` out: most readers strip it, and a feed has no layout of its own",
);
static NOT_HTML: Rule =
    warning(Code::new("feed-not-html"), "write elements of HTML, each closed where it was opened");

/// Bodies that a memo holds at most.
const MEMO_MAX: usize = 50_000;
/// Faults of one body that are told.
const FAULTS_MAX: usize = 20;
/// HTML that is looked at, in bytes; what is beyond it is no article.
const HTML_MAX: usize = 2_000_000;

/// What is wrong in one piece of HTML.
#[derive(Clone)]
struct Fault {
    rule: &'static Rule,
    message: String,
    value: String,
}

/// Pieces of HTML that were looked at.
#[derive(Default)]
pub struct Memo {
    seen: Mutex<HashMap<[u8; 32], Arc<[Fault]>>>,
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

impl Memo {
    fn faults(&self, html: &str) -> Arc<[Fault]> {
        let key = *blake3::hash(html.as_bytes()).as_bytes();
        let held = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held().get(&key) {
            return Arc::clone(known);
        }
        let faults: Arc<[Fault]> = faults(html).into();
        let mut seen = held();
        if seen.len() < MEMO_MAX {
            seen.insert(key, Arc::clone(&faults));
        }
        faults
    }
}

/// Whether there is an element of HTML of this name, in lower case.
pub(super) fn is_element(name: &str) -> bool {
    SAFE.contains(&name) || RISKY.contains(&name)
}

/// Checks HTML that stands somewhere in a stretch of the feed.
pub(super) fn check(sheet: &mut Sheet<'_>, html: &str, range: Range<usize>) {
    tell(sheet, html, range, true);
}

/// The same where relative addresses have a base: `xml:base`.
pub(super) fn check_with_base(sheet: &mut Sheet<'_>, html: &str, range: Range<usize>) {
    tell(sheet, html, range, false);
}

fn tell(sheet: &mut Sheet<'_>, html: &str, range: Range<usize>, relative: bool) {
    let found = match sheet.hints.memo {
        Some(memo) => memo.faults(html),
        None => faults(html).into(),
    };
    for fault in found.iter() {
        if !relative && std::ptr::eq(fault.rule, &raw const RELATIVE) {
            continue;
        }
        let at = place(sheet.text, &range, &fault.value);
        sheet.tell_value(fault.rule, at, &fault.value, fault.message.clone());
    }
}

/// Where a value stands in a stretch of the feed, as it is or escaped.
fn place(text: &str, range: &Range<usize>, value: &str) -> usize {
    let raw = text.get(range.clone()).unwrap_or_default();
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
    // An attribute's value is looked for in its quotes first: it may begin a longer one.
    let quoted = ["\"", "&quot;", "&#34;", "'", "\\\""].into_iter().find_map(|quote| {
        let found = [value, &escaped].map(|v| raw.find(&format!("{quote}{v}{quote}")));
        found.into_iter().flatten().min().map(|at| at + quote.len())
    });
    let found = quoted.or_else(|| raw.find(value)).or_else(|| raw.find(&escaped));
    range.start + found.unwrap_or(0)
}

fn faults(html: &str) -> Vec<Fault> {
    let mut found = Found::default();
    let mut open: Vec<String> = Vec::new();
    let mut unbalanced = false;
    let mut foreign = 0_usize;
    for tag in tags(html) {
        let name = tag.name.to_string();
        if tag.kind == TagKind::EndTag {
            foreign = foreign.saturating_sub(usize::from(matches!(&*name, "svg" | "math")));
            if foreign == 0
                && !unbalanced
                && let Err(message) = close(&mut open, &name)
            {
                unbalanced = true;
                found.add(&NOT_HTML, message, &format!("</{name}>"));
            }
            continue;
        }
        let first = foreign == 0;
        if matches!(&*name, "svg" | "math") && !tag.self_closing {
            foreign += 1;
        }
        if !first {
            continue;
        }
        element(&mut found, &tag, &name);
        if !VOID.contains(&&*name) && !matches!(&*name, "svg" | "math") {
            open.push(name);
        }
        if found.faults.len() >= FAULTS_MAX {
            return found.faults;
        }
    }
    let unclosed = open.iter().find(|name| !OPTIONAL_END.contains(&name.as_str()));
    if let Some(name) = unclosed.filter(|_| !unbalanced) {
        found.add(&NOT_HTML, format!("`<{name}>` is never closed"), &format!("<{name}"));
    }
    found.faults
}

/// Closes an element; a sentence where it isn't open, or something else would be closed with it.
fn close(open: &mut Vec<String>, name: &str) -> Result<(), String> {
    let at = open.iter().rposition(|o| o == name);
    // `</p>` and `</br>` make an element of their own in browsers.
    let Some(at) = at.filter(|_| !VOID.contains(&name)) else {
        return Err(format!("`</{name}>` closes what isn't open"));
    };
    let within = open.split_off(at);
    match within.iter().skip(1).find(|o| !OPTIONAL_END.contains(&&***o)) {
        Some(other) => Err(format!("`<{other}>` is still open at `</{name}>`")),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Found {
    faults: Vec<Fault>,
}

impl Found {
    /// Each fault once.
    fn add(&mut self, rule: &'static Rule, message: String, value: &str) {
        if !self.faults.iter().any(|f| f.message == message) {
            self.faults.push(Fault { rule, message, value: value.to_owned() });
        }
    }
}

fn element(found: &mut Found, tag: &Tag, name: &str) {
    if RISKY.contains(&name) {
        found.add(&RISK, format!("readers strip `<{name}>`"), &format!("<{name}"));
    } else if !SAFE.contains(&name) {
        let message = format!("{} isn't an element of HTML", quote(&format!("<{name}>")));
        found.add(&NOT_HTML, message, &format!("<{name}"));
    }
    for attribute in &tag.attrs {
        let key = &*attribute.name.local;
        let value = attribute.value.trim();
        if key == "style" {
            for evil in unsafe_style(value) {
                found.add(&STYLE, format!("`style` sets {}", quote(&evil)), &evil);
            }
        } else if key.starts_with("on") {
            found.add(&RISK_ATTRIBUTE, format!("readers strip {}", quote(key)), key);
        } else if ADDRESSES.contains(&key) || key == "data" && name == "object" {
            relative(found, key, value);
        } else if key == "srcset" {
            for candidate in srcset(value) {
                relative(found, key, candidate);
            }
        }
    }
}

fn relative(found: &mut Found, key: &str, value: &str) {
    if super::urls::scheme(value).is_none() {
        found.add(&RELATIVE, format!("`{key}` is {}, which is relative", quote(value)), value);
    }
}

/// The addresses of a `srcset`.
fn srcset(value: &str) -> impl Iterator<Item = &str> {
    // A comma belongs to an address unless white space follows it, as in `data:`.
    value
        .split(", ")
        .flat_map(|part| part.split(",\n"))
        .filter_map(|part| part.split_ascii_whitespace().next())
        .map(|address| address.trim_end_matches(','))
        .filter(|address| !address.is_empty())
}

/// What of a style readers would strip it for.
fn unsafe_style(style: &str) -> Vec<String> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || " \t\r\n:,;#%.!-'\"(/)".contains(c));
    let calls = style.split('(').count() > 1 && !style.to_ascii_lowercase().contains("rgb");
    if style.contains(odd) || calls {
        return vec![style.to_owned()];
    }
    let mut found = Vec::new();
    for declaration in style.split(';').filter(|d| !d.trim().is_empty()) {
        let Some((property, value)) = declaration.split_once(':') else {
            return vec![style.to_owned()];
        };
        let property = property.trim().to_ascii_lowercase();
        if value.contains(':') {
            return vec![style.to_owned()];
        }
        if !PROPERTIES.contains(&&*property) && !found.contains(&property) {
            found.push(property);
        }
    }
    found
}

/// An attribute's value.
pub(super) fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

/// The tags of a piece of HTML. Beyond a bound, and where some tag has endless attributes, none.
pub(super) fn tags(html: &str) -> Vec<Tag> {
    if html.len() > HTML_MAX || super::scan::shape(html).too_many.is_some() {
        return Vec::new();
    }
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A script would stop the tokenizer; this one never asks for that.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.tags.take()
}

#[derive(Default)]
struct Sink {
    tags: RefCell<Vec<Tag>>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        let result = match &*tag.name {
            _ if tag.kind == TagKind::EndTag => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        };
        self.tags.borrow_mut().push(tag);
        result
    }
}
