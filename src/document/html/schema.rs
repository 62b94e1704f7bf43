//! What a page says of its article in schema.org's words, by JSON-LD or microdata: both become the same
//! maps here, of which the one is found that describes the page's own article.

use super::super::fields::Named;

/// More things than any page describes.
const THINGS_MAX: usize = 2_000;

/// What a page describes.
#[derive(Debug, Default)]
pub(super) struct Schema {
    things: Vec<Named>,
}

/// What of it is the page's article.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Subject<'s> {
    /// This.
    One(&'s Named),
    /// Several, none of which is this page's own.
    Many,
    /// None.
    Nothing,
}

/// One script that isn't JSON: which one, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) script: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

impl Schema {
    /// Of the page's scripts. What can't be read is the second result.
    pub(super) fn of_scripts(scripts: &[String]) -> (Schema, Vec<Unreadable>) {
        let mut schema = Schema::default();
        let mut unreadable = Vec::new();
        for (script, text) in scripts.iter().enumerate() {
            match parse(text) {
                Ok(value) => schema.add(value),
                Err(error) => unreadable.push(Unreadable {
                    script,
                    line: error.line(),
                    column: error.column(),
                    message: error
                        .to_string()
                        .split(" at line ")
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                }),
            }
        }
        (schema, unreadable)
    }

    pub(super) fn of_things(things: Vec<Named>) -> Schema {
        let mut schema = Schema::default();
        things.into_iter().for_each(|thing| schema.add(thing));
        schema
    }

    fn add(&mut self, value: Named) {
        if self.things.len() >= THINGS_MAX {
            return;
        }
        match value {
            Named::List(list) => list.into_iter().for_each(|one| self.add(one)),
            Named::Map(mut map) => {
                let graph = map.iter().position(|(name, _)| name == "@graph");
                if let Some(at) = graph {
                    let (_, members) = map.swap_remove(at);
                    self.add(members);
                }
                // A page's main thing may be told within it.
                let main = Named::Map(map);
                if !is_article(&main)
                    && let Some(entity) = main.member(&["mainentity"]).filter(|e| is_article(e))
                {
                    self.things.push(entity.clone());
                }
                self.things.push(main);
            }
            _ => {}
        }
    }

    /// The article that the page is about; `is_own` knows the page's addresses.
    pub(super) fn article(&self, is_own: impl Fn(&str) -> bool) -> Subject<'_> {
        let articles: Vec<&Named> = self.things.iter().filter(|thing| is_article(thing)).collect();
        match articles[..] {
            [] => Subject::Nothing,
            [one] => Subject::One(one),
            _ => articles
                .iter()
                .find(|one| addresses(one).iter().any(|url| is_own(url)))
                .map_or(Subject::Many, |one| Subject::One(one)),
        }
    }

    /// Whether the page says that it is a list, or the site itself.
    pub(super) fn is_list(&self) -> bool {
        const LISTS: [&str; 6] = [
            "CollectionPage",
            "SearchResultsPage",
            "ItemList",
            "Blog",
            "ProfilePage",
            "MediaGallery",
        ];
        self.things.iter().any(|thing| types(thing).iter().any(|t| LISTS.contains(&t.as_str())))
    }

    /// The site's name and what is said of the site itself.
    pub(super) fn site(&self) -> (Option<String>, Option<String>) {
        let site = self.things.iter().find(|thing| types(thing).iter().any(|t| t == "WebSite"));
        let said = |key| site.and_then(|site| text(site.member(&[key])?));
        (said("name"), said("description"))
    }

    /// A thing that is only named by its `@id`, as a whole; others as they are.
    pub(super) fn whole<'v>(&'v self, value: &'v Named) -> &'v Named {
        let Some(Named::Text(id)) = value.member(&["@id"]) else { return value };
        let Named::Map(map) = value else { return value };
        if map.iter().filter(|(name, _)| !name.starts_with('@')).count() > 1 {
            return value;
        }
        self.things
            .iter()
            .find(|thing| matches!(thing.member(&["@id"]), Some(Named::Text(known)) if known == id))
            .unwrap_or(value)
    }
}

/// JSON as pages have it: in a comment or CDATA, with raw line ends in its texts.
fn parse(text: &str) -> Result<Named, serde_json::Error> {
    let error = match serde_json::from_str::<Named>(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut bare = text.trim().trim_end_matches(';').trim_end();
    for (open, close) in [("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("<![CDATA[", "]]>")] {
        if let Some(inner) = bare.strip_prefix(open) {
            bare = inner.trim_end().strip_suffix(close).unwrap_or(inner).trim();
        }
    }
    let spaced: String = bare.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    serde_json::from_str(&spaced).map_err(|_| error)
}

/// A thing's types, without what they are types of.
pub(super) fn types(thing: &Named) -> Vec<String> {
    let Some(value) = thing.member(&["@type"]) else { return Vec::new() };
    let name = |value: &Named| {
        let text = value.text()?;
        text.rsplit(['/', '#', ':']).next().map(str::to_owned)
    };
    value.each().iter().filter_map(name).collect()
}

/// Whether a thing is what feeds hold.
pub(super) fn is_article(thing: &Named) -> bool {
    types(thing).iter().any(|name| {
        name.ends_with("Article")
            || name.ends_with("Posting") && name != "JobPosting"
            || matches!(name.as_str(), "Report" | "PodcastEpisode" | "Recipe" | "Review")
    })
}

/// A text, or the first of several.
pub(super) fn text(value: &Named) -> Option<String> {
    let one = value.each().first()?;
    let text = one.text().or_else(|| one.member(&["@value"])?.text())?;
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// An address: a text, or a thing's.
pub(super) fn url(value: &Named) -> Option<String> {
    let one = value.each().first()?;
    match one {
        Named::Map(_) => text(one.member(&["url", "contenturl", "@id"])?),
        one => text(one),
    }
}

/// Where a thing says that it stands.
pub(super) fn addresses(thing: &Named) -> Vec<String> {
    ["url", "mainentityofpage", "@id"]
        .iter()
        .filter_map(|key| url(thing.member(&[key])?))
        // "mainEntityOfPage": true names no address.
        .filter(|url| url.contains('/'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Schema {
        let (schema, unreadable) = Schema::of_scripts(&[text.to_owned()]);
        assert_eq!(unreadable, []);
        schema
    }

    #[test]
    fn the_pages_own_article_is_found() {
        let own = |url: &str| url.ends_with("/fog/");
        let title = |text: &str| match schema(text).article(own) {
            Subject::One(thing) => super::text(thing.member(&["headline"]).unwrap()),
            _ => None,
        };
        let fog = r#"{"@type":["Thing","https://schema.org/NewsArticle"],"headline":"Fog","url":"/fog/"}"#;
        let seal = r#"{"@type":"BlogPosting","headline":"Seal","url":"/seal/"}"#;
        assert_eq!(title(fog).as_deref(), Some("Fog"));
        assert_eq!(title(&format!("[{seal},{fog}]")).as_deref(), Some("Fog"));
        assert_eq!(
            title(&format!(r#"{{"@graph":[{{"@type":"WebSite"}},{seal}]}}"#)).as_deref(),
            Some("Seal")
        );
        assert_eq!(
            title(&format!(r#"{{"@type":"WebPage","mainEntity":{fog}}}"#)).as_deref(),
            Some("Fog")
        );
        assert_eq!(schema(&format!("[{seal},{seal}]")).article(own), Subject::Many);
        assert_eq!(schema(r#"{"@type":"WebSite"}"#).article(own), Subject::Nothing);
    }

    #[test]
    fn json_is_read_as_pages_have_it() {
        for text in [
            "<!-- {\"@type\": \"Article\"} -->",
            "//<![CDATA[\n{\"@type\": \"Article\"}\n//]]>",
            "{\"@type\": \"Article\", \"headline\": \"a\nb\"};",
        ] {
            assert!(matches!(schema(text).article(|_| false), Subject::One(_)), "{text}");
        }
        let (_, unreadable) = Schema::of_scripts(&["{}".to_owned(), "{\n\"a\": }".to_owned()]);
        assert_eq!((unreadable[0].script, unreadable[0].line), (1, 2));
    }
}
