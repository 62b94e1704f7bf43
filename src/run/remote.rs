//! What remote media are, in a run: which of them the windows need is noted for the fetch stage, the
//! stage passes within the run where that is wished, and windows are marked by what is known. A run
//! never waits for a server otherwise.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::{Call, Error, Plan, Report, remarks};
use crate::article::ContentHash;
use crate::catalog::Catalog;
use crate::fetch::{self, Cache, Known, Pass, Purpose, Rank, Wanted};
use crate::press::Window;
use crate::problem::{Code, Place, Problem};

/// A picture or recording on another server can't be had.
pub(crate) const UNREACHABLE: Code = Code::new("media-unreachable");
/// The budget was spent before all were asked for.
pub(crate) const WAITING: Code = Code::new("media-waiting");

/// What is known, without asking anybody: for whoever publishes nothing.
pub(super) fn known(plan: &Plan) -> Result<Known, fetch::Error> {
    fetch::known(&plan.media, &plan.media_cache)
}

/// What is known once this run has asked for what it may. Windows of which something is known are
/// marked by it. Where the cache can't be used, that is told, and nothing is known.
pub(super) fn settle(
    plan: &Plan,
    catalog: &Catalog,
    windows: &mut [Window],
    call: &Call<'_>,
    report: &mut Report,
) -> Result<Known, Error> {
    if !plan.media.on {
        return Ok(Known::default());
    }
    let step = Instant::now();
    let known = match ask(plan, catalog, windows, call, report)? {
        Ok(known) => known,
        Err(e) => {
            report.failures.push(e.to_string());
            return Ok(Known::default());
        }
    };
    mark(windows, &known);
    report.problems.append(&mut problems(plan, catalog, windows, &known)?);
    report.step("media", step.elapsed());
    Ok(known)
}

/// Marks windows by what is known of their articles' media.
pub(super) fn mark(windows: &mut [Window], known: &Known) {
    for window in windows {
        let hashes = window.slots.iter().map(|slot| &slot.hash);
        window.fingerprint = known.mark(window.fingerprint, hashes);
    }
}

fn ask(
    plan: &Plan,
    catalog: &Catalog,
    windows: &[Window],
    call: &Call<'_>,
    report: &mut Report,
) -> Result<Result<Known, fetch::Error>, Error> {
    let opened = Cache::open(&plan.media_cache).and_then(|cache| Ok((cache.known()?, cache)));
    let (known, mut cache) = match opened {
        Ok(opened) => opened,
        Err(e) => return Ok(Err(e)),
    };
    let wanted = wanted(plan, catalog, windows, &known)?;
    if let Err(e) = cache.want(&known, &wanted, report.as_of.timestamp()) {
        return Ok(Err(e));
    }
    if call.wishes.fetch {
        let never = AtomicBool::new(false);
        match fetch::pass(&plan.media_cache, &plan.media, report.as_of, &never) {
            Ok(pass) => report.problems.extend(left(plan, pass)),
            Err(e) => return Ok(Err(e)),
        }
    }
    Ok(cache.known())
}

/// Which files the windows need, and which articles they are from.
fn wanted(
    plan: &Plan,
    catalog: &Catalog,
    windows: &[Window],
    known: &Known,
) -> Result<Wanted, Error> {
    let mut wanted = Wanted::default();
    let mut rank = |url: &str, purpose, newest: i64| {
        let rank = Rank { purpose, age: -newest };
        let entry = wanted.files.entry(url.to_owned()).or_insert(rank);
        *entry = rank.min(*entry);
    };
    let mut standing: HashSet<ContentHash> = HashSet::new();
    let mut articles = Vec::new();
    for slot in windows.iter().flat_map(|window| &window.slots) {
        if !standing.insert(slot.hash) {
            continue;
        }
        let newest = slot.published.timestamp();
        let looked_at = known.articles.get(&slot.hash);
        let ranked = |url: &String| known.files.get(url).and_then(|f| f.rank);
        if let Some(urls) = looked_at.filter(|urls| urls.iter().all(|url| ranked(url).is_some())) {
            for (url, known) in urls.iter().filter_map(|url| Some((url, ranked(url)?))) {
                rank(url, known.purpose, newest);
            }
            continue;
        }
        let (article, _) = catalog.article(slot.article)?;
        let files = fetch::wanted(&article);
        for (url, purpose) in &files {
            rank(url, *purpose, newest);
        }
        if looked_at.is_none() {
            articles.push((slot.hash, files.into_iter().map(|(url, _)| url.to_owned()).collect()));
        }
    }
    for (url, _) in remarks::covers(plan) {
        rank(&url, Purpose::Cover, 0);
    }
    (wanted.articles, wanted.standing) = (articles, standing);
    Ok(wanted)
}

fn left(plan: &Plan, pass: Pass) -> Option<Problem> {
    let message = match pass.left {
        0 => return None,
        1 => "one remote picture or recording hasn't been asked for yet".to_owned(),
        n => format!("{n} remote pictures and recordings haven't been asked for yet"),
    };
    let help =
        "the next run goes on; raise `[media] budget` or `budget_time` to have them all at once";
    Some(Problem::note(&WAITING, Place::whole(plan.config.to_string_lossy()), message).help(help))
}

/// Which files can't be had, each told of the newest article that names it, or of the podcast whose
/// picture it is.
pub(super) fn problems(
    plan: &Plan,
    catalog: &Catalog,
    windows: &[Window],
    known: &Known,
) -> Result<Vec<Problem>, Error> {
    let failing: BTreeMap<&String, &String> = known
        .files
        .iter()
        .filter(|(_, file)| file.rank.is_some())
        .filter_map(|(url, file)| Some((url, file.failure.as_ref()?)))
        .collect();
    if failing.is_empty() {
        return Ok(Vec::new());
    }
    let mut problems = Vec::new();
    let mut told: BTreeSet<&String> = BTreeSet::new();
    let mut documents = super::lint::Documents::default();
    let mut slots: Vec<_> = windows.iter().flat_map(|window| &window.slots).collect();
    slots.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| a.id.cmp(&b.id)));
    for slot in slots {
        for url in known.articles.get(&slot.hash).into_iter().flatten() {
            let Some((url, why)) = failing.get_key_value(url).filter(|(url, _)| told.insert(url))
            else {
                continue;
            };
            let (_, place) = catalog.article(slot.article)?;
            problems.push(documents.point(problem(url, why, place), url));
        }
    }
    for (url, place) in remarks::covers(plan) {
        if let Some((url, why)) = failing.get_key_value(&url).filter(|(url, _)| told.insert(url)) {
            problems.push(problem(url, why, place));
        }
    }
    Ok(problems)
}

fn problem(url: &str, why: &str, place: Place) -> Problem {
    Problem::warning(&UNREACHABLE, place, format!("{url} {why}")).help(
        "what was known of it stays; see that readers can fetch it, it is asked for again later",
    )
}
