//! How far a run is, for a person who waits at a terminal. Drawn on standard error, once it has lasted
//! a second, and taken away at its end; nobody else sees any of it.

use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Global, OutputFormat};
use crate::run::progress::{Progress, Step};

/// A run that is over sooner needs no telling.
const PATIENCE: Duration = Duration::from_secs(1);
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Does a piece of work, and shows how far it is to whoever may be watching.
pub(super) fn while_shown<T>(global: &Global, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if !is_watched(global) {
        return work(&progress);
    }
    std::thread::scope(|scope| {
        // Dropped when the work is over, well or not: that ends the drawing.
        let (_working, over) = channel::<()>();
        let progress = &progress;
        scope.spawn(move || draw(progress, &over));
        work(progress)
    })
}

fn is_watched(global: &Global) -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !global.quiet
        && global.format == OutputFormat::Text
        && !is_dumb
        && std::io::stderr().is_terminal()
}

fn draw(progress: &Progress, over: &Receiver<()>) {
    let mut wait = PATIENCE;
    let mut drawn: Option<(Step, ProgressBar)> = None;
    while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = DRAW_EVERY;
        let (step, done, all) = progress.look();
        // For whom it waits is told already, on the line that a bar would draw over.
        if step == Step::Waiting {
            continue;
        }
        if drawn.as_ref().is_some_and(|(before, _)| *before != step) {
            clear(drawn.take());
        }
        let (_, bar) = drawn.get_or_insert_with(|| (step, bar(step)));
        bar.update(|state| {
            state.set_pos(done);
            state.set_len(all.unwrap_or_default());
        });
    }
    clear(drawn);
}

fn clear(drawn: Option<(Step, ProgressBar)>) {
    if let Some((_, bar)) = drawn {
        bar.finish_and_clear();
    }
}

fn bar(step: Step) -> ProgressBar {
    let style = ProgressStyle::with_template(template(step));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(style)
}

fn template(step: Step) -> &'static str {
    match step {
        Step::Waiting => "",
        Step::Gather => "{spinner} documents read: {pos}",
        Step::Commit => "{spinner} deciding what is new",
        Step::Publish => "feeds made: [{bar:30}] {pos} of {len}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_can_be_read() {
        for step in [Step::Gather, Step::Commit, Step::Publish] {
            assert!(ProgressStyle::with_template(template(step)).is_ok(), "{step:?}");
        }
    }
}
