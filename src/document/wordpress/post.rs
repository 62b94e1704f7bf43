//! What WordPress keeps of a post, whoever read it: columns as they stand, and what belongs to them.

use super::{Attachment, Clock};

/// What holds for all posts of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The option `home`: what links begin with.
    pub home: String,
    /// The clock of dates that aren't in UTC.
    pub clock: Clock,
    /// The option `permalink_structure`; empty where links are `/?p=1`.
    pub structure: String,
    /// The slug of the category of posts that have none.
    pub default_category: String,
    /// Types of posts that are articles.
    pub types: Vec<String>,
    /// Paths below which custom types stand, where that isn't their name.
    pub bases: Vec<(String, String)>,
}

/// Who wrote a post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// Name for people.
    pub name: String,
    /// Name in addresses.
    pub nicename: String,
    /// Their page.
    pub url: String,
}

/// A category, tag or the like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Term {
    /// Its number.
    pub id: i64,
    /// `category`, `post_tag` or another.
    pub taxonomy: String,
    /// Name in addresses, perhaps percent-encoded.
    pub slug: String,
    /// Name for people, as HTML.
    pub name: String,
    /// Those that it stands below, outermost first.
    pub parents: Vec<Term>,
}

/// What WordPress keeps of a post, columns as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Post {
    /// `ID`
    pub id: i64,
    /// `post_type`
    pub kind: String,
    /// `post_status`
    pub status: String,
    /// `post_password`
    pub password: String,
    /// `post_date`, on the site's clock.
    pub date: String,
    /// `post_date_gmt`
    pub date_gmt: String,
    /// `post_modified`
    pub modified: String,
    /// `post_modified_gmt`
    pub modified_gmt: String,
    /// `post_title`: HTML.
    pub title: String,
    /// `post_content`
    pub content: String,
    /// `post_excerpt`: HTML.
    pub excerpt: String,
    /// `post_name`
    pub name: String,
    /// `guid`
    pub guid: String,
    /// Its address, where something names it; else it is made as WordPress does.
    pub link: Option<String>,
    /// Whether readers may comment.
    pub comments: bool,
    /// Whether it is held at the top.
    pub sticky: bool,
    /// Who wrote it.
    pub author: Option<Author>,
    /// What groups it.
    pub terms: Vec<Term>,
    /// Its meta fields.
    pub meta: Vec<(String, String)>,
    /// The files that it refers to or that were uploaded to it.
    pub attachments: Vec<Attachment>,
    /// Reusable blocks that it refers to, by number.
    pub reusable: Vec<(i64, String)>,
}

impl Post {
    /// The first value of a meta field that says something.
    pub(super) fn meta<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.meta_values(key).find(|value| !value.trim().is_empty())
    }

    pub(super) fn meta_values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.meta.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn attachment(&self, id: i64) -> Option<&Attachment> {
        self.attachments.iter().find(|file| file.id == id)
    }

    /// Numbers of the files that it refers to: its picture, galleries, playlists.
    #[must_use]
    pub fn refers_to(&self) -> Vec<i64> {
        let mut numbers: Vec<i64> =
            self.meta("_thumbnail_id").and_then(|id| id.trim().parse().ok()).into_iter().collect();
        if self.content.contains("ids=") || self.content.contains("include=") {
            numbers.extend(listed(&self.content));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Numbers of the reusable blocks that it refers to.
    #[must_use]
    pub fn blocks(&self) -> Vec<i64> {
        let mut numbers: Vec<i64> = self
            .content
            .split("<!-- wp:block {")
            .skip(1)
            .filter_map(|rest| rest.split_once("\"ref\":"))
            .filter_map(|(_, rest)| {
                rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// So many numbers of a post's galleries are looked up.
const LISTED_MAX: usize = 2_000;

/// The numbers in `ids="1,2"` and `include=…` of a post's shortcodes.
fn listed(content: &str) -> impl Iterator<Item = i64> {
    let values = content.split("ids=").skip(1).chain(content.split("include=").skip(1));
    values
        .flat_map(|rest| {
            let list = rest.trim_start_matches(['"', '\'']);
            let end = list.find(|c: char| !(c.is_ascii_digit() || ", ".contains(c)));
            list[..end.unwrap_or(list.len())].split(',')
        })
        .filter_map(|number| number.trim().parse().ok())
        .take(LISTED_MAX)
}
