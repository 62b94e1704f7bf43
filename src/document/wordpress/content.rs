//! What stands in a post's column becomes HTML, in the order in which WordPress does it: embeds,
//! blocks, paragraphs, shortcodes. Typography (curly quotes, smileys, emoji) and what themes and
//! plugins add are left out: readers get the author's own characters.

use std::sync::LazyLock;

use regex::Regex;

use super::autop::autop;
use super::media::Attachment;
use super::{blocks, embeds, shortcodes};

/// What a post's content may refer to.
#[derive(Debug, Default)]
pub(in super::super) struct Around<'a> {
    /// The post's number.
    pub(in super::super) post: i64,
    /// The files that it may show.
    pub(in super::super) attachments: &'a [Attachment],
    /// The value of its meta field `footnotes`: JSON.
    pub(in super::super) footnotes: Option<&'a str>,
    /// Reusable blocks, by number.
    pub(in super::super) reusable: &'a [(i64, String)],
}

/// A post's HTML, and what is missing in it.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Rendered {
    pub(in super::super) html: String,
    /// Shortcodes that weren't known; one may stand several times.
    pub(in super::super) unknown: Vec<String>,
    /// Blocks that only WordPress fills; one may stand several times.
    pub(in super::super) lost: Vec<String>,
}

/// Stands for `<!--more-->` while paragraphs are made, as in WordPress.
fn more_mark(post: i64) -> String {
    format!("<span id=\"more-{post}\"></span>")
}

/// The HTML of a post's content. All its pages are one text.
pub(in super::super) fn html(content: &str, around: &Around<'_>) -> Rendered {
    let text = one_page(&content.replace('\0', ""));
    let text = with_more(&text, around.post);
    let written_in_blocks = blocks::has_blocks(&text);
    let text = if text.contains('[') { embeds::sources(&text) } else { text };
    let text = embeds::embeds(&text);
    let find = |number: i64| {
        let found = around.reusable.iter().find(|(known, _)| *known == number);
        found.map(|(_, content)| content.clone())
    };
    let footnotes = around.footnotes.and_then(footnotes);
    let referred = blocks::Referred { footnotes, reusable: &find };
    let (text, lost) = match written_in_blocks {
        true => tight(blocks::html(&text, &referred)),
        false => (autop(&text), Vec::new()),
    };
    let text = shortcodes::unparagraphed(&text);
    let referred = shortcodes::Referred { post: around.post, attachments: around.attachments };
    let mut replace = shortcodes::Replace::new(&referred);
    let text = replace.all(&text);
    let html = without_traces(&text, around.post, !replace.unknown.is_empty());
    Rendered { html, unknown: replace.unknown, lost }
}

/// Where blocks stood nothing but line ends is left.
fn tight((mut html, lost): (String, Vec<String>)) -> (String, Vec<String>) {
    while html.contains("\n\n\n") && !html.contains("<pre") {
        html = html.replace("\n\n\n", "\n\n");
    }
    (html, lost)
}

/// A post that is shown on several pages is one article.
fn one_page(text: &str) -> String {
    const MARK: &str = "<!--nextpage-->";
    if !text.contains(MARK) {
        return text.to_owned();
    }
    text.replace(&format!("<!-- wp:nextpage -->\n{MARK}\n<!-- /wp:nextpage -->"), "")
        .replace(&format!("\n{MARK}\n"), "\n\n")
        .replace(MARK, "\n\n")
}

/// What stands before `<!--more-->` is the teaser; a post with `<!--noteaser-->` is shown without it.
fn with_more(text: &str, post: i64) -> String {
    static MORE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("<!--more(.*?)-->").ok());
    static BLOCK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<!-- /?wp:more(.*?) -->").ok());
    let Some((more, block)) = MORE.as_ref().zip(BLOCK.as_ref()) else { return text.to_owned() };
    if more.find(text).is_none() {
        return text.to_owned();
    }
    let text = block.replace_all(text, "");
    let Some(found) = more.find(&text) else { return text.into_owned() };
    let teaser = match text.contains("<!--noteaser-->") {
        true => "",
        false => &text[..found.start()],
    };
    format!("{teaser}{}{}", more_mark(post), &text[found.end()..])
}

/// The end of the teaser as feedwright knows it, and no paragraph that only held what is gone.
fn without_traces(html: &str, post: i64, removed: bool) -> String {
    let mark = more_mark(post);
    let html = html.replace("<!--noteaser-->", "");
    let html = html.replace(&format!("<p>{mark}</p>"), "<!--more-->").replace(&mark, "<!--more-->");
    if !removed {
        return html;
    }
    static EMPTY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<p>(?:\s|<br />|&nbsp;)*</p>\n?").ok());
    match EMPTY.as_ref() {
        Some(empty) => empty.replace_all(&html, "").into_owned(),
        None => html,
    }
}

/// The list that the block of footnotes becomes.
fn footnotes(json: &str) -> Option<String> {
    let notes: serde_json::Value = serde_json::from_str(json).ok()?;
    let mut list = String::new();
    for note in notes.as_array()? {
        let (id, text) = (note.get("id")?.as_str()?, note.get("content")?.as_str()?);
        let id = super::super::plain::escape(id);
        list.push_str(&format!("<li id=\"{id}\">{text} <a href=\"#{id}-link\">↩︎</a></li>"));
    }
    (!list.is_empty()).then(|| format!("<ol>{list}</ol>"))
}
