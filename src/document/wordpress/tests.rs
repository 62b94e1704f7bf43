//! WordPress's own outcome beside ours, for contents of every shape: `tests/wordpress/oracle.php` made
//! it, in the version that the file's name says.

use proptest::prelude::*;

use super::autop::autop;
use super::content::{Around, html};
use super::media::Attachment;
use super::shortcodes::unparagraphed;

const CASES: &str = include_str!("../../../tests/wordpress/contents-6.1.9.json");

fn shown(content: &str) -> String {
    html(content, &Around { post: 1, ..Around::default() }).html
}

#[test]
fn contents_become_what_wordpress_makes_of_them() {
    let all: serde_json::Value = serde_json::from_str(CASES).unwrap();
    let cases = all["cases"].as_array().unwrap();
    assert!(cases.len() > 300);
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let paragraphs = autop(text("input"));
        assert_eq!(paragraphs, text("autop"), "{:?}", text("input"));
        assert_eq!(unparagraphed(&paragraphs), text("unautop"), "{:?}", text("input"));
        let (ours, theirs) = (normal(&shown(text("input"))), normal(text("content")));
        assert_eq!(ours, theirs, "{:?}", text("input"));
    }
}

/// Parsed and written again, without what says nothing of content: ids, classes, empty paragraphs and
/// the marks where teasers end.
fn normal(html: &str) -> String {
    let html = html.replace("<!--more-->", "").replace("<span id=\"more-1\"></span>", "");
    let document = dom_query::Document::fragment(html.as_str());
    for node in document.select("*").nodes() {
        for name in ["id", "class", "style", "aria-describedby"] {
            node.remove_attr(name);
        }
    }
    for node in document.select("p").nodes() {
        if node.inner_html().trim().is_empty() {
            node.remove_from_parent();
        }
    }
    let text = document.html().to_string();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace("</p> ", "</p>").replace(" <p>", "<p>")
}

#[test]
fn shortcodes_show_the_files_that_they_name() {
    let file = |id: i64, mime: &str| Attachment {
        id,
        parent: if id < 4 { 7 } else { 0 },
        url: format!("https://x.example/{id}"),
        mime: mime.to_owned(),
        title: format!("File {id}"),
        caption: if id == 2 { "The <em>pier</em>".to_owned() } else { String::new() },
        alt: "A \"pier\"".to_owned(),
        width: Some(12),
        height: Some(8),
        order: -id,
        ..Attachment::default()
    };
    let attachments =
        [file(1, "image/png"), file(2, "image/jpeg"), file(3, "audio/mpeg"), file(4, "image/png")];
    let shown = |content: &str| {
        let around = Around { post: 7, attachments: &attachments, ..Around::default() };
        html(content, &around).html
    };
    let numbers = |html: &str| -> Vec<char> {
        html.match_indices("src=\"https://x.example/")
            .filter_map(|(at, found)| html[at + found.len()..].chars().next())
            .collect()
    };
    for (content, files) in [
        ("[gallery]", "21"),
        ("[gallery ids=\"4,1,4,99,x,3\"]", "41"),
        ("[gallery include=\"1,4\" order=\"DESC\" orderby=ID]", "41"),
        ("[gallery exclude=\"2\"]", "1"),
        ("[gallery id=\"0\"]", "4"),
        ("[gallery id=\"8\"]", ""),
        ("[playlist]", "3"),
        ("[playlist ids='3,1']", "3"),
        ("[audio]", "3"),
        ("[video]", ""),
        ("[[gallery]]", ""),
    ] {
        assert_eq!(numbers(&shown(content)), files.chars().collect::<Vec<_>>(), "{content}");
    }
    let gallery = shown("[gallery ids=2]");
    assert!(gallery.contains("alt=\"A &quot;pier&quot;\" width=\"12\" height=\"8\""), "{gallery}");
    assert!(gallery.contains("<figcaption>The <em>pier</em></figcaption>"), "{gallery}");
    assert!(
        shown("[audio mp3=\"/a.mp3\" ogg=\"/b.ogg\"]").contains("<audio controls src=\"/a.mp3\"")
    );
    assert!(shown("[video src=\"/a.mp4\" poster=\"/p.jpg\"]").contains("poster=\"/p.jpg\""));
}

#[test]
fn what_only_a_plugin_knows_goes_and_its_text_stays() {
    for (content, text, unknown) in [
        ("a [box color=\"red\"]in <b>x</b>[/box] b", "<p>a in <b>x</b> b</p>\n", vec!["box"]),
        ("[contact-form-7 id=\"12\" title=\"Write\"]\n\nb", "\n<p>b</p>\n", vec!["contact-form-7"]),
        ("[recent_posts]", "\n", vec!["recent_posts"]),
        ("a [tooltip text='x'/] b", "<p>a  b</p>\n", vec!["tooltip"]),
        ("[su_row][su_column]x[/su_column][/su_row]", "x\n", vec!["su_row", "su_column"]),
        (
            "a [sic] b [1] [Editor: c] [x](y) [ ] []",
            "<p>a [sic] b [1] [Editor: c] [x](y) [ ] []</p>\n",
            vec![],
        ),
        ("<code>a[i] [b c=\"d\"]</code>", "<p><code>a[i] [b c=\"d\"]</code></p>\n", vec![]),
        ("<a href=\"/?a[b]=[c d=1]\">x</a>", "<p><a href=\"/?a[b]=[c d=1]\">x</a></p>\n", vec![]),
        ("[powerpress]", "\n", vec![]),
        (
            "[code lang=\"php\"]if (a < b) {\n\n[x]}[/code]",
            "<pre><code>if (a &lt; b) {\n\n&#91;x&#93;}</code></pre>\n",
            vec![],
        ),
    ] {
        let rendered = html(content, &Around { post: 1, ..Around::default() });
        assert_eq!(
            (rendered.html.as_str(), rendered.unknown),
            (text, unknown.into_iter().map(str::to_owned).collect()),
            "{content}"
        );
    }
}

#[test]
fn addresses_alone_on_their_line_are_shown() {
    for (content, has) in [
        ("a\n\nhttps://www.youtube.com/watch?v=abcDEF_1-2&t=3\n\nb", "/embed/abcDEF_1-2\""),
        ("https://youtu.be/abc", "youtube-nocookie.com/embed/abc\""),
        ("[embed]https://vimeo.com/123[/embed]", "player.vimeo.com/video/123\""),
        ("[youtube https://www.youtube.com/watch?v=abc]", "embed/abc\""),
        ("[youtube=https://youtu.be/abc]", "embed/abc\""),
        ("https://x.example/a.mp3", "<audio controls src=\"https://x.example/a.mp3\""),
        ("https://social.example/@a/1?b=c&d", "<a href=\"https://social.example/@a/1?b=c&amp;d\">"),
        ("https://vimeo.com/channels/x", "<a href=\"https://vimeo.com/channels/x\">"),
        (
            "<!-- wp:embed {\"url\":\"https://youtu.be/abc\"} -->\n<figure><div>\nhttps://youtu.be/abc\n</div></figure>\n<!-- /wp:embed -->",
            "embed/abc\"",
        ),
    ] {
        let html = shown(content);
        assert!(html.contains(has), "{content}: {html}");
    }
    let inline = "see https://youtu.be/abc there";
    assert_eq!(shown(inline), format!("<p>{inline}</p>\n"));
    let script = shown("https://youtu.be/x\"onload=y");
    assert!(!script.contains("iframe"), "{script}");
}

#[test]
fn blocks_that_only_wordpress_fills_are_named() {
    let content = "<!-- wp:paragraph -->\n<p>a</p>\n<!-- /wp:paragraph -->\n\
                   <!-- wp:latest-posts {\"postsToShow\":3} /-->\n<!-- wp:spacer /-->\
                   <!-- wp:plugin/thing {\"a\":\"--\"} /--><!-- wp:block {\"ref\":9} /-->\
                   <!-- wp:block {\"ref\":8} /--><!-- wp:footnotes /--><!-- a note -->";
    let reusable =
        [(9, "<!-- wp:paragraph --><p>again <!-- wp:block {\"ref\":9} /--></p>".to_owned())];
    let footnotes = "[{\"id\":\"n1\",\"content\":\"A <em>note</em>\"}]";
    let rendered = html(
        content,
        &Around { post: 1, reusable: &reusable, footnotes: Some(footnotes), ..Around::default() },
    );
    assert!(rendered.html.starts_with("\n<p>a</p>\n"), "{}", rendered.html);
    assert!(!rendered.html.contains("wp:"), "{}", rendered.html);
    assert!(rendered.html.contains("again"), "{}", rendered.html);
    assert!(rendered.html.contains("<ol><li id=\"n1\">A <em>note</em> <a href=\"#n1-link\">"));
    assert!(rendered.html.ends_with("<!-- a note -->"), "{}", rendered.html);
    let lost: Vec<&str> = rendered.lost.iter().map(String::as_str).collect();
    assert_eq!(lost, ["latest-posts", "plugin/thing", "block", "block"]);
}

#[test]
fn pages_are_one_text_and_teasers_are_marked() {
    for (content, text) in [
        ("a\n<!--nextpage-->\nb", "<p>a</p>\n<p>b</p>\n"),
        ("a\n\n<!--more Read on-->\n\nb", "<p>a</p>\n<!--more-->\n<p>b</p>\n"),
        ("<!--noteaser-->a\n\n<!--more-->\n\nb", "<!--more-->\n<p>b</p>\n"),
        (
            "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n<!-- wp:html --><p>a</p><!-- /wp:html -->",
            "\n<!--more-->\n\n<p>a</p>",
        ),
    ] {
        assert_eq!(shown(content), text, "{content}");
    }
}

/// Long texts of what could be looked at again and again: then each would take hours.
#[test]
fn no_content_takes_long() {
    for part in [
        "[a]",
        "[caption]",
        "[[",
        "[",
        "<p>[a b=\"c\"]",
        "<",
        "<p>",
        "</p>",
        "<pre",
        "<script",
        "<pre>",
        "<!--",
        "<!-- wp:a ",
        "<!-- wp:block {\"ref\":1} /-->",
        "<![CDATA[",
        "\n",
        " \n",
        "<br>",
        "&nbsp;",
        "https://a\n",
        "<p><li",
        "[code]",
        "[/code]",
        "<code>",
        "<option",
        "{\"ref\":",
        "]",
        "<blockquote>",
        "<div>",
        "\r",
        "[gallery ids=1,2]",
        "<pre wp-pre-tag-0></pre>",
        "[embed]",
        "<!--more",
        "<p> ",
        "[caption][/caption]",
        "[a][/a]",
        "[a ",
        "<a \"",
    ] {
        let content = part.repeat(200_000 / part.len());
        assert!(shown(&content).len() < 40 * content.len(), "{part}");
    }
}

proptest! {
    #[test]
    fn nothing_brings_it_down(
        parts in prop::collection::vec(prop_oneof![
            "[a-z <>\\[\\]/\"'=&;é\n\r]{0,12}",
            Just("<!-- wp:a {\"b\":1} -->".to_owned()),
            Just("<!-- wp:block {\"ref\":1} /-->".to_owned()),
            Just("<!--more-->".to_owned()),
            Just("<pre>".to_owned()),
            Just("</pre>".to_owned()),
            Just("[caption width=1]<img src=\"a\">é[/caption]".to_owned()),
            Just("[gallery".to_owned()),
            Just("[code]".to_owned()),
            Just("[/code]".to_owned()),
            Just("https://é.example/".to_owned()),
        ], 0..20)
    ) {
        let html = shown(&parts.concat());
        prop_assert!(!html.contains("<!-- wp:a"), "{}", html);
    }
}
