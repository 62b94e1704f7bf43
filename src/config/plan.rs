//! From [`File`] to each room's own options: defaults filled in, paths resolved, and what only shows
//! when keys are compared told: two of one name, a tree within a source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::apart::{self, Within};
use super::file::{self, File, Lock};
use super::text::{At, Span, Str, Text};
use super::{Settings, codes, defaults, feeds, places, routes, values};
use crate::article::LANGUAGE;
use crate::document::ghost;
use crate::feed::{self, Definition};
use crate::problem::Severity;
use crate::source::database::{self, Address, Changes, Password, Question};
use crate::{document, fetch, run, server, source, worker};

/// Resolves a whole file. `None` where something that has no default is missing or wrong, which has
/// been told.
pub(super) fn resolve(text: &mut Text<'_>, file: &File, path: &Path) -> Option<Settings> {
    let folder = path.parent().unwrap_or(Path::new(""));
    notes(text, file);
    let site = site(text, file);
    let feeds = feeds::resolve(text, file);
    let by_language = by_language(&feeds, site.as_ref());
    let sources = sources(text, file, folder, site.as_ref(), by_language.as_ref());
    let output = output(text, file, folder, &sources);
    let server = server(text, file, &feeds);
    let worker = worker(file, path, &sources, &output, site.as_ref());
    let media_cache = output.state.join(fetch::FILE);
    let plan = run::Plan {
        learned: None,
        told: Vec::new(),
        config: path.to_owned(),
        site: site?,
        sources,
        feeds,
        tree: output.tree,
        state: output.state,
        lock: output.lock,
        guard: guard(&file.guard),
        media: media(&file.media),
        media_cache,
    };
    Some(Settings { plan, worker: worker?, server })
}

fn media(written: &file::Media) -> fetch::Options {
    let defaults = fetch::Options::default();
    fetch::Options {
        on: written.fetch.unwrap_or(defaults.on),
        files_max: written.budget.unwrap_or(defaults.files_max),
        within: value(&written.budget_time).map_or(defaults.within, Duration::from_secs),
        max_age_s: value(&written.max_age).unwrap_or(defaults.max_age_s),
        allow: written.allow.iter().map(|at| at.value.clone()).collect(),
    }
}

fn guard(written: &file::Guard) -> crate::catalog::guard::Options {
    let defaults = crate::catalog::guard::Options::default();
    crate::catalog::guard::Options {
        loss_percent: value(&written.loss).unwrap_or(defaults.loss_percent),
        loss_min: written.loss_min.unwrap_or(defaults.loss_min),
        change_percent: value(&written.change).unwrap_or(defaults.change_percent),
        change_min: written.change_min.unwrap_or(defaults.change_min),
    }
}

/// What is worth knowing and stops nothing.
fn notes(text: &mut Text<'_>, file: &File) {
    let site = &file.site;
    if !site.base_url_written {
        text.tell(
            Severity::Note,
            &codes::BASE_URL_MISSING,
            site.span.as_ref(),
            "without `base_url` feeds don't say where they are, and there is no feeds.opml",
            Some(
                "add the address at which the feeds are reached: \
                  `base_url = \"https://feeds.gazette.example/\"`"
                    .to_owned(),
            ),
        );
    }
    if let (Some(base), Some(url)) = (&site.base_url, &site.url)
        && crate::article::is_loopback(&base.value)
        && !crate::article::is_loopback(&url.value)
    {
        text.tell(
            Severity::Note,
            &codes::BASE_URL_LOOPBACK,
            Some(&base.span),
            "`base_url` is this machine, but the site is public: subscribers would look for the \
             feeds on their own machine",
            Some("write the address at which the world reaches the feeds".to_owned()),
        );
    }
    if let Some(At { value: Some(admin), span }) = &file.server.admin
        && !admin.ip().is_loopback()
    {
        text.tell(
            Severity::Note,
            &codes::ADMIN_OPEN,
            Some(span),
            "the admin listener can be reached from other machines, and asks for no password",
            Some("keep it behind a firewall, or write `admin = \"127.0.0.1:8081\"`".to_owned()),
        );
    }
}

fn site(text: &mut Text<'_>, file: &File) -> Option<feed::Site> {
    let site = &file.site;
    let url = site.url.as_ref().map(|url| &url.value);
    let license = link(text, "license", site.license.as_ref(), url);
    let icon = link(text, "icon", site.icon.as_ref(), url);
    let logo = link(text, "logo", site.logo.as_ref(), url);
    let max_age_s = file.server.max_age.as_ref().map_or(defaults::MAX_AGE_S, |at| at.value);
    Some(feed::Site {
        title: value(&site.title)?,
        url: url?.clone(),
        description: site.description.clone().unwrap_or_default(),
        language: value(&site.language),
        zone: value(&site.zone).unwrap_or_else(defaults::zone),
        base_url: value(&site.base_url),
        id_base: url?.clone(),
        authors: site.authors.clone(),
        copyright: value(&site.copyright),
        license,
        icon,
        logo,
        contact: value(&site.contact),
        ttl_minutes: max_age_s.div_ceil(60),
    })
}

pub(super) fn value<T: Clone>(at: &Option<At<T>>) -> Option<T> {
    at.as_ref().map(|at| at.value.clone())
}

/// An address that may be written relative to the site.
pub(super) fn link(
    text: &mut Text<'_>,
    key: &str,
    link: Option<&Str>,
    site: Option<&Url>,
) -> Option<String> {
    let link = link?;
    if let Err(wrong) = values::text(&link.value) {
        text.wrong(key, &link.span, wrong);
        return None;
    }
    let joined = match site {
        Some(site) => site.join(&link.value).map(String::from).unwrap_or_default(),
        None if link.value.contains(':') => link.value.clone(),
        // Relative to a site whose address is wrong, which has been told.
        None => return None,
    };
    match places::web(&joined) {
        Ok(url) => Some(url.to_string()),
        Err(wrong) => {
            text.wrong(key, &link.span, wrong);
            None
        }
    }
}

/// Tells of a second one of a name.
pub(super) fn twice(
    text: &mut Text<'_>,
    seen: &mut BTreeMap<String, usize>,
    what: &str,
    name: &str,
    key: &str,
    span: Option<&Span>,
) -> bool {
    let line = span.map_or(0, |span| text.line_of(span.start) + 1);
    let Some(first) = seen.get(key).copied() else {
        seen.insert(key.to_owned(), line);
        return false;
    };
    let message = format!("there are two {what}s named `{name}`");
    let help = format!("the first is on line {first}; give this one another name");
    text.error(&codes::NAME_TWICE, span, message, help);
    true
}

fn sources(
    text: &mut Text<'_>,
    file: &File,
    folder: &Path,
    site: Option<&feed::Site>,
    by_language: Option<&String>,
) -> Vec<source::Options> {
    let mut sources = Vec::new();
    let mut seen = BTreeMap::new();
    for written in &file.sources {
        if let Some(name) = &written.name
            && twice(text, &mut seen, "source", &name.value, &name.value, Some(&name.span))
        {
            continue;
        }
        if let (Some(name), Some(place), Some(site)) = (&written.name, &written.place, site) {
            sources.push(source::Options {
                name: name.value.clone(),
                reading: document::Options {
                    by_language: by_language.cloned(),
                    ..reading(written, &name.value, site)
                },
                place: source_place(written, place, folder, site),
            });
        }
    }
    sources
}

/// The language of articles that name none, where a feed selects by it.
fn by_language(feeds: &[Definition], site: Option<&feed::Site>) -> Option<String> {
    let selects = |d: &Definition| {
        let feed::Selection { any, all, none } = &d.selection;
        any.iter().chain(all).chain(none).any(|key| key.taxonomy.as_str() == LANGUAGE)
    };
    let language = site.and_then(|site| site.language.clone()).unwrap_or_default();
    feeds.iter().any(selects).then_some(language)
}

fn reading(written: &file::Source, name: &str, site: &feed::Site) -> document::Options {
    // Ghost's rows name their links; its pattern is its own.
    let is_ghost = matches!(
        &written.place,
        Some(file::Place::Database(asked)) if matches!(asked.preset, Some(file::Preset::Ghost))
    );
    let permalink = value(&written.permalink).filter(|_| !is_ghost);
    document::Options {
        source: name.to_owned(),
        site_url: site.url.clone(),
        zone: value(&written.zone).unwrap_or_else(|| site.zone.clone()),
        link_zone: site.zone.clone(),
        id_base: site.id_base.clone(),
        id_permalink: permalink.clone(),
        id_zone: site.zone.clone(),
        permalink,
        id_prefix: value(&written.id_prefix),
        language: value(&written.language),
        authors: written.authors.clone(),
        section: value(&written.section),
        list_separator: value(&written.list_separator)
            .unwrap_or_else(|| defaults::LIST_SEPARATOR.to_owned()),
        drafts: false,
        by_language: None,
        charset: match &written.place {
            Some(file::Place::Database(database)) => database.charset,
            _ => None,
        },
    }
}

fn source_place(
    written: &file::Source,
    place: &file::Place,
    folder: &Path,
    site: &feed::Site,
) -> source::Place {
    match place {
        file::Place::Directory { path, shown, include, exclude } => {
            source::Place::Directory(source::directory::Options {
                root: folder.join(&path.value),
                shown: shown.clone(),
                include: include.clone(),
                exclude: exclude.clone(),
            })
        }
        file::Place::Wxr { path, shown, types } => source::Place::Wxr(source::wxr::Options {
            path: folder.join(path),
            shown: shown.clone(),
            types: types.clone(),
        }),
        file::Place::Database(asked) => {
            let mut options = database(asked, folder);
            match &asked.preset {
                Some(file::Preset::Wordpress(tables)) => {
                    options.question = database::wordpress::question(tables);
                }
                Some(file::Preset::Ghost) => {
                    let permalink = value(&written.permalink);
                    options.question = database::ghost::question(&database::ghost::Site {
                        url: site.url.clone(),
                        permalink: permalink
                            .unwrap_or_else(|| ghost::permalink::DEFAULT.to_owned()),
                    });
                }
                None => {}
            }
            source::Place::Database(Box::new(options))
        }
    }
}

fn database(written: &file::Database, folder: &Path) -> source::database::Options {
    let mut address = written.address.clone();
    match &mut address {
        Address::Sqlite(file) => *file = folder.join(&file),
        Address::Postgres(server) | Address::Mysql(server) => {
            if let Some(file) = &written.password_file {
                server.password = Password::File(folder.join(file));
            }
            server.tls.ca = written.tls_ca.as_ref().map(|file| folder.join(file));
        }
    }
    source::database::Options {
        address,
        shown: written.shown.clone(),
        question: Question {
            query: query(&written.query, &written.address),
            also: written.also.clone(),
            changes: written.changes.as_ref().map(|changes| Changes {
                column: changes.column.clone(),
                lag_s: changes.lag.unwrap_or(defaults::LAG_S),
                sweep_s: changes.sweep.unwrap_or(defaults::SWEEP_S),
            }),
            ..Question::default()
        },
        limit: written.time_limit.map_or(database::TIME_MAX, Duration::from_secs),
        listen: written.listen.clone(),
    }
}

/// The query that a table and its columns stand for.
fn query(asked: &file::Asked, address: &Address) -> String {
    let quote = if matches!(address, Address::Mysql(_)) { '`' } else { '"' };
    let quoted = |name: &str| {
        let doubled = name.replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{doubled}{quote}")
    };
    match asked {
        file::Asked::Query(query) => query.clone(),
        file::Asked::Table(table, columns) => {
            // A table may stand in a schema.
            let table: Vec<_> = table.split('.').map(quoted).collect();
            let named = |(what, column): &(String, String)| {
                format!("{} as {}", quoted(column), quoted(what))
            };
            let columns: Vec<_> = columns.iter().map(named).collect();
            let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
            format!("select {columns} from {}", table.join("."))
        }
    }
}

struct Output {
    tree: PathBuf,
    state: PathBuf,
    lock: PathBuf,
}

fn output(text: &mut Text<'_>, file: &File, folder: &Path, sources: &[source::Options]) -> Output {
    let output = &file.output;
    let tree = folder.join(value(&output.dir).unwrap_or_else(|| defaults::DIR.into()));
    let state = folder.join(value(&output.state).unwrap_or_else(|| defaults::STATE.into()));
    let lock = match value(&output.lock).unwrap_or(Lock::File) {
        Lock::File => folder.join(defaults::LOCK_FILE),
        Lock::State => state.join(defaults::LOCK_FILE),
    };
    let at = output.state.as_ref().map(|at| &at.span).or(output.dir.as_ref().map(|at| &at.span));
    if apart::within(&state, &tree) != Within::No {
        let message = "the state folder lies in the tree, where it would be published";
        let help = "keep them apart, as in `dir = \"public\"` and `state = \".feedwright\"`";
        text.error(&codes::PATH, at, message, help);
    }
    tree_apart(text, file, &tree, sources);
    Output { tree, state, lock }
}

/// Tells of a source that would read the published tree as documents.
fn tree_apart(text: &mut Text<'_>, file: &File, tree: &Path, sources: &[source::Options]) {
    for source in sources {
        let source::Place::Directory(options) = &source.place else { continue };
        let help = match apart::within(tree, &options.root) {
            Within::No => continue,
            Within::Below(below) if reads(options, &below) => {
                let below = below.to_string_lossy();
                format!("add `exclude = [\"{below}/**\"]`, or let `[output] dir` lie elsewhere")
            }
            Within::Somewhere if options.include.is_empty() && options.exclude.is_empty() => {
                "add an `exclude` for it, or let `[output] dir` lie elsewhere".to_owned()
            }
            Within::Same => {
                "keep them apart, as in `path = \"content\"` and `dir = \"public\"`".to_owned()
            }
            Within::Below(_) | Within::Somewhere => continue,
        };
        let span = file.sources.iter().find_map(|written| match (&written.name, &written.place) {
            (Some(name), Some(file::Place::Directory { path, .. }))
                if name.value == source.name =>
            {
                Some(&path.span)
            }
            _ => None,
        });
        let message = "the published tree lies in this source, which would read it as documents";
        text.error(&codes::PATH, span, message, help);
    }
}

/// Whether a source's globs let it read the pages of a tree that lies at `below` in it.
fn reads(options: &source::directory::Options, below: &Path) -> bool {
    let page = below.join("feeds/latest/index.html");
    let fits = |glob: &String| {
        globset::Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(&page))
    };
    (options.include.is_empty() || options.include.iter().any(fits))
        && !options.exclude.iter().any(fits)
}

fn server(text: &mut Text<'_>, file: &File, feeds: &[Definition]) -> server::Options {
    let written = &file.server;
    let routes = routes::resolve(text, written, feeds);
    let listen = value(&written.listen).unwrap_or(defaults::LISTEN);
    let admin = value(&written.admin).unwrap_or(Some(defaults::ADMIN));
    if admin == Some(listen) && listen.port() != 0 {
        let at = written.admin.as_ref().map(|at| &at.span);
        let at = at.or(written.listen.as_ref().map(|at| &at.span));
        let message = "`listen` and `admin` are one address";
        text.error(&codes::LISTEN, at, message, "give the admin listener a port of its own");
    }
    server::Options {
        listen,
        admin,
        max_age_s: value(&written.max_age).unwrap_or(defaults::MAX_AGE_S),
        aliases: routes.aliases,
        fallbacks: routes.fallbacks,
        redirects: routes.redirects,
        gone: routes.gone,
    }
}

/// What [`worker::Options`] has where there is none.
const NO_FULL_LOOK: u64 = 0;

fn worker(
    file: &File,
    path: &Path,
    sources: &[source::Options],
    output: &Output,
    site: Option<&feed::Site>,
) -> Option<worker::Options> {
    let mut watched = Vec::new();
    let mut watched_files = vec![path.to_owned()];
    for source in sources {
        match &source.place {
            source::Place::Directory(options) => watched.push(options.root.clone()),
            source::Place::Database(options) => {
                watched_files.extend(options.address.file().map(Path::to_owned));
            }
            source::Place::Wxr(options) => watched_files.push(options.path.clone()),
        }
    }
    // Two sources can share a folder, each with its own globs.
    watched.sort();
    watched.dedup();
    watched_files.sort();
    watched_files.dedup();
    Some(worker::Options {
        cron: value(&file.schedule.cron).unwrap_or_else(|| Some(defaults::CRON.to_owned())),
        zone: site?.zone.clone(),
        watch: file.schedule.watch.unwrap_or(defaults::WATCH),
        watched,
        watched_files,
        ignored: vec![output.tree.clone(), output.state.clone(), output.lock.clone()],
        full_look_s: value(&file.schedule.look)
            .map_or(defaults::LOOK_S, |look| look.unwrap_or(NO_FULL_LOOK)),
    })
}
