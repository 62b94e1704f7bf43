//! One regeneration, straight through and the same whoever triggers it: gather, commit, select,
//! render, publish. No async, no clock: the instant comes in as an argument. *When* a run happens
//! is the [`worker`](crate::worker)'s.

mod chronicle;
mod database;
mod doubles;
mod gather;
mod gone;
mod history;
pub mod lazy;
pub mod learn;
mod lint;
pub mod progress;
pub mod prune;
mod publish;
pub mod rehearse;
mod remarks;
mod remote;
mod report;
mod standing;
pub mod stores;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use chrono::{DateTime, SubsecRound, Utc};

use self::progress::{Progress, Step};
pub use self::report::{Counters, Held, ProblemCounts, Report, Trigger};
use self::stores::{Databases, Open};
use crate::article::{ContentHash, Taxonomy, is_loopback};
use crate::catalog::diff::{Change, Decision, KnownArticle};
use crate::catalog::guard;
pub use crate::catalog::guard::Guard;
use crate::catalog::lock::{self, Edit, Lock};
use crate::catalog::second::{Document, Looks, Patience};
use crate::catalog::{self, Catalog};
use crate::edition::manifest::Manifest;
use crate::edition::{ledger, tree};
use crate::feed::{self, Site};
use crate::fetch;
use crate::press::{self, Finisher};
use crate::problem::{Code, Place, Problem, counted};
use crate::source;
use crate::state::{self, Holder, State, Turn};

pub(crate) const LOCK_UNWRITTEN: Code = Code::new("lock-unwritten");

/// What a run works on. Plain and resolved: what `feeds.toml` says, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The configuration file, as it was named.
    pub config: PathBuf,
    /// What all feeds share. Its `id_base` is `site.url`; `feeds.lock` overrides it.
    pub site: Site,
    /// Where articles come from, in the file's order. The `id_…` options of each are its own
    /// present ones; `feeds.lock` overrides them.
    pub sources: Vec<source::Options>,
    /// The feeds, in the file's order. Definitions of tag, author and series feeds are always
    /// among them, written or not.
    pub feeds: Vec<feed::Definition>,
    /// The published tree.
    pub tree: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// `feeds.lock`.
    pub lock: PathBuf,
    /// When the guards hold.
    pub guard: guard::Options,
    /// What is published elsewhere, as a run learned it whose state knows nothing. Then it counts, and
    /// not what the tree's own manifest lists.
    pub learned: Option<Box<Manifest>>,
    /// What is worth knowing of the configuration itself: every run tells it.
    pub told: Vec<Problem>,
    /// What may be asked of other servers about media that lie there.
    pub media: fetch::Options,
    /// Where what they answered is remembered.
    pub media_cache: PathBuf,
}

/// How much of the sources a run looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of every source.
    All,
    /// Only these files and folders, and what depends on them. Absolute paths, as the watcher saw
    /// them.
    Paths(Vec<PathBuf>),
}

/// How thoroughly a run looks at a database that has change marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// At all of every row.
    #[default]
    Whole,
    /// At all ids and marks, and at the rows that differ.
    Sweep,
    /// At what changed since the last look; a sweep where one is due.
    Since,
}

/// A run could not be done at all: everything stays as it was published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state folder can't be used.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The state is empty, and a source can't be read.
    #[error(
        "{0}; nothing is known of what is published, so nothing is done until every source can be \
         read: see to it, or take it out of feeds.toml"
    )]
    Blind(String),
    /// The state is empty, and the sources hold none of what is published.
    #[error(
        "none of the {0} articles that are published is in the sources, and the state is empty: is a \
         disk not mounted, or a path wrong? Everything stays up; if it is meant, \
         `feedwright regenerate --accept loss`"
    )]
    Emptied(usize),
    /// The state is empty, and the lock gives published articles other ids.
    #[error(
        "feeds.lock gives {0} of the published articles another id than readers know it by, such as \
         {1}; nothing is done: correct the lines, or, if it is meant, \
         `feedwright regenerate --accept ids`"
    )]
    Contradicted(usize, String),
    /// The catalog can't be used.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// `feeds.lock` can't be obeyed.
    #[error(transparent)]
    Lock(#[from] lock::Error),
    /// The tree can't be written.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// A feed can't be made.
    #[error(transparent)]
    Press(#[from] press::Error),
    /// `--locked`, and `feeds.lock` lacks lines.
    #[error(
        "feeds.lock lacks {}, and --locked was given; nothing is published:\n{}",
        counted(.0.len() as u64, "line", "lines"), .0.join("\n")
    )]
    Locked(Vec<String>),
    /// The catalog names bodies that it doesn't hold.
    #[error(
        "the state folder has lost bodies of {}; `feedwright regenerate` reads them again, \
         and what was published stays up", counted(*.0 as u64, "document", "documents")
    )]
    BodiesLost(usize),
    /// What is published can't be learned.
    #[error(transparent)]
    Learn(#[from] learn::Error),
    /// The manifest can't be made.
    #[error(transparent)]
    Manifest(#[from] crate::edition::manifest::Error),
}

/// A run that parses more documents than this has its editions made in the memory that its writing took.
const PARSED_FEW: u64 = 1_000;

/// What a run is given beside its plan.
pub struct Call<'a> {
    /// How much of the sources it looks at.
    pub scope: Scope,
    /// The command that it runs in, as others are told while they wait: `serve`, `regenerate`.
    pub command: &'a str,
    /// The time. Asked once the run has its turn, around its look at the sources, and at its end.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Finishes bodies, and keeps them from run to run.
    pub finisher: &'a Finisher,
    /// Told once, where another run has the turn.
    pub waiting: &'a mut dyn FnMut(Option<Holder>),
    /// What is asked for beyond a plain run.
    pub wishes: Wishes,
    /// Where it says how far it is.
    pub progress: &'a Progress,
    /// Where the state's databases come from, and stay.
    pub databases: &'a Databases,
    /// Called as soon as what is new stands in the tree: before the run has noted it, and perhaps
    /// before its coded forms stand there.
    pub published: &'a dyn Fn(),
}

/// What is asked of a run beyond a plain one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Publish nothing: read everything into the catalog of a state that is thrown away, and tell
    /// what is wrong.
    pub check_only: bool,
    /// Beside that, tell what is wrong with the feeds that would be published.
    pub lint: bool,
    /// The guards whose held sets an operator releases.
    pub accept: BTreeSet<Guard>,
    /// A file that vanished, and a copy, wait for a second look: whoever changes files hasn't ended
    /// yet, perhaps.
    pub patient: bool,
    /// How thoroughly databases are looked at.
    pub depth: Depth,
    /// Publish nothing where `feeds.lock` lacks a line.
    pub locked: bool,
    /// Learn what is published from a live manifest, where the state knows nothing: see
    /// [`learn::manifest_url`].
    pub learn: Option<url::Url>,
    /// Ask other servers about media before anything is made, and don't leave that to whoever does so
    /// beside the runs.
    pub fetch: bool,
}

/// Regenerates: gather, commit, select, render, publish. What can't be done is told in the report and
/// leaves what it concerns as it was published; the rest goes on.
///
/// # Errors
/// Where nothing at all can be done.
pub fn run(plan: &Plan, mut call: Call<'_>) -> Result<Report, Error> {
    let state = State::open(&plan.state, &plan.config)?;
    let asked = (call.clock)();
    let holder = Holder { command: call.command.to_owned(), pid: std::process::id(), since: asked };
    let _turn = Turn::take(&state, &holder, &mut call.waiting)?;
    let as_of = (call.clock)().trunc_subsecs(0);
    let done = with_databases(plan, &call, &state, as_of);
    if let Err(e) = &done
        && !call.wishes.check_only
    {
        history::remember_failure(&state, &call, as_of, e);
    }
    done
}

fn with_databases(
    plan: &Plan,
    call: &Call<'_>,
    state: &State,
    as_of: DateTime<Utc>,
) -> Result<Report, Error> {
    let mut open = call.databases.take(state)?;
    let report = regenerate(plan, call, state, as_of, &mut open)?;
    call.databases.give_back(open)?;
    Ok(report)
}

/// A run that has its turn.
fn regenerate(
    plan: &Plan,
    call: &Call<'_>,
    state: &State,
    as_of: DateTime<Utc>,
    open: &mut Open,
) -> Result<Report, Error> {
    let begin = Instant::now();
    let problems = plan.told.clone();
    let mut report = Report { started: as_of, as_of, problems, ..Report::default() };

    let catalog = &mut open.catalog;
    let mut lock = lock::read(&plan.lock)?;
    let (mut plan, mut edits) = obey(plan, &lock)?;
    learn::learn(&mut plan, &mut lock, call, state, catalog.is_empty()?, &mut report)?;
    doubles::settle(&plan, &mut lock, catalog, &mut report)?;
    catalog.compare(&lock)?;
    if plan.feeds.iter().any(|d| d.order == feed::Order::Updated || d.resurface_s.is_some()) {
        catalog.index_changes()?;
    }
    if call.wishes.check_only {
        // What the lock lacks is no mistake, and checking writes nothing that stays.
        plan.lock = state.dir().join("feeds.lock");
    }

    let looks = catalog.looks()?;
    let again = match call.wishes.patient {
        true => looks.due((call.clock)()),
        false => looks.waiting(),
    };
    call.progress.begin(Step::Gather, 0);
    let mut gathered = gather::gather(&plan, call, &again, catalog, &mut report)?;
    report.step("gather", begin.elapsed());
    // Where no article is known, all that is published of such a source would be taken back.
    let blind = !call.wishes.check_only && !report.failures.is_empty() && catalog.count()? == 0;
    if blind && publish::standing_manifest(&plan).is_some_and(|m| !m.entries.is_empty()) {
        return Err(Error::Blind(report.failures.join("; ")));
    }
    let step = Instant::now();
    let looked = (call.clock)();
    if call.wishes.patient {
        gathered.patience = patience(&plan, &looks, &gathered.looked_again);
    }
    call.progress.begin(Step::Commit, 0);
    let wait = commit(&plan, &mut lock, &mut edits, &gathered, catalog, call, &mut report)?;
    report.second_look = catalog.keep_looks(&looks.after(&again, &wait, looked))?.next();
    if report.counters.parsed > PARSED_FEW {
        catalog.release_memory()?;
    }
    report.step("commit", step.elapsed());

    if !call.wishes.check_only {
        publish::publish(&plan, &lock, state, open, call, &mut report)
            .map_err(|e| recover(&mut open.catalog, e))?;
        let (catalog, ledger) = open.with_ledger(state)?;
        finish(catalog, &mut report, begin)?;
        ledger.remember(&history::remembered(&report, call)?)?;
    } else {
        let (feeds, mut problems) = eager_feeds(&plan, &lock, catalog, as_of)?;
        report.problems.append(&mut problems);
        let known = remote::known(&plan).unwrap_or_else(|e| {
            report.failures.push(e.to_string());
            fetch::Known::default()
        });
        if call.wishes.lint {
            let step = Instant::now();
            report.problems.append(&mut lint::lint(
                &plan,
                catalog,
                call.finisher,
                &feeds,
                &lock.gone,
                &known,
                as_of,
            )?);
            report.step("lint", step.elapsed());
        }
        remarks::check(&plan, &lock, catalog, &feeds, &known, &mut report)?;
        finish(catalog, &mut report, begin)?;
    }
    Ok(report)
}

/// Who waits for a second look in a run that has looked again at these documents.
fn patience(plan: &Plan, looks: &Looks, looked_again: &BTreeSet<Document>) -> Patience {
    let is_directory = |s: &&source::Options| matches!(s.place, source::Place::Directory(_));
    let mut seen_twice = looks.seen_twice();
    seen_twice.extend(looked_again.iter().cloned());
    Patience {
        sources: plan.sources.iter().filter(is_directory).map(|s| s.name.clone()).collect(),
        seen_twice,
    }
}

/// Where bodies are lost, their documents count as unread, so that the next look brings them back.
fn recover(catalog: &mut Catalog, error: Error) -> Error {
    match error {
        Error::Press(press::Error::BodyLost(_)) => match catalog.forget_bodiless() {
            Ok(documents) => Error::BodiesLost(documents),
            Err(e) => e.into(),
        },
        other => other,
    }
}

fn finish(catalog: &Catalog, report: &mut Report, begin: Instant) -> Result<(), Error> {
    report.counters.read = catalog.count()?;
    report.next_due = catalog.next_due(report.as_of)?;
    report.problems.append(&mut catalog.problems()?);
    report.problems.extend(catalog.standing()?.into_values().flatten());
    tell_once(&mut report.problems);
    report.problem_counts = ProblemCounts::of(&report.problems);
    report.took_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(())
}

/// Notes that are true of a source as a whole are told for its first document only.
fn tell_once(problems: &mut Vec<Problem>) {
    let mut told = BTreeSet::new();
    problems.retain(|p| {
        let folder = p.place.path.split('/').next().unwrap_or_default().to_owned();
        p.code != crate::document::LINK_MADE || told.insert(folder)
    });
    let mut seen = BTreeSet::new();
    problems.retain(|p| seen.insert((p.place.clone(), p.code.clone(), p.message.clone())));
}

/// What `feeds.lock` says overrides what `feeds.toml` would derive now. Gives the plan that obeys it,
/// and the lines that it lacks.
fn obey(plan: &Plan, lock: &Lock) -> Result<(Plan, Vec<Edit>), Error> {
    let mut plan = plan.clone();
    let mut edits = Vec::new();
    let own = plan.site.url.clone();
    let base = lock.base.as_deref().and_then(|b| url::Url::parse(b).ok());
    // A base on a loopback host is nobody's published id yet.
    let base = match base {
        Some(base) if !is_loopback(&base) || base == own => base,
        _ => {
            edits.push(Edit::Base(own.to_string()));
            own
        }
    };
    plan.site.id_base = base.clone();
    for source in &mut plan.sources {
        let reading = &mut source.reading;
        reading.id_base = base.clone();
        match lock.links.get(&source.name) {
            Some(links) => {
                reading.id_permalink.clone_from(&links.pattern);
                reading.id_zone = links.zone.parse().map_err(|e: crate::time::UnknownZone| {
                    lock::Error::Line { path: plan.lock.clone(), line: 0, message: e.to_string() }
                })?;
            }
            None => edits.push(Edit::Links(
                source.name.clone(),
                reading.id_zone.name().to_owned(),
                reading.id_permalink.clone(),
            )),
        }
    }
    Ok((plan, edits))
}

/// Decides what was gathered means, writes the lock, and makes it current: in this order, so that an
/// id is never published that the lock doesn't know. Gives the documents that wait for a second look.
fn commit(
    plan: &Plan,
    lock: &mut Lock,
    edits: &mut Vec<Edit>,
    gathered: &gather::Outcome,
    catalog: &mut Catalog,
    call: &Call<'_>,
    report: &mut Report,
) -> Result<BTreeSet<Document>, Error> {
    let sources: Vec<String> = plan.sources.iter().map(|s| s.name.clone()).collect();
    let staged = catalog.has_staged()?;
    let manifest = if catalog.is_empty()? { publish::standing_manifest(plan) } else { None };
    let mut wait = BTreeSet::new();
    let mut decision = if staged || catalog.is_empty()? {
        let learned = manifest.as_ref().map(learned).unwrap_or_default();
        let published = learned.len();
        let patience = &gathered.patience;
        let (decision, left) = catalog.decide_patiently(&sources, lock, &learned, patience)?;
        wait = left;
        let none = decision.strangers.is_empty()
            && !decision.changes.iter().any(|c| matches!(c, Change::New { .. }));
        let meant = call.wishes.check_only || call.wishes.accept.contains(&Guard::Loss);
        if published > 0 && none && !meant {
            return Err(Error::Emptied(published));
        }
        undoubted(decision, published, &call.wishes)?
    } else {
        Decision::default()
    };
    let counted = guard::wants_counts(&plan.guard, &decision);
    let facts = catalog.guard_facts(report.as_of.timestamp(), counted)?;
    let mut verdict = guard::judge(&plan.guard, &facts, &call.wishes.accept, &mut decision);
    verdict.withheld.extend(wait.iter().cloned());
    report.held = held(&verdict.held);
    edits.append(&mut catalog.lock_edits(&decision, lock, report.as_of)?);
    let blind = !report.failures.is_empty();
    let published = manifest.as_ref().filter(|_| !blind);
    edits.append(&mut gone::edits(plan, lock, catalog, &decision, report.as_of, published)?);
    if call.wishes.locked && !edits.is_empty() {
        return Err(Error::Locked(edits.iter().map(lock::told).collect()));
    }
    let written = lock::write(&plan.lock, edits);
    gone::apply(&mut lock.gone, edits);
    let late = if written.is_err() { gone::lines(edits) } else { BTreeMap::new() };
    catalog.keep_unwritten_gone(&late)?;
    if let Err(e) = &written
        && !matches!(e, lock::Error::Unwritable { .. })
    {
        // Nothing is committed under a lock that can't be obeyed; what is staged waits.
        written?;
    } else if let Err(e) = written {
        let problem = Problem::error(
            &LOCK_UNWRITTEN,
            Place::whole(plan.lock.to_string_lossy()),
            e.to_string(),
        )
        .help("make it writable, then run `feedwright regenerate`");
        report.failures.push(problem.message.clone());
        report.problems.push(problem);
    }
    let indexes = gathered.indexes.iter().any(|i| !i.changed.is_empty() || !i.vanished.is_empty());
    if staged || indexes || catalog.is_due(report.as_of)? {
        let indexes = &gathered.indexes;
        let committed = catalog.commit(&decision, indexes, lock, &verdict, report.as_of)?;
        report.counters.new = committed.new;
        report.counters.changed = committed.changed;
        report.counters.withdrawn = committed.withdrawn;
    }
    catalog.hold(&verdict.held)?;
    Ok(wait)
}

/// Where nothing but a manifest is known, no source can be left as it stood: what the lock contradicts
/// ends the run, unless that is accepted.
fn undoubted(mut decision: Decision, published: usize, wishes: &Wishes) -> Result<Decision, Error> {
    if published == 0 || wishes.check_only {
        return Ok(decision);
    }
    if wishes.accept.contains(&Guard::Ids) {
        decision.doubts.clear();
    }
    match decision.doubts.first() {
        Some(first) => Err(Error::Contradicted(decision.doubts.len(), first.id.clone())),
        None => Ok(decision),
    }
}

/// So many of the articles that a guard holds are named.
const HELD_IDS_MAX: usize = 5;

/// What the guards hold, as it is told.
fn held(sets: &guard::HeldSets) -> Vec<Held> {
    sets.iter()
        .map(|((guard, source), ids)| Held {
            guard: guard.as_str().to_owned(),
            source: source.clone(),
            count: ids.len() as u64,
            ids: ids.iter().take(HELD_IDS_MAX).cloned().collect(),
            release: format!("feedwright regenerate --accept {}", guard.as_str()),
        })
        .collect()
}

/// What the tree's manifest says is published. After a loss of the state its entries stand in for the
/// catalog (DESIGN decision 4): a document with an entry's link is that article, or it moved.
fn learned(manifest: &Manifest) -> Vec<KnownArticle> {
    let entries = manifest.entries.clone();
    entries
        .into_iter()
        .map(|(id, entry)| KnownArticle {
            article: None,
            id,
            rule_id: entry.rule_id,
            sighting: 0,
            hash: ContentHash([0; 16]),
            source: String::new(),
            path: String::new(),
            link: entry.link,
            title: entry.title,
            published: Some(entry.published.timestamp()),
            capture: false,
            body: entry.body,
            vanished: true,
            was_out: true,
        })
        .collect()
}

/// The feeds that a plan makes on every run, in its order.
///
/// # Errors
/// Where the catalog can't be asked.
pub fn eager_feeds(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    as_of: DateTime<Utc>,
) -> Result<(Vec<feed::Feed>, Vec<Problem>), Error> {
    // The catalog is asked before, because expanding is pure.
    let mut terms = std::collections::BTreeMap::new();
    for definition in plan.feeds.iter().filter(|d| d.eager) {
        if let Some(taxonomy) = &definition.each
            && !terms.contains_key(taxonomy)
        {
            terms.insert(taxonomy.clone(), catalog.terms(taxonomy, as_of)?);
        }
    }
    let of = |taxonomy: &Taxonomy| terms.get(taxonomy).cloned().unwrap_or_default();
    let config = plan.config.to_string_lossy();
    Ok(feed::expand::expand(&plan.feeds, &plan.site, &lock.feeds, &config, &of))
}
