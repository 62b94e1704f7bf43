//! `feedwright completions` and `feedwright man`: what shells and manual readers are told of the
//! command line, made from the same description that reads it.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::{Args, Completions, Manual};
use super::{Status, complain};

pub(super) fn completions(args: &Completions) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "feedwright", &mut script);
    print(&script)
}

pub(super) fn manual(args: &Manual) -> Status {
    let mut page = Vec::new();
    let written = match command(args.command.as_deref()) {
        Some(command) => render(&command, &mut page),
        None => {
            complain("there is no such command; `feedwright --help` lists them");
            return Status::Mistake;
        }
    };
    match written {
        Ok(()) => print(&page),
        Err(e) => {
            complain(&e.to_string());
            Status::Failed
        }
    }
}

/// The description of the whole, or of one command.
fn command(name: Option<&str>) -> Option<Command> {
    // What `help` says of itself would be half of the page.
    let mut whole = Args::command().disable_help_subcommand(true);
    whole.build();
    let Some(name) = name else { return Some(whole) };
    whole.find_subcommand(name).cloned()
}

/// The sections of a manual page (man-pages(7)).
fn render(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(page)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    page.write_all(as_written(&after).as_bytes())
}

/// What help ends with, in roff: its headings are sections, its lines stay as they are.
fn as_written(after: &str) -> String {
    let mut out = String::new();
    for line in after.lines() {
        match line.strip_suffix(':').filter(|heading| !heading.starts_with(' ')) {
            Some(heading) => out += &format!(".SH {}\n.nf\n", heading.to_uppercase()),
            // A dot or a quote at the beginning would be a request.
            None => out += &format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-")),
        }
    }
    out
}

/// Whoever reads may have seen enough: that is no failure.
fn print(bytes: &[u8]) -> Status {
    let mut out = anstream::stdout();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
    Status::Done
}
