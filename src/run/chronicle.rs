//! What feeds show from now on is noted for `history` and `explain`. Only once it is published, and
//! for people only: where it can't be noted, that is told, and the run stands.

use super::stores::Open;
use super::{Plan, Report};
use crate::article::ContentHash;
use crate::catalog;
use crate::edition::history::{self, Shown};
use crate::feed::{Feed, FeedName};
use crate::press::Window;

/// A title can't be had, or the history can't be written.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    History(#[from] history::Error),
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

/// Notes the windows of feeds. `seals` name what is published of each in all formats; `None` where
/// nothing of the window is.
pub(super) fn note(
    plan: &Plan,
    open: &mut Open,
    feeds: &[Feed],
    windows: &[Window],
    seals: &[Option<ContentHash>],
    report: &mut Report,
) {
    // Whoever deleted the state meanwhile wants a new one, not this one's last page.
    if !plan.state.is_dir() {
        return;
    }
    let out: Vec<history::Window> = feeds
        .iter()
        .zip(windows)
        .zip(seals)
        .filter_map(|((feed, window), seal)| {
            let entries = window
                .slots
                .iter()
                .map(|s| Shown { id: s.id.clone(), article: s.article, hash: s.hash })
                .collect();
            Some(history::Window { feed: feed.name.clone(), seal: (*seal)?, entries })
        })
        .collect();
    let stands = |name: &FeedName| feeds.iter().any(|f| f.name == *name);
    let noted =
        open.with_history(&plan.state).map_err(Failure::from).and_then(|(catalog, history)| {
            let title = |article| Ok::<_, Failure>(catalog.facts(article)?.title);
            history.note(&out, &stands, report.as_of, &title)
        });
    if let Err(e) = noted {
        report.failures.push(e.to_string());
    }
}
