//! Elements that go with all that is in them: scripts, styles, forms' controls, drawings.

use std::collections::HashMap;

use html5ever::tokenizer::{Tag, TokenSinkResult};

use super::rules;
use super::tokens::{Piece, raw};

/// KaTeX writes each formula twice: as MathML, and as boxes that mean nothing without its style sheet.
fn is_copy(tag: &Tag) -> bool {
    let class = tag.attrs.iter().find(|a| &*a.name.local == "class");
    &*tag.name == "span"
        && class.is_some_and(|class| class.value.split(' ').any(|c| c == "katex-html"))
}

/// Knows which tokens belong to an element that goes with all that is in it. One that is never
/// closed takes nothing with it, unless its content is text to a browser anyway.
pub(super) struct Dropping {
    inside: Option<(String, usize)>,
    last_end: HashMap<String, usize>,
}

impl Dropping {
    pub(super) fn new(pieces: &[Piece]) -> Dropping {
        let last_end = pieces
            .iter()
            .enumerate()
            .filter_map(|(index, piece)| match piece {
                Piece::End(name) => Some((name.clone(), index)),
                _ => None,
            })
            .collect();
        Dropping { inside: None, last_end }
    }

    /// Whether an element that begins at a token has an end.
    pub(super) fn is_closed_after(&self, index: usize, name: &str) -> bool {
        self.last_end.get(name).is_some_and(|end| *end > index)
    }

    /// Whether the last token that was asked about began what goes, and hasn't ended it.
    pub(super) fn has_begun(&self) -> bool {
        self.inside.as_ref().is_some_and(|(_, depth)| *depth == 1)
    }

    /// Whether a token goes. Tokens are asked about in their order.
    pub(super) fn takes(&mut self, index: usize, piece: &Piece) -> bool {
        match (&mut self.inside, piece) {
            (Some((name, depth)), Piece::Start(tag)) => {
                if *name == *tag.name && !tag.self_closing {
                    *depth += 1;
                }
                true
            }
            (Some((name, depth)), Piece::End(end)) => {
                if name == end {
                    *depth -= 1;
                    if *depth == 0 {
                        self.inside = None;
                    }
                }
                true
            }
            (Some(_), Piece::Text(_)) => true,
            (None, Piece::Start(tag)) => {
                let name: &str = &tag.name;
                if name != "iframe" && !rules::DROPPED.contains(&name) && !is_copy(tag) {
                    return false;
                }
                let is_raw = !matches!(raw(name), TokenSinkResult::Continue);
                let is_empty = tag.self_closing && matches!(name, "svg" | "math");
                if !is_empty && (is_raw || self.is_closed_after(index, name)) {
                    self.inside = Some((name.to_owned(), 1));
                }
                true
            }
            (None, Piece::End(name)) => name == "iframe" || rules::DROPPED.contains(&name.as_str()),
            (None, Piece::Text(_)) => false,
        }
    }
}
