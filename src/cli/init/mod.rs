//! `init`: a first `feeds.toml` for a database that is there already. What is asked is little; what was
//! guessed is told in the file, on standard output. The password is in none of it.

mod drupal;
mod guess;
mod known;
mod toml;

use std::fmt::Write as _;
use std::io::Write as _;

use self::guess::Says;
use self::known::Program;
use self::toml::Site;
use super::args::{Global, Init};
use super::{Status, complain};
use crate::config;
use crate::source::database::{self, Address, Error, Host, Options, Question, Survey, Table};

/// Stands where nothing says where the site is: of a loopback host nothing is kept in feeds.lock.
const UNKNOWN_SITE: &str = "http://localhost/";
/// The variable that the file reads the URL from.
const VARIABLE: &str = "DATABASE_URL";
/// So many words of a status column are looked at.
const WORDS_MAX: usize = 20;

pub(super) fn run(global: &Global, init: &Init) -> Status {
    let address = match config::database_address(&init.database_url) {
        Ok(address) => address,
        Err(why) => {
            complain(&why);
            return Status::Mistake;
        }
    };
    let options = Options {
        shown: shown(&address),
        address,
        question: Question::default(),
        limit: database::TIME_MAX,
        listen: None,
    };
    match file(&options, init) {
        Ok(Made { text, notes }) => {
            if !global.quiet {
                for note in notes {
                    complain(&note);
                }
            }
            match anstream::stdout().write_all(text.as_bytes()) {
                Ok(()) => Status::Done,
                Err(_) => Status::Failed,
            }
        }
        Err(why) => {
            complain(&why);
            Status::Failed
        }
    }
}

/// The file, and what is to be said beside it.
struct Made {
    text: String,
    notes: Vec<String>,
}

fn file(options: &Options, init: &Init) -> Result<Made, String> {
    let told = |error: Error| error.to_string();
    let survey = Survey::open(options).map_err(told)?;
    let tables = survey.tables().map_err(told)?;
    let is_mysql = matches!(options.address, Address::Mysql(_));
    let url = url(&options.address);
    let site = init.site.as_ref().map(url::Url::as_str);
    let mut notes = Vec::new();
    let program = known::program(&tables, is_mysql);
    if !matches!(program, Some(Program::Wordpress(_))) && site.is_none() {
        notes.push(format!(
            "nothing here says where the site is: write its address in place of {UNKNOWN_SITE}, or \
             add --site URL"
        ));
    }
    let text = match &program {
        Some(Program::Ghost) => known::ghost(&survey, site, &options.shown, &url).map_err(told)?,
        Some(Program::Wordpress(prefixes)) => {
            let blog = init.blog.unwrap_or(1);
            let place = (site, options.shown.as_str(), url.as_str());
            known::wordpress(&survey, (&tables, prefixes), blog, place).map_err(told)?
        }
        None if drupal::is_it(&tables) => {
            drupal::file((site, &options.shown, &url), survey.quote())
        }
        None => guessed(&survey, &tables, (site, &options.shown, &url))?,
    };
    Ok(Made { text, notes })
}

/// The file for tables that nobody knows.
fn guessed(
    survey: &Survey,
    tables: &[Table],
    (site, shown, url): (Option<&str>, &str, &str),
) -> Result<String, String> {
    let guesses = guess::guesses(tables);
    let Some(best) = guesses.first() else {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        return Err(match names.is_empty() {
            true => format!("{shown} has no tables that may be read"),
            false => format!(
                "no table of {shown} looks like articles, with a title and a text or a date; it has: {}",
                names.join(", ")
            ),
        });
    };
    let quote = survey.quote();
    let mut words = Vec::new();
    if let Some((Says::Words, column)) = best.status {
        let column = guess::quoted(&column.name, quote);
        let table = guess::quoted(&best.table.name, quote);
        let text = if quote == '`' { "char" } else { "text" };
        let asked = format!(
            "select distinct cast({column} as {text}) as word from {table} limit {WORDS_MAX}"
        );
        let rows = survey.ask(&asked).map_err(|error| error.to_string())?;
        words = rows.iter().filter_map(|row| row.get("word").cloned()).collect();
        words.sort();
    }
    let (query, said) = best.query(&words, quote);
    let site = Site {
        title: "News".to_owned(),
        url: site.unwrap_or(UNKNOWN_SITE).to_owned(),
        remarks: match site {
            Some(_) => Vec::new(),
            None => {
                vec!["Nothing says where the site is: write its address below as `url`.".into()]
            }
        },
        ..Site::default()
    };
    let mut out = toml::head(&site, shown);
    out.push_str(&source("articles", url));
    let _ = writeln!(out, "query = {}", toml::string(&query));
    if !best.has_link() {
        out.push_str("# No column has the articles' addresses: say how the site makes them.\n");
        let _ = writeln!(out, "permalink = {}", toml::string(best.permalink()));
    }
    out.push_str(&toml::comment(&format!("Guessed: {} holds the articles.", best.table.name)));
    for one in said {
        out.push_str(&toml::comment(&one));
    }
    let others: Vec<&str> =
        tables.iter().map(|t| t.name.as_str()).filter(|name| *name != best.table.name).collect();
    if !others.is_empty() {
        out.push_str(&toml::comment(&format!("Other tables: {}.", others.join(", "))));
        out.push_str(
            "# Tags or authors of their own come by `also`: see docs/reference/config.md.\n",
        );
    }
    out.push_str("\n[[feed]]\nname = \"latest\"\n");
    Ok(out)
}

/// A database without its password.
fn shown(address: &Address) -> String {
    let (scheme, server) = match address {
        Address::Sqlite(file) => return format!("sqlite:{}", file.display()),
        Address::Postgres(server) => ("postgres", server),
        Address::Mysql(server) => ("mysql", server),
    };
    let host = match &server.host {
        Host::Name(name) => format!("{name}:{}", server.port),
        Host::Socket(path) => path.display().to_string(),
    };
    let database = server.database.as_deref().unwrap_or_default();
    format!("{scheme}://{}@{host}/{database}", server.user)
}

/// The URL as the file has it: a server's has a password, which stays in the environment.
fn url(address: &Address) -> String {
    match address {
        Address::Sqlite(file) => format!("sqlite:{}", file.display()),
        Address::Postgres(_) | Address::Mysql(_) => format!("${{{VARIABLE}}}"),
    }
}

/// The beginning of a source.
fn source(name: &str, url: &str) -> String {
    let mut out = format!("\n[[source]]\nname = \"{name}\"\nkind = \"database\"\n");
    if url.starts_with("${") {
        let _ = writeln!(
            out,
            "# The URL and its password stand in the environment: export {VARIABLE}='…'"
        );
    }
    let _ = writeln!(out, "url = {}", toml::string(url));
    out
}
