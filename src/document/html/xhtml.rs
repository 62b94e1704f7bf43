//! XML closes any element in its own tag, HTML only some: `<script src="x"/>` would swallow the rest of
//! the page. Such tags of an XHTML page get the end tag that they mean.

use std::borrow::Cow;

/// The page as HTML; other pages as they are.
pub(super) fn opened<'t>(path: &str, text: &'t str) -> Cow<'t, str> {
    let is_xhtml =
        path.to_ascii_lowercase().ends_with(".xhtml") || text.trim_start().starts_with("<?xml");
    if !is_xhtml || !text.contains("/>") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some(end) = rest.find("/>") {
        let Some(start) = rest[..end].rfind('<') else {
            out.push_str(&rest[..end + 2]);
            rest = &rest[end + 2..];
            continue;
        };
        let name: String = rest[start + 1..end]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_ascii_lowercase();
        out.push_str(&rest[..end]);
        if EMPTY_IN_XML.contains(&name.as_str()) {
            out.push_str(&format!("></{name}>"));
        } else {
            out.push_str("/>");
        }
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Elements that HTML doesn't close in their own tag.
const EMPTY_IN_XML: [&str; 15] = [
    "script", "style", "title", "textarea", "iframe", "a", "div", "p", "span", "td", "th", "li",
    "em", "strong", "i",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_xml_get_their_end() {
        let text = "<?xml version='1.0'?><html><script src='x'/><br/><a id=\"n\"/>x</html>";
        let html =
            "<?xml version='1.0'?><html><script src='x'></script><br/><a id=\"n\"></a>x</html>";
        assert_eq!(opened("a.xhtml", text), html);
        assert_eq!(opened("a.html", "<p/><script/>"), "<p/><script/>");
    }
}
