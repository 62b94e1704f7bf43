//! An article's lead picture: by schema.org or Open Graph, and what both say of it.

use url::Url;

use super::super::super::desk::Desk;
use super::super::super::fields::Named;
use super::super::head::Head;
use super::super::schema;
use super::address::below_site;
use super::{Facts, text};

/// More pictures than an article leads with.
const IMAGES_MAX: usize = 10;

/// A picture's address, and what is said of it.
pub(super) type Picture = (String, Vec<(String, Named)>);

impl Facts {
    pub(super) fn image(&mut self, head: &Head, own: &Url, desk: &Desk<'_>) {
        let graph = graph_images(head);
        if self.has("image") {
            // Of the same picture, Open Graph may know more.
            let url = self.images.first().cloned().unwrap_or_default();
            let more = graph.iter().find(|(known, _)| *known == url).map(|(_, more)| more.clone());
            if let (Some(more), Some(fact)) =
                (more, self.list.iter_mut().find(|f| f.key == "image"))
            {
                complete(&mut fact.value, more);
            }
            return;
        }
        let mut found = Vec::new();
        for (url, more) in graph.into_iter().take(IMAGES_MAX) {
            let mut map = vec![("url".to_owned(), Named::Text(below_site(&url, own, desk)))];
            map.extend(more);
            found.push(Named::Map(map));
            self.images.push(url);
        }
        if let [one] = &mut found[..] {
            let one = std::mem::replace(one, Named::Null);
            self.offer("image", "og:image", one);
        } else {
            self.offer("image", "og:image", Named::List(found));
        }
        let others = head
            .first(&["twitter:image", "twitter:image:src", "thumbnail", "sailthru.image.full"])
            .or(head.image.as_deref().map(|url| ("image_src", url)));
        if let Some((name, url)) = others {
            let alt = head.get("twitter:image:alt").map(|alt| ("alt".to_owned(), text(alt)));
            let found = Some((url.to_owned(), alt.into_iter().collect()));
            self.take_image(name, found, own, desk);
        }
    }

    pub(super) fn take_image(
        &mut self,
        name: &str,
        found: Option<(String, Vec<(String, Named)>)>,
        own: &Url,
        desk: &Desk<'_>,
    ) {
        let Some((url, more)) = found else { return };
        if self.has("image") {
            return;
        }
        let mut map = vec![("url".to_owned(), Named::Text(below_site(&url, own, desk)))];
        map.extend(more);
        self.offer("image", name, Named::Map(map));
        self.images.push(url);
    }
}

/// A picture's address, and what is said of it.
pub(super) fn picture(thing: &Named) -> Option<Picture> {
    let url = match thing {
        Named::Map(_) => thing.member(&["contenturl", "url"]).and_then(schema::url)?,
        one => one.text()?,
    };
    let mut more = Vec::new();
    for (from, to) in [
        ("width", "width"),
        ("height", "height"),
        ("caption", "caption"),
        ("credittext", "credit"),
        ("copyrightnotice", "credit"),
    ] {
        let found = thing
            .member(&[from])
            .and_then(|v| schema::text(v).or_else(|| schema::text(v.member(&["value", "name"])?)));
        if let Some(found) = found.filter(|_| !more.iter().any(|(known, _)| known == to)) {
            let found = found.trim_end_matches("px").trim().to_owned();
            more.push((to.to_owned(), Named::Text(found)));
        }
    }
    Some((url, more))
}

/// Open Graph's pictures: what follows an address is said of it.
fn graph_images(head: &Head) -> Vec<Picture> {
    let mut found: Vec<Picture> = Vec::new();
    for (key, value) in &head.metas {
        let to = match key.as_str() {
            "og:image" | "og:image:url" | "og:image:secure_url" => {
                let bare =
                    |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
                if !found.iter().any(|(known, _)| bare(known) == bare(value)) {
                    found.push((value.clone(), Vec::new()));
                }
                continue;
            }
            "og:image:width" => "width",
            "og:image:height" => "height",
            "og:image:alt" => "alt",
            "og:image:type" => "type",
            _ => continue,
        };
        if let Some((_, more)) = found.last_mut() {
            more.push((to.to_owned(), text(value)));
        }
    }
    found
}

/// Adds what isn't said yet.
pub(super) fn complete(value: &mut Named, more: Vec<(String, Named)>) {
    let Named::Map(map) = value else { return };
    for (name, said) in more {
        if !map.iter().any(|(known, _)| *known == name) {
            map.push((name, said));
        }
    }
}
