//! The shortcodes that are known by name, whatever the generator, and the HTML that each becomes.

use std::borrow::Cow;

use super::plain::escape;
use super::shortcode::Page;

/// Arguments of a shortcode: `a "b c" key="value"`, with or without commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Args<'a>(Vec<(Option<&'a str>, Cow<'a, str>)>);

impl<'a> Args<'a> {
    pub(super) fn parse(mut rest: &'a str) -> Args<'a> {
        let mut args = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if rest.is_empty() {
                return Args(args);
            }
            let key_end = rest
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
                .unwrap_or(rest.len());
            let key = rest[..key_end].trim();
            let after = rest[key_end..].trim_start();
            if let Some(value) = after.strip_prefix('=').filter(|_| !key.is_empty()) {
                let (value, left) = value_of(value.trim_start());
                args.push((Some(key), value));
                rest = left;
            } else {
                let (value, left) = value_of(rest);
                args.push((None, value));
                rest = left;
            }
        }
    }

    /// The value of the first of these keys.
    fn key(&self, keys: &[&str]) -> Option<&str> {
        let of = |key: &str| {
            self.0.iter().find(|(name, _)| name.is_some_and(|n| n.eq_ignore_ascii_case(key)))
        };
        keys.iter().find_map(|key| of(key)).map(|(_, value)| &**value)
    }

    /// The value at a place among those without a key, from 0.
    pub(super) fn at(&self, place: usize) -> Option<&str> {
        self.0.iter().filter(|(key, _)| key.is_none()).nth(place).map(|(_, value)| &**value)
    }
}

/// One value and what follows it; always takes at least one character. In quotes `\"` is a quote.
fn value_of(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
        return (Cow::Borrowed(&text[..end]), &text[end..]);
    };
    let inner = &text[1..];
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == quote && !escaped {
            return (unescaped(&inner[..at], quote), &inner[at + 1..]);
        }
        escaped = c == '\\' && !escaped && quote != '`';
    }
    (unescaped(inner, quote), "")
}

fn unescaped(text: &str, quote: char) -> Cow<'_, str> {
    let escape = format!("\\{quote}");
    if text.contains(&escape) {
        Cow::Owned(text.replace(&escape, &quote.to_string()))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a shortcode becomes an element that its closing one closes.
pub(super) fn is_pair(name: &str) -> bool {
    name == "details"
}

/// The HTML, text or address that a shortcode becomes; `None` if it isn't known.
pub(super) fn html(name: &str, args: &Args<'_>, page: &Page<'_>) -> Option<String> {
    Some(match name {
        "figure" | "image" | "img" | "picture" => figure(args)?,
        "youtube" | "youtubeEmbed" | "yt" => youtube(args)?,
        "vimeo" => vimeo(args)?,
        "tweet" | "twitter" | "x" => {
            let id = token(args.key(&["id"]).or(args.at(1)).or(args.at(0))?);
            let user = token(args.key(&["user"]).unwrap_or("i"));
            link(&format!("https://x.com/{user}/status/{id}"))
        }
        "instagram" => {
            let id = token(args.at(0).or(args.key(&["id"]))?);
            link(&format!("https://www.instagram.com/p/{id}/"))
        }
        "gist" => {
            let (user, id) = (token(args.at(0)?), token(args.at(1).unwrap_or_default()));
            link(format!("https://gist.github.com/{user}/{id}").trim_end_matches('/'))
        }
        "ref" | "relref" => (page.link_to)(args.at(0).or(args.key(&["path"]))?),
        "param" => escape(&(page.named)(args.at(0)?)?),
        "details" => {
            let summary = args.key(&["summary", "title"]).or(args.at(0)).unwrap_or("Details");
            format!("<details><summary>{}</summary>", escape(summary))
        }
        "audio" | "video" => {
            let src = escape(args.key(&["src", "url", "mp3", "mp4"]).or(args.at(0))?);
            format!("<{name} controls src=\"{src}\"></{name}>")
        }
        _ => return None,
    })
}

/// The letters, digits, `-` and `_` of an id; nothing else can get into an address.
fn token(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

fn figure(args: &Args<'_>) -> Option<String> {
    let src = args.key(&["src", "url", "image_path", "path", "file"]).or(args.at(0))?;
    let mut img = format!("<img src=\"{}\"", escape(src));
    let alt = args.key(&["alt"]).or(args.key(&["caption"])).unwrap_or_default();
    img.push_str(&format!(" alt=\"{}\"", escape(alt)));
    for size in ["width", "height"] {
        if let Some(value) = args.key(&[size]).filter(|v| v.bytes().all(|b| b.is_ascii_digit())) {
            img.push_str(&format!(" {size}=\"{value}\""));
        }
    }
    img.push('>');
    if let Some(href) = args.key(&["link"]) {
        img = format!("<a href=\"{}\">{img}</a>", escape(href));
    }
    let caption: Vec<String> = ["title", "caption", "attr"]
        .into_iter()
        .filter_map(|key| args.key(&[key]))
        .filter(|text| !text.is_empty())
        .map(escape)
        .collect();
    if caption.is_empty() {
        return Some(format!("<figure>{img}</figure>"));
    }
    Some(format!("<figure>{img}<figcaption>{}</figcaption></figure>", caption.join(" ")))
}

fn youtube(args: &Args<'_>) -> Option<String> {
    let id = args.key(&["id", "video_id", "videoid"]).or(args.at(0))?;
    // Some give the whole address.
    let id = id.rsplit_once("v=").map_or(id, |(_, id)| id);
    let id = id.rsplit('/').next().unwrap_or(id);
    let id = token(id.split(['&', '?']).next().unwrap_or(id));
    let label = args.key(&["title", "label"]).or(args.at(1));
    Some(player(
        &format!("https://www.youtube-nocookie.com/embed/{id}"),
        &format!("https://www.youtube.com/watch?v={id}"),
        label,
    ))
}

/// An embedded player and, for readers that drop it, a link.
fn player(embed: &str, page: &str, label: Option<&str>) -> String {
    let title = label.map(escape).unwrap_or_default();
    let text = if title.is_empty() { page.to_owned() } else { title.clone() };
    format!(
        "<p><iframe src=\"{embed}\" title=\"{title}\" allowfullscreen></iframe><br>\
         <a href=\"{page}\">{text}</a></p>"
    )
}

/// The player of an address that readers keep one for: a film of YouTube or Vimeo.
pub(super) fn of_address(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let host = url.host_str()?.trim_start_matches("www.").trim_start_matches("m.");
    let mut path = url.path().split('/').filter(|part| !part.is_empty());
    let (first, second) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    match host {
        "youtube.com" | "youtube-nocookie.com" => {
            let watched = || url.query_pairs().find(|(key, _)| key == "v").map(|(_, id)| id);
            let id = match first {
                "watch" => watched()?.into_owned(),
                "embed" | "shorts" | "live" | "v" => second.to_owned(),
                _ => return None,
            };
            film("youtube", &id)
        }
        "youtu.be" => film("youtube", first),
        "vimeo.com" => film("vimeo", first),
        "player.vimeo.com" if first == "video" => film("vimeo", second),
        _ => None,
    }
}

/// The player of a film by its number, if it can be one.
fn film(site: &str, id: &str) -> Option<String> {
    let sound = match site {
        "vimeo" => id.bytes().all(|b| b.is_ascii_digit()),
        _ => id.len() == token(id).len(),
    };
    (sound && !id.is_empty()).then(|| player_of(site, &Args::parse(id)))?
}

/// The player that a shortcode of that name asks for.
pub(super) fn player_of(site: &str, args: &Args<'_>) -> Option<String> {
    match site {
        "youtube" => youtube(args),
        "vimeo" => vimeo(args),
        _ => None,
    }
}

fn vimeo(args: &Args<'_>) -> Option<String> {
    let id = token(args.at(0).or(args.key(&["id"]))?);
    Some(player(
        &format!("https://player.vimeo.com/video/{id}"),
        &format!("https://vimeo.com/{id}"),
        args.key(&["title", "label"]),
    ))
}

fn link(url: &str) -> String {
    format!("<p><a href=\"{url}\">{url}</a></p>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let args = Args::parse("a \"b c\", k=\"v w\" n=3 q='x' open=\"");
        assert_eq!((args.at(0), args.at(1)), (Some("a"), Some("b c")));
        assert_eq!(args.key(&["k"]), Some("v w"));
        assert_eq!((args.key(&["N"]), args.key(&["q"])), (Some("3"), Some("x")));
        assert_eq!(args.key(&["open"]), Some(""));
        assert_eq!(Args::parse(r#"k="a \"b\"""#).key(&["k"]), Some("a \"b\""));
        assert_eq!(Args::parse("=,=").at(0), Some("="));
    }

    #[test]
    fn ids_cannot_break_out() {
        let page = Page {
            markdown: true,
            title: "",
            link: "",
            site: "",
            named: &|_| None,
            link_to: &|_| String::new(),
        };
        let html = html("youtube", &Args::parse("'x\" onload=\"y'"), &page).unwrap();
        assert!(html.contains("/embed/xonloady\""), "{html}");
    }
}
