//! The pass over a body's tokens, before there is any tree. It takes time in proportion to the
//! body, whatever the nesting, and leaves balanced tags, absolute addresses and pictures that show.
//! It makes nothing safe: that is the sanitiser's.

use std::collections::HashSet;

use html5ever::tokenizer::Tag;

use super::address::{self, Base};
use super::dropping::Dropping;
use super::tokens::Piece;
use super::{DEPTH_MAX, formula, rules};

/// What the pass made.
pub(super) enum Outcome {
    Rewritten(String),
    TooDeep,
}

/// Goes over the tokens and writes them anew.
pub(super) fn rewrite(pieces: &[Piece], base: &Base) -> Outcome {
    let mut rewriter = Rewriter {
        base,
        targets: targets(pieces, base),
        dropping: Dropping::new(pieces),
        out: String::new(),
        open: Vec::new(),
        noscript: false,
        pictures: HashSet::new(),
        at_start_of_pre: false,
    };
    for (index, piece) in pieces.iter().enumerate() {
        if rewriter.dropping.takes(index, piece) {
            rewriter.note_tag();
            rewriter.instead(&pieces[index..]);
            continue;
        }
        match piece {
            Piece::Start(tag) => rewriter.start(index, tag),
            Piece::End(name) => rewriter.end(name),
            Piece::Text(text) => rewriter.text(text),
        }
        if rewriter.open.len() > DEPTH_MAX {
            return Outcome::TooDeep;
        }
    }
    rewriter.close_to(0);
    Outcome::Rewritten(rewriter.out)
}

/// The ids within the body that its own links point to.
fn targets(pieces: &[Piece], base: &Base) -> HashSet<String> {
    let mut targets = HashSet::new();
    for piece in pieces {
        if let Piece::Start(tag) = piece
            && &*tag.name == "a"
            && let Some(href) = attribute(tag, "href").filter(|h| h.contains('#'))
        {
            base.note_target(href, &mut targets);
        }
    }
    targets
}

pub(super) fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

struct Rewriter<'a> {
    base: &'a Base,
    targets: HashSet<String>,
    dropping: Dropping,
    out: String,
    open: Vec<Open>,
    /// Within `noscript`, of which only pictures that stand nowhere else are kept.
    noscript: bool,
    /// Addresses of the pictures so far.
    pictures: HashSet<String>,
    /// A line break that follows is no part of the text (HTML §13.1.2.5).
    at_start_of_pre: bool,
}

struct Open {
    name: String,
    /// Where its start tag begins in the output.
    start: usize,
    /// Where its content begins.
    content: usize,
    /// Something points to it.
    is_target: bool,
    /// Tags stood in it, whatever became of them.
    had_tags: bool,
}

impl Rewriter<'_> {
    fn start(&mut self, index: usize, tag: &Tag) {
        let name: &str = &tag.name;
        if name == "noscript" {
            self.note_tag();
            self.noscript = self.dropping.is_closed_after(index, name);
            return;
        }
        if name == "embed" {
            self.note_tag();
            self.frame(tag, &[]);
            return;
        }
        if self.noscript && name != "img" {
            return;
        }
        // "image" is what parsers make "img" of (HTML §13.2.6.4.7).
        let name = if name == "image" { "img" } else { name };
        if rules::ends_paragraph(name) {
            self.close_outermost(&["p"], &["table", "td", "th", "caption"]);
        }
        if let Some((ended, within)) = rules::ends(name) {
            self.close_outermost(ended, within);
        }
        self.note_tag();
        if !rules::ELEMENTS.contains(&name)
            || rules::is_table_part(name) && !self.open.iter().any(|o| o.name == "table")
        {
            return;
        }
        let Some(attributes) = self.attributes(name, tag) else { return };
        let start = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in &attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
        self.at_start_of_pre = name == "pre";
        if !rules::VOID.contains(&name) {
            let is_target = attributes.iter().any(|(name, _)| *name == "id");
            let content = self.out.len();
            let name = name.to_owned();
            self.open.push(Open { name, start, content, is_target, had_tags: false });
        }
    }

    fn end(&mut self, name: &str) {
        if name == "noscript" {
            self.noscript = false;
            return;
        }
        if self.noscript {
            return;
        }
        let crosses_tables = name == "table" || rules::is_table_part(name);
        for (index, open) in self.open.iter().enumerate().rev() {
            if open.name == name {
                self.close_to(index);
                return;
            }
            if !crosses_tables && matches!(open.name.as_str(), "table" | "td" | "th" | "caption") {
                return;
            }
            if crosses_tables && open.name == "table" {
                return;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.noscript {
            return;
        }
        let text = if self.at_start_of_pre { text.trim_start_matches('\n') } else { text };
        if !text.is_empty() {
            self.at_start_of_pre = false;
            escape(text, &mut self.out);
        }
    }

    /// What stands in the place of an element that goes; it is the first of these.
    fn instead(&mut self, pieces: &[Piece]) {
        let Some((Piece::Start(tag), after)) = pieces.split_first() else { return };
        match &*tag.name {
            "iframe" if !self.noscript => self.frame(tag, after),
            _ if self.dropping.has_begun() => {
                if let Some(text) = formula::text(tag, after) {
                    self.text(&text);
                }
            }
            _ => {}
        }
    }

    /// A framed page becomes a plain link to it, in its place; where readers keep it framed the link
    /// follows it, for those that don't.
    fn frame(&mut self, tag: &Tag, after: &[Piece]) {
        if self.noscript {
            return;
        }
        let named = rules::SRC.iter().filter_map(|name| attribute(tag, name));
        let Some(address) = named.into_iter().find_map(|a| self.base.media(a)) else { return };
        if self.open.iter().any(|o| o.name == "a") {
            return;
        }
        let title = attribute(tag, "title").map(str::trim).filter(|t| !t.is_empty());
        if let Some(site) = rules::framed(&address) {
            self.framed(tag, &address, title);
            if self.is_linked(site, after) {
                return;
            }
        }
        let is_inline = self.open.iter().any(|o| o.name == "p");
        self.out.push_str(if is_inline { "<a href=\"" } else { "<p><a href=\"" });
        escape(&address, &mut self.out);
        self.out.push_str("\">");
        escape(title.unwrap_or(&address), &mut self.out);
        self.out.push_str(if is_inline { "</a>" } else { "</a></p>" });
    }

    fn framed(&mut self, tag: &Tag, address: &str, title: Option<&str>) {
        self.out.push_str("<iframe src=\"");
        escape(address, &mut self.out);
        self.out.push('"');
        let side = |name| attribute(tag, name).map(str::trim).filter(|v| is_number(v));
        for (name, value) in
            [("title", title), ("width", side("width")), ("height", side("height"))]
        {
            if let Some(value) = value {
                self.out.push_str(&format!(" {name}=\""));
                escape(value, &mut self.out);
                self.out.push('"');
            }
        }
        self.out.push_str(" allowfullscreen=\"\"></iframe>");
    }

    /// Whether a link to a site follows a framed page at once.
    fn is_linked(&self, site: &str, after: &[Piece]) -> bool {
        let mut rest =
            after.iter().skip_while(|p| !matches!(p, Piece::End(name) if name == "iframe"));
        let next = rest.find(|piece| match piece {
            Piece::Text(text) => !text.trim().is_empty(),
            Piece::Start(tag) => !matches!(&*tag.name, "br" | "p" | "figcaption"),
            Piece::End(name) => !matches!(name.as_str(), "iframe" | "p" | "figure"),
        });
        let Some(Piece::Start(tag)) = next else { return false };
        let link = attribute(tag, "href").filter(|_| &*tag.name == "a");
        let Some(link) = link.and_then(|href| self.base.link(href)) else { return false };
        let host = link.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        rules::framed(&link) == Some(site)
            || host.is_some_and(|host| {
                host == site || host.strip_suffix(site).is_some_and(|below| below.ends_with('.'))
            })
    }

    /// The attributes that an element keeps, in the order of the rules; `None` where the element
    /// is nothing without those that it doesn't have.
    fn attributes(&mut self, name: &str, tag: &Tag) -> Option<Vec<(&'static str, String)>> {
        let own = rules::ATTRIBUTES.iter().find(|(element, _)| *element == name);
        let own = own.map_or(&[][..], |(_, attributes)| attributes);
        let mut kept: Vec<(&'static str, String)> = own
            .iter()
            .chain(rules::EVERYWHERE)
            .filter_map(|attribute| Some((*attribute, self.value(name, attribute, tag)?)))
            .collect();
        let get = |kept: &[(&str, String)], wanted: &str| {
            kept.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
        };
        match name {
            "img" => {
                if get(&kept, "src").is_none() {
                    let set = get(&kept, "srcset")?;
                    let (first, _) = address::candidates(&set).next()?;
                    kept.push(("src", first.to_owned()));
                }
                let is_dot = |side: &str| get(&kept, side).is_some_and(|v| v == "0" || v == "1");
                let src = get(&kept, "src")?;
                // A picture of one pixel is there to count readers.
                if is_dot("width") && is_dot("height")
                    || self.noscript && self.pictures.contains(&src)
                {
                    return None;
                }
                self.pictures.insert(src);
            }
            "source" if get(&kept, "src").or_else(|| get(&kept, "srcset")).is_none() => {
                return None;
            }
            "track" => drop(get(&kept, "src")?),
            "a" if !kept.iter().any(|(name, _)| matches!(*name, "href" | "id")) => return None,
            "span" | "bdi" if kept.is_empty() => return None,
            _ => {}
        }
        if get(&kept, "srcset").is_none() {
            kept.retain(|(name, _)| *name != "sizes");
        }
        Some(kept)
    }

    fn value(&self, element: &str, name: &str, tag: &Tag) -> Option<String> {
        let first = |names: &[&str], make: &dyn Fn(&str) -> Option<String>| {
            names.iter().filter_map(|name| attribute(tag, name)).find_map(make)
        };
        let own = attribute(tag, name).map(str::trim);
        match name {
            "href" => own.and_then(|v| self.base.link(v)),
            "src" => first(rules::SRC, &|v| self.base.media(v)),
            "srcset" => first(rules::SRCSET, &|v| self.base.srcset(v)),
            "poster" | "cite" => own.and_then(|v| self.base.media(v)),
            "id" => {
                let name = attribute(tag, "name").filter(|_| element == "a");
                let id = attribute(tag, "id").or(name)?;
                self.targets.contains(id).then(|| id.to_owned())
            }
            // Without controls a recording can't be played where scripts don't run.
            "controls" => Some(String::new()),
            "default" | "loop" | "muted" | "open" | "reversed" => own.map(|_| String::new()),
            "align" => {
                own.or_else(|| text_align(tag)).filter(|v| is_alignment(v)).map(str::to_owned)
            }
            "dir" => own.filter(|v| matches!(*v, "ltr" | "rtl" | "auto")).map(str::to_owned),
            "height" | "width" | "span" | "colspan" | "rowspan" | "start" | "value" => {
                own.filter(|v| is_number(v)).map(str::to_owned)
            }
            // An empty alternative says that there is nothing to say.
            "alt" => own.map(str::to_owned),
            _ => own.filter(|v| !v.is_empty()).map(str::to_owned),
        }
    }

    /// Closes the outermost open element of those named, if no element of `within` is in between.
    fn close_outermost(&mut self, ended: &[&str], within: &[&str]) {
        let inner = self.open.iter().enumerate().rev().take_while(|(_, o)| {
            !within.contains(&o.name.as_str()) || ended.contains(&o.name.as_str())
        });
        if let Some((index, _)) = inner.filter(|(_, o)| ended.contains(&o.name.as_str())).last() {
            self.close_to(index);
        }
    }

    fn note_tag(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.had_tags = true;
        }
    }

    /// Items count, in a numbered list all of them; elsewhere one whose icon or button went goes too.
    fn stays_when_empty(&self, open: &Open) -> bool {
        let is_numbered = || self.open.last().is_some_and(|list| list.name == "ol");
        open.is_target
            || !rules::is_nothing_when_empty(&open.name)
            || open.name == "li" && (!open.had_tags || is_numbered())
    }

    fn close_to(&mut self, index: usize) {
        while self.open.len() > index {
            let Some(open) = self.open.pop() else { return };
            let content = &self.out[open.content..];
            if is_blank(content) && !self.stays_when_empty(&open) {
                let is_gap = !content.is_empty() && !rules::ends_paragraph(&open.name);
                self.out.truncate(open.start);
                if is_gap {
                    self.out.push(' ');
                }
                continue;
            }
            self.out.push_str("</");
            self.out.push_str(&open.name);
            self.out.push('>');
        }
    }
}

/// Whether there is nothing to see. Stops at the first thing that is, since every element asks.
fn is_blank(content: &str) -> bool {
    let mut rest = content.trim_start();
    while let Some(after) = rest.strip_prefix("<br>") {
        rest = after.trim_start();
    }
    rest.is_empty()
}

/// The alignment that Markdown tables give their cells by `style`.
fn text_align(tag: &Tag) -> Option<&str> {
    let style = attribute(tag, "style")?;
    style.split(';').find_map(|declaration| {
        let (property, value) = declaration.split_once(':')?;
        property.trim().eq_ignore_ascii_case("text-align").then(|| value.trim())
    })
}

fn is_alignment(value: &str) -> bool {
    matches!(value, "left" | "right" | "center" | "justify")
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let digits = digits.strip_suffix('%').unwrap_or(digits);
    !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}

/// The text of a fragment in paragraphs, without any other markup.
pub(super) fn flatten(pieces: &[Piece]) -> String {
    let mut dropping = Dropping::new(pieces);
    let mut paragraphs: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut flush = |text: &mut String| {
        let words: Vec<&str> = text.split_whitespace().collect();
        if !words.is_empty() {
            let mut paragraph = String::from("<p>");
            escape(&words.join(" "), &mut paragraph);
            paragraphs.push(paragraph.replace("&quot;", "\"") + "</p>");
        }
        text.clear();
    };
    for (index, piece) in pieces.iter().enumerate() {
        let is_taken = dropping.takes(index, piece);
        match piece {
            Piece::Text(found) if !is_taken => text.push_str(found),
            Piece::Start(tag) if is_taken && dropping.has_begun() => {
                text.extend(formula::text(tag, &pieces[index + 1..]));
            }
            Piece::Start(tag) if ends_line(&tag.name) => flush(&mut text),
            Piece::End(name) if ends_line(name) => flush(&mut text),
            _ => {}
        }
    }
    flush(&mut text);
    paragraphs.join("\n")
}

fn ends_line(name: &str) -> bool {
    rules::ends_paragraph(name) || rules::is_table_part(name) || name == "br"
}
