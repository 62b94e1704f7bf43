//! The commands: each a file that parses nothing, builds what it needs, calls one room, prints one
//! report and returns a status. Here everything is put together.

pub mod args;
mod bar;
mod check;
mod completions;
mod explain;
mod history;
mod init;
mod lock;
pub mod output;
mod regenerate;
mod room;
mod serve;
mod status;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Parser;

use self::args::{Args, Command, Global, OutputFormat};
use crate::config::{self, Loaded};
use crate::problem::{Problem, Severity};
use crate::run::{self, Report};

/// How a command ended (DESIGN, "What an operator runs").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Done; there may be warnings and notes.
    Done = 0,
    /// An error in the articles, something held or refused, or a failure at run time.
    Failed = 1,
    /// A mistake in the command line or in the configuration.
    Mistake = 2,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            // Help and version are no mistakes; clap knows where each goes.
            let _ = e.print();
            let mistake = e.use_stderr();
            return if mistake { Status::Mistake.into() } else { ExitCode::SUCCESS };
        }
    };
    let global = args.global;
    let status = match args.command {
        Command::Serve(serve) => serve::run(&global, &serve),
        Command::Regenerate(regenerate) => regenerate::run(&global, &regenerate),
        Command::Check(check) => check::run(&global, &check),
        Command::Explain(explain) => explain::run(&global, &explain),
        Command::History(history) => history::run(&global, &history),
        Command::Init(init) => init::run(&global, &init),
        Command::Lock(lock) => lock::run(&global, &lock),
        Command::Status => status::run(&global),
        Command::Completions(wanted) => completions::completions(&wanted),
        Command::Man(wanted) => completions::manual(&wanted),
    };
    status.into()
}

/// Reads the configuration; what is wrong with it is printed, and what to end with given back.
fn load(global: &Global) -> Result<Loaded, Status> {
    config::read(&global.config).map_err(|e| {
        tell_config_error(global, &e);
        Status::Mistake
    })
}

fn tell_config_error(global: &Global, error: &config::Error) {
    match (error, global.format) {
        (config::Error::Mistakes { problems, .. }, OutputFormat::Json) => {
            let _ = output::json_mistakes(&mut anstream::stdout(), problems);
        }
        (config::Error::Mistakes { problems, .. }, OutputFormat::Text) => {
            let _ =
                output::problems(&mut anstream::stderr(), problems, output::Most::ALL, colour());
        }
        (unreadable, _) => complain(&unreadable.to_string()),
    }
}

/// Says on standard error why a command failed.
fn complain(sentence: &str) {
    let _ = writeln!(anstream::stderr(), "feedwright: {sentence}");
}

fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints what a run did. Problems go to standard error, so that standard output is one line, or one
/// object.
fn tell(global: &Global, report: &Report) {
    match global.format {
        OutputFormat::Json => {
            let _ = output::json(&mut anstream::stdout(), report);
        }
        OutputFormat::Text => {
            let problems: Vec<Problem> = report
                .problems
                .iter()
                .filter(|p| !global.quiet || p.severity == Severity::Error)
                .cloned()
                .collect();
            let _ = output::problems(
                &mut anstream::stderr(),
                &problems,
                output::Most::OF_A_RUN,
                colour(),
            );
            let _ = output::failures(&mut anstream::stderr(), report, colour());
            if !global.quiet {
                let _ = writeln!(anstream::stdout(), "{}", output::summary(report));
            }
        }
    }
}

/// What a run's report ends a command with.
fn status_of(report: &Report) -> Status {
    let error = report.problems.iter().any(|p| p.severity == Severity::Error);
    if error || !report.sound() { Status::Failed } else { Status::Done }
}

/// What a run that could not be done ends a command with.
fn status_of_error(error: &run::Error) -> Status {
    match error {
        // Beside feeds.toml, and as much an operator's to mend.
        run::Error::Lock(e) if e.is_mistake() => Status::Mistake,
        _ => Status::Failed,
    }
}

/// The clock: here it enters, and as an argument it goes on.
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A path as a person would write it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
