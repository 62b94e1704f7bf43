//! Which part of a page is its article: the best `<article>` or `<main>`, or where a page has neither,
//! what a reader's mode would take (`dom_smoothie`). What still stands around the text in it,
//! [`clean`](super::clean) takes away.

use dom_query::{Document, Matcher, NodeRef};
use dom_smoothie::{Config, Readability};
use url::Url;

use super::super::fields::Named;
use super::facts;
use super::head::value;
use super::measure::{Measure, Measures};
use super::{clean, micro, names};

/// A page with more elements isn't worth a guess of where its text is.
const GUESS_ELEMENTS_MAX: usize = 20_000;
/// A list has at least so many headings that lead on; more than so many aren't counted.
const HEADINGS_MIN: usize = 3;
const HEADINGS_MAX: usize = 500;
/// How a part of a text may be called that not everybody may read.
const SELECTOR_BYTES_MAX: usize = 200;
/// More parts than any page closes.
const SELECTORS_MAX: usize = 20;

/// A page's article in its page.
#[derive(Debug)]
pub(super) struct Content<'d> {
    /// All that belongs to it, its headline and date too.
    outer: NodeRef<'d>,
    /// Its text, if the page marks it.
    inner: Option<NodeRef<'d>>,
    /// What a guess took, where nothing is marked.
    guessed: Option<String>,
    measures: Measures,
    /// Articles of a list that the page shows.
    items: usize,
    /// Nothing of the text may be shown.
    is_closed: bool,
}

impl<'d> Content<'d> {
    /// Finds it.
    pub(super) fn of(dom: &'d Document) -> Content<'d> {
        let body = dom.body().unwrap_or_else(|| dom.root());
        let measures = Measures::of(&body);
        let articles = parts(&body, |node| node.has_name("article"));
        let mains = parts(&body, |node| {
            node.has_name("main") || node.attr("role").as_deref() == Some("main")
        });
        let best = |nodes: &[NodeRef<'d>]| {
            let prose = |node: &NodeRef<'d>| measures.get(node).prose();
            // The first of equal ones.
            nodes.iter().copied().rev().max_by_key(prose)
        };
        let own: Vec<NodeRef<'d>> =
            articles.iter().copied().filter(|a| !names::is_small(a)).collect();
        let article = best(&own).filter(|node| measures.get(node).text > 0);
        let main = best(&mains).filter(|node| measures.get(node).text > 0);
        let marked = mark(&body, &measures);
        let outer = match (article, main) {
            (Some(article), Some(main)) if is_part(&article, &main, &own, &measures) => Some(main),
            (article, main) => article.or(main),
        };
        let guessed = match (outer, marked) {
            (None, None) => guess(dom),
            _ => None,
        };
        let whole = outer.or(marked).unwrap_or(body);
        let inner = mark(&whole, &measures).filter(|inner| {
            inner.id != whole.id
                && measures.get(inner).prose() * 10 >= measures.get(&whole).prose() * 6
        });
        let items = items(&articles, &measures);
        Content { outer: whole, inner, guessed, measures, items, is_closed: false }
    }

    /// All that belongs to the article.
    pub(super) fn outer(&self) -> NodeRef<'d> {
        self.outer
    }

    /// How much text there is, and how much of it is links.
    pub(super) fn measure(&self) -> Measure {
        self.measures.get(&self.outer)
    }

    /// How many articles of a list the page shows.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Whether its headings lead to other pages, as those of a list do.
    pub(super) fn leads_on(&self) -> bool {
        let headings = self.outer.descendants_it().filter(is_heading);
        let (mut away, mut own) = (0, 0);
        for heading in headings.take(HEADINGS_MAX) {
            if is_led_on(&heading) { away += 1 } else { own += 1 }
        }
        away >= HEADINGS_MIN && away > own
    }

    /// Takes away what these selectors name; all, where they name nothing that is there.
    pub(super) fn keep_free(&mut self, selectors: &[String]) {
        let simple = |selector: &&String| {
            selector.len() <= SELECTOR_BYTES_MAX
                && selector.chars().all(|c| c.is_ascii_alphanumeric() || ".#-_ ,>".contains(c))
        };
        let mut found = false;
        for selector in selectors.iter().filter(simple).take(SELECTORS_MAX) {
            let Ok(matcher) = Matcher::new(selector) else { continue };
            for node in self.outer.descendants().into_iter().filter(|node| node.is_match(&matcher))
            {
                found = true;
                node.remove_from_parent();
            }
            found |= self.outer.is_match(&matcher) && {
                self.is_closed = true;
                true
            };
        }
        if !found {
            self.is_closed = true;
        }
        self.guessed = None;
    }

    /// What the text shows of a picture: its alternative, size and caption.
    pub(super) fn picture(&self, address: &str, own: &Url) -> Vec<(String, Named)> {
        let is_it = |node: &NodeRef<'_>| {
            ["src", "data-src"].iter().any(|name| {
                value(node, name)
                    .and_then(|src| facts::absolute(&src, own))
                    .is_some_and(|src| src.as_str() == address)
            })
        };
        let image = self.outer.descendants_it().find(|node| node.has_name("img") && is_it(node));
        let Some(image) = image else { return Vec::new() };
        let mut found = Vec::new();
        for name in ["alt", "width", "height"] {
            if let Some(said) = value(&image, name) {
                found.push((name.to_owned(), Named::Text(said.replace('&', "&amp;"))));
            }
        }
        let figure = image.ancestors(Some(4)).into_iter().find(|node| node.has_name("figure"));
        let caption = figure.and_then(|figure| {
            let caption = figure.descendants_it().find(|node| node.has_name("figcaption"))?;
            micro::short_text(&caption)
        });
        if let Some(caption) = caption {
            found.push(("caption".to_owned(), Named::Text(caption.replace('&', "&amp;"))));
        }
        found
    }

    /// The article's text as HTML, without what stands around it; `None` where there is none. The tree
    /// isn't the page's any more afterwards.
    pub(super) fn html(
        &self,
        title: Option<&str>,
        description: Option<&str>,
        base: Option<&Url>,
    ) -> Option<String> {
        if self.is_closed {
            return None;
        }
        if let Some(guessed) = &self.guessed {
            let dom = Document::from(guessed.as_str());
            let body = dom.body()?;
            // It comes in a box of the guesser's own.
            let own = body.element_children().into_iter().find(|child| {
                child.attr("id").is_some_and(|id| id.starts_with("readability-page"))
            });
            let root = own.unwrap_or(body);
            return clean::html(&root, &Measures::of(&root), title, description, base);
        }
        let root = self.inner.unwrap_or(self.outer);
        clean::html(&root, &self.measures, title, description, base)
    }
}

/// The outermost elements of a kind, as long as they aren't a page's furniture.
fn parts<'d>(body: &NodeRef<'d>, is: impl Fn(&NodeRef<'d>) -> bool) -> Vec<NodeRef<'d>> {
    let mut found = Vec::new();
    let mut stack = vec![*body];
    while let Some(node) = stack.pop() {
        if is(&node) {
            found.push(node);
            continue;
        }
        let around =
            matches!(node.node_name().as_deref(), Some("nav" | "aside" | "footer" | "template"));
        if !around {
            stack.extend(node.children_it(true).filter(NodeRef::is_element));
        }
    }
    found
}

/// The element that a page marks as its article's text.
fn mark<'d>(root: &NodeRef<'d>, measures: &Measures) -> Option<NodeRef<'d>> {
    const CLASSES: [&str; 16] = [
        "article-body",
        "article-content",
        "article__body",
        "article__content",
        "articlebody",
        "e-content",
        "entry-content",
        "entry__content",
        "gh-content",
        "post-body",
        "post-content",
        "post__content",
        "postcontent",
        "story-body",
        "story-content",
        "td-post-content",
    ];
    let marked = parts(root, |node| {
        let body = value(node, "itemprop")
            .is_some_and(|names| names.split_ascii_whitespace().any(|name| name == "articleBody"));
        body || value(node, "class").is_some_and(|classes| {
            classes
                .split_ascii_whitespace()
                .any(|class| CLASSES.contains(&class.to_ascii_lowercase().as_str()))
        })
    });
    let total: usize = marked.iter().map(|node| measures.get(node).prose()).sum();
    let best = marked.into_iter().rev().max_by_key(|node| measures.get(node).prose());
    let best = best.filter(|node| measures.get(node).text > 0)?;
    // A text in several parts is all that holds them.
    let mut whole = best;
    while measures.get(&whole).prose() * 10 < total * 9 {
        whole = whole.parent().filter(|_| whole.id != root.id)?;
    }
    Some(whole)
}

/// Whether the best article is only one of many, or a scrap, in a text that is larger.
fn is_part(
    article: &NodeRef<'_>,
    main: &NodeRef<'_>,
    all: &[NodeRef<'_>],
    measures: &Measures,
) -> bool {
    let prose = |node: &NodeRef<'_>| measures.get(node).prose();
    if prose(article) * 2 >= prose(main) || mark(article, measures).is_some() {
        return false;
    }
    let next = all.iter().filter(|other| other.id != article.id).map(prose).max();
    next.is_some_and(|next| next * 3 > prose(article)) || prose(article) * 4 < prose(main)
}

/// How many of these articles are entries of a list: each with a heading that leads to it. Where one
/// is the page's own, and the others stand below it, there is no list.
fn items(articles: &[NodeRef<'_>], measures: &Measures) -> usize {
    let leads_on = |article: &&NodeRef<'_>| {
        article.descendants_it().any(|node| is_heading(&node) && is_led_on(&node))
            || is_covered(article)
    };
    let total: usize = articles.iter().map(|a| measures.get(a).prose()).sum();
    let own = articles.iter().any(|a| measures.get(a).prose() * 2 > total && !leads_on(&a));
    if own { 0 } else { articles.iter().filter(leads_on).count() }
}

fn is_heading(node: &NodeRef<'_>) -> bool {
    matches!(node.node_name().as_deref(), Some("h1" | "h2" | "h3" | "h4"))
}

/// Whether a heading is a link to another page, and not only has one beside its words.
fn is_led_on(heading: &NodeRef<'_>) -> bool {
    let away = |node: &NodeRef<'_>| {
        node.has_name("a") && node.attr("href").is_some_and(|href| !href.contains('#'))
    };
    let letters =
        |node: &NodeRef<'_>| micro::short_text(node).map_or(0, |text| text.chars().count());
    let whole = letters(heading);
    heading.descendants_it().take(50).any(|node| away(&node) && letters(&node) * 2 > whole)
        || heading.ancestors_it(Some(4)).any(|node| away(&node))
}

/// Themes lay one link over a whole entry.
fn is_covered(article: &NodeRef<'_>) -> bool {
    article.children_it(false).any(|child| {
        child.has_name("a") && child.has_attr("href") && child.text().trim().is_empty()
    })
}

/// What a reader's mode would show of a page that marks nothing.
fn guess(dom: &Document) -> Option<String> {
    let config = Config {
        max_elements_to_parse: GUESS_ELEMENTS_MAX,
        disable_json_ld: true,
        ..Config::default()
    };
    let mut readability = Readability::with_document(dom.clone(), None, Some(config)).ok()?;
    readability.parse().ok().map(|article| article.content.to_string())
}
