//! When there is a run: by the clock, by a change that the watcher saw, or on demand.
