//! How much text stands in each element of a page, and how much of it is links: one walk up and down,
//! whatever is asked afterwards.

use std::collections::HashMap;

use dom_query::{NodeId, NodeRef};

/// Letters of an element: all, and those within links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) text: usize,
    pub(super) links: usize,
    /// How many links.
    pub(super) count: usize,
}

impl Measure {
    /// Text that is no link.
    pub(super) fn prose(self) -> usize {
        self.text - self.links
    }

    /// Whether at least so many hundredths are links.
    pub(super) fn is_links(self, percent: usize) -> bool {
        self.text > 0 && self.links * 100 >= self.text * percent
    }
}

/// The measures of all elements below one.
#[derive(Debug, Default)]
pub(super) struct Measures(HashMap<NodeId, Measure>);

impl Measures {
    pub(super) fn of(root: &NodeRef<'_>) -> Measures {
        let mut measures: HashMap<NodeId, Measure> = HashMap::new();
        // What isn't seen, and what stands in a link.
        let mut kinds: HashMap<NodeId, (bool, bool)> = HashMap::new();
        let mut order = Vec::new();
        for node in std::iter::once(*root).chain(root.descendants_it()) {
            let above = node.parent().filter(|_| node.id != root.id);
            let (hidden, link) =
                above.and_then(|p| kinds.get(&p.id).copied()).unwrap_or((false, false));
            let mut own = Measure::default();
            if node.is_text() {
                if !hidden {
                    own.text = node.query_or(0, |n| match &n.data {
                        dom_query::NodeData::Text { contents } => {
                            contents.chars().filter(|c| !c.is_whitespace()).count()
                        }
                        _ => 0,
                    });
                    own.links = if link { own.text } else { 0 };
                }
            } else if node.is_element() {
                let name = node.node_name().unwrap_or_default();
                let is_link = &*name == "a" && node.has_attr("href");
                own.count = usize::from(is_link && !hidden);
                kinds.insert(node.id, (hidden || is_hidden(&node, &name), link || is_link));
            }
            order.push((node.id, above.map(|p| p.id)));
            measures.insert(node.id, own);
        }
        for (id, above) in order.into_iter().rev() {
            let own = measures.get(&id).copied().unwrap_or_default();
            if let Some(sum) = above.and_then(|above| measures.get_mut(&above)) {
                sum.text += own.text;
                sum.links += own.links;
                sum.count += own.count;
            }
        }
        Measures(measures)
    }

    pub(super) fn get(&self, node: &NodeRef<'_>) -> Measure {
        self.0.get(&node.id).copied().unwrap_or_default()
    }
}

/// Whether no reader sees an element.
pub(super) fn is_hidden(node: &NodeRef<'_>, name: &str) -> bool {
    const UNSEEN: [&str; 11] = [
        "script", "style", "template", "noscript", "head", "title", "select", "textarea", "button",
        "svg", "iframe",
    ];
    if UNSEEN.contains(&name) || node.has_attr("hidden") {
        return true;
    }
    node.attr("style").is_some_and(|style| {
        let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
        style.to_ascii_lowercase().contains("display:none")
    })
}
