//! Elements and what may stand in them. Each kind of element has a table: a function from the name of
//! a child to its [`Spec`]. Walking compares a feed with the table and tells what is unknown, stands
//! twice, has attributes that it shouldn't, or holds a value that it can't; and gives the children
//! back for the rules that no table can hold.

use std::borrow::Cow;
use std::collections::BTreeSet;

use roxmltree::Node;

use super::sheet::{Sheet, quote};
use super::values::{self, Value};
use super::{Rule, error, namespaces, urls, warning};
use crate::problem::Code;

pub(super) const UNDEFINED: Rule = error(
    Code::new("feed-undefined-element"),
    "is it misspelled, or in the wrong place? What is your own belongs in a namespace",
);
const DUPLICATE: Rule =
    error(Code::new("feed-duplicate-element"), "keep one of them; readers take the first, or last");
pub(super) const ATTRIBUTE: Rule = error(
    Code::new("feed-unexpected-attribute"),
    "leave it out; is it misspelled, or meant for another element?",
);
const EXTENSION_ATTRIBUTE: Rule = warning(
    Code::new("feed-use-of-extension-attr"),
    "leave it out: RSS's own elements have no attributes from elsewhere, and readers ignore them",
);
pub(super) const TEXT: Rule =
    error(Code::new("feed-unexpected-text"), "take it out: only elements belong there");
const WHITESPACE: Rule =
    error(Code::new("feed-unexpected-whitespace"), "write it without white space at either end");
pub(super) const BLANK: Rule =
    warning(Code::new("feed-not-blank"), "write something in it, or leave it out");
const MISSING: Rule = error(Code::new("feed-missing-element"), "add it; the standard requires it");
const MISSING_ATTRIBUTE: Rule =
    error(Code::new("feed-missing-attribute"), "add it; the standard requires it");

/// What may be said of a child.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub(super) value: Value,
    /// At most one.
    once: bool,
    /// Something has to stand in it.
    filled: bool,
    /// Nothing but the value: no white space around it.
    tight: bool,
    attributes: &'static [&'static str],
}

impl Spec {
    pub(super) const fn filled(self) -> Spec {
        Spec { filled: true, ..self }
    }

    pub(super) const fn tight(self) -> Spec {
        Spec { tight: true, ..self }
    }

    pub(super) const fn with(self, attributes: &'static [&'static str]) -> Spec {
        Spec { attributes, ..self }
    }
}

/// A child that stands at most once.
pub(super) const fn one(value: Value) -> Spec {
    Spec { value, once: true, filled: false, tight: false, attributes: &[] }
}

/// A child that may stand several times.
pub(super) const fn many(value: Value) -> Spec {
    Spec { value, once: false, filled: false, tight: false, attributes: &[] }
}

/// A child that the table knows.
pub(super) struct Child<'a, 'd> {
    pub(super) name: Cow<'d, str>,
    pub(super) node: Node<'a, 'd>,
    /// Its text, without white space at either end.
    pub(super) text: String,
}

impl Child<'_, '_> {
    pub(super) fn at(&self) -> usize {
        self.node.range().start
    }
}

/// The children that a parent has, for rules about several of them.
pub(super) struct Children<'a, 'd> {
    pub(super) parent: Node<'a, 'd>,
    pub(super) all: Vec<Child<'a, 'd>>,
}

impl<'a, 'd> Children<'a, 'd> {
    pub(super) fn get(&self, name: &str) -> Option<&Child<'a, 'd>> {
        self.all.iter().find(|child| child.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|child| child.text.as_str())
    }

    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Child<'a, 'd>> {
        self.all.iter().filter(move |child| child.name == name)
    }

    /// Tells which of these aren't there.
    pub(super) fn require(&self, sheet: &mut Sheet<'_>, names: &[&str]) {
        for name in names.iter().filter(|name| !self.has(name)) {
            missing(sheet, self.parent, name);
        }
    }
}

/// Tells that an element isn't there.
pub(super) fn missing(sheet: &mut Sheet<'_>, parent: Node<'_, '_>, name: &str) {
    let message = format!("`{}` has no `{name}`", parent.tag_name().name());
    sheet.tell(&MISSING, parent.range().start, message);
}

/// Tells that an attribute isn't there.
pub(super) fn missing_attribute(sheet: &mut Sheet<'_>, node: Node<'_, '_>, name: &str) {
    let message = format!("`{}` has no attribute `{name}`", shown(node));
    sheet.tell(&MISSING_ATTRIBUTE, node.range().start, message);
}

/// An element's name as the feed writes it.
fn shown<'d>(node: Node<'_, 'd>) -> Cow<'d, str> {
    let local = node.tag_name().name();
    match node.tag_name().namespace().and_then(|uri| node.lookup_prefix(uri)) {
        Some(prefix) if !prefix.is_empty() => Cow::Owned(format!("{prefix}:{local}")),
        _ => Cow::Borrowed(local),
    }
}

/// Where a table is for: which names without a prefix are the feed's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// RSS: in no namespace.
    Rss,
    /// Atom.
    Atom,
}

impl Home {
    pub(super) fn namespace(self) -> Option<&'static str> {
        (self == Home::Atom).then_some(namespaces::ATOM)
    }
}

/// Compares an element's children with its table.
pub(super) fn walk<'a, 'd>(
    sheet: &mut Sheet<'_>,
    parent: Node<'a, 'd>,
    home: Home,
    table: impl Fn(&str) -> Option<Spec>,
) -> Children<'a, 'd> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for node in parent.children() {
        if node.is_text() && node.text().is_some_and(|t| !t.trim().is_empty()) {
            let message = format!("text stands directly in `{}`", shown(parent));
            sheet.tell(&TEXT, node.range().start, message);
        }
        if !node.is_element() {
            continue;
        }
        let name = namespaces::name(node, home.namespace());
        let Some(spec) = table(&name) else {
            undefined(sheet, parent, node, home);
            continue;
        };
        let at = node.range().start;
        if spec.once && !seen.insert(name.to_string()) {
            sheet.tell(&DUPLICATE, at, format!("`{name}` stands twice in `{}`", shown(parent)));
        }
        attributes(sheet, node, home, spec.attributes);
        let text = content(sheet, node, spec, home);
        all.push(Child { name, node, text });
    }
    Children { parent, all }
}

/// Tells of an element that the table doesn't know, where that is wrong.
fn undefined(sheet: &mut Sheet<'_>, parent: Node<'_, '_>, node: Node<'_, '_>, home: Home) {
    let own = match node.tag_name().namespace() {
        None => true,
        Some(uri) if home.namespace() == Some(uri) => true,
        Some(uri) => namespaces::known(uri).is_some_and(|(_, checked)| checked),
    };
    if own {
        let message = format!("`{}` isn't known in `{}`", shown(node), shown(parent));
        sheet.tell(&UNDEFINED, node.range().start, message);
    }
}

/// Compares an element's attributes with those that it may have. Those of namespaces are named with
/// the prefix that these are known under.
pub(super) fn attributes(sheet: &mut Sheet<'_>, node: Node<'_, '_>, home: Home, may: &[&str]) {
    for attribute in node.attributes() {
        let at = attribute.range().start;
        let core = home == Home::Rss && node.tag_name().namespace().is_none();
        match attribute.namespace() {
            None if !may.contains(&attribute.name()) => {
                let message =
                    format!("`{}` has no use for an attribute `{}`", shown(node), attribute.name());
                sheet.tell(&ATTRIBUTE, at, message);
            }
            Some(namespaces::XML) if core && attribute.name() == "base" => {
                let message = format!("`{}` has an attribute `xml:base`", shown(node));
                sheet.tell(&EXTENSION_ATTRIBUTE, at, message);
            }
            Some(namespaces::XML)
                if attribute.name() == "lang" && !attribute.value().is_empty() =>
            {
                values::language(sheet, "xml:lang", attribute.value(), at);
            }
            Some(namespaces::XML) if attribute.name() == "base" => {
                urls::reference(sheet, "xml:base", attribute.value(), at);
            }
            None | Some(namespaces::XML) => {}
            Some(uri) => {
                let known = namespaces::known(uri).map(|(prefix, _)| prefix);
                let prefix = known.or_else(|| node.lookup_prefix(uri)).unwrap_or_default();
                let name = format!("{prefix}:{}", attribute.name());
                if core && !may.contains(&name.as_str()) && node.tag_name().name() != "rss" {
                    let message = format!("`{}` has an attribute `{name}`", shown(node));
                    sheet.tell(&EXTENSION_ATTRIBUTE, at, message);
                }
            }
        }
    }
}

/// An element's text, checked.
fn content(sheet: &mut Sheet<'_>, node: Node<'_, '_>, spec: Spec, home: Home) -> String {
    let at = node.range().start;
    if matches!(spec.value, Value::Within) {
        return String::new();
    }
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() && !matches!(spec.value, Value::Eaten) {
            undefined(sheet, node, child, home);
        }
        text.push_str(child.text().filter(|_| child.is_text()).unwrap_or_default());
    }
    let trimmed = text.trim();
    if spec.tight && trimmed.len() != text.len() && !trimmed.is_empty() {
        let message = format!("white space stands around the text of `{}`", shown(node));
        sheet.tell(&WHITESPACE, at, message);
    }
    if spec.filled && trimmed.is_empty() {
        sheet.tell(&BLANK, at, format!("`{}` is empty", shown(node)));
    }
    values::check(sheet, spec.value, &shown(node), trimmed, node, home);
    trimmed.to_owned()
}

/// Checks an attribute, where it is there.
pub(super) fn optional(sheet: &mut Sheet<'_>, node: Node<'_, '_>, name: &str, value: Value) {
    let Some(text) = node.attribute(name) else { return };
    let called = format!("{} {name}", shown(node));
    values::check_attribute(sheet, value, &called, text.trim(), node);
}

/// Checks an attribute that has to be there; gives it.
pub(super) fn required<'a>(
    sheet: &mut Sheet<'_>,
    node: Node<'a, '_>,
    name: &str,
    value: Value,
) -> Option<&'a str> {
    let text = node.attribute(name);
    match text {
        Some(_) => optional(sheet, node, name, value),
        None => missing_attribute(sheet, node, name),
    }
    text
}

/// Tells that a value isn't one of those that there are.
pub(super) fn one_of(
    sheet: &mut Sheet<'_>,
    rule: &Rule,
    node: Node<'_, '_>,
    called: &str,
    value: &str,
    known: &[&str],
) {
    if !known.contains(&value) {
        let message = format!("`{called}` is {}, and not {}", quote(value), list(known));
        sheet.tell_value(rule, node.range().start, value, message);
    }
}

fn list(known: &[&str]) -> String {
    const SHOWN: usize = 8;
    let some: Vec<String> = known.iter().take(SHOWN).map(|k| format!("`{k}`")).collect();
    let more = if known.len() > SHOWN { ", …" } else { "" };
    format!("one of {}{more}", some.join(", "))
}
