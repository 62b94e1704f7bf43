//! What a file says of a WordPress beside where it is.

use super::codes;
use super::reader::Table;
use super::text::{Text, Wrong};

/// Where the site shows posts of types of its own.
pub(super) fn type_bases(
    text: &mut Text<'_>,
    t: &mut Table<'_>,
    types: &[String],
) -> Vec<(String, String)> {
    let mut bases = Vec::new();
    for (kind, base) in t.pairs(text, "type_bases", "podcast = \"/shows/\"") {
        if !types.contains(&kind.value) {
            let what = "names a type that isn't among `types`";
            let help = format!("write `types = [\"post\", \"{}\"]`, or leave it out", kind.value);
            text.wrong("type_bases", &kind.span, Wrong::new(codes::VALUE, what, help));
        } else if matches!(kind.value.as_str(), "post" | "page") {
            let what = "names a type whose addresses WordPress itself says";
            let help = "leave it out: it is for the types of themes and plugins";
            text.wrong("type_bases", &kind.span, Wrong::new(codes::VALUE, what, help));
        } else {
            match type_base(&base.value) {
                Ok(base) => bases.push((kind.value, base)),
                Err(wrong) => text.wrong("type_bases", &base.span, wrong),
            }
        }
    }
    bases
}

/// The path below which WordPress shows posts of a type. It becomes part of a question.
fn type_base(value: &str) -> Result<String, Wrong> {
    let is_plain = |c: char| c.is_alphanumeric() || "-._~%/".contains(c);
    let path = value.trim_matches('/');
    let sound = value.starts_with('/') && value.chars().all(is_plain);
    if sound && path.split('/').all(|part| !matches!(part, "" | "." | "..")) {
        return Ok(path.to_owned());
    }
    let help = "write the path before the post's own name, such as \"/shows/\"";
    Err(Wrong::new(codes::VALUE, "holds no path of letters, digits, `-`, `.`, `_` and `/`", help))
}
