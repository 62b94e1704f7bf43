//! The fetch stage under `serve`: beside the runs, so that no article waits for another's server. A run
//! that ended starts a pass; a pass that found out anything asks for a run, which looks at no source.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tracing::{error, info};

use super::{Service, stopping};
use crate::cli::now;
use crate::fetch::{Pass, pass};
use crate::worker::Handle;

/// What the passes of this process came to, and how the next is started.
#[derive(Debug, Default)]
pub(super) struct Passes {
    due: Notify,
    /// Counters summed up; the rest is the last pass's.
    sum: Mutex<Pass>,
}

impl Passes {
    /// Starts a pass, or one more after the one that goes on.
    pub(super) fn start(&self) {
        self.due.notify_one();
    }

    /// What the passes came to.
    pub(super) fn sum(&self) -> Pass {
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, pass: Pass) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = Pass {
            found: sum.found + pass.found,
            same: sum.same + pass.same,
            failed: sum.failed + pass.failed,
            ..pass
        };
    }
}

/// Passes whenever a run has ended, until `stopped`; a pass that goes on then is ended early.
pub(super) async fn passes(service: Arc<Service>, handle: Handle, stopped: watch::Receiver<bool>) {
    let stop = Arc::new(AtomicBool::new(false));
    loop {
        tokio::select! {
            () = service.passes.due.notified() => {}
            () = stopping(stopped.clone()) => return,
        }
        let plan = service.settings();
        let media = &plan.plan.media;
        // Whoever deleted the state meanwhile wants a new one, which is a run's to make.
        if !media.on || !plan.plan.media_cache.exists() {
            continue;
        }
        let (media, cache, flag) =
            (media.clone(), plan.plan.media_cache.clone(), Arc::clone(&stop));
        let mut going = spawn_blocking(move || pass(&cache, &media, now(), &flag));
        let ended = tokio::select! {
            ended = &mut going => ended,
            () = stopping(stopped.clone()) => {
                stop.store(true, Ordering::Relaxed);
                going.await
            }
        };
        match ended {
            Ok(Ok(pass)) => {
                service.passes.note(pass);
                if pass.asked() > 0 {
                    info!(
                        "remote media: {} found out, {} as they were, {} not to be had, {} left",
                        pass.found, pass.same, pass.failed, pass.left
                    );
                }
                if pass.news {
                    handle.media();
                }
            }
            Ok(Err(e)) => error!("{e}"),
            Err(e) => error!("remote media can't be asked for: {e}"),
        }
    }
}
