//! What is worth telling of feeds, by every run: articles that are left out for their weight, and what
//! directories would refuse of podcasts. It changes no byte: an episode without a length is published
//! all the same.

use percent_encoding::percent_decode_str;

use super::{Error, Plan, Report};
use crate::catalog::Catalog;
use crate::catalog::lock::Lock;
use crate::feed::podcast::{self, Show};
use crate::feed::{Feed, select};
use crate::press::{self, Window};
use crate::problem::{Place, Problem};
use crate::source::{self, directory};

/// Tells of what is cut, and of each podcast's artwork and episodes. `windows` are those of `feeds`.
pub(super) fn tell(
    plan: &Plan,
    catalog: &Catalog,
    feeds: &[Feed],
    windows: &[Window],
    report: &mut Report,
) -> Result<(), Error> {
    let config = plan.config.to_string_lossy();
    for (feed, window) in feeds.iter().zip(windows) {
        report.problems.extend(select::told_cut(feed, window.cut, &config));
        let Some(show) = &feed.podcast else { continue };
        for slot in &window.slots {
            let (article, place) = catalog.article(slot.article)?;
            report.problems.extend(podcast::of_episode(show, &article, &place));
        }
    }
    let shows = plan.feeds.iter().filter_map(|d| d.podcast.as_ref());
    report.problems.extend(shows.filter_map(|(show, place)| artwork(plan, show, place)));
    Ok(())
}

/// The same of a run that publishes nothing, where there is time to look at every feed: one that seems
/// to be a podcast is told, too, as long as there is none.
pub(super) fn check(
    plan: &Plan,
    lock: &Lock,
    catalog: &Catalog,
    feeds: &[Feed],
    report: &mut Report,
) -> Result<(), Error> {
    let mut windows = Vec::with_capacity(feeds.len());
    for feed in feeds {
        windows.push(press::window(catalog, &plan.site, feed, report.as_of, &lock.gone)?);
    }
    tell(plan, catalog, feeds, &windows, report)?;
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

/// What is wrong with a show's picture, where it is a file of a source.
fn artwork(plan: &Plan, show: &Show, place: &Place) -> Option<Problem> {
    let image = show.image.as_ref().or(plan.site.icon.as_ref())?;
    let below = image.strip_prefix(plan.site.url.as_str())?;
    let below = below.split(['?', '#']).next()?;
    let path = percent_decode_str(below).decode_utf8().ok()?;
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let measured = plan.sources.iter().find_map(|source| match &source.place {
        source::Place::Directory(options) => directory::measure(options, &path),
        source::Place::Database(_) | source::Place::Wxr(_) => None,
    });
    let (_, measured) = measured?;
    podcast::of_artwork(measured.width?, measured.height?, place)
}
