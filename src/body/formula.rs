//! Formulas, of which readers show their text at best: MathML, and the scripts that MathJax takes them
//! from.

use html5ever::tokenizer::Tag;

use super::rewrite::attribute;
use super::tokens::Piece;

/// The text of an element that is a formula: what it was made of, else the words for those who can't
/// see it, else its letters, else whatever else it says of itself. `None`: it is no formula, or is
/// empty. `after` is what follows its tag.
pub(super) fn text(tag: &Tag, after: &[Piece]) -> Option<String> {
    let text = match &*tag.name {
        "math" => math(tag, after),
        "script" if is_formula(attribute(tag, "type").unwrap_or_default()) => script(after),
        _ => return None,
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// `math/tex; mode=display`, `math/asciimath`.
fn is_formula(kind: &str) -> bool {
    let kind = kind.trim().to_ascii_lowercase();
    kind.starts_with("math/tex") || kind.starts_with("math/asciimath")
}

fn script(after: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => Some(text.to_string()),
        _ => None,
    };
    after.iter().map_while(text).collect()
}

fn math(tag: &Tag, after: &[Piece]) -> String {
    let (mut letters, mut source, mut others) = (String::new(), String::new(), String::new());
    let mut annotated: Option<bool> = None;
    for piece in after {
        match piece {
            Piece::End(name) if name == "math" => break,
            Piece::Start(tag) if tag.name.starts_with("annotation") => {
                let encoding = attribute(tag, "encoding").unwrap_or_default();
                let encoding = encoding.to_ascii_lowercase();
                annotated = Some(encoding.contains("tex"));
            }
            Piece::End(name) if name.starts_with("annotation") => annotated = None,
            Piece::Text(text) if annotated == Some(true) => source.push_str(text),
            Piece::Text(text) if annotated.is_some() => others.push_str(text),
            Piece::Text(text) => letters.push_str(text),
            Piece::Start(_) | Piece::End(_) => {}
        }
    }
    let words = attribute(tag, "alttext").unwrap_or_default().to_owned();
    let found = [source, words, letters, others].into_iter().find(|text| !text.trim().is_empty());
    found.unwrap_or_default()
}
