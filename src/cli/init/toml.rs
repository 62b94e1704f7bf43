//! The text of a `feeds.toml`: comments for a person, strings that TOML reads back as they were.

use std::fmt::Write as _;

/// What stands at the top of every file.
#[derive(Debug, Default)]
pub(super) struct Site {
    pub(super) title: String,
    pub(super) url: String,
    pub(super) description: String,
    pub(super) language: String,
    pub(super) timezone: String,
    /// What was guessed and should be looked at.
    pub(super) remarks: Vec<String>,
}

/// A string as TOML has it.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Words in a comment: one line, whatever they hold.
pub(super) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {line}\n")
}

pub(super) fn head(site: &Site, shown: &str) -> String {
    let mut out = comment(&format!("Made by `feedwright init` from {shown}."));
    out.push_str("# Read it, mend what was guessed, then run: feedwright check\n\n");
    for remark in &site.remarks {
        out.push_str(&comment(remark));
    }
    out.push_str("[site]\n");
    for (key, value) in [
        ("title", &site.title),
        ("url", &site.url),
        ("description", &site.description),
        ("language", &site.language),
        ("timezone", &site.timezone),
    ] {
        if !value.trim().is_empty() {
            let _ = writeln!(out, "{key} = {}", string(value.trim()));
        }
    }
    out.push_str(
        "#base_url = \"https://feeds.example.org/\"   # where these feeds will be reached\n",
    );
    out
}

/// The addresses that subscribers have now, and the feeds that take their place.
pub(super) fn aliases(paths: &[(String, String)], left_out: usize) -> String {
    let mut out = String::from(
        "\n# The addresses of the feeds that the site has now: who is subscribed there stays so,\n\
         # once the web server hands these addresses on to feedwright.\n",
    );
    if left_out > 0 {
        out.push_str(&comment(&format!("{left_out} more tags and authors were left out.")));
    }
    out.push_str("[server.aliases]\n");
    for (path, feed) in paths {
        let _ = writeln!(out, "{} = {}", string(path), string(feed));
    }
    out
}

/// The addresses of feeds that aren't made here, and those that come closest.
pub(super) fn fallbacks(patterns: &[(String, String)]) -> String {
    if patterns.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "\n# Feeds of a year, month or day, and of what a search finds, aren't made here: they lead to the\n\
         # feed of all articles, for now.\n\
         [server.fallbacks]\n",
    );
    for (pattern, feed) in patterns {
        let _ = writeln!(out, "{} = {}", string(pattern), string(feed));
    }
    out
}
