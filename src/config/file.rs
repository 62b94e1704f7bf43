//! `feeds.toml` as written: every key read and its value understood, each with its place; nothing
//! filled in, nothing compared. A value that was wrong is absent here, and told.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::codes;
use super::database;
use super::keys;
use super::places;
use super::podcast;
use super::reader::Table;
use super::text::{At, Span, Str, Text};
use super::values;
use super::wordpress;
use crate::article::{Taxonomy, TermKey};
use crate::feed::{BodyMode, Order, SiteAuthor};
use crate::net::Allowed;
use crate::source::database::Address;
use crate::source::database::wordpress::Tables;
use crate::time::Zone;

pub(super) struct File {
    pub(super) site: Site,
    pub(super) schedule: Schedule,
    pub(super) sources: Vec<Source>,
    pub(super) feeds: Vec<Feed>,
    /// Whether there is a `[[feed]]` at all.
    pub(super) feeds_written: bool,
    pub(super) media: Media,
    pub(super) output: Output,
    pub(super) server: Server,
    pub(super) guard: Guard,
}

pub(super) struct Guard {
    pub(super) loss: Option<At<u32>>,
    pub(super) loss_min: Option<u32>,
    pub(super) change: Option<At<u32>>,
    pub(super) change_min: Option<u32>,
}

pub(super) struct Site {
    pub(super) span: Option<Span>,
    pub(super) title: Option<At<String>>,
    pub(super) url: Option<At<Url>>,
    pub(super) description: Option<String>,
    pub(super) language: Option<At<String>>,
    pub(super) zone: Option<At<Zone>>,
    /// Whether the key is there, whatever it is worth.
    pub(super) base_url_written: bool,
    pub(super) base_url: Option<At<Url>>,
    pub(super) authors: Vec<SiteAuthor>,
    pub(super) copyright: Option<At<String>>,
    pub(super) license: Option<Str>,
    pub(super) icon: Option<Str>,
    pub(super) logo: Option<Str>,
    pub(super) contact: Option<At<String>>,
}

pub(super) struct Schedule {
    pub(super) cron: Option<At<Option<String>>>,
    pub(super) watch: Option<bool>,
    pub(super) look: Option<At<Option<u64>>>,
}

pub(super) struct Source {
    pub(super) name: Option<At<String>>,
    pub(super) place: Option<Place>,
    pub(super) permalink: Option<At<String>>,
    pub(super) zone: Option<At<Zone>>,
    pub(super) language: Option<At<String>>,
    pub(super) authors: Vec<String>,
    pub(super) section: Option<At<String>>,
    pub(super) id_prefix: Option<At<String>>,
    pub(super) list_separator: Option<At<String>>,
}

pub(super) enum Place {
    Directory { path: At<PathBuf>, shown: String, include: Vec<String>, exclude: Vec<String> },
    Database(Box<Database>),
    Wxr { path: PathBuf, shown: String, types: Vec<String> },
}

pub(super) struct Database {
    pub(super) address: Address,
    /// Posts of a program that is known, instead of a query.
    pub(super) preset: Option<Preset>,
    /// The URL as written, without a password.
    pub(super) shown: String,
    pub(super) query: Asked,
    pub(super) charset: Option<&'static encoding_rs::Encoding>,
    pub(super) also: Vec<(String, String)>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) tls_ca: Option<PathBuf>,
    pub(super) time_limit: Option<u64>,
    pub(super) changes: Option<Changes>,
    pub(super) listen: Option<String>,
}

/// What a database is asked for.
pub(super) enum Asked {
    Query(String),
    /// A table, and its columns by what they are: all under their own names where none is told.
    Table(String, Vec<(String, String)>),
}

/// What tells which rows changed.
pub(super) struct Changes {
    pub(super) column: String,
    pub(super) lag: Option<u64>,
    pub(super) sweep: Option<u64>,
}

/// A program whose tables are known.
pub(super) enum Preset {
    Wordpress(Tables),
    Ghost,
}

pub(super) struct Feed {
    pub(super) span: Option<Span>,
    pub(super) name: Option<At<String>>,
    pub(super) each: Option<At<Each>>,
    pub(super) title: Option<At<String>>,
    pub(super) description: Option<At<String>>,
    pub(super) home: Option<Str>,
    pub(super) language: Option<At<String>>,
    pub(super) any: Vec<At<TermKey>>,
    pub(super) all: Vec<At<TermKey>>,
    pub(super) none: Vec<At<TermKey>>,
    pub(super) limit: Option<u32>,
    pub(super) within: Option<At<u64>>,
    pub(super) max_entry_age: Option<At<Option<u64>>>,
    pub(super) max_bytes: Option<At<Option<u64>>>,
    pub(super) order: Option<At<Order>>,
    pub(super) resurface: Option<At<Option<u64>>>,
    pub(super) body: Option<At<BodyMode>>,
    pub(super) eager: Option<bool>,
    pub(super) tombstones: Option<At<Option<u64>>>,
    pub(super) podcast: Option<podcast::Written>,
}

/// What one definition makes a feed of each of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    Section,
    Tag,
    Author,
    Series,
}

impl Each {
    pub(super) fn taxonomy(self) -> Taxonomy {
        match self {
            Each::Section => Taxonomy::Section,
            Each::Tag => Taxonomy::Tag,
            Each::Author => Taxonomy::Author,
            Each::Series => Taxonomy::Series,
        }
    }
}

/// Where `feeds.lock` is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    File,
    State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    Database,
    Wxr,
}

pub(super) struct Media {
    pub(super) fetch: Option<bool>,
    pub(super) budget: Option<u32>,
    pub(super) budget_time: Option<At<u64>>,
    pub(super) max_age: Option<At<u64>>,
    pub(super) allow: Vec<At<Allowed>>,
}

pub(super) struct Output {
    pub(super) dir: Option<At<PathBuf>>,
    pub(super) state: Option<At<PathBuf>>,
    pub(super) lock: Option<At<Lock>>,
}

pub(super) struct Server {
    pub(super) listen: Option<At<SocketAddr>>,
    pub(super) admin: Option<At<Option<SocketAddr>>>,
    pub(super) max_age: Option<At<u64>>,
    pub(super) aliases: Vec<(At<String>, Str)>,
    pub(super) fallbacks: Vec<(At<String>, Str)>,
    pub(super) redirects: Vec<(At<String>, Str)>,
    pub(super) gone: Vec<Str>,
}

/// Reads the whole file.
pub(super) fn file<'t>(text: &mut Text<'_>, table: &'t DeTable<'t>) -> File {
    let mut top = Table::new(keys::TOP, None, table);
    let site = top.table(text, "site", keys::SITE);
    let site = self::site(text, site);
    let schedule = top.table(text, "schedule", keys::SCHEDULE);
    let schedule = self::schedule(text, schedule);
    let guard = top.table(text, "guard", keys::GUARD);
    let guard = self::guard(text, guard);
    let sources = top.tables(text, "source", keys::SOURCE);
    if sources.is_none() {
        text.error(
            &codes::KEY_MISSING,
            None,
            "there is no `[[source]]`, so there are no articles",
            "add `[[source]]` with `name = \"newsroom\"` and `path = \"content\"`",
        );
    }
    let sources =
        sources.unwrap_or_default().into_iter().map(|table| source(text, table)).collect();
    let feeds = top.tables(text, "feed", keys::FEED);
    let feeds_written = feeds.is_some();
    let feeds = feeds.unwrap_or_default().into_iter().map(|table| feed(text, table)).collect();
    let media = top.table(text, "media", keys::MEDIA);
    let media = self::media(text, media);
    let output = top.table(text, "output", keys::OUTPUT);
    let output = self::output(text, output);
    let server = top.table(text, "server", keys::SERVER);
    let server = self::server(text, server);
    top.finish(text);
    File { site, schedule, sources, feeds, feeds_written, media, output, server, guard }
}

fn site(text: &mut Text<'_>, mut t: Table<'_>) -> Site {
    if t.written() {
        t.require(text, "title", "add `title = \"The Harbour Gazette\"`");
        t.require(text, "url", "add `url = \"https://gazette.example/\"`");
    } else {
        let help = "add `[site]` with `title = \"The Harbour Gazette\"` and \
                    `url = \"https://gazette.example/\"`";
        text.error(&codes::KEY_MISSING, None, "there is no `[site]`", help);
    }
    let authors = t.list(text, "authors");
    let site = Site {
        span: t.span.clone(),
        title: t.parsed(text, "title", values::text),
        url: t.parsed(text, "url", places::base),
        description: t.parsed(text, "description", values::text_or_empty).map(|at| at.value),
        language: t.parsed(text, "language", values::language),
        zone: t.parsed(text, "timezone", values::zone),
        base_url_written: t.has("base_url"),
        base_url: t.parsed(text, "base_url", places::base),
        authors: authors.iter().filter_map(|author| site_author(text, author)).collect(),
        copyright: t.parsed(text, "copyright", values::text),
        license: t.string(text, "license"),
        icon: t.string(text, "icon"),
        logo: t.string(text, "logo"),
        contact: t.parsed(text, "contact", places::contact),
    };
    t.finish(text);
    site
}

/// A name alone, or a table.
fn site_author<'t>(text: &mut Text<'_>, author: &'t Spanned<DeValue<'t>>) -> Option<SiteAuthor> {
    let DeValue::Table(entries) = author.get_ref() else {
        let name = text.string_in("authors", author)?;
        return match values::text(&name.value) {
            Ok(name) => Some(SiteAuthor { name, uri: None, email: None }),
            Err(wrong) => {
                text.wrong("authors", &name.span, wrong);
                None
            }
        };
    };
    let mut t = Table::new(keys::AUTHOR, Some(author.span()), entries);
    t.require(text, "name", "write `{ name = \"Ann Editor\", email = \"ann@gazette.example\" }`");
    let name = t.parsed(text, "name", values::text);
    let uri = t.parsed(text, "uri", places::web).map(|uri| uri.value.to_string());
    let email = t.parsed(text, "email", places::email).map(|email| email.value);
    t.finish(text);
    Some(SiteAuthor { name: name?.value, uri, email })
}

fn guard(text: &mut Text<'_>, mut t: Table<'_>) -> Guard {
    let guard = Guard {
        loss: t.parsed(text, "loss", values::percent),
        loss_min: t.count(text, "loss_min"),
        change: t.parsed(text, "change", values::percent),
        change_min: t.count(text, "change_min"),
    };
    t.finish(text);
    guard
}

fn media(text: &mut Text<'_>, mut t: Table<'_>) -> Media {
    let media = Media {
        fetch: t.boolean(text, "fetch"),
        budget: t.count(text, "budget"),
        budget_time: t.parsed(text, "budget_time", values::positive_duration),
        max_age: t.parsed(text, "max_age", values::positive_duration),
        allow: t.parsed_list(text, "allow", values::allowed),
    };
    t.finish(text);
    media
}

fn schedule(text: &mut Text<'_>, mut t: Table<'_>) -> Schedule {
    let schedule = Schedule {
        cron: t.parsed(text, "cron", values::or_none(values::cron)),
        watch: t.boolean(text, "watch"),
        look: t.parsed(text, "look", values::or_none(values::positive_duration)),
    };
    t.finish(text);
    schedule
}

fn source(text: &mut Text<'_>, mut t: Table<'_>) -> Source {
    t.require(text, "name", "add a name that stays, such as `name = \"newsroom\"`");
    let kind = t.parsed(
        text,
        "kind",
        values::word(
            codes::KIND,
            &[("directory", Kind::Directory), ("database", Kind::Database), ("wxr", Kind::Wxr)],
        ),
    );
    let kind = match kind {
        Some(kind) => Some(kind.value),
        None if t.has("kind") => None,
        None => Some(Kind::Directory),
    };
    let list_separator = t.parsed(text, "list_separator", |value| {
        if value.is_empty() { values::text(value) } else { Ok(value.to_owned()) }
    });
    let place = place(text, &mut t, kind);
    let is_ghost =
        matches!(&place, Some(Place::Database(d)) if matches!(d.preset, Some(Preset::Ghost)));
    let permalink = if is_ghost { values::ghost_permalink } else { values::permalink };
    let source = Source {
        name: t.parsed(text, "name", values::source_name),
        place,
        permalink: t.parsed(text, "permalink", permalink),
        zone: t.parsed(text, "timezone", values::zone),
        language: t.parsed(text, "language", values::language),
        authors: plain(t.parsed_list(text, "authors", values::text)),
        section: t.parsed(text, "section", values::section),
        id_prefix: t.parsed(text, "id_prefix", values::id_prefix),
        list_separator,
    };
    t.finish(text);
    source
}

/// The keys of each kind, refused at the other.
const DIRECTORY: [&str; 3] = ["path", "include", "exclude"];
const DATABASE: [&str; 18] = [
    "url",
    "query",
    "table",
    "columns",
    "charset",
    "also",
    "preset",
    "table_prefix",
    "blog",
    "type_bases",
    "changed_since",
    "lag",
    "sweep",
    "listen",
    "list_separator",
    "password_file",
    "tls_ca",
    "time_limit",
];

/// Where a source's documents are; keys of the other kind are refused.
fn place(text: &mut Text<'_>, t: &mut Table<'_>, kind: Option<Kind>) -> Option<Place> {
    let path = t.string(text, "path");
    let include = plain(t.parsed_list(text, "include", places::glob));
    let exclude = plain(t.parsed_list(text, "exclude", places::glob));
    let types = plain(t.parsed_list(text, "types", values::post_type));
    let types = if types.is_empty() { vec!["post".to_owned()] } else { types };
    let asked = t.has("preset");
    let database = database(text, t, kind == Some(Kind::Database), &types);
    let is_ghost = matches!(database.as_ref().map(|d| &d.preset), Some(Some(Preset::Ghost)));
    if kind? != Kind::Wxr && (!asked || is_ghost) {
        let help = "leave it out, or write `preset = \"wordpress\"`";
        t.refuse(text, "types", "is for WordPress", help);
    }
    match kind? {
        Kind::Wxr => {
            for key in DATABASE.into_iter().chain(["include", "exclude"]) {
                let help = "leave it out: an export has `path` and `types`";
                t.refuse(text, key, "isn't for `kind = \"wxr\"`", help);
            }
            t.require(text, "path", "add the export file: `path = \"export.xml\"`");
            let Str { value, written, span } = path?;
            match places::path(&value) {
                Ok(path) => Some(Place::Wxr { path, shown: written, types }),
                Err(wrong) => {
                    text.wrong("path", &span, wrong);
                    None
                }
            }
        }
        Kind::Directory => {
            for key in DATABASE {
                let help = "write `kind = \"database\"`, or leave it out";
                t.refuse(text, key, "is for `kind = \"database\"`", help);
            }
            if !t.has("url") {
                t.require(text, "path", "add where its documents are: `path = \"content\"`");
            }
            let Str { value, written, span } = path?;
            match places::path(&value) {
                Ok(path) => Some(Place::Directory {
                    path: At { value: path, span },
                    shown: written,
                    include,
                    exclude,
                }),
                Err(wrong) => {
                    text.wrong("path", &span, wrong);
                    None
                }
            }
        }
        Kind::Database => {
            for key in DIRECTORY {
                let help = "leave it out: a database has `url` and `query`";
                t.refuse(text, key, "is for `kind = \"directory\"`", help);
            }
            database.map(|d| Place::Database(Box::new(d)))
        }
    }
}

/// Where a database is, and what it is asked; what is wrong is told only of one that is `wanted`.
fn database(
    text: &mut Text<'_>,
    t: &mut Table<'_>,
    wanted: bool,
    types: &[String],
) -> Option<Database> {
    let url = t.string(text, "url");
    let query = asked(text, t, wanted);
    let charset = t.parsed(text, "charset", values::charset);
    let also = t.pairs(text, "also", "tags = \"select … where id in (:ids)\"");
    let password_file = t.parsed(text, "password_file", places::path);
    let tls_ca = t.parsed(text, "tls_ca", places::path);
    let time_limit = t.parsed(text, "time_limit", values::positive_duration);
    let preset = preset(text, t, types);
    let changes = changes(text, t, wanted);
    let listen = t.parsed(text, "listen", values::text);
    if !wanted {
        return None;
    }
    t.require(text, "url", "add where it is: `url = \"sqlite:desk.db\"`");
    if t.has("preset") {
        for key in ["query", "table", "columns", "also", "changed_since", "lag", "sweep", "charset"]
        {
            t.refuse(text, key, "isn't asked beside a preset", "leave it out");
        }
    }
    if !matches!(preset, Some(Preset::Wordpress(_))) && (!t.has("preset") || preset.is_some()) {
        for key in ["table_prefix", "blog", "type_bases"] {
            let what = "is for the preset of WordPress";
            t.refuse(text, key, what, "add `preset = \"wordpress\"`, or leave it out");
        }
    }
    let Str { value, written, span } = url?;
    let address = match database::database(&value) {
        Ok(address) => address,
        Err(wrong) => {
            text.wrong("url", &span, wrong);
            return None;
        }
    };
    for (key, set) in [("password_file", &password_file), ("tls_ca", &tls_ca)] {
        if let (Address::Sqlite(_), Some(at)) = (&address, set) {
            let help = "leave it out: a SQLite file has neither password nor connection";
            let message = format!("`{key}` is for a database on a server");
            text.error(&codes::KEY_MISPLACED, Some(&at.span), message, help);
        }
    }
    let elsewhere = match (&preset, &address) {
        (Some(Preset::Wordpress(_)), Address::Sqlite(_) | Address::Postgres(_)) => Some((
            "`url` is no database of WordPress's",
            "write `url = \"mysql://…\"`: WordPress keeps its posts in MySQL or MariaDB",
        )),
        (Some(Preset::Ghost), Address::Postgres(_)) => Some((
            "`url` is no database of Ghost's",
            "write `url = \"mysql://…\"` or `\"sqlite:ghost.db\"`: Ghost keeps its posts there",
        )),
        _ => None,
    };
    if let Some((message, help)) = elsewhere {
        text.error(&codes::DATABASE, Some(&span), message, help);
        return None;
    }
    if let (Address::Sqlite(_) | Address::Mysql(_), Some(at)) = (&address, &listen) {
        let message = "`listen` is for PostgreSQL, which alone tells of changes";
        let help =
            "leave it out: a SQLite file is watched, and others are asked as `[schedule]` says";
        text.error(&codes::KEY_MISPLACED, Some(&at.span), message, help);
    }
    Some(Database {
        preset,
        address,
        shown: database::without_password(&written),
        query: if t.has("preset") { Asked::Query(String::new()) } else { query? },
        charset: charset.map(|at| at.value),
        also: also.into_iter().map(|(name, sql)| (name.value, sql.value)).collect(),
        password_file: password_file.map(|at| at.value),
        tls_ca: tls_ca.map(|at| at.value),
        time_limit: time_limit.map(|at| at.value),
        changes,
        listen: listen.map(|at| at.value),
    })
}

/// What `preset` asks for.
fn preset(text: &mut Text<'_>, t: &mut Table<'_>, types: &[String]) -> Option<Preset> {
    const WORDS: &[(&str, bool)] = &[("wordpress", false), ("ghost", true)];
    let preset = t.parsed(text, "preset", values::word(codes::VALUE, WORDS));
    let prefix = t.parsed(text, "table_prefix", values::table_prefix);
    let blog = t.count(text, "blog");
    let bases = wordpress::type_bases(text, t, types);
    if preset?.value {
        return Some(Preset::Ghost);
    }
    Some(Preset::Wordpress(Tables {
        prefix: prefix.map_or_else(|| "wp_".to_owned(), |at| at.value),
        blog: blog.unwrap_or(1),
        types: types.to_vec(),
        bases,
    }))
}

/// What is asked for: a query, or a table with its columns.
fn asked(text: &mut Text<'_>, t: &mut Table<'_>, wanted: bool) -> Option<Asked> {
    let query = t.parsed(text, "query", values::query);
    let wanted = wanted && !t.has("preset");
    let table = t.parsed(text, "table", values::text);
    let columns = t.pairs(text, "columns", "title = \"headline\"");
    if !wanted {
        return None;
    }
    if !t.has("table") {
        let help = "add `query = \"select id, title, url, body, published from stories\"`";
        t.require(text, "query", help);
        t.refuse(text, "columns", "is for a `table`", "let the query name its columns");
        return query.map(|at| Asked::Query(at.value));
    }
    t.refuse(text, "query", "and `table` are two ways to say it", "leave one of them out");
    let columns = columns.into_iter().map(|(what, column)| (what.value, column.value)).collect();
    Some(Asked::Table(table?.value, columns))
}

fn changes(text: &mut Text<'_>, t: &mut Table<'_>, wanted: bool) -> Option<Changes> {
    let column = t.parsed(text, "changed_since", values::text);
    let lag = t.parsed(text, "lag", values::duration);
    let sweep = t.parsed(text, "sweep", values::positive_duration);
    if column.is_none() && wanted && !t.has("changed_since") && !t.has("preset") {
        for key in ["lag", "sweep"] {
            let help = "add `changed_since = \"updated\"`, a column that grows with each change";
            t.refuse(text, key, "means nothing without `changed_since`", help);
        }
    }
    let value = |at: Option<At<u64>>| at.map(|at| at.value);
    Some(Changes { column: column?.value, lag: value(lag), sweep: value(sweep) })
}

fn plain<T>(values: Vec<At<T>>) -> Vec<T> {
    values.into_iter().map(|at| at.value).collect()
}

const EACH: &[(&str, Each)] = &[
    ("section", Each::Section),
    ("tag", Each::Tag),
    ("author", Each::Author),
    ("series", Each::Series),
];

const ORDER: &[(&str, Order)] = &[("published", Order::Published), ("updated", Order::Updated)];

const BODY: &[(&str, BodyMode)] =
    &[("full", BodyMode::Full), ("summary", BodyMode::Summary), ("none", BodyMode::None)];

fn feed(text: &mut Text<'_>, mut t: Table<'_>) -> Feed {
    if !t.has("each") {
        t.require(text, "name", "add `name = \"latest\"`, which makes /feeds/latest.rss");
    }
    let podcast = t.table(text, "podcast", keys::PODCAST);
    let feed = Feed {
        span: t.span.clone(),
        name: t.parsed(text, "name", |name| Ok(name.to_owned())),
        each: t.parsed(text, "each", values::word(codes::VALUE, EACH)),
        title: t.parsed(text, "title", values::text),
        description: t.parsed(text, "description", values::text),
        home: t.string(text, "home"),
        language: t.parsed(text, "language", values::language),
        any: t.parsed_list(text, "any", values::term),
        all: t.parsed_list(text, "all", values::term),
        none: t.parsed_list(text, "none", values::term),
        limit: t.count(text, "limit"),
        within: t.parsed(text, "within", values::duration),
        max_entry_age: t.parsed(text, "max_entry_age", values::or_none(values::positive_duration)),
        max_bytes: t.parsed(text, "max_bytes", values::or_none(values::size)),
        order: t.parsed(text, "order", values::word(codes::VALUE, ORDER)),
        resurface: t.parsed(text, "resurface", values::or_none(values::positive_duration)),
        body: t.parsed(text, "body", values::word(codes::VALUE, BODY)),
        eager: t.boolean(text, "eager"),
        tombstones: t.parsed(text, "tombstones", values::or_none(values::positive_duration)),
        podcast: podcast::read(text, podcast),
    };
    t.finish(text);
    feed
}

fn output(text: &mut Text<'_>, mut t: Table<'_>) -> Output {
    let output = Output {
        dir: t.parsed(text, "dir", places::path),
        state: t.parsed(text, "state", places::path),
        lock: t.parsed(
            text,
            "lock",
            values::word(codes::VALUE, &[("file", Lock::File), ("state", Lock::State)]),
        ),
    };
    t.finish(text);
    output
}

fn server(text: &mut Text<'_>, mut t: Table<'_>) -> Server {
    let server = Server {
        listen: t.parsed(text, "listen", places::listen),
        admin: t.parsed(text, "admin", values::or_none(places::listen)),
        max_age: t.parsed(text, "max_age", values::duration),
        aliases: t.pairs(text, "aliases", "\"/rss.xml\" = \"latest.rss\""),
        fallbacks: t.pairs(text, "fallbacks", "\"/search/**/feed\" = \"latest.rss\""),
        redirects: t.pairs(text, "redirects", "\"/old/\" = \"/feeds/latest/\""),
        gone: t.strings(text, "gone"),
    };
    t.finish(text);
    server
}
