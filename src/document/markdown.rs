//! Markdown becomes HTML: CommonMark with tables, footnotes, strikethrough, task lists, heading
//! attributes and definition lists, bare addresses as links. What a generator adds to Markdown is
//! [`shortcode`](super::shortcode)'s; what is fit for readers is `body`'s.

use std::collections::BTreeMap;
use std::ops::Range;

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{
    CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream, html,
};

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
}

/// HTML of some Markdown. `link_to` gives the address of another document where a link names one by
/// its file (`@/news/fog.md`, `../fog.md#end`).
pub(super) fn to_html(source: &str, link_to: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(source.len() + source.len() / 2);
    let events = Linked {
        events: TextMergeStream::new(Parser::new_ext(source, options())),
        link_to,
        finder: finder(),
        depth: 0,
        waiting: Vec::new(),
    };
    if source.contains("[^") {
        html::push_html(&mut out, with_footnotes(events).into_iter());
    } else {
        html::push_html(&mut out, events);
    }
    out
}

/// The bytes of code, where nothing but Markdown's own rules holds.
pub(super) fn code_ranges(source: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        if matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))) {
            ranges.push(range);
        }
    }
    ranges
}

/// A document's first heading of the first level: its text, and the bytes that it takes.
pub(super) fn first_heading(source: &str) -> Option<(String, Range<usize>)> {
    let mut found: Option<(String, Range<usize>)> = None;
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        match (event, &mut found) {
            (Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }), None) => {
                found = Some((String::new(), range));
            }
            (Event::End(TagEnd::Heading(_)), Some((text, range))) => {
                return Some((super::plain::collapse(text), range.clone()))
                    .filter(|(text, _)| !text.is_empty());
            }
            (Event::Text(part) | Event::Code(part), Some((text, _))) => text.push_str(&part),
            (Event::SoftBreak | Event::HardBreak, Some((text, _))) => text.push(' '),
            _ => {}
        }
    }
    None
}

/// Without the lines that MDX takes as program: `import` and `export` at the start of a line,
/// outside code. Lines stay where they are.
pub(super) fn without_modules(source: &str) -> String {
    let code = code_ranges(source);
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let program = line.starts_with("import ") || line.starts_with("export ");
        let next = code.partition_point(|range| range.end <= at);
        if program && !code.get(next).is_some_and(|range| range.contains(&at)) {
            out.push('\n');
        } else {
            out.push_str(line);
        }
        at += line.len();
    }
    out
}

fn finder() -> LinkFinder {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    finder
}

/// Events with bare addresses as links, and links to files as links to what they become.
struct Linked<'a, 'l, I> {
    events: I,
    link_to: &'l dyn Fn(&str) -> Option<String>,
    finder: LinkFinder,
    /// How many links, pictures and code blocks are open.
    depth: u32,
    /// What comes before the next event, last first.
    waiting: Vec<Event<'a>>,
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Linked<'a, '_, I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(event) = self.waiting.pop() {
            return Some(event);
        }
        Some(match self.events.next()? {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.depth += 1;
                let dest_url = match (self.link_to)(&dest_url) {
                    Some(url) => CowStr::from(url),
                    None => dest_url,
                };
                Event::Start(Tag::Link { link_type, dest_url, title, id })
            }
            event @ Event::Start(Tag::Image { .. } | Tag::CodeBlock(_)) => {
                self.depth += 1;
                event
            }
            event @ Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => {
                self.depth = self.depth.saturating_sub(1);
                event
            }
            Event::Text(text) if self.depth == 0 && text.contains("://") => {
                self.link(&text);
                return self.waiting.pop();
            }
            event => event,
        })
    }
}

impl<I> Linked<'_, '_, I> {
    fn link(&mut self, text: &str) {
        let mut events = Vec::new();
        for span in self.finder.spans(text) {
            let part = CowStr::from(span.as_str().to_owned());
            let web = span.as_str().starts_with("http://") || span.as_str().starts_with("https://");
            if span.kind().is_some() && web {
                events.push(Event::Start(Tag::Link {
                    link_type: LinkType::Autolink,
                    dest_url: part.clone(),
                    title: CowStr::Borrowed(""),
                    id: CowStr::Borrowed(""),
                }));
                events.push(Event::Text(part));
                events.push(Event::End(TagEnd::Link));
            } else {
                events.push(Event::Text(part));
            }
        }
        events.reverse();
        self.waiting = events;
    }
}

/// Footnotes gathered at the end, numbered as they are first named, with ids that headings don't
/// have.
fn with_footnotes<'a>(events: impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
    let mut main = Vec::new();
    let mut notes: BTreeMap<String, Vec<Event<'a>>> = BTreeMap::new();
    let mut open: Vec<(String, Vec<Event<'a>>)> = Vec::new();
    for event in events {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => {
                open.push((label.into_string(), Vec::new()));
            }
            Event::End(TagEnd::FootnoteDefinition) => {
                if let Some((label, body)) = open.pop() {
                    notes.entry(label).or_insert(body);
                }
            }
            event => match open.last_mut() {
                Some((_, body)) => body.push(event),
                None => main.push(event),
            },
        }
    }
    let mut numbers = Numbers::default();
    let mut out: Vec<Event<'a>> = main.into_iter().map(|e| numbers.refer(e)).collect();
    let mut next = 0;
    let mut lines = Vec::new();
    // A note may name another, which then follows.
    while let Some(label) = numbers.order.get(next).cloned() {
        next += 1;
        let mut body = notes.remove(&label).unwrap_or_default();
        let back = raw(format!(" <a href=\"#fnref-{next}\">\u{21a9}</a>"));
        let last = body.iter().rposition(|e| matches!(e, Event::End(TagEnd::Paragraph)));
        body.insert(last.unwrap_or(body.len()), back);
        lines.push(raw(format!("<li id=\"fn-{next}\">\n")));
        lines.extend(body.into_iter().map(|e| numbers.refer(e)));
        lines.push(raw("</li>\n".to_owned()));
    }
    if !lines.is_empty() {
        out.push(raw("<section class=\"footnotes\">\n<ol>\n".to_owned()));
        out.append(&mut lines);
        out.push(raw("</ol>\n</section>\n".to_owned()));
    }
    out
}

fn raw<'a>(html: String) -> Event<'a> {
    Event::InlineHtml(CowStr::from(html))
}

#[derive(Default)]
struct Numbers {
    order: Vec<String>,
    /// Number and uses of each label.
    known: BTreeMap<String, (usize, usize)>,
}

impl Numbers {
    fn refer<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        let Event::FootnoteReference(label) = event else { return event };
        let label = label.into_string();
        if !self.known.contains_key(&label) {
            self.order.push(label.clone());
        }
        let (number, uses) = self.known.entry(label).or_insert((self.order.len(), 0));
        *uses += 1;
        let id = if *uses == 1 { String::new() } else { format!("-{uses}") };
        raw(format!("<sup id=\"fnref-{number}{id}\"><a href=\"#fn-{number}\">{number}</a></sup>"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        to_html(source, &|_| None)
    }

    #[test]
    fn bare_addresses_are_links_outside_code_and_links() {
        assert_eq!(
            html("See https://x.example/a_b?c=1&d=2."),
            "<p>See <a href=\"https://x.example/a_b?c=1&amp;d=2\">https://x.example/a_b?c=1&amp;d=2</a>.</p>\n"
        );
        for source in ["`https://x.example/`", "[https://x.example/](y)", "    https://x.example/"]
        {
            assert!(!html(source).contains("href=\"https"), "{source}");
        }
    }

    #[test]
    fn footnotes_are_numbered_as_named_and_each_id_is_one() {
        let html = html("A[^b] b[^a] c[^b].\n\n[^a]: First.\n[^b]: Second[^c].\n[^c]: Third.\n");
        assert!(html.contains("id=\"fnref-1\"") && html.contains("id=\"fnref-1-2\""), "{html}");
        assert!(html.contains("<li id=\"fn-1\">\n<p>Second<sup id=\"fnref-3\">"), "{html}");
        assert_eq!(html.matches("id=\"fn-3\"").count(), 1);
    }

    #[test]
    fn the_first_heading_is_found() {
        let source = "Intro\n\n# A *big* `day`\n\ntext";
        let (text, range) = first_heading(source).unwrap();
        assert_eq!(text, "A big day");
        assert_eq!(&source[range], "# A *big* `day`\n");
        assert_eq!(first_heading("## no"), None);
    }

    #[test]
    fn hostile_nesting_ends() {
        assert!(html(&"> ".repeat(20_000)).contains("<blockquote>"));
        html(&"[".repeat(20_000));
        html(&"[^a]".repeat(2_000));
    }
}
