//! The words by which pages mark what is no part of an article: in the classes and ids of boxes, as
//! generators and themes spell them. A box counts only by whole words of its names.

use dom_query::NodeRef;

/// A box with one of these is furniture.
const FURNITURE: [&str; 41] = [
    "addtoany",
    "ads",
    "adsbygoogle",
    "advert",
    "advertisement",
    "backlinks",
    "breadcrumb",
    "breadcrumbs",
    "byline",
    "comments",
    "cookie",
    "disqus",
    "giscus",
    "jp-relatedposts",
    "modal",
    "newsletter",
    "outbrain",
    "pager",
    "pagination",
    "paginav",
    "popup",
    "postmeta",
    "postnav",
    "promo",
    "readingtime",
    "recirculation",
    "recommended",
    "related",
    "relatedposts",
    "respond",
    "share",
    "sharedaddy",
    "sharing",
    "sidebar",
    "signup",
    "subscribe",
    "subscription",
    "taboola",
    "tableofcontents",
    "toc",
    "utterances",
];
/// Two words that make one furniture together.
const PAIRS: [(&str, &str); 28] = [
    ("article", "meta"),
    ("author", "bio"),
    ("author", "box"),
    ("author", "card"),
    ("author", "info"),
    ("author", "profile"),
    ("comment", "form"),
    ("comment", "list"),
    ("comments", "area"),
    ("edit", "page"),
    ("edit", "post"),
    ("entry", "footer"),
    ("entry", "meta"),
    ("meta", "data"),
    ("nav", "links"),
    ("next", "prev"),
    ("post", "footer"),
    ("post", "info"),
    ("post", "meta"),
    ("post", "nav"),
    ("post", "navigation"),
    ("prev", "next"),
    ("reading", "time"),
    ("read", "next"),
    ("social", "bar"),
    ("social", "buttons"),
    ("social", "icons"),
    ("social", "links"),
];
/// Only for people who hear the page, or who jump within it.
const UNSEEN: [&str; 6] = [
    "headerlink",
    "screen-reader-text",
    "sr-only",
    "visually-hidden",
    "header-anchor",
    "skip-link",
];

/// Lower-case words of an element's classes and id; `postMeta` is two.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in text.chars() {
        let ends = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower);
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// What a box is called whose id has a second word.
const BOXES: [&str; 22] = [
    "area",
    "articles",
    "bar",
    "block",
    "box",
    "buttons",
    "container",
    "content",
    "form",
    "icons",
    "links",
    "list",
    "nav",
    "panel",
    "posts",
    "section",
    "stories",
    "thread",
    "widget",
    "wrap",
    "wrapper",
    "meta",
];
/// Longer lists of classes are no names.
const NAMES_BYTES_MAX: usize = 512;

fn names(node: &NodeRef<'_>) -> Vec<String> {
    let class = node.attr("class").unwrap_or_default();
    // The ids of sections are made of their headings: "related-work" is a text.
    let id = node.attr("id").filter(|id| {
        let words = words(id);
        words.len() == 1 || words.len() == 2 && BOXES.contains(&words[1].as_str())
    });
    let all = class.split_ascii_whitespace().chain(id.as_deref());
    all.filter(|name| !name.is_empty() && name.len() <= NAMES_BYTES_MAX)
        .take(64)
        .map(str::to_owned)
        .collect()
}

/// Whether a box is by its names what stands around an article.
pub(super) fn is_furniture(node: &NodeRef<'_>) -> bool {
    names(node).iter().any(|name| {
        let words = words(name);
        let whole = name.to_ascii_lowercase();
        FURNITURE.contains(&whole.as_str())
            || words.iter().any(|word| FURNITURE.contains(&word.as_str()))
            || words.windows(2).any(|pair| PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())))
    })
}

/// Whether an element is there for ears or anchors only.
pub(super) fn is_unseen(node: &NodeRef<'_>) -> bool {
    let named = names(node).iter().any(|name| UNSEEN.contains(&name.to_ascii_lowercase().as_str()));
    named
        || (node.has_name("a")
            && (node.attr("aria-hidden").as_deref() == Some("true") || is_anchor(node)))
}

/// The mark beside a heading that links to itself, the arrow that leads to the top.
fn is_anchor(node: &NodeRef<'_>) -> bool {
    let within = node.attr("href").is_some_and(|href| href.starts_with('#'));
    if !within || node.descendants_it().take(8).count() > 6 {
        return false;
    }
    let text = node.text();
    let says_nothing = !text.chars().any(char::is_alphanumeric);
    let heading = node.ancestors_it(Some(3)).any(|above| {
        matches!(above.node_name().as_deref(), Some("h1" | "h2" | "h3" | "h4" | "h5" | "h6"))
    });
    says_nothing && (heading || !text.trim().is_empty() && text.trim().chars().count() <= 2)
}

/// Whether a box lists an article's tags.
pub(super) fn is_tags(node: &NodeRef<'_>) -> bool {
    names(node).iter().any(|name| {
        words(name)
            .iter()
            .any(|word| matches!(word.as_str(), "tags" | "tag" | "taglist" | "categories"))
    })
}

/// Whether a line says when the article was published.
pub(super) fn is_date(node: &NodeRef<'_>) -> bool {
    names(node).iter().any(|name| {
        words(name)
            .iter()
            .any(|word| matches!(word.as_str(), "date" | "dateline" | "published" | "pubdate"))
    })
}

/// Whether an article is one of a list, or a reader's.
pub(super) fn is_small(node: &NodeRef<'_>) -> bool {
    names(node).iter().any(|name| {
        words(name).iter().any(|word| {
            matches!(
                word.as_str(),
                "card"
                    | "teaser"
                    | "comment"
                    | "related"
                    | "preview"
                    | "excerpt"
                    | "summary"
                    | "tile"
            )
        })
    })
}

/// Whether a box numbers the lines of a program.
pub(super) fn is_gutter(node: &NodeRef<'_>) -> bool {
    names(node)
        .iter()
        .any(|name| matches!(name.as_str(), "gutter" | "rouge-gutter" | "linenos" | "lnt" | "ln"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        assert_eq!(words("postMeta"), ["post", "meta"]);
        assert_eq!(words("entry__share-2"), ["entry", "share", "2"]);
        assert_eq!(words("TableOfContents"), ["table", "of", "contents"]);
    }

    #[test]
    fn furniture_is_known_by_whole_words() {
        for (class, is) in [
            ("post-share", true),
            ("entry-meta", true),
            ("TableOfContents", true),
            ("relatedPosts", true),
            ("shared-history", false),
            ("entry-content", false),
            ("footnotes", false),
            ("image-caption", false),
        ] {
            let dom = dom_query::Document::from(format!("<div class={class}>x</div>"));
            let selection = dom.select("div");
            assert_eq!(is_furniture(&selection.nodes()[0]), is, "{class}");
        }
    }
}
