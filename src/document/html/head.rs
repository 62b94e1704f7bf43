//! What a page's head says, as it says it: meta elements in their order, links, title, language.

use dom_query::{Document, NodeRef};

/// Longest value that is kept: more than any description has.
const VALUE_BYTES_MAX: usize = 8_192;
/// More meta elements than any page has.
const METAS_MAX: usize = 1_000;
/// More scripts of data than any page has.
const SCRIPTS_MAX: usize = 100;

/// A page's head.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Name or property in lower case, and content.
    pub(super) metas: Vec<(String, String)>,
    pub(super) canonical: Option<String>,
    pub(super) image: Option<String>,
    pub(super) licence: Option<String>,
    pub(super) base: Option<String>,
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    /// What `http-equiv="refresh"` says.
    pub(super) refresh: Option<String>,
    /// The page belongs to a run of pages (`rel="prev"`, `rel="next"`).
    pub(super) is_run: bool,
    /// JSON-LD, as written.
    pub(super) data: Vec<String>,
}

impl Head {
    /// Reads all of a page, since heads end where a browser thinks so.
    pub(super) fn of(dom: &Document) -> Head {
        let mut head = Head::default();
        for node in dom.root().descendants_it() {
            let Some(name) = node.element_ref().map(|e| e.name.local.to_string()) else { continue };
            match name.as_str() {
                "meta" => head.meta(&node),
                "link" => head.link(&node),
                "html" if head.language.is_none() => {
                    head.language = value(&node, "lang").or_else(|| value(&node, "xml:lang"));
                }
                // In the text it could only be somebody else's.
                "base" if head.base.is_none() && stands_in_head(&node) => {
                    head.base = value(&node, "href");
                }
                // A picture has titles, too.
                "title" if head.title.is_none() && is_html(&node) => {
                    let title = super::super::plain::collapse(&node.text());
                    head.title =
                        (!title.is_empty() && title.len() <= VALUE_BYTES_MAX).then_some(title);
                }
                "script" if is_data(&node) && head.data.len() < SCRIPTS_MAX => {
                    head.data.push(node.text().to_string());
                }
                _ => {}
            }
        }
        head
    }

    fn meta(&mut self, node: &NodeRef<'_>) {
        let Some(content) = value(node, "content") else { return };
        if let Some(what) = value(node, "http-equiv") {
            match what.to_ascii_lowercase().as_str() {
                "refresh" if self.refresh.is_none() => self.refresh = Some(content),
                "content-language" => self.push("content-language".to_owned(), content),
                _ => {}
            }
            return;
        }
        for key in ["property", "name"].iter().filter_map(|name| value(node, name)) {
            self.push(key.to_ascii_lowercase(), content.clone());
        }
    }

    fn push(&mut self, key: String, value: String) {
        if self.metas.len() < METAS_MAX && !self.metas.iter().any(|m| m.0 == key && m.1 == value) {
            self.metas.push((key, value));
        }
    }

    fn link(&mut self, node: &NodeRef<'_>) {
        let (Some(rel), Some(href)) = (value(node, "rel"), value(node, "href")) else { return };
        for rel in rel.to_ascii_lowercase().split_ascii_whitespace() {
            let place = match rel {
                "canonical" => &mut self.canonical,
                "image_src" => &mut self.image,
                "license" => &mut self.licence,
                "prev" | "next" => {
                    self.is_run |= has_number(&href);
                    continue;
                }
                _ => continue,
            };
            place.get_or_insert_with(|| href.clone());
        }
    }

    /// The first of these that is named: its name and value.
    pub(super) fn first<'h>(&'h self, keys: &[&str]) -> Option<(&'h str, &'h str)> {
        keys.iter().find_map(|key| {
            self.metas.iter().find(|(known, _)| known == key).map(|(k, v)| (k.as_str(), v.as_str()))
        })
    }

    /// The value of one.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.first(&[key]).map(|(_, value)| value)
    }

    /// All values of one.
    pub(super) fn all<'h>(&'h self, key: &'h str) -> impl Iterator<Item = &'h str> {
        self.metas.iter().filter(move |(known, _)| known == key).map(|(_, v)| v.as_str())
    }

    /// Whether the page asks not to be listed.
    pub(super) fn is_noindex(&self) -> bool {
        ["robots", "googlebot"].iter().flat_map(|key| self.all(key)).any(|value| {
            value.split([',', ' ']).any(|word| {
                word.trim().eq_ignore_ascii_case("noindex")
                    || word.trim().eq_ignore_ascii_case("none")
            })
        })
    }

    /// Where the page sends its readers at once.
    pub(super) fn redirect(&self) -> Option<&str> {
        let (delay, rest) = self.refresh.as_deref()?.split_once([';', ','])?;
        // Pages of news reload themselves after minutes.
        let soon = delay.trim().parse::<f64>().is_ok_and(|seconds| seconds <= 10.0);
        let rest = rest.trim();
        let at = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("url"))?;
        let target = rest[at.len()..].trim_start().strip_prefix('=')?.trim();
        let target = target.trim_matches(['"', '\'']);
        (soon && !target.is_empty()).then_some(target)
    }
}

/// Pages of a list are numbered; the neighbours of an article have names.
fn has_number(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or(href).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".html");
    let digits = last.trim_start_matches("page").trim_start_matches(['-', '_']);
    (!digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()))
        || href.contains("?page=")
        || href.contains("?paged=")
}

fn stands_in_head(node: &NodeRef<'_>) -> bool {
    node.parent().is_some_and(|parent| parent.has_name("head"))
}

fn is_html(node: &NodeRef<'_>) -> bool {
    node.parent().is_none_or(|parent| !parent.has_name("svg"))
}

fn is_data(node: &NodeRef<'_>) -> bool {
    value(node, "type").is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/ld+json")
    })
}

/// An attribute that says something, without the space around it.
pub(super) fn value(node: &NodeRef<'_>, name: &str) -> Option<String> {
    let value = node.attr(name)?;
    let value = value.trim();
    (!value.is_empty() && value.len() <= VALUE_BYTES_MAX).then(|| value.to_owned())
}
