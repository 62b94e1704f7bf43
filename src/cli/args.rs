//! The command line: what can be written, and the help that says so. What a command does is its own
//! file's; nothing here reads a file.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use url::Url;

/// Turns a newsroom's articles into RSS, Atom and JSON feeds, and serves them.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "feedwright",
    version,
    max_term_width = 100,
    propagate_version = false,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = AFTER_HELP
)]
pub struct Args {
    /// What all commands share.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  feedwright check --print-defaults > feeds.toml   a commented configuration to begin with
  feedwright init sqlite:desk.db > feeds.toml      one that fits a database
  feedwright check                                 what is wrong in the articles, and where
  feedwright regenerate                            bring all feeds up to date, once
  feedwright serve                                 do so whenever an article changes, and serve them
  feedwright explain content/some/article.md       where it is, and why not elsewhere

Exit status:
  0  done; there may be warnings and notes
  1  an error in the articles, a guard that holds something back, a refused edition, or a failure
     at run time
  2  a mistake in the command line or in the configuration";

/// What all commands share.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Global {
    /// The configuration; paths in it are relative to its folder.
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        env = "FEEDWRIGHT_CONFIG",
        default_value = "feeds.toml"
    )]
    pub config: PathBuf,
    /// Print only what went wrong.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How to print results: for a person, or as one JSON object.
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: OutputFormat,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// For a person.
    #[default]
    Text,
    /// One JSON object, for a program.
    Json,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Gather, publish and serve, and keep doing so.
    ///
    /// Runs when it starts, on the schedule, as soon as a watched file changes, and when an embargo
    /// lifts or an article expires. The last good feeds stay up whatever happens to the articles.
    /// Each run reads the configuration anew; one with mistakes keeps the old, and says so.
    #[command(after_help = SERVE_HELP)]
    Serve(Serve),
    /// Make one run, now.
    ///
    /// Reads what changed, publishes the feeds that it touches, and ends. A `serve` that runs on the
    /// same state shows the result at once.
    #[command(after_help = REGENERATE_HELP)]
    Regenerate(Regenerate),
    /// Read everything, publish nothing, and show each problem with its file and line.
    ///
    /// Looks at the articles, and at the feeds that would be made of them, by the rules of the W3C's
    /// validator. With FILE_OR_URL it looks at those feeds instead, whoever made them.
    #[command(after_help = CHECK_HELP)]
    Check(Check),
    /// Tell of one article: what was read from where, in which feeds it is, and why not in others.
    ///
    /// ARTICLE is a path, an id or a link. Reads only; works beside a running `serve`.
    #[command(after_help = EXPLAIN_HELP)]
    Explain(Explain),
    /// List a feed's editions: when each came, and what came, changed and went with it.
    ///
    /// The last 1,000 editions of 400 days are kept, in the state folder. Feeds that are made when
    /// somebody asks (tag/NAME, author/NAME, series/NAME) have no history.
    #[command(after_help = HISTORY_HELP)]
    History(History),
    /// Print a first feeds.toml for a database: of WordPress, of Ghost, or any other.
    ///
    /// Looks at the tables, and writes down what it guessed. Nothing is written but to standard
    /// output, and the password to nowhere.
    #[command(after_help = INIT_HELP)]
    Init(Init),
    /// Tell what stands in feeds.lock, or drop the lines that nothing needs any more.
    #[command(after_help = LOCK_HELP)]
    Lock(Lock),
    /// Show the last run and the next, and what is held, refused or unwritten.
    Status,
    /// Print a script by which a shell completes feedwright's commands and options.
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(Completions),
    /// Print a manual page: of feedwright, or of one of its commands.
    #[command(after_help = MAN_HELP)]
    Man(Manual),
}

const SERVE_HELP: &str = "\
Examples:
  feedwright serve
  feedwright serve --listen 0.0.0.0:80 --admin none
  feedwright --config /srv/gazette/feeds.toml serve

The addresses that stand in the feeds come from site.base_url; --listen changes
no byte of them.";

const REGENERATE_HELP: &str = "\
Examples:
  feedwright regenerate
  feedwright --quiet regenerate                    silent if all is well
  feedwright --format json regenerate | jq .written
  feedwright regenerate --locked --learn https://feeds.gazette.example/
                                                   in CI, without a state

Exit status: 0 done, 1 an error in the articles or a failure at run time,
2 a mistake in the command line or in the configuration.";

const CHECK_HELP: &str = "\
Examples:
  feedwright check
  feedwright check --strict                        for CI: warnings are errors
  feedwright check --print-defaults > feeds.toml
  feedwright check feed.xml other.json             RSS, Atom, JSON Feed, OPML
  feedwright check https://gazette.example/feed/   and how it is served
  feedwright check --explain feed-missing-guid     what a code means

Exit status: 0 no errors, 1 an error in the articles or feeds (with --strict:
or a warning), 2 a mistake in the command line or in the configuration.";

const EXPLAIN_HELP: &str = "\
Examples:
  feedwright explain content/harbour/night-boat.md
  feedwright explain harbour/night-boat.md         below the source's folder
  feedwright explain https://gazette.example/harbour/night-boat/
  feedwright explain 'desk row 4711'               a row of a database

Exit status: 0 something is told, 1 there is no such article, 2 a mistake in the
command line or in the configuration.";

const HISTORY_HELP: &str = "\
Examples:
  feedwright history latest
  feedwright history latest --most 3
  feedwright --format json history latest | jq '.editions[0].came'

Exit status: 0 done, 1 the feed has no history, 2 a mistake in the command line
or in the configuration.";

const INIT_HELP: &str = "\
Examples:
  export DATABASE_URL='mysql://reader:…@db.example/wordpress'
  feedwright init > feeds.toml
  feedwright init sqlite:ghost.db --site https://gazette.example/ > feeds.toml
  feedwright init --blog 2 > second.toml           a site of a WordPress network

Exit status: 0 done, 1 the database can't be reached or no table looks like
articles, 2 a mistake in the command line.";

const LOCK_HELP: &str = "\
Examples:
  feedwright lock
  feedwright lock --prune --dry-run                which lines would go
  feedwright lock --prune && git commit -m 'Prune feeds.lock' feeds.lock

Exit status: 0 done, 1 it can't be told which lines are needed, or feeds.lock
can't be written, 2 a mistake in feeds.lock, in the command line or in the
configuration.";

/// `lock`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Lock {
    /// Drop the lines whose article is gone: no document gives it, it wasn't withdrawn in the last 30
    /// days, and no feed shows it. Drafts keep theirs. Prints what it drops.
    #[arg(long)]
    pub prune: bool,
    /// Print what would be dropped, and drop nothing.
    #[arg(long, requires = "prune")]
    pub dry_run: bool,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  feedwright completions bash \\
    > ~/.local/share/bash-completion/completions/feedwright
  feedwright completions zsh > ~/.zfunc/_feedwright
  feedwright completions fish > ~/.config/fish/completions/feedwright.fish";

const MAN_HELP: &str = "\
Examples:
  feedwright man | man -l -
  feedwright man > /usr/local/share/man/man1/feedwright.1
  feedwright man serve > /usr/local/share/man/man1/feedwright-serve.1";

/// `completions`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Manual {
    /// One command instead of the whole.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// `explain`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Explain {
    /// The article: a path as you write it or below its source's folder, an id, or a link.
    #[arg(value_name = "ARTICLE")]
    pub article: String,
}

/// `history`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct History {
    /// The feed's name, as in /feeds/NAME.rss.
    #[arg(value_name = "FEED")]
    pub feed: String,
    /// So many editions, the newest.
    #[arg(long, value_name = "N", default_value = "20", value_parser = several)]
    pub most: NonZeroUsize,
}

/// `serve`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Serve {
    /// Listen here instead of at server.listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", value_parser = listen)]
    pub listen: Option<SocketAddr>,
    /// Put health, metrics and status here instead of at server.admin; "none" does without.
    #[arg(long, value_name = "ADDR", value_parser = admin)]
    pub admin: Option<Admin>,
    /// Without a state, learn from the live feeds what is published, before the first run: URL is
    /// what their addresses begin with, or that of their feeds.json.
    #[arg(long, value_name = "URL", value_parser = learn)]
    pub learn: Option<Url>,
}

/// Where the admin listener listens, as the command line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admin {
    /// There is none.
    None,
    /// There.
    At(SocketAddr),
}

fn listen(value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

fn admin(value: &str) -> Result<Admin, String> {
    if value == "none" {
        return Ok(Admin::None);
    }
    value.parse().map(Admin::At).map_err(|_| {
        "write an IP address and a port, such as 127.0.0.1:8081, or \"none\"".to_owned()
    })
}

fn several(value: &str) -> Result<NonZeroUsize, String> {
    value.parse().map_err(|_| "write a whole number, from 1 on".to_owned())
}

fn learn(value: &str) -> Result<Url, String> {
    let url = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url {
        Some(url) if url.username().is_empty() && url.password().is_none() => Ok(url),
        Some(_) => Err("write it without a user's name: none is sent".to_owned()),
        None => Err("write a URL such as https://feeds.gazette.example/".to_owned()),
    }
}

/// `regenerate`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Regenerate {
    /// Read and render with so many threads; absent, as many as there are processors.
    #[arg(long, value_name = "N", value_parser = several)]
    pub threads: Option<NonZeroUsize>,
    /// Release what a guard holds, as `status` showed it; more than that is held anew.
    #[arg(long, value_name = "GUARD", value_enum)]
    pub accept: Vec<Accept>,
    /// Change nothing: tell what a run would change, and what subscribers would see again (then the
    /// status is 1).
    #[arg(long, conflicts_with = "locked")]
    pub dry_run: bool,
    /// Publish nothing where feeds.lock lacks a line; print the lines. For CI.
    #[arg(long)]
    pub locked: bool,
    /// Without a state, learn from the live feeds what is published: URL is what their addresses
    /// begin with, or that of their feeds.json.
    #[arg(long, value_name = "URL", value_parser = learn)]
    pub learn: Option<Url>,
}

/// A guard, as `--accept` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Accept {
    /// Articles that vanished are withdrawn.
    Loss,
    /// Entries that changed are announced.
    Change,
    /// Ids change as feeds.lock or the documents now say.
    Ids,
}

/// `check`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Check {
    /// Feeds to look at instead of the newsroom's: files, URLs; `-` is standard input. Needs no
    /// configuration. Of a URL also how it is served.
    #[arg(value_name = "FILE_OR_URL")]
    pub targets: Vec<String>,
    /// Let warnings count as errors.
    #[arg(long)]
    pub strict: bool,
    /// Show every note, too, such as each page that is no article; else ten of a kind.
    #[arg(long)]
    pub all: bool,
    /// Print a commented configuration with every key and its default, and check nothing.
    #[arg(long, conflicts_with_all = ["targets", "explain"])]
    pub print_defaults: bool,
    /// Tell what a problem's code means, with wrong beside right.
    #[arg(long, value_name = "CODE", conflicts_with = "targets")]
    pub explain: Option<String>,
}

/// What `init` looks at.
#[derive(Clone, PartialEq, Eq, ClapArgs)]
pub struct Init {
    /// Where the database is: sqlite:FILE, postgres://… or mysql://…
    #[arg(value_name = "DATABASE_URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Where the site is, if the database doesn't say.
    #[arg(long, value_name = "URL", value_parser = site)]
    pub site: Option<Url>,
    /// Which site of a WordPress network.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub blog: Option<u32>,
}

impl std::fmt::Debug for Init {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Init").field("site", &self.site).finish_non_exhaustive()
    }
}

fn site(written: &str) -> Result<Url, String> {
    let url = Url::parse(written).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "write it as in https://gazette.example/".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        let before =
            parse("feedwright --config a.toml --quiet --format json check --strict").unwrap();
        let after =
            parse("feedwright check --strict --format json --quiet --config a.toml").unwrap();
        assert_eq!(before, after);
        assert_eq!(before.global.config, PathBuf::from("a.toml"));
        assert_eq!(
            before.command,
            Command::Check(Check {
                targets: Vec::new(),
                strict: true,
                all: false,
                print_defaults: false,
                explain: None
            })
        );
    }

    #[test]
    fn serve_takes_addresses() {
        let args = parse("feedwright serve --listen [::1]:0 --admin none").unwrap();
        let Command::Serve(serve) = args.command else { panic!("{args:?}") };
        assert_eq!(serve.listen, Some("[::1]:0".parse().unwrap()));
        assert_eq!(serve.admin, Some(Admin::None));
        assert_eq!(args.global.format, OutputFormat::Text);
    }

    #[test]
    fn mistakes_end_with_status_2() {
        for line in [
            "feedwright",
            "feedwright serv",
            "feedwright serve --listen 8080",
            "feedwright serve --admin off",
            "feedwright regenerate --threads 0",
            "feedwright regenerate --learn feeds.gazette.example",
            "feedwright lock --dry-run",
            "feedwright regenerate --learn file:///feeds.json",
            "feedwright serve --learn https://me:secret@feeds.gazette.example/",
            "feedwright check --format xml",
            "feedwright status now",
            "feedwright explain",
            "feedwright history",
            "feedwright history latest --most 0",
            "feedwright completions",
            "feedwright completions cmd",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn help_tells_of_exit_statuses_and_fits_a_terminal() {
        let mut command = Args::command();
        let help = command.render_long_help().to_string();
        assert!(help.contains("Exit status:"), "{help}");
        for sub in command.get_subcommands_mut() {
            let help = sub.render_long_help().to_string();
            let own = help.split("Examples:").nth(1).unwrap_or_default();
            let wide: Vec<&str> = own.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{wide:#?}");
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }
}
