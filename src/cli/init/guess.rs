//! Tables that nobody knows: which of them looks most like articles, and what its columns mean. Guesses
//! are by names and types alone, and each is written down for a person to mend.

use crate::source::database::{Column, Table};

/// What a column may be, the best names first. Names are without what isn't a letter.
const ROLES: [(Role, &[&str]); 13] = [
    (Role::Id, &["id", "uuid", "guid"]),
    (Role::Title, &["title", "headline", "heading", "name", "subject"]),
    (Role::Link, &["url", "permalink", "link", "canonicalurl", "href"]),
    (Role::Slug, &["slug", "urlslug", "urlkey"]),
    (
        Role::Body,
        &[
            "bodyhtml",
            "contenthtml",
            "html",
            "body",
            "content",
            "bodymarkdown",
            "markdown",
            "fulltext",
            "maintext",
            "text",
            "articletext",
            "copy",
        ],
    ),
    (
        Role::Published,
        &[
            "publishedat",
            "published",
            "publish",
            "publishdate",
            "publisheddate",
            "publishedon",
            "pubdate",
            "datepublished",
            "publicationdate",
            "publishtime",
            "postedat",
            "postdate",
            "posted",
            "releasedat",
            "date",
            "createdat",
            "created",
            "createdon",
            "datecreated",
        ],
    ),
    (
        Role::Updated,
        &[
            "updatedat",
            "updated",
            "modifiedat",
            "modified",
            "lastmodified",
            "lastmod",
            "changedat",
            "editedat",
            "updatedon",
            "dateupdated",
            "datemodified",
        ],
    ),
    (
        Role::Summary,
        &["summary", "excerpt", "standfirst", "description", "abstract", "dek", "lead", "teaser"],
    ),
    (Role::Author, &["author", "authorname", "byline", "writer"]),
    (Role::Section, &["section", "category", "rubric", "desk", "channel"]),
    (Role::Image, &["image", "imageurl", "heroimage", "featuredimage", "coverimage", "picture"]),
    (Role::Language, &["language", "lang", "locale"]),
    (Role::Visibility, &["visibility", "access", "membersonly", "paid", "premium"]),
];

/// Words of a status that says that everybody may read.
const PUBLIC: [&str; 6] = ["published", "publish", "live", "public", "online", "released"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Id,
    Title,
    Link,
    Slug,
    Body,
    Published,
    Updated,
    Summary,
    Author,
    Section,
    Image,
    Language,
    Visibility,
}

impl Role {
    /// The column's name in the query's answer.
    fn name(self, column: &str) -> &'static str {
        let letters = letters(column);
        match self {
            Role::Id => "id",
            Role::Title => "title",
            Role::Link => "url",
            Role::Slug => "slug",
            Role::Body if letters.contains("html") => "body_html",
            Role::Body if letters.contains("markdown") => "body_markdown",
            Role::Body => "body",
            Role::Published => "published",
            Role::Updated => "updated",
            Role::Summary => "summary",
            Role::Author => "author",
            Role::Section => "section",
            Role::Image => "image",
            Role::Language => "language",
            Role::Visibility => match letters.as_str() {
                "membersonly" => "members_only",
                "paid" => "paid",
                "premium" => "premium",
                _ => "visibility",
            },
        }
    }

    /// What finding it says for its table being articles.
    fn weight(self) -> u32 {
        match self {
            Role::Body => 4,
            Role::Title | Role::Published => 3,
            Role::Link | Role::Slug | Role::Summary => 2,
            Role::Id | Role::Updated | Role::Author | Role::Section => 1,
            Role::Image | Role::Language | Role::Visibility => 0,
        }
    }
}

/// The table that looks most like articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guess<'a> {
    pub(super) table: &'a Table,
    columns: Vec<(Role, &'a Column)>,
    /// Its texts are where Rails' Action Text keeps them.
    has_rich_text: bool,
    /// The column that says what is published: a word, or yes and no.
    pub(super) status: Option<(Says, &'a Column)>,
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_text(column: &Column) -> bool {
    let kind = &column.kind;
    kind.is_empty()
        || ["char", "text", "clob", "json", "string", "user-defined", "enum"]
            .iter()
            .any(|t| kind.contains(t))
}

fn is_yes_or_no(column: &Column) -> bool {
    ["bool", "tinyint", "bit"].iter().any(|t| column.kind.contains(t))
}

/// Whether a column's type lets it be what its name says.
fn fits(role: Role, column: &Column) -> bool {
    match role {
        Role::Id => !is_yes_or_no(column),
        Role::Published | Role::Updated => !is_yes_or_no(column),
        Role::Visibility => true,
        _ => is_text(column),
    }
}

/// Whether a name is one of a role's, as it is or behind the table's own: `story_title`.
fn is_called(column: &Column, name: &str, table: &str) -> bool {
    let own = letters(&column.name);
    let table = letters(table.rsplit('.').next().unwrap_or(table));
    let singular = table.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let singular = singular.unwrap_or_else(|| table.strip_suffix('s').unwrap_or(&table).to_owned());
    own == name
        || own.strip_prefix(&table) == Some(name)
        || own.strip_prefix(&singular) == Some(name)
}

fn roles(table: &Table) -> Vec<(Role, &Column)> {
    let find = |(role, names): &(Role, &[&str])| {
        let found = names.iter().find_map(|name| {
            table
                .columns
                .iter()
                .find(|column| is_called(column, name, &table.name) && fits(*role, column))
        })?;
        Some((*role, found))
    };
    ROLES.iter().filter_map(find).collect()
}

/// How a column says what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// By a word, or a number that stands for one.
    Words,
    /// By yes and no.
    Yes,
    /// By yes and no, the other way round.
    Draft,
}

fn status(table: &Table) -> Option<(Says, &Column)> {
    let of = |says: Says, names: &[&str], fits: fn(&Column) -> bool| {
        let mut found = table.columns.iter().filter(|column| fits(column));
        let found = found.find(|c| names.iter().any(|name| is_called(c, name, &table.name)));
        found.map(|column| (says, column))
    };
    let number = |column: &Column| !is_text(column) && !is_date(column);
    of(Says::Words, &["status", "state", "workflowstate"], |column| !is_date(column))
        .or_else(|| of(Says::Yes, &["ispublished", "published", "islive", "live"], number))
        .or_else(|| of(Says::Draft, &["isdraft", "draft"], number))
}

fn is_date(column: &Column) -> bool {
    ["date", "time"].iter().any(|part| column.kind.contains(part))
}

/// What names of tables begin with that frameworks and programs keep for themselves.
const NOT_THE_DESKS: [&str; 10] = [
    "action_text_",
    "action_mailbox_",
    "active_storage_",
    "admin_",
    "ar_internal_",
    "auth_",
    "directus_",
    "django_",
    "schema_migrations",
    "strapi_",
];
/// Where Rails keeps texts of all tables.
const RICH_TEXTS: &str = "action_text_rich_texts";

/// A class of Rails by its table: `Article` of `articles`.
fn class(table: &str) -> String {
    let singular = match table.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => table.strip_suffix('s').unwrap_or(table).to_owned(),
    };
    let word = |part: &str| {
        let mut chars = part.chars();
        chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    };
    singular.split('_').map(word).collect()
}

/// The best guess first; tables that can't be articles not at all.
pub(super) fn guesses(tables: &[Table]) -> Vec<Guess<'_>> {
    let has_rich_texts = tables.iter().any(|table| table.name == RICH_TEXTS);
    let mut all: Vec<(u32, Guess<'_>)> = tables
        .iter()
        .filter(|table| !NOT_THE_DESKS.iter().any(|own| table.name.starts_with(own)))
        .filter_map(|table| {
            let columns = roles(table);
            let has = |role: Role| columns.iter().any(|(own, _)| *own == role);
            let can_be = has(Role::Title)
                && (has(Role::Body) || has(Role::Summary) || has(Role::Published))
                && (has(Role::Id) || has(Role::Link) || has(Role::Slug));
            let name = letters(&table.name);
            let hint = ["article", "story", "stories", "post", "news", "entr"];
            let hint = if hint.iter().any(|word| name.contains(word)) { 2 } else { 0 };
            let weight: u32 = columns.iter().map(|(role, _)| role.weight()).sum();
            let has_rich_text = !has(Role::Body) && has_rich_texts;
            let guess = Guess { table, has_rich_text, status: status(table), columns };
            (can_be && weight + hint >= 8).then_some((weight + hint, guess))
        })
        .collect();
    all.sort_by(|(a, one), (b, other)| b.cmp(a).then(one.table.name.cmp(&other.table.name)));
    all.into_iter().map(|(_, guess)| guess).collect()
}

/// A name as the engine's SQL takes it.
pub(super) fn quoted(name: &str, quote: char) -> String {
    const KEPT: [&str; 24] = [
        "order",
        "group",
        "key",
        "user",
        "table",
        "desc",
        "index",
        "select",
        "from",
        "where",
        "default",
        "references",
        "check",
        "values",
        "limit",
        "offset",
        "primary",
        "text",
        "date",
        "section",
        "language",
        "access",
        "lead",
        "rank",
    ];
    let one = |name: &str| {
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if plain && !KEPT.contains(&name) {
            return name.to_owned();
        }
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    };
    // PostgreSQL's schema before the dot.
    match name.split_once('.').filter(|_| quote == '"') {
        Some((schema, table)) => format!("{}.{}", one(schema), one(table)),
        None => one(name),
    }
}

impl Guess<'_> {
    pub(super) fn has_link(&self) -> bool {
        self.columns.iter().any(|(role, _)| *role == Role::Link)
    }

    /// The pattern of links, where no column has them.
    pub(super) fn permalink(&self) -> &'static str {
        let slug = self.columns.iter().any(|(role, _)| *role == Role::Slug);
        if slug { "/{slug}/" } else { "/{id}/" }
    }

    /// The query, and what is to be said of it. `words` are those that the status column holds.
    pub(super) fn query(&self, words: &[String], quote: char) -> (String, Vec<String>) {
        let mut said = Vec::new();
        let mut columns = Vec::new();
        let has_id = self.columns.iter().any(|(role, _)| matches!(role, Role::Id | Role::Link));
        for (role, column) in &self.columns {
            let name = role.name(&column.name);
            let written = quoted(&column.name, quote);
            if !has_id && *role == Role::Slug {
                columns.push(format!("{written} as id"));
            }
            let as_it_is = column.name == name;
            columns.push(if as_it_is { written } else { format!("{written} as {name}") });
            if !as_it_is {
                said.push(format!("{} is taken for {name}.", column.name));
            }
            if letters(&column.name).starts_with("created") && *role == Role::Published {
                said.push(
                    "Nothing says when articles were published, only when they were made.".into(),
                );
            }
        }
        let table = quoted(&self.table.name, quote);
        if self.has_rich_text && self.table.columns.iter().any(|column| column.name == "id") {
            columns.push(format!(
                "(select max(x.body) from {RICH_TEXTS} x where x.record_type = '{}' \
                 and x.record_id = {table}.id and x.name in ('content', 'body', 'text')) as body_html",
                class(&self.table.name).replace('\'', "''")
            ));
            said.push("Its text is taken from Action Text, without what is attached to it.".into());
        }
        let condition = self.condition(words, quote, &mut columns, &mut said);
        (format!("select {} from {table}{condition}", columns.join(", ")), said)
    }

    /// Which rows are for everybody, as far as it can be told.
    fn condition(
        &self,
        words: &[String],
        quote: char,
        columns: &mut Vec<String>,
        said: &mut Vec<String>,
    ) -> String {
        let Some((says, column)) = self.status else {
            // Where a day of publication is its own column, drafts have none.
            let published = self.columns.iter().find(|(role, column)| {
                *role == Role::Published && letters(&column.name).contains("publi")
            });
            if let Some((_, column)) = published {
                said.push(format!("A row without {} is taken for a draft.", column.name));
                return format!(" where {} is not null", quoted(&column.name, quote));
            }
            said.push("No column says what is published: every row is taken.".into());
            return String::new();
        };
        let written = quoted(&column.name, quote);
        let is_bool = column.kind.contains("bool");
        match says {
            Says::Words => {}
            // A row that is said to be a draft is no article.
            Says::Draft => {
                columns.push(if column.name == "draft" {
                    written
                } else {
                    format!("{written} as draft")
                });
                return String::new();
            }
            Says::Yes => {
                said.push(format!("Only rows are taken of which {} says yes.", column.name));
                return format!(" where {written}{}", if is_bool { "" } else { " <> 0" });
            }
        }
        said.push(format!("{} holds: {}.", column.name, words.join(", ")));
        match words.iter().find(|word| PUBLIC.contains(&word.to_lowercase().as_str())) {
            Some(word) => format!(" where {written} = '{}'", word.replace('\'', "''")),
            None => {
                said.push(format!(
                    "None of these words is known to mean \"for everybody\": write in the query \
                     which {} does. Until then no row is taken.",
                    column.name
                ));
                " where 1 = 0".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[(&str, &str)]) -> Table {
        let column = |(name, kind): &(&str, &str)| Column {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
        };
        Table { name: name.to_owned(), columns: columns.iter().map(column).collect() }
    }

    #[test]
    fn the_table_of_articles_is_found() {
        let tables = [
            table("users", &[("id", "integer"), ("name", "text"), ("created_at", "timestamp")]),
            table("comments", &[("id", "integer"), ("body", "text"), ("created_at", "timestamp")]),
            table(
                "Stories",
                &[
                    ("id", "integer"),
                    ("story_headline", "varchar"),
                    ("body_html", "text"),
                    ("pub_date", "timestamp"),
                    ("slug", "varchar"),
                    ("state", "varchar"),
                    ("order", "integer"),
                    ("section", "integer"),
                ],
            ),
        ];
        let guesses = guesses(&tables);
        assert_eq!(guesses[0].table.name, "Stories");
        assert_eq!(guesses.len(), 1);
        let (query, said) = guesses[0].query(&["draft".into(), "live".into()], '"');
        assert_eq!(
            query,
            "select id, story_headline as title, slug, body_html, pub_date as published \
             from \"Stories\" where state = 'live'"
        );
        assert!(said.contains(&"state holds: draft, live.".to_owned()), "{said:?}");
        assert_eq!(guesses[0].permalink(), "/{slug}/");
    }

    #[test]
    fn a_status_that_is_not_understood_takes_nothing() {
        let tables = [table(
            "news",
            &[("uuid", "uuid"), ("title", "text"), ("text", "text"), ("status", "text")],
        )];
        let (query, said) = guesses(&tables)[0].query(&["5".into(), "7".into()], '`');
        assert_eq!(
            query,
            "select `uuid` as id, title, `text` as body from news where 1 = 0"
                .replace("`uuid`", "uuid")
        );
        assert!(said.iter().any(|one| one.contains("no row is taken")), "{said:?}");
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, quote, written) in [
            ("title", '"', "title"),
            ("Title", '"', "\"Title\""),
            ("order", '`', "`order`"),
            ("a\"b", '"', "\"a\"\"b\""),
            ("desk.stories", '"', "desk.stories"),
            ("a.b", '`', "`a.b`"),
        ] {
            assert_eq!(quoted(name, quote), written);
        }
    }
}
