//! `feedwright explain ARTICLE`: what was read of an article and from where, in which feeds it stands,
//! why not in others, and what became of it. Reads only the state, so it works beside a running
//! `serve` and tells what the last run knew.

mod facts;
mod feeds;
mod media;
pub(super) mod nearest;
mod tell;
mod timeline;

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use self::facts::Fact;
use self::feeds::{FeedPlace, Feeds};
use self::nearest::Nearest;
use self::timeline::Event;
use super::args::{Explain, Global, OutputFormat};
use super::history::no_run;
use super::output::JsonProblem;
use super::room::with_room;
use super::{Status, complain, load, output};
use crate::catalog::explain::{Found, Known, Wanted, Witness};
use crate::catalog::{Catalog, lock};
use crate::edition::history::History;
use crate::fetch;
use crate::problem::Problem;
use crate::run::Plan;
use crate::source;
use crate::source::directory::{self, PassedOver};
use crate::state::State;

/// All that is told.
#[derive(Debug, Serialize)]
struct Explained {
    /// The instant of the last run that was committed.
    as_of: String,
    documents: Vec<DocumentTold>,
    articles: Vec<ArticleTold>,
    withdrawn: Vec<WithdrawnTold>,
}

/// A document that was asked for by its path.
#[derive(Debug, Serialize)]
struct DocumentTold {
    path: String,
    source: String,
    /// `read`, `kept` (it can't be read now), `unread` (it never could), `nothing` (a draft, or there
    /// is no article in it).
    state: &'static str,
    /// A newer reading waits to be committed.
    waits: bool,
    articles: u64,
    #[serde(serialize_with = "as_problems")]
    problems: Vec<Problem>,
}

/// An article that stands.
#[derive(Debug, Serialize)]
struct ArticleTold {
    title: String,
    facts: Vec<Fact>,
    read_from: Vec<WitnessTold>,
    feeds: Vec<FeedPlace>,
    /// The guards that hold what would become of it.
    held: Vec<&'static str>,
    #[serde(serialize_with = "as_problems")]
    problems: Vec<Problem>,
    timeline: Vec<Event>,
}

#[derive(Debug, Serialize)]
struct WitnessTold {
    path: String,
    line: u32,
    source: String,
    rank: &'static str,
    title: String,
    won: bool,
}

/// An article that was withdrawn lately.
#[derive(Debug, Serialize)]
struct WithdrawnTold {
    title: String,
    facts: Vec<Fact>,
    timeline: Vec<Event>,
}

fn as_problems<S: serde::Serializer>(problems: &[Problem], to: S) -> Result<S::Ok, S::Error> {
    let told: Vec<JsonProblem<'_>> = output::sorted(problems);
    told.serialize(to)
}

/// Why nothing is told.
enum Silence {
    /// Nothing is called so; these names are near.
    Unknown(String, Vec<String>),
    /// The state can't be asked.
    Failed(String),
}

impl<E: std::error::Error> From<E> for Silence {
    fn from(e: E) -> Silence {
        Silence::Failed(e.to_string())
    }
}

pub(super) fn run(global: &Global, args: &Explain) -> Status {
    let plan = match load(global) {
        Ok(loaded) => loaded.settings.plan,
        Err(status) => return status,
    };
    let mut out = anstream::stdout();
    match explain(&plan, &args.article) {
        Ok(explained) => {
            let _ = match global.format {
                OutputFormat::Json => output::write_json(&mut out, &explained),
                OutputFormat::Text => tell::tell(&mut out, &plan.site.zone, &explained),
            };
            Status::Done
        }
        Err(Silence::Failed(sentence)) => {
            complain(&with_room(&sentence, &plan));
            Status::Failed
        }
        Err(Silence::Unknown(sentence, near)) => {
            match global.format {
                OutputFormat::Json => {
                    let _ = output::write_json(&mut out, &serde_json::json!({ "near": near }));
                    complain(&sentence);
                }
                OutputFormat::Text if near.is_empty() => complain(&sentence),
                OutputFormat::Text => {
                    complain(&format!("{sentence}; near it are:"));
                    for name in &near {
                        let _ = writeln!(anstream::stderr(), "  {}", output::safe(name));
                    }
                }
            }
            Status::Failed
        }
    }
}

fn explain(plan: &Plan, article: &str) -> Result<Explained, Silence> {
    let Some(state) = State::find(&plan.state, &plan.config)? else {
        return Err(Silence::Failed(no_run(plan)));
    };
    if !state.catalog().exists() {
        return Err(Silence::Failed(no_run(plan)));
    }
    let catalog = Catalog::open_to_read(&state)?;
    if !catalog.is_made()? {
        return Err(Silence::Failed(no_run(plan)));
    }
    // A run that commits in between must not show half of itself.
    let _snapshot = catalog.snapshot()?;
    let Some(as_of) = catalog.as_of()? else { return Err(Silence::Failed(no_run(plan))) };
    let found = catalog.find(&wanted(plan, article))?;
    if found == Found::default() {
        return Err(unknown(plan, &catalog, article)?);
    }
    let lock = lock::read(&plan.lock)?;
    let history = History::open_to_read(&state.history())?;
    let mut feeds = Feeds::new(plan, &lock, &catalog, &state, as_of)?;
    let held = catalog.held()?;
    let looks = catalog.source_looks()?;
    let known = fetch::known(&plan.media, &plan.media_cache)?;
    let mut articles = Vec::new();
    for number in found.articles {
        let standing = catalog.standing_article(number)?;
        let witnesses = catalog.witnesses(number)?;
        articles.push(ArticleTold {
            title: standing.says.title.clone(),
            facts: {
                let mut all = facts::of(plan, &lock, &standing, &witnesses);
                if let Some(looks) = looks.get(&standing.source) {
                    all.append(&mut facts::of_look(plan, &standing, looks));
                }
                all.append(&mut media::of(plan, &known, &standing.says));
                all
            },
            feeds: feeds.of(&standing)?,
            held: held
                .iter()
                .filter(|(_, ids)| ids.contains(&standing.id))
                .map(|((guard, _), _)| guard.as_str())
                .collect(),
            problems: problems(&catalog, &standing.problems, &witnesses)?,
            timeline: timeline::of(&catalog, history.as_ref(), &standing, as_of)?,
            read_from: witnesses.into_iter().map(witness).collect(),
        });
    }
    let mut withdrawn = Vec::new();
    for id in found.departed {
        if let Some(departed) = catalog.departed_article(&id)? {
            withdrawn.push(WithdrawnTold {
                title: departed.title.clone(),
                facts: facts::of_departed(plan, &departed),
                timeline: timeline::of_departed(&catalog, history.as_ref(), &departed)?,
            });
        }
    }
    let mut documents = Vec::new();
    for (source, path) in found.documents {
        documents.extend(catalog.document(&source, &path)?.map(document));
    }
    Ok(Explained { as_of: output::rfc3339(as_of), documents, articles, withdrawn })
}

/// The problems of an article: what shows when documents are compared, and what its own has. Those of
/// a document of many articles are told of the document.
fn problems(
    catalog: &Catalog,
    own: &[Problem],
    witnesses: &[Witness],
) -> Result<Vec<Problem>, Silence> {
    let mut problems = own.to_vec();
    for witness in witnesses {
        let known = catalog.document(&witness.source, &witness.path)?;
        problems.extend(known.filter(|k| k.sightings <= 1).into_iter().flat_map(|k| k.problems));
    }
    Ok(problems)
}

fn witness(w: Witness) -> WitnessTold {
    let Witness { source, place, rank, title, won, .. } = w;
    WitnessTold { path: place.path, line: place.line, source, rank, title, won }
}

fn document(known: Known) -> DocumentTold {
    DocumentTold {
        state: match (known.failed, known.was_read, known.sightings) {
            (true, true, _) => "kept",
            (_, false, _) => "unread",
            (false, true, 0) => "nothing",
            (false, true, _) => "read",
        },
        path: known.shown,
        source: known.source,
        waits: known.waits,
        articles: known.sightings,
        problems: known.problems,
    }
}

/// What an operator may mean by a name.
fn wanted(plan: &Plan, article: &str) -> Wanted {
    let mut wanted = Wanted { names: vec![article.to_owned()], ..Wanted::default() };
    // A link may be written without its last slash, below the site, or in letters of any script.
    if let Ok(url) = url::Url::parse(article).or_else(|e| match article.starts_with('/') {
        true => plan.site.url.join(article),
        false => Err(e),
    }) {
        let url = url.to_string();
        wanted.names.push(match url.strip_suffix('/') {
            Some(plain) => plain.to_owned(),
            None => format!("{url}/"),
        });
        wanted.names.push(url);
    }
    let plain = article.strip_prefix("./").unwrap_or(article);
    wanted.paths = vec![article.to_owned(), plain.to_owned()];
    for (source, path) in below_roots(plan, article) {
        // A folder may be an article's own.
        wanted.places.push((source.name.clone(), format!("{path}/index.md")));
        wanted.places.push((source.name.clone(), path));
    }
    for names in [&mut wanted.names, &mut wanted.paths] {
        names.sort();
        names.dedup();
    }
    wanted
}

/// The sources below whose roots a path stands, and what it is there.
fn below_roots<'a>(plan: &'a Plan, path: &str) -> Vec<(&'a source::Options, String)> {
    let Ok(path) = std::path::absolute(Path::new(path)).map(|p| without_dots(&p)) else {
        return Vec::new();
    };
    let below = |source: &'a source::Options| match &source.place {
        source::Place::Directory(options) => {
            let target = directory::targets(options, std::slice::from_ref(&path)).pop()?;
            (!target.0.is_empty()).then_some((source, target.0))
        }
        source::Place::Database(_) | source::Place::Wxr(_) => None,
    };
    plan.sources.iter().filter_map(below).collect()
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Nothing is called so: why, where that can be seen, and what is near.
fn unknown(plan: &Plan, catalog: &Catalog, article: &str) -> Result<Silence, Silence> {
    if Path::new(article).is_file() {
        for (source, path) in below_roots(plan, article) {
            let source::Place::Directory(options) = &source.place else { continue };
            let why = match directory::passed_over(options, &path)? {
                Some(PassedOver::Hidden) => "it, or a folder above it, is hidden or a backup",
                Some(PassedOver::Excluded) => "the source's `exclude` names it",
                Some(PassedOver::NotIncluded) => "the source's `include` doesn't name it",
                Some(PassedOver::Kind) => "its name is no document's",
                None => "no run has looked since it is there, or it could never be read",
            };
            let sentence = format!(
                "{article:?} stands in the source {:?} and isn't known: {why}",
                source.name
            );
            return Ok(Silence::Unknown(sentence, Vec::new()));
        }
    }
    let mut nearest = Nearest::new(article);
    catalog.each_name(&mut |name| nearest.look_at(name))?;
    let sentence = format!("there is no article of the path, id or link {article:?}");
    Ok(Silence::Unknown(sentence, nearest.found()))
}
