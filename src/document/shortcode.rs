//! What generators add to Markdown: Hugo's and Zola's shortcodes, Jekyll's and Eleventy's tags,
//! kramdown's attribute lists (standards §8.5). None of it may reach a reader raw: what is known
//! becomes HTML, text or an address; the rest goes, its inner text stays, and its name is told.
//! Inside code only `raw` is taken away, because generators look into code too.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::branches::{self, Block};
use super::embed::{self, Args};
use super::tag::{self, Kind, Tag, call, literal, quoted, trimmed};
use super::{markdown, plain};

/// A page's shortcode isn't known.
pub(crate) const UNKNOWN: crate::problem::Code = crate::problem::Code::new("shortcode-unknown");

/// What shortcodes may ask about the page that they stand on.
pub(super) struct Page<'a> {
    /// Whether the text is Markdown; else it is HTML, in which generators look everywhere.
    pub(super) markdown: bool,
    pub(super) title: &'a str,
    /// Absolute URL of the article.
    pub(super) link: &'a str,
    /// Absolute URL of the site, without a final slash.
    pub(super) site: &'a str,
    /// A value that the document names.
    pub(super) named: &'a dyn Fn(&str) -> Option<String>,
    /// The address of another document, by its file.
    pub(super) link_to: &'a dyn Fn(&str) -> String,
}

/// A text without shortcodes, and those that weren't known.
pub(super) struct Replaced<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) unknown: Vec<Unknown>,
}

/// What isn't known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    pub(super) what: What,
    pub(super) name: String,
    /// Its byte in the source.
    pub(super) at: usize,
}

/// What it is, and so what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// It went, and its inner text stays.
    Shortcode,
    /// Of its texts the first stays.
    Condition,
    /// Its text stays once.
    Loop,
}

/// Replaces every shortcode of a Markdown text.
pub(super) fn replace<'a>(source: &'a str, page: &Page<'_>) -> Replaced<'a> {
    if !["{{", "{%", "{:", "{#"].iter().any(|open| source.contains(open)) {
        return Replaced { text: Cow::Borrowed(source), unknown: Vec::new() };
    }
    let mut scan = Scan {
        source,
        page,
        code: if page.markdown { markdown::code_ranges(source) } else { Vec::new() },
        out: String::with_capacity(source.len()),
        unknown: Vec::new(),
        kept: BTreeMap::new(),
        printed: None,
        endless: Vec::new(),
        blocks: None,
        skipped: HashMap::new(),
    };
    scan.run();
    Replaced { text: Cow::Owned(scan.out), unknown: scan.unknown }
}

struct Scan<'a, 'p> {
    source: &'a str,
    page: &'p Page<'p>,
    code: Vec<Range<usize>>,
    out: String,
    unknown: Vec<Unknown>,
    /// Texts that `set` and `capture` keep for later, by name.
    kept: BTreeMap<&'a str, &'a str>,
    /// Where each name is printed for the last time; filled when it is first asked for.
    printed: Option<BTreeMap<&'a str, usize>>,
    /// Ends that were looked for in vain: none of these stands further on either.
    endless: Vec<&'static str>,
    /// Conditions and loops, by where they begin; filled when the first is met.
    blocks: Option<HashMap<usize, Block<'a>>>,
    /// Where a text ends behind which the rest of its block is passed over, and where that ends.
    skipped: HashMap<usize, usize>,
}

impl<'a> Scan<'a, '_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(found) = memchr::memchr(b'{', &self.source.as_bytes()[at..]) {
            let start = at + found;
            self.out.push_str(&self.source[at..start]);
            if let Some(end) = self.skipped.remove(&start) {
                at = end;
                continue;
            }
            at = match tag::at(self.source, start) {
                Some(tag) => self.replace(start, &tag).unwrap_or_else(|| self.keep(start)),
                None => self.keep(start),
            };
        }
        self.out.push_str(&self.source[at..]);
    }

    fn keep(&mut self, start: usize) -> usize {
        self.out.push('{');
        start + 1
    }

    /// Writes what a shortcode becomes and gives the byte after it; `None` where it stays as it is.
    fn replace(&mut self, start: usize, tag: &Tag<'a>) -> Option<usize> {
        if tag.kind == Kind::Statement && trimmed(tag.content) == "raw" {
            let (inner, end) = self.until(tag.end, "endraw")?;
            self.out.push_str(inner);
            return Some(end);
        }
        if is_in(&self.code, start) {
            return None;
        }
        match tag.kind {
            Kind::Comment => Some(tag.end),
            Kind::Attributes if !self.page.markdown => None,
            Kind::Attributes => {
                self.drop_contents_list(tag.content);
                Some(tag.end)
            }
            Kind::Hugo => self.hugo(start, tag),
            Kind::Value => self.value(start, tag),
            Kind::Statement => self.statement(start, tag),
        }
    }

    fn hugo(&mut self, start: usize, tag: &Tag<'a>) -> Option<usize> {
        let content = tag.content.trim();
        if let Some(literal) = literal(content) {
            let (open, close) = match self.source.as_bytes().get(start + 2) {
                Some(b'<') => ("{{&lt;", "&gt;}}"),
                _ => ("{{%", "%}}"),
            };
            self.out.push_str(open);
            self.out.push_str(&plain::escape(literal));
            self.out.push_str(close);
            return Some(tag.end);
        }
        let content = content.strip_suffix('/').unwrap_or(content).trim();
        if let Some(closed) = content.strip_prefix('/') {
            if embed::is_pair(closed.trim()) {
                self.block(start, tag.end, &format!("</{}>", closed.trim()));
            }
            return Some(tag.end);
        }
        let (name, args) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        if name == "highlight"
            && let Some((inner, end)) = self.until(tag.end, "/highlight")
        {
            let language = Args::parse(args).at(0).unwrap_or_default().to_owned();
            self.fence(&language, inner);
            return Some(end);
        }
        self.named(start, tag, name, &Args::parse(args));
        Some(tag.end)
    }

    fn value(&mut self, start: usize, tag: &Tag<'a>) -> Option<usize> {
        let content = trimmed(tag.content);
        if let Some(literal) = literal(content) {
            self.out.push_str(&format!("{{{{{}}}}}", plain::escape(literal)));
            return Some(tag.end);
        }
        if let Some((name, args)) = call(content) {
            self.named(start, tag, name, &Args::parse(args));
            return Some(tag.end);
        }
        let mut pipe = content.split('|').map(str::trim);
        let first = pipe.next().unwrap_or_default();
        if let Some(inner) = self.kept.get(first).copied() {
            let language = pipe.next().and_then(call).filter(|(name, _)| *name == "highlight");
            match language {
                Some((_, args)) => {
                    self.fence(Args::parse(args).at(0).unwrap_or_default(), inner);
                }
                None => self.out.push_str(without_raw(inner).trim()),
            }
            return Some(tag.end);
        }
        let value = match first {
            "site.baseurl" => Some(String::new()),
            "site.url" | "metadata.base" | "metadata.url" => Some(self.page.site.to_owned()),
            "page.title" | "title" | "page.data.title" => Some(plain::escape(self.page.title)),
            "page.url" => Some(self.page.link.to_owned()),
            _ => quoted(first).map(str::to_owned),
        };
        // A filter would make something else of it.
        let value = value.or_else(|| {
            let name = first.strip_prefix("page.").unwrap_or(first);
            (pipe.clone().next().is_none()).then(|| (self.page.named)(name)).flatten()
        });
        let Some(mut value) = value else {
            // Mathematics and other people's templates have braces too.
            let before = self.source[..start].chars().next_back();
            let tight = !tag.content.starts_with([' ', '-']);
            let expression = first.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let glued = before.is_some_and(|c| c.is_alphanumeric() || "^_}\\".contains(c));
            if !expression || tight && glued {
                return None;
            }
            let name = first.split(|c: char| !(c.is_alphanumeric() || "._".contains(c))).next();
            self.note_unknown(name.unwrap_or(first).to_owned(), start);
            return Some(tag.end);
        };
        if pipe.any(|filter| filter.starts_with("absolute_url")) && value.starts_with('/') {
            value.insert_str(0, self.page.site);
        }
        self.out.push_str(&value);
        Some(tag.end)
    }

    fn statement(&mut self, start: usize, tag: &Tag<'a>) -> Option<usize> {
        if let Some(next) = self.branch(start) {
            return Some(next);
        }
        let content = trimmed(tag.content);
        if let Some((name, args)) = call(content) {
            self.named(start, tag, name, &Args::parse(args));
            return Some(tag.end);
        }
        let (name, rest) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        let rest = rest.trim();
        match name {
            "set" | "capture" if !rest.is_empty() && rest.chars().all(is_word) => {
                let ending = if name == "set" { "endset" } else { "endcapture" };
                // What nothing prints later stays where it stands.
                if let Some((inner, end)) = self.until(tag.end, ending)
                    && self.is_printed(rest, end)
                {
                    self.kept.insert(rest, inner);
                    return Some(end);
                }
            }
            "comment" => {
                let end = self.until(tag.end, "endcomment").map_or(tag.end, |(_, end)| end);
                return Some(end);
            }
            "highlight" => {
                if let Some((inner, end)) = self.until(tag.end, "endhighlight") {
                    self.fence(rest.split_whitespace().next().unwrap_or_default(), inner);
                    return Some(end);
                }
            }
            "link" | "post_url" => {
                let target = if name == "link" { format!("/{rest}") } else { post(rest) };
                self.out.push_str(&(self.page.link_to)(&target));
            }
            "include" | "include_relative" | "include_cached" => {
                let (file, args) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let file = quoted(file).unwrap_or(file);
                let stem = file.rsplit('/').next().unwrap_or(file);
                let stem = stem.split('.').next().unwrap_or(stem);
                match embed::html(stem, &Args::parse(args), self.page) {
                    Some(html) => self.block(start, tag.end, &html),
                    None => self.note_unknown(format!("include {file}"), start),
                }
            }
            // The end of a pair; what stood in it stays.
            _ if name.starts_with("end") || name.starts_with("els") => {}
            _ if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.named(start, tag, name, &Args::parse(rest));
            }
            _ => return None,
        }
        Some(tag.end)
    }

    fn named(&mut self, start: usize, tag: &Tag<'a>, name: &str, args: &Args<'_>) {
        match embed::html(name, args, self.page) {
            Some(html) => self.block(start, tag.end, &html),
            None => self.note_unknown(name.to_owned(), start),
        }
    }

    fn note_unknown(&mut self, name: String, at: usize) {
        self.unknown.push(Unknown { what: What::Shortcode, name, at });
    }

    /// Goes into the text of a block that stays, and gives where it begins; `None` where no block
    /// begins here that has an end.
    fn branch(&mut self, start: usize) -> Option<usize> {
        let (source, code) = (self.source, &self.code);
        let blocks =
            self.blocks.get_or_insert_with(|| branches::find(source, &|at| is_in(code, at)));
        let block = blocks.get(&start)?;
        let chosen = block.choose(self.page.named);
        if !chosen.known {
            let what = if block.is_loop() { What::Loop } else { What::Condition };
            self.unknown.push(Unknown { what, name: block.question(), at: start });
        }
        let Some(text) = chosen.text else { return Some(block.end) };
        self.skipped.insert(text.end, block.end);
        Some(text.start)
    }

    /// Writes HTML; where the shortcode has its line for itself, Markdown goes on after a blank one.
    fn block(&mut self, start: usize, end: usize, html: &str) {
        let blank = |c: &char| matches!(c, ' ' | '\t');
        let before = self.source[..start].chars().rev().find(|c| !blank(c));
        let after = self.source[end..].chars().find(|c| !blank(c));
        let ends = |c: Option<char>| c.is_none_or(|c| c == '\n');
        let alone = ends(before) && ends(after) && html.starts_with('<');
        if alone {
            self.out.push_str(&format!("\n\n{html}\n\n"));
        } else {
            self.out.push_str(html);
        }
    }

    fn fence(&mut self, language: &str, inner: &str) {
        if !self.page.markdown {
            let inner = plain::escape(without_raw(inner).trim_matches('\n'));
            self.out.push_str(&format!("<pre><code>{inner}</code></pre>"));
            return;
        }
        let mut longest = 2;
        let mut run = 0;
        for c in inner.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let fence = "`".repeat(longest + 1);
        let inner = without_raw(inner);
        let inner = inner.trim_matches('\n');
        self.out.push_str(&format!("\n\n{fence}{language}\n{inner}\n{fence}\n\n"));
    }

    /// The text up to the tag of that name, and the byte after that tag.
    fn until(&mut self, from: usize, name: &'static str) -> Option<(&'a str, usize)> {
        if self.endless.contains(&name) {
            return None;
        }
        let mut at = from;
        while let Some(found) = memchr::memchr(b'{', &self.source.as_bytes()[at..]) {
            let start = at + found;
            if let Some(tag) = tag::at(self.source, start)
                && trimmed(tag.content) == name
            {
                return Some((&self.source[from..start], tag.end));
            }
            at = start + 1;
        }
        self.endless.push(name);
        None
    }

    /// Whether `{{ name … }}` stands anywhere after a byte.
    fn is_printed(&mut self, name: &str, from: usize) -> bool {
        let source = self.source;
        let printed = self.printed.get_or_insert_with(|| {
            let after = |at: usize| source[at + 2..].trim_start_matches(['-', ' ']);
            let name = |text: &'a str| &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())];
            source.match_indices("{{").map(|(at, _)| (name(after(at)), at)).collect()
        });
        printed.get(name).is_some_and(|last| *last >= from)
    }

    /// kramdown puts a list of contents in place of the list before `{:toc}`.
    fn drop_contents_list(&mut self, content: &str) {
        if content.trim() != "toc" {
            return;
        }
        let kept = self.out.trim_end();
        let line = kept.rfind('\n').map_or(0, |at| at + 1);
        if kept[line..].trim_start().starts_with(['*', '-', '+', '1']) {
            self.out.truncate(line);
        }
    }
}

fn is_in(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.contains(&at))
}

/// A text without the tags that keep templates from being run in it.
fn without_raw(text: &str) -> Cow<'_, str> {
    if !text.contains("endraw") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, _) in text.match_indices("{%") {
        if let Some(tag) = tag::at(text, start)
            && start >= at
            && matches!(trimmed(tag.content), "raw" | "endraw")
        {
            out.push_str(text[at..start].trim_end_matches([' ', '\t']));
            at = tag.end;
        }
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The file of a post that `post_url` names, perhaps in a folder above `_posts`.
fn post(name: &str) -> String {
    match name.trim_start_matches('/').rsplit_once('/') {
        Some((folder, file)) => format!("/{folder}/_posts/{file}.md"),
        None => format!("/_posts/{name}.md"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page<'a>(link_to: &'a dyn Fn(&str) -> String) -> Page<'a> {
        Page {
            markdown: true,
            title: "Fog & rain",
            link: "https://x.example/fog/",
            site: "https://x.example",
            named: &|_| None,
            link_to,
        }
    }

    fn replaced(source: &str) -> (String, Vec<String>) {
        let link_to = |target: &str| format!("<{target}>");
        let done = replace(source, &page(&link_to));
        (done.text.into_owned(), done.unknown.into_iter().map(|unknown| unknown.name).collect())
    }

    #[test]
    fn known_ones_become_text_and_addresses() {
        for (source, text) in [
            ("[a]({{< ref \"b.md\" >}})", "[a](<b.md>)"),
            ("{% post_url 2024-02-18-x %}", "</_posts/2024-02-18-x.md>"),
            ("{% link _posts/x.md %}", "</_posts/x.md>"),
            ("{{ site.baseurl }}/a {{ page.title }}", "/a Fog &amp; rain"),
            ("{{ '/a' | relative_url }} {{ \"/a\" | absolute_url }}", "/a https://x.example/a"),
            ("a{{</* x */>}}b", "a{{&lt; x &gt;}}b"),
            ("`{% raw %}{{ x }}{% endraw %}`", "`{{ x }}`"),
            ("a {% comment %}b{% endcomment %}c", "a c"),
            ("[a](b){:target=\"_blank\"}", "[a](b)"),
            ("* TOC\n{:toc}\n\nx", "\n\nx"),
            ("{# note #}x", "x"),
            ("{% if false %}a{% else %}b{% endif %}c", "bc"),
            ("{% unless true %}a{% endunless %}b", "b"),
            ("{% if true %}`{% else %}`{% endif %}b", "`{% else %}`b"),
        ] {
            assert_eq!(replaced(source), (text.to_owned(), vec![]), "{source}");
        }
    }

    #[test]
    fn unknown_ones_leave_their_inner_text() {
        for (source, text, names) in [
            ("{{< box a=1 >}}in{{< /box >}}", "in", vec!["box"]),
            ("{% quote(by=\"x\") %}in{% end %}", "in", vec!["quote"]),
            ("{%- if x -%}in{%- endif -%}", "in", vec!["if x"]),
            (
                "a {% if x %}{{ page.title }}{% else %}B{% endif %} c",
                "a Fog &amp; rain c",
                vec!["if x"],
            ),
            ("{% for p in q %}x{% else %}y{% endfor %}", "x", vec!["for p in q"]),
            ("{% if x %}in", "in", vec!["if"]),
            ("{% include a/b.html x=1 %}", "", vec!["include a/b.html"]),
            ("{{ site.repository }}/x", "/x", vec!["site.repository"]),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            assert_eq!(replaced(source), (text.to_owned(), names), "{source}");
        }
    }

    #[test]
    fn code_and_what_is_no_shortcode_stay() {
        for source in [
            "`{{ x }}`",
            "```\n{{< figure src=\"x\" >}}\n{% if %}\n```\n",
            "    {{ x }}\n",
            "$\\frac{{n}}{2}$",
            "{{ }}",
            "{{",
            "{% raw",
            "{a: 1}",
            "# Title {#id}",
        ] {
            assert_eq!(replaced(source), (source.to_owned(), vec![]), "{source}");
        }
    }

    #[test]
    fn kept_texts_are_put_where_they_are_printed() {
        let (text, unknown) =
            replaced("{% set a %}\nx <b\n{% endset %}{{ a | highlight(\"js\") }}");
        assert_eq!((text.as_str(), unknown.len()), ("\n\n```js\nx <b\n```\n\n", 0));
        let (text, _) = replaced("{% capture a %} x {% endcapture %}b {{ a }} {{- a -}}");
        assert_eq!(text, "b x x");
        assert_eq!(replaced("{% set a %}x{% endset %}b").0, "xb");
        let (text, _) =
            replaced("{% highlight js %}\n{% raw %}\n{{ x }}\n{% endraw %}\n{% endhighlight %}");
        assert_eq!(text, "\n\n```js\n{{ x }}\n```\n\n");
    }

    #[test]
    fn highlighted_code_is_fenced() {
        let (text, _) =
            replaced("{% highlight ruby linenos %}\nputs \"{{ x }}\"\n{% endhighlight %}");
        assert_eq!(text, "\n\n```ruby\nputs \"{{ x }}\"\n```\n\n");
        let (text, _) = replaced("{{< highlight go \"x=1\" >}}\n```\n{{< /highlight >}}");
        assert_eq!(text, "\n\n````go\n```\n````\n\n");
    }
}
