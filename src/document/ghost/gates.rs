//! What everybody may read of a post. The HTML that Ghost keeps holds what members pay for, too; Ghost
//! takes it out whenever it shows a page, and here it is taken out before anything else sees the post.
//! Whatever isn't known for certain shows nothing: a word for visibility that is new, a mark that is
//! broken. Only HTML that Ghost wrote is read, and no tree is made of it: its marks are comments.

/// What everybody may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readable {
    /// All of it.
    All(String),
    /// What stands before the mark.
    Beginning(String),
    /// Nothing, because it is for members and no mark says where that begins.
    Nothing,
    /// Nothing, because it can't be told what is for everybody.
    Doubtful(Doubt),
}

/// Why it can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The word for who may read it isn't known.
    Visibility,
    /// A mark that parts what is for members is broken.
    Mark,
}

/// Everything from here on is for members.
const MEMBERS_ONLY: &str = "<!--members-only-->";
const BLOCK_BEGIN: &str = "<!--kg-gated-block:begin ";
const BLOCK_END: &str = "<!--kg-gated-block:end-->";
/// What any mark has in its comment, however it is spelt.
const SIGNS: [&str; 2] = ["gatedblock", "membersonly"];

/// What everybody may read of a post's HTML, by its column `visibility`.
#[must_use]
pub fn readable(html: &str, visibility: &str) -> Readable {
    let is_public = match visibility {
        "public" => true,
        "members" | "paid" | "tiers" => false,
        _ => return Readable::Doubtful(Doubt::Visibility),
    };
    let Some(mut html) = without_blocks(html) else { return Readable::Doubtful(Doubt::Mark) };
    if is_public {
        // A mark in a public post parts nothing.
        html = html.replace(MEMBERS_ONLY, "");
    }
    let end = match first_sign(&html) {
        None => html.len(),
        Some(at) if !is_public && html[at..].starts_with(MEMBERS_ONLY) => at,
        Some(_) => return Readable::Doubtful(Doubt::Mark),
    };
    match (is_public, end < html.len()) {
        (true, _) => Readable::All(html),
        (false, false) => Readable::Nothing,
        (false, true) => {
            html.truncate(end);
            Readable::Beginning(html)
        }
    }
}

/// The HTML without the blocks that aren't for everybody, and without the marks of those that are. `None`
/// where a block doesn't end, begins within another, or ends without a beginning.
fn without_blocks(html: &str) -> Option<String> {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(BLOCK_BEGIN) {
        let (before, block) = rest.split_at(at);
        let (says, block) = block[BLOCK_BEGIN.len()..].split_once("-->")?;
        let (inner, after) = block.split_once(BLOCK_END)?;
        if before.contains(BLOCK_END) || inner.contains(BLOCK_BEGIN) || says.contains('\n') {
            return None;
        }
        out.push_str(before);
        if is_for_everybody(says) {
            out.push_str(inner);
        }
        rest = after;
    }
    out.push_str(rest);
    (!out.contains(BLOCK_END)).then_some(out)
}

/// Whether a block's settings let in those who are no members: `nonMember:true memberSegment:"…"`.
fn is_for_everybody(says: &str) -> bool {
    let of_everybody =
        says.split_whitespace().filter_map(|setting| setting.strip_prefix("nonMember:"));
    let mut said = false;
    for value in of_everybody {
        if value.trim_matches(['"', '\'']) != "true" {
            return false;
        }
        said = true;
    }
    said
}

/// Where a comment begins that is a mark, or was meant to be one.
fn first_sign(html: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = html[from..].find("<!") {
        let at = from + found;
        let comment = &html[at..];
        let comment = comment.find("-->").map_or(comment, |end| &comment[..end]);
        let letters: String = comment
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        if SIGNS.iter().any(|sign| letters.contains(sign)) {
            return Some(at);
        }
        from = at + "<!".len();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAID: &str = "SECRET";

    fn all(html: &str) -> Readable {
        Readable::All(html.to_owned())
    }

    fn beginning(html: &str) -> Readable {
        Readable::Beginning(html.to_owned())
    }

    const BROKEN: Readable = Readable::Doubtful(Doubt::Mark);

    #[test]
    fn visibility_and_mark() {
        let marked = "<p>Free</p><!--members-only--><p>SECRET</p>";
        let plain = "<p>SECRET</p>";
        assert_eq!(readable("<p>Free</p>", "public"), all("<p>Free</p>"));
        assert_eq!(readable("<p>a</p><!--members-only-->b", "public"), all("<p>a</p>b"));
        for visibility in ["members", "paid", "tiers"] {
            assert_eq!(readable(marked, visibility), beginning("<p>Free</p>"));
            assert_eq!(readable(plain, visibility), Readable::Nothing);
            assert_eq!(readable("", visibility), Readable::Nothing);
            assert_eq!(readable("<!--members-only-->SECRET", visibility), beginning(""));
            // A word in the text is no mark.
            let text = "<p>members-only kg-gated-block</p><!-- x --><!--members-only-->SECRET";
            assert_eq!(
                readable(text, visibility),
                beginning("<p>members-only kg-gated-block</p><!-- x -->")
            );
        }
        let unknown = Readable::Doubtful(Doubt::Visibility);
        for visibility in ["", "Public", "public ", "product:gold", "filter", "PAID", "\u{0}"] {
            assert_eq!(readable(marked, visibility), unknown, "{visibility:?}");
            assert_eq!(readable(plain, visibility), unknown, "{visibility:?}");
        }
    }

    #[test]
    fn a_broken_mark_shows_nothing() {
        for mark in [
            "<!-- members-only -->",
            "<!--Members-Only-->",
            "<!--members-only",
            "<!--members only-->",
            "<!--members_only-->",
            "<!members-only>",
            "<!--\nmembers-only\n-->",
            "<!--x members-only-->",
        ] {
            let html = format!("<p>Free</p>{mark}<p>SECRET</p>");
            assert_eq!(readable(&html, "paid"), BROKEN, "{mark}");
            let both = format!("<p>Free</p>{mark}<p>SECRET</p><!--members-only-->");
            assert_eq!(readable(&both, "paid"), BROKEN, "{mark}");
        }
    }

    fn block(says: &str, inner: &str) -> String {
        format!("<!--kg-gated-block:begin {says}-->{inner}<!--kg-gated-block:end-->")
    }

    #[test]
    fn blocks_that_are_for_members_go() {
        for (says, shown) in [
            ("nonMember:true memberSegment:\"status:free,status:-free\" ", true),
            ("nonMember:true memberSegment:\"\" ", true),
            ("nonMember:\"true\"", true),
            ("nonMember:'true'", true),
            ("nonMember:false memberSegment:\"status:free,status:-free\" ", false),
            ("nonMember:false memberSegment:\"status:-free\"", false),
            ("memberSegment:\"status:free\"", false),
            ("nonMember:TRUE", false),
            ("nonmember:true", false),
            ("nonMember: true", false),
            ("nonMember:true nonMember:false", false),
            ("nonMember:false nonMember:true", false),
            ("xnonMember:true", false),
            ("nonMember:truely", false),
            ("", false),
        ] {
            let html = format!("<p>a</p>{}<p>b</p>", block(says, "X"));
            let left = if shown { "<p>a</p>X<p>b</p>" } else { "<p>a</p><p>b</p>" };
            assert_eq!(readable(&html, "public"), all(left), "{says}");
        }
        let two = format!("{}x{}", block("nonMember:false", PAID), block("nonMember:true", "y"));
        assert_eq!(readable(&two, "public"), all("xy"));
        // Blocks and the mark in one post.
        let both = format!("a{}b<!--members-only-->c", block("nonMember:false", PAID));
        assert_eq!(readable(&both, "paid"), beginning("ab"));
        let mark_in_shown = block("nonMember:true", "a<!--members-only-->SECRET");
        assert_eq!(readable(&mark_in_shown, "members"), beginning("a"));
        let mark_in_hidden = block("nonMember:false", "SECRET<!--members-only-->SECRET");
        assert_eq!(readable(&mark_in_hidden, "members"), Readable::Nothing);
    }

    #[test]
    fn blocks_that_are_broken_show_nothing() {
        let begin = "<!--kg-gated-block:begin nonMember:false-->";
        let end = "<!--kg-gated-block:end-->";
        let shown = "<!--kg-gated-block:begin nonMember:true-->";
        for html in [
            format!("a{begin}SECRET"),
            format!("a{shown}SECRET"),
            format!("a{begin}SECRET{begin}SECRET{end}SECRET{end}"),
            format!("a{shown}a{begin}SECRET{end}SECRET{end}"),
            format!("a{begin}SECRET{shown}a{end}SECRET{end}"),
            format!("a{end}SECRET"),
            format!("SECRET{end}a{begin}SECRET{end}"),
            "a<!--kg-gated-block:begin nonMember:false".to_owned() + PAID,
            format!("a<!--kg-gated-block:begin nonMember:false\n-->SECRET{end}"),
            format!("a<!-- kg-gated-block:begin nonMember:false -->SECRET{end}"),
            "a<!-- kg-gated-block:begin nonMember:false -->SECRET".to_owned(),
            "a<!--KG-GATED-BLOCK:BEGIN nonMember:false-->SECRET".to_owned(),
            "a<!--kg-gated-block:start nonMember:false-->SECRET".to_owned(),
            format!("a{begin}SECRET<!--kg-gated-block:end -->SECRET"),
            // Two halves of a mark around a block that goes.
            format!("a<!--kg-gated{begin}x{end}-block:begin nonMember:false-->SECRET{end}"),
        ] {
            for visibility in ["public", "members", "paid", "tiers"] {
                assert_eq!(readable(&html, visibility), BROKEN, "{html}");
            }
        }
        let halves = format!("a<!--members-{begin}x{end}only-->SECRET");
        assert_eq!(readable(&halves, "paid"), beginning("a"));
    }

    /// Marks, their halves and text, in any order.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "<!--members-only-->",
            "<!--members-only",
            "<!--kg-gated-block:begin nonMember:false memberSegment:\"\" -->",
            "<!--kg-gated-block:begin nonMember:true -->",
            "<!--kg-gated-block:begin ",
            "<!--kg-gated-block:end-->",
            "<!--",
            "-->",
            "kg-gated-block",
            "<p>é</p>",
            "SECRET",
            "\n",
        ]);
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_mark_is_ever_left(html in pieces(), visibility in prop::sample::select(vec!["public", "members", "paid", "tiers"])) {
            match readable(&html, visibility) {
                Readable::All(shown) | Readable::Beginning(shown) => {
                    prop_assert_eq!(first_sign(&shown), None);
                }
                Readable::Nothing | Readable::Doubtful(_) => {}
            }
        }

        #[test]
        fn nothing_behind_the_mark_shows(before in pieces(), after in ".*", visibility in prop::sample::select(vec!["members", "paid", "tiers"])) {
            // What stands before the mark may itself be broken; what stands behind it never shows.
            let html = format!("{before}<!--members-only-->{after}HIDDEN{after}");
            match readable(&html, visibility) {
                Readable::All(_) => prop_assert!(false, "all of a {visibility} post"),
                Readable::Beginning(shown) => prop_assert!(!shown.contains("HIDDEN")),
                Readable::Nothing | Readable::Doubtful(_) => {}
            }
        }

        #[test]
        fn nothing_makes_it_panic(html in any::<String>(), visibility in any::<String>()) {
            let _ = readable(&html, &visibility);
        }
    }
}
