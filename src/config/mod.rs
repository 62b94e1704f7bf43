//! `feeds.toml` as written becomes each room's own options. Every mistake in the file is found in one
//! go and points at its place; rooms never see TOML, and nothing below this room checks again.
//! Whether a path exists or a listener can listen is the rooms' to find out: loading touches no file.

mod apart;
mod codes;
mod database;
mod defaults;
mod expand;
mod feeds;
mod file;
mod keys;
mod names;
mod places;
mod plan;
mod podcast;
mod reader;
mod routes;
mod text;
mod values;
mod wordpress;

use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::problem::{Problem, Severity};
use crate::source::database::Address;
use crate::{run, server, worker};
use text::Text;

/// A commented `feeds.toml` with every key: those that have a default hold it, the others are
/// commented out with an example.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// What a whole `feeds.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What a run works on.
    pub plan: run::Plan,
    /// When runs happen.
    pub worker: worker::Options,
    /// How editions are served.
    pub server: server::Options,
}

/// A `feeds.toml` that can be worked with.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// Notes and warnings; nothing that stops.
    pub problems: Vec<Problem>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file, as it was named.
        path: PathBuf,
        /// A sentence.
        why: String,
    },
    /// The file has mistakes: errors, in its order.
    #[error("{}: there are mistakes in it ({})", path.display(), problems.len())]
    Mistakes {
        /// The file, as it was named.
        path: PathBuf,
        /// What is wrong in it.
        problems: Vec<Problem>,
    },
}

/// Larger than any configuration that a person writes.
const BYTES_MAX: u64 = 1 << 20;

/// Reads `feeds.toml` with the environment of the process.
///
/// # Errors
///
/// Where the file can't be read or has mistakes.
pub fn read(path: &Path) -> Result<Loaded, Error> {
    let text = read_text(path).map_err(|why| Error::Unreadable { path: path.to_owned(), why })?;
    load(path, &text, &|name| std::env::var(name).ok())
        .map_err(|problems| Error::Mistakes { path: path.to_owned(), problems })
}

fn read_text(path: &Path) -> Result<String, String> {
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "there is no such file; name another with --config FILE, or begin with \
             `feedwright check --print-defaults > feeds.toml`"
                .to_owned()
        }
        _ => error.to_string(),
    })?;
    if meta.is_dir() {
        return Err("is a folder; name the file in it".to_owned());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err("is larger than 1 MiB, more than any configuration".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        format!("isn't UTF-8, from line {} on; save it as UTF-8", line + 1)
    })
}

/// Reads the URL of a database. A file is relative to the folder of whoever asks.
///
/// # Errors
/// A sentence that says what is wrong, and repeats nothing of the URL.
pub fn database_address(url: &str) -> Result<Address, String> {
    database::database(url).map_err(|wrong| match &wrong.help {
        Some(help) => format!("the URL {}; {help}", wrong.what),
        None => format!("the URL {}", wrong.what),
    })
}

/// Makes settings of the text of `feeds.toml`. `path` is the file's, as it was named: relative paths
/// in the text resolve against its folder. `env` gives the variables that `${NAME}` fills in.
///
/// # Errors
///
/// All errors in the text, in its order. Notes stand back until there are none.
pub fn load(
    path: &Path,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (table, syntax) = DeTable::parse_recoverable(text);
    let mut found = Text::new(path.display().to_string(), text, env);
    let file = file::file(&mut found, table.get_ref());
    let settings = plan::resolve(&mut found, &file, path);
    if !syntax.is_empty() {
        report_syntax(&mut found, &syntax);
    }
    let problems = found.finish();
    match settings {
        Some(mut settings) if problems.iter().all(|p| p.severity < Severity::Error) => {
            settings.plan.told.clone_from(&problems);
            Ok(Loaded { settings, problems })
        }
        _ => Err(problems.into_iter().filter(|p| p.severity == Severity::Error).collect()),
    }
}

/// Adds what the TOML parser refused. Of such a file the parser keeps a part only, so other mistakes
/// are told where they show in one value alone, and not at all where a table's header was refused.
fn report_syntax(found: &mut Text<'_>, errors: &[toml::de::Error]) {
    let spans: Vec<_> = errors.iter().map(|error| error.span().unwrap_or(0..0)).collect();
    let headers_hold =
        spans.iter().all(|span| !found.line_at(span.start).trim_start().starts_with('['));
    let lines: Vec<usize> = spans.iter().map(|span| found.line_of(span.start) + 1).collect();
    let needs_the_rest =
        [codes::KEY_MISSING, codes::KEY_MISPLACED, codes::NAME, codes::PATH, codes::ROUTE];
    found.retain(|problem| {
        headers_hold
            && problem.severity == Severity::Error
            && !needs_the_rest.contains(&problem.code)
            && problem.place.line > 0
            && !lines.contains(&(problem.place.line as usize))
    });
    for (error, span) in errors.iter().zip(&spans) {
        let message = format!("this isn't TOML: {}", error.message());
        found.tell(Severity::Error, &codes::SYNTAX, Some(span), message, None);
    }
}

#[cfg(test)]
mod tests;
