//! The path of a post, by the pattern that `routes.yaml` has for its collection, as Ghost fills it in.

use chrono::{DateTime, Utc};

use crate::time::Zone;

/// Ghost's own where `routes.yaml` says nothing else.
pub const DEFAULT: &str = "/{slug}/";

/// The names that a pattern may have in braces.
const TOKENS: [&str; 8] =
    ["id", "slug", "year", "month", "day", "primary_tag", "primary_author", "author"];

/// Stands where a post has no primary tag, in Ghost's addresses.
const WITHOUT_TAG: &str = "all";

/// What a post has for the tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Values<'a> {
    pub(super) id: &'a str,
    pub(super) slug: &'a str,
    pub(super) primary_tag: Option<&'a str>,
    pub(super) primary_author: Option<&'a str>,
}

/// Whether a pattern can be filled in: it begins with `/`, its names are known, and one of them tells
/// posts apart.
///
/// # Errors
/// What is wrong, to be read after the pattern's name.
pub fn check(pattern: &str) -> Result<(), String> {
    if !pattern.starts_with('/') {
        return Err("begins without \"/\"".to_owned());
    }
    let sound = |c: char| c.is_ascii_alphanumeric() || "/-_.~{}".contains(c);
    if let Some(c) = pattern.chars().find(|c| !sound(*c)) {
        return Err(format!("has a {c:?}, which no address of Ghost's has"));
    }
    let mut named = Vec::new();
    for piece in pattern.split('{').skip(1) {
        let Some((name, _)) = piece.split_once('}') else {
            return Err("has a \"{\" without its \"}\"".to_owned());
        };
        if !TOKENS.contains(&name) {
            return Err(format!("has an unknown {{{name}}}"));
        }
        named.push(name);
    }
    if !named.iter().any(|name| ["id", "slug"].contains(name)) {
        return Err("has neither {slug} nor {id}, so all posts would have one address".to_owned());
    }
    Ok(())
}

/// The path; days are those of the site's clock.
pub(super) fn path(
    pattern: &str,
    values: &Values<'_>,
    published: Option<DateTime<Utc>>,
    zone: &Zone,
) -> String {
    let day = published.map(|at| zone.show(at));
    let date = |form: &str| day.map(|day| day.format(form).to_string()).unwrap_or_default();
    let mut out = String::with_capacity(pattern.len() + values.slug.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        match name {
            "id" => out.push_str(values.id),
            "slug" => out.push_str(values.slug),
            "primary_tag" => out.push_str(values.primary_tag.unwrap_or(WITHOUT_TAG)),
            "primary_author" | "author" => {
                out.push_str(values.primary_author.unwrap_or(WITHOUT_TAG));
            }
            "year" => out.push_str(&date("%Y")),
            "month" => out.push_str(&date("%m")),
            "day" => out.push_str(&date("%d")),
            _ => {}
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_filled_in_as_ghost_does() {
        let values = Values {
            id: "5f0000000000000000000001",
            slug: "fog",
            primary_tag: Some("world"),
            primary_author: Some("ada"),
        };
        let at = "2024-02-02T21:30:00Z".parse().ok();
        let zone: Zone = "Asia/Baku".parse().unwrap();
        for (pattern, made) in [
            (DEFAULT, "/fog/"),
            ("/{year}/{month}/{day}/{slug}/", "/2024/02/03/fog/"),
            ("/{primary_tag}/{primary_author}/{id}/", "/world/ada/5f0000000000000000000001/"),
            ("/news/{slug}", "/news/fog"),
        ] {
            assert_eq!(check(pattern), Ok(()));
            assert_eq!(path(pattern, &values, at, &zone), made);
        }
        let bare = Values { slug: "fog", ..Values::default() };
        assert_eq!(path("/{primary_tag}/{author}/{slug}/", &bare, None, &zone), "/all/all/fog/");
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        for (pattern, says) in [
            ("{slug}", "begins without"),
            ("/{path}/", "has an unknown {path}"),
            ("/{slug", "without its"),
            ("/{year}/", "has neither {slug} nor {id}"),
            ("/'{slug}", "has a '\\''"),
            ("/a b/{slug}", "has a ' '"),
        ] {
            let wrong = check(pattern).unwrap_err();
            assert!(wrong.contains(says), "{pattern}: {wrong}");
        }
    }
}
