use proptest::prelude::*;

use super::*;

const LINK: &str = "https://gazette.example/world/harbour/";

fn html(body: &str) -> String {
    finish(body, LINK).html
}

#[test]
fn addresses_are_absolute() {
    for (body, expected) in [
        (
            r#"<a href="../b?x=1&y=2">b</a>"#,
            r#"<a href="https://gazette.example/world/b?x=1&amp;y=2">b</a>"#,
        ),
        (
            r#"<img src="//cdn.example/a b.jpg" alt="x">"#,
            r#"<img alt="x" src="https://cdn.example/a%20b.jpg">"#,
        ),
        (
            r#"<img src=a.jpg srcset="b.jpg 2x, /c.jpg 3x" sizes=100vw>"#,
            r#"<img sizes="100vw" src="https://gazette.example/world/harbour/a.jpg" srcset="https://gazette.example/world/harbour/b.jpg 2x, https://gazette.example/c.jpg 3x">"#,
        ),
        (
            r#"<video poster="p.png" src="v.mp4" autoplay onplay="x()"></video>"#,
            r#"<video controls="" poster="https://gazette.example/world/harbour/p.png" src="https://gazette.example/world/harbour/v.mp4"></video>"#,
        ),
        (
            r#"<blockquote cite="/q"><p>q</p></blockquote>"#,
            r#"<blockquote cite="https://gazette.example/q"><p>q</p></blockquote>"#,
        ),
        (
            r#"<a href="mailto:desk@gazette.example">m</a>"#,
            r#"<a href="mailto:desk@gazette.example">m</a>"#,
        ),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn links_within_the_body_keep_their_targets_and_other_ids_go() {
    assert_eq!(
        html(
            r##"<p id="p1">a<a href="#fn:1" id="fnref:1" class="x">1</a></p><p id="fn:1">b <a href="#fnref:1">↩</a></p>"##
        ),
        r#"<p>a<a href="https://gazette.example/world/harbour/#fn:1" id="fnref:1">1</a></p><p id="fn:1">b <a href="https://gazette.example/world/harbour/#fnref:1">↩</a></p>"#
    );
}

#[test]
fn lazy_pictures_come_to_light_and_empty_ones_go() {
    let picture = |name: &str| format!(r#"<img src="https://gazette.example/{name}">"#);
    for (body, expected) in [
        (r#"<img data-src="/a.jpg" src="data:image/gif;base64,R0lGOD">"#, picture("a.jpg")),
        (r#"<img class="lazy" src="/blank.gif" data-lazy-src="/a.jpg">"#, picture("a.jpg")),
        (
            r#"<img data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>"#,
            picture("a.jpg"),
        ),
        (r#"<div class="lazy"></div><noscript><img src="/a.jpg"><p>x</p></noscript>"#, picture("a.jpg")),
        (r#"<p>a<img src="data:image/png;base64,iVBO">b</p>"#, "<p>ab</p>".to_owned()),
        (r#"<p>a<img>b</p><img src="">"#, "<p>ab</p>".to_owned()),
        (r#"<img src="https://count.example/p.gif" width=1 height=1>x"#, "x".to_owned()),
        (
            r#"<img data-srcset="/a.jpg 1x, /b.jpg 2x">"#,
            r#"<img src="https://gazette.example/a.jpg" srcset="https://gazette.example/a.jpg 1x, https://gazette.example/b.jpg 2x">"#.to_owned(),
        ),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn frames_become_links() {
    for (body, expected) in [
        (
            r#"<p>a</p><iframe src="https://video.example/embed/1" title="The bridge"></iframe><p>b</p>"#,
            r#"<p>a</p><p><a href="https://video.example/embed/1">The bridge</a></p><p>b</p>"#,
        ),
        (
            r#"<p>a <iframe src="//video.example/1">no <b>frames</b></iframe> b</p>"#,
            r#"<p>a <a href="https://video.example/1">https://video.example/1</a> b</p>"#,
        ),
        (r#"<iframe srcdoc="<script>alert(1)</script>"></iframe>x"#, "x"),
        (r#"<iframe src="javascript:alert(1)"></iframe>x"#, "x"),
        (
            r#"<embed src="/a.swf">"#,
            r#"<p><a href="https://gazette.example/a.swf">https://gazette.example/a.swf</a></p>"#,
        ),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn players_that_readers_keep_stay_framed_with_a_link_behind_them() {
    let framed = r#"<iframe src="https://www.youtube.com/embed/1" title="Fog" width="560" height="315" allowfullscreen=""></iframe>"#;
    for (body, expected) in [
        (
            r#"<iframe onload=x() class=y width=560 height=315 src="//www.youtube.com/embed/1" title=Fog></iframe>"#,
            format!(r#"{framed}<p><a href="https://www.youtube.com/embed/1">Fog</a></p>"#),
        ),
        (
            &format!(r#"<p>{framed}<br><a href="https://youtu.be/1">watch</a></p>"#),
            format!(
                r#"<p>{framed}<a href="https://www.youtube.com/embed/1">Fog</a><br><a href="https://youtu.be/1">watch</a></p>"#
            ),
        ),
        (
            &format!(r#"<p>{framed}<br><a href="https://www.youtube.com/watch?v=1">watch</a></p>"#),
            format!(r#"<p>{framed}<br><a href="https://www.youtube.com/watch?v=1">watch</a></p>"#),
        ),
        (
            r#"<iframe src="https://www.youtube.com.evil.example/embed/1"></iframe>"#,
            r#"<p><a href="https://www.youtube.com.evil.example/embed/1">https://www.youtube.com.evil.example/embed/1</a></p>"#.to_owned(),
        ),
        (
            r#"<iframe src="http://www.youtube.com/embed/1" title="x"></iframe>"#,
            r#"<p><a href="http://www.youtube.com/embed/1">x</a></p>"#.to_owned(),
        ),
    ] {
        assert_eq!(html(body), expected, "{body}");
        assert_eq!(html(&expected), expected, "{body}");
    }
}

#[test]
fn a_formula_becomes_its_text() {
    for (body, expected) in [
        ("<p><math><mi>x</mi><mo>+</mo><mn>1</mn></math>.</p>", "<p>x+1.</p>"),
        (
            "<p><math alttext=\"x squared\"><msup><mi>x</mi><mn>2</mn></msup></math></p>",
            "<p>x squared</p>",
        ),
        (
            "<p><span class=\"katex\"><span class=\"katex-mathml\"><math><semantics><mrow><mi>x</mi></mrow>\
             <annotation encoding=\"application/x-tex\">x^2 &lt; y</annotation></semantics></math></span>\
             <span class=\"katex-html\" aria-hidden=\"true\"><span>x</span>2</span></span></p>",
            "<p>x^2 &lt; y</p>",
        ),
        ("<math><mi>x", "x"),
        (
            "<math><semantics><annotation encoding=\"LaTeX\">x_1</annotation></semantics></math>",
            "x_1",
        ),
        (
            "<math><annotation-xml encoding=\"MathML-Content\"><ci>y</ci></annotation-xml></math>",
            "y",
        ),
        ("<p>a <script type=\"math/tex; mode=display\">a < b</script></p>", "<p>a a &lt; b</p>"),
        ("<p>a<script type=\"text/x\">a < b</script></p>", "<p>a</p>"),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn a_formula_in_what_is_too_deep_stays_too() {
    let deep = "<div>".repeat(600) + "x is <math alttext=\"y squared\"><mi>y</mi></math>.";
    assert_eq!(html(&deep), "<p>x is y squared.</p>");
}

#[test]
fn items_that_are_empty_count() {
    for (body, expected) in [
        ("<ol><li>a</li><li></li><li>c</li></ol>", "<ol><li>a</li><li></li><li>c</li></ol>"),
        ("<ol><li>a<li><b></b><li>c</ol>", "<ol><li>a</li><li></li><li>c</li></ol>"),
        (
            "<ul>\n<li>\n<p>a</p>\n</li>\n<li></li>\n</ul>",
            "<ul>\n<li>\n<p>a</p>\n</li>\n<li></li>\n</ul>",
        ),
        ("<ul><li></li></ul>", "<ul><li></li></ul>"),
        ("<ul><li>a<li><li>c</ul>", "<ul><li>a</li><li></li><li>c</li></ul>"),
        // What is left of a row of buttons.
        ("<ul><li><a><svg></svg></a></li><li><button>x</button></li></ul>a", "a"),
    ] {
        assert_eq!(html(body), expected, "{body}");
        assert_eq!(html(expected), expected, "{body}");
    }
}

#[test]
fn what_a_newsroom_writes_stays() {
    for body in [
        "<p>A <em>bridge</em>, <strong>open</strong> at <time datetime=\"2024-02-18\">noon</time>.</p>",
        "<figure><img alt=\"a\" height=\"2\" src=\"https://x.example/a.jpg\" width=\"3\"><figcaption>c</figcaption></figure>",
        "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
        "<table><thead><tr><th align=\"right\">a</th></tr></thead><tbody><tr><td colspan=\"2\">b</td></tr></tbody></table>",
        "<pre><code>if a &lt; b &amp;&amp; c {\n    x\n}</code></pre>",
        "<dl><dt>a</dt><dd>b</dd></dl>",
        "<p dir=\"rtl\" lang=\"ar\">خبر</p>",
        "<p>10\u{a0}000 €, “so”</p>",
        "<details><summary>s</summary><p>d</p></details>",
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
    ] {
        assert_eq!(html(body), body);
    }
}

#[test]
fn markup_without_meaning_goes() {
    for (body, expected) in [
        ("<p class=x style=\"color:red\">a</p>", "<p>a</p>"),
        ("<p>a<p>&nbsp;</p><p><span></span></p><p>b", "<p>a</p><p>b</p>"),
        ("<span class=x>a</span>", "a"),
        ("a<b> </b>b", "a b"),
        ("<form action=/x><p>a</p><input name=q><button>Go</button></form>", "<p>a</p>"),
        ("<select><option>a</select>b", "b"),
        ("<custom-card><p>a</p></custom-card>", "<p>a</p>"),
        ("<svg><title>t</title><circle/></svg>a", "a"),
        ("<!-- x --><!--more-->a<![CDATA[b]]>", "a"),
        ("<td>a</td><tr>b", "ab"),
        (
            "<table><tr><td style=\"text-align: right\">1</table>",
            "<table><tbody><tr><td align=\"right\">1</td></tr></tbody></table>",
        ),
        (
            "<!doctype html><html><head><title>t</title><meta charset=utf-8></head><body><p>a</p></body></html>",
            "<p>a</p>",
        ),
        ("<a name=x>a</a>", "a"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("", ""),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
}

#[test]
fn deep_nesting_is_flattened_and_big_bodies_are_left_out() {
    let deep = format!("<p>a &amp; b</p>{}c", "<div>".repeat(DEPTH_MAX + 1));
    let finished = finish(&deep, LINK);
    assert!(finished.too_deep);
    assert_eq!(finished.html, "<p>a &amp; b</p>\n<p>c</p>");
    assert_eq!(finish(&finished.html, LINK), Finished { too_deep: false, ..finished.clone() });

    let fits = format!("{}c", "<div>".repeat(DEPTH_MAX - 1));
    assert!(!finish(&fits, LINK).too_deep);
    assert!(!finish(&"<p>a".repeat(5_000), LINK).too_deep);
    assert!(!finish(&"<li>a<br>".repeat(5_000), LINK).too_deep);

    let big = finish(&"x".repeat(HTML_BYTES_MAX + 1), LINK);
    assert_eq!(big, Finished { too_big: true, ..Finished::default() });
}

/// Each would take minutes if its time grew with its square.
#[test]
fn hostile_bodies_take_no_time() {
    let many = |n: usize, f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<String>();
    let bodies = [
        "<div>".repeat(60_000),
        "<b>".repeat(60_000),
        many(500, &|n| format!("<b title={n}>")) + &"<p>x".repeat(20_000),
        many(500, &|n| format!("<a href=/{n}>")) + &"<table><a>".repeat(200),
        format!("<p {}>x", many(100_000, &|n| format!("a{n} "))),
        format!("<p x=\">\" {}>x", many(100_000, &|n| format!("a{n}=1 "))),
        "<svg>".repeat(50_000),
        "<noscript>".repeat(50_000),
        "<table>".repeat(50_000),
        "</p>".repeat(50_000),
        "<".repeat(200_000),
        "&#".repeat(100_000),
        "<select>".repeat(50_000),
        "<div>".repeat(500) + &"x<br>".repeat(100_000),
        "<blockquote>".repeat(500) + &" ".repeat(1_000_000),
        "<p><table>".repeat(20_000),
        "<ul><li>".repeat(20_000),
        "<a href=x>".repeat(20_000),
        "<img srcset='".to_owned() + &"a ".repeat(100_000) + "'>",
        "<img srcset='".to_owned() + &"a, ".repeat(100_000) + "'>",
        "<!--".repeat(50_000),
        "<!".repeat(100_000),
        "<p>&amp".repeat(50_000),
    ];
    for body in bodies {
        let started = std::time::Instant::now();
        let finished = finish(&body, LINK);
        let took = started.elapsed();
        assert!(took.as_secs() < 30, "{took:?}: {}", &body[..60]);
        assert_eq!(finish(&finished.html, LINK).html, finished.html);
    }
}

/// From public lists of vectors, and some of our own.
const VECTORS: &[&str] = &[
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`/onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\" &#14; javascript:alert(1)\">x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\"vbscript:msgbox(1)\">x</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>",
    "<object data=\"javascript:alert(1)\"></object>",
    "<embed src=\"javascript:alert(1)\">",
    "<base href=\"javascript:/a/\"><a href=\"/x\">x</a>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=\"javascript:alert(1)\">",
    "<style>@import 'javascript:alert(1)';</style>",
    "<p style=\"background:url(javascript:alert(1))\">x</p>",
    "<table background=\"javascript:alert(1)\"><td>x",
    "<body onload=alert(1)>x",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=\"javascript:alert(1)\"></video>",
    "<img srcset=\"javascript:alert(1) 1x\">",
    "<img src=x srcset=\"data:image/svg+xml,&lt;svg onload=alert(1)&gt; 2x\">",
    "<input autofocus onfocus=alert(1)>",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<title><img title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<xmp><img title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><img src=x onerror=alert(1)>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<plaintext><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<select><template><script>alert(1)</script></template></select>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<x onclick=alert(1)>x</x>",
    "<a href=x onmouseover=alert(1) xlink:href=javascript:alert(1)>x</a>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1)></svg>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<q cite=\"javascript:alert(1)\">x</q>",
    "<p id=x onclick=alert(1)>x</p><a href=#x>y</a>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<img src=\"x\" \0onerror=alert(1)>",
    "<p title=\"&quot; onclick=alert(1) x=&quot;\">x</p>",
    "<iframe title='\"><script>alert(1)</script>' src=//x.example></iframe>",
    "<img alt='\"><script>alert(1)</script>' src=//x.example>",
    "<noembed><img src=x onerror=alert(1)></noembed>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<audio src=x onloadstart=alert(1)>",
    "<portal src=javascript:alert(1)>",
    "<a ping=//spy.example href=//x.example>x</a>",
];

#[test]
fn nothing_executable_comes_through() {
    for body in VECTORS {
        check_harmless(&html(body));
    }
    // One within the other, where parsers lose count.
    for outer in VECTORS {
        for inner in VECTORS {
            check_harmless(&html(&format!("<p>{outer}<b>{inner}</b>")));
        }
    }
}

/// Reads a result as a browser would and looks at every tag.
fn check_harmless(html: &str) {
    for piece in tokens::tokenize(html) {
        let tokens::Piece::Start(tag) = piece else { continue };
        assert!(rules::ELEMENTS.contains(&&*tag.name), "<{}> in {html}", tag.name);
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            let own = rules::ATTRIBUTES.iter().find(|(e, _)| *e == &*tag.name);
            let is_listed = rules::EVERYWHERE.contains(&name)
                || own.is_some_and(|(_, attributes)| attributes.contains(&name));
            assert!(is_listed, "{name} in {html}");
            if &*tag.name == "iframe" && name == "src" {
                assert!(rules::framed(value).is_some(), "{value} in {html}");
            }
            if matches!(name, "href" | "src" | "poster" | "cite" | "srcset") {
                let is_sound = ["https://", "http://", "mailto:", "tel:"];
                assert!(is_sound.iter().any(|s| value.starts_with(s)), "{name}={value} in {html}");
            }
        }
    }
}

/// Something like HTML: tags that matter, in any order, with text between them.
fn soup() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "a",
        "p",
        "b",
        "i",
        "div",
        "span",
        "table",
        "tr",
        "td",
        "th",
        "tbody",
        "caption",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "pre",
        "blockquote",
        "figure",
        "picture",
        "source",
        "img",
        "video",
        "iframe",
        "noscript",
        "svg",
        "math",
        "style",
        "script",
        "select",
        "option",
        "form",
        "button",
        "textarea",
        "title",
        "template",
        "br",
        "hr",
        "code",
        "ruby",
        "rt",
        "rp",
        "details",
        "summary",
        "center",
        "nobr",
        "font",
        "col",
        "colgroup",
        "plaintext",
        "xmp",
        "x-y",
        "small",
        "em",
    ]);
    let attributes = prop::sample::select(vec![
        "",
        " href=#x",
        " id=x",
        " href='a b'",
        " src=a.jpg",
        " class=y",
        " style='text-align:left'",
        " data-src=/b",
        " srcset='a, b 2x'",
        " title='<b>&amp;'",
        " onclick=x",
        " name=x",
        " dir=rtl",
        " src=data:x",
        " width=1 height=1",
        " cite=//q",
        " lang=az",
    ]);
    let part = prop_oneof![
        4 => (names.clone(), attributes).prop_map(|(n, a)| format!("<{n}{a}>")),
        3 => names.prop_map(|n| format!("</{n}>")),
        3 => "[ a-z\n&;<>\u{a0}\"]{0,6}",
        1 => any::<String>(),
        1 => prop::sample::select(VECTORS.to_vec()).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn finishing_twice_is_finishing_once(body in soup()) {
        let once = finish(&body, LINK);
        check_harmless(&once.html);
        prop_assert_eq!(&finish(&once.html, LINK).html, &once.html);
    }

    #[test]
    fn any_text_and_any_link_are_taken(body in any::<String>(), link in any::<String>()) {
        check_harmless(&finish(&body, &link).html);
    }

    /// Whatever the tags, each word comes through, once.
    #[test]
    fn no_word_is_lost(parts in prop::collection::vec(kept(), 0..24)) {
        let body: String = parts
            .iter()
            .enumerate()
            .map(|(n, (before, after))| format!("{before}w{n}w{after}"))
            .collect();
        let finished = html(&body);
        for n in 0..parts.len() {
            let word = format!("w{n}w");
            prop_assert_eq!(finished.matches(&word).count(), 1, "{} in {} of {}", word, finished, body);
        }
    }
}

/// Tags of elements whose content stays.
fn kept() -> impl Strategy<Value = (String, String)> {
    let names = || {
        prop::sample::select(vec![
            "a href=x",
            "p",
            "b",
            "i",
            "div",
            "span",
            "table",
            "tr",
            "td",
            "th",
            "tbody",
            "caption",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "h1",
            "h2",
            "pre",
            "blockquote",
            "figure",
            "img src=x",
            "br",
            "hr",
            "code",
            "ruby",
            "rt",
            "rp",
            "details",
            "summary",
            "center",
            "nobr",
            "font",
            "form",
            "label",
            "x-y",
            "small",
            "em",
            "section",
            "thead",
            "col",
            "colgroup",
        ])
    };
    let tag = || {
        prop_oneof![
            names().prop_map(|n| format!("<{n}>")),
            names().prop_map(|n| format!("</{}>", n.split(' ').next().unwrap_or_default())),
            Just(String::new()),
        ]
    };
    (tag(), tag())
}
