//! What is worth telling of feeds, by every run: articles that are left out for their weight, and what
//! directories would refuse of podcasts. It changes no byte: an episode without a length is published
//! all the same.

use percent_encoding::percent_decode_str;

use super::{Error, Plan, Report, remote};
use crate::catalog::Catalog;
use crate::catalog::lock::Lock;
use crate::document::Measured;
use crate::feed::podcast::{self, Show};
use crate::feed::{Feed, select};
use crate::fetch::Known;
use crate::press::{self, Window};
use crate::problem::{Place, Problem};
use crate::source::{self, directory};

/// Tells of what is cut, and of each podcast's artwork and episodes. `windows` are those of `feeds`.
pub(super) fn tell(
    plan: &Plan,
    catalog: &Catalog,
    feeds: &[Feed],
    windows: &[Window],
    known: &Known,
    report: &mut Report,
) -> Result<(), Error> {
    let config = plan.config.to_string_lossy();
    for (feed, window) in feeds.iter().zip(windows) {
        report.problems.extend(select::told_cut(feed, window.cut, &config));
        let Some(show) = &feed.podcast else { continue };
        for slot in &window.slots {
            let (mut article, place) = catalog.article(slot.article)?;
            known.fill(&mut article);
            report.problems.extend(podcast::of_episode(show, &article, &place));
            let file = podcast::recording(&article).and_then(|file| known.files.get(&file.url));
            let lacks = file.map_or("", |file| file.lacks.as_str());
            report.problems.extend(podcast::of_host(lacks, &place));
        }
    }
    let shows = plan.feeds.iter().filter_map(|d| d.podcast.as_ref());
    report.problems.extend(shows.filter_map(|(show, place)| artwork(plan, show, place, known)));
    Ok(())
}

/// The same of a run that publishes nothing, where there is time to look at every feed: one that seems
/// to be a podcast is told, too, as long as there is none.
pub(super) fn check(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    feeds: &[Feed],
    known: &Known,
    report: &mut Report,
) -> Result<(), Error> {
    let mut windows = Vec::with_capacity(feeds.len());
    for feed in feeds {
        windows.push(press::window(catalog, &plan.site, feed, report.as_of, &lock.gone)?);
    }
    tell(plan, catalog, feeds, &windows, known, report)?;
    report.problems.append(&mut remote::problems(plan, catalog, &windows, known)?);
    if plan.feeds.iter().any(|d| d.podcast.is_some()) {
        return Ok(());
    }
    for (feed, window) in feeds.iter().zip(&windows) {
        let mut recorded = !window.slots.is_empty();
        for slot in &window.slots {
            let (article, _) = catalog.article(slot.article)?;
            recorded = podcast::recording(&article).is_some_and(|file| file.is_recording());
            if !recorded {
                break;
            }
        }
        if recorded {
            let config = plan.config.to_string_lossy();
            report.problems.push(podcast::undeclared(&feed.name.0, &config));
        }
    }
    Ok(())
}

/// What is wrong with a show's picture, where it is a file of a source, or its server was asked.
fn artwork(plan: &Plan, show: &Show, place: &Place, known: &Known) -> Option<Problem> {
    let image = show.image.as_ref().or(plan.site.icon.as_ref())?;
    let (width, height) = match local(plan, image) {
        Local::File(measured) => (measured.width?, measured.height?),
        Local::Missing if !known.files.contains_key(image) => {
            return Some(podcast::unseen_artwork(image, place));
        }
        Local::Missing | Local::Elsewhere => {
            let found = &known.files.get(image)?.found;
            (found.width?, found.height?)
        }
    };
    podcast::of_artwork(width, height, place)
}

/// The pictures of podcasts that lie on other servers, and where each is named.
pub(super) fn covers(plan: &Plan) -> Vec<(String, Place)> {
    let shows = plan.feeds.iter().filter_map(|d| d.podcast.as_ref());
    let named = shows.filter_map(|(show, place)| {
        let image = show.image.as_ref().or(plan.site.icon.as_ref())?;
        let is_web = ["http://", "https://"].iter().any(|scheme| image.starts_with(scheme));
        (is_web && !matches!(local(plan, image), Local::File(_)))
            .then(|| (image.clone(), place.clone()))
    });
    named.collect()
}

/// Where a file of the site is.
enum Local {
    /// In a source.
    File(Measured),
    /// It could be in a source, and is in none.
    Missing,
    /// Its address isn't one of the site's, or no source is a directory.
    Elsewhere,
}

fn local(plan: &Plan, url: &str) -> Local {
    let Some(below) = url.strip_prefix(plan.site.url.as_str()) else { return Local::Elsewhere };
    let below = below.split(['?', '#']).next().unwrap_or_default();
    let Ok(path) = percent_decode_str(below).decode_utf8() else { return Local::Elsewhere };
    if path.split('/').any(|part| part == "..") {
        return Local::Elsewhere;
    }
    let directories = plan.sources.iter().filter_map(|source| match &source.place {
        source::Place::Directory(options) => Some(options),
        source::Place::Database(_) | source::Place::Wxr(_) => None,
    });
    let mut local = Local::Elsewhere;
    for options in directories {
        if let Some((_, measured)) = directory::measure(options, &path) {
            return Local::File(measured);
        }
        local = Local::Missing;
    }
    local
}
