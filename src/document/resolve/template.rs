//! Permalink templates of other generators in a document's own `permalink`: Jekyll's
//! `/:year/:title/`, Eleventy's `/{{ page.fileSlug }}/` (standards §8.4). Filled if all in them is
//! known here.

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::super::Options;
use super::address::Facts;
use crate::article::Precision;
use crate::article::slug::slug;

/// What became of a template.
pub(super) enum Filled {
    /// It isn't one.
    Plain,
    /// The path.
    Done(String),
    /// This part isn't known here.
    Unknown(String),
}

/// Jekyll's named styles.
const STYLES: [(&str, &str); 4] = [
    ("date", "/:categories/:year/:month/:day/:title.html"),
    ("pretty", "/:categories/:year/:month/:day/:title/"),
    ("ordinal", "/:categories/:year/:y_day/:title.html"),
    ("none", "/:categories/:title.html"),
];

/// Fills a template that a document names under a key.
pub(super) fn fill(written: &str, key: &str, facts: &Facts<'_>, options: &Options) -> Filled {
    let style = STYLES.iter().find(|(name, _)| key == "permalink" && *name == written);
    let written = style.map_or(written, |(_, template)| template);
    let filled = if written.contains("{{") || written.contains("{%") {
        eleventy(written, facts)
    } else if key == "permalink" && (written.starts_with(':') || written.contains("/:")) {
        jekyll(written, facts, options)
    } else if key == "path" {
        // Zola's whole path: it puts the final slash itself.
        let last = written.rsplit('/').next().unwrap_or_default();
        let slash = !last.is_empty() && !has_ending(last) && !written.contains(['?', '#']);
        return Filled::Done(if slash { format!("{written}/") } else { written.to_owned() });
    } else {
        Ok(written.to_owned())
    };
    match filled {
        Ok(path) if path == written && key != "permalink" => Filled::Plain,
        // Eleventy names the file that it writes.
        Ok(path) => Filled::Done(match path.strip_suffix("/index.html") {
            Some(folder) => format!("{folder}/"),
            None => path,
        }),
        Err(part) => Filled::Unknown(part),
    }
}

fn has_ending(name: &str) -> bool {
    [".html", ".htm", ".php", ".xml", ".txt"].iter().any(|ending| name.ends_with(ending))
}

fn eleventy(template: &str, facts: &Facts<'_>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find("}}").ok_or_else(|| format!("{:?}", &rest[start..]))?;
        let whole = &rest[start..start + end + 2];
        let inner: String =
            whole[2..end].chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let value = match inner.as_str() {
            "page.fileSlug" => facts.spot.bare.clone(),
            "page.filePathStem" => format!("/{}", facts.spot.path),
            "title|slug" | "title|slugify" => slug(facts.title),
            "page.fileSlug|slug" | "page.fileSlug|slugify" => slug(&facts.spot.bare),
            _ => return Err(whole.to_owned()),
        };
        out.push_str(&value);
        rest = &rest[start + end + 2..];
    }
    if rest.contains("{%") {
        return Err("a statement".to_owned());
    }
    out.push_str(rest);
    Ok(out.replace("//", "/"))
}

fn jekyll(template: &str, facts: &Facts<'_>, options: &Options) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find(':') {
        out.push_str(&rest[..start]);
        let name = &rest[start + 1..];
        let end = name.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(name.len());
        let value = jekyll_value(&name[..end], facts, options);
        out.push_str(&value.ok_or_else(|| format!("\":{}\"", &name[..end]))?);
        rest = &name[end..];
    }
    out.push_str(rest);
    while out.contains("//") {
        out = out.replace("//", "/");
    }
    Ok(out)
}

fn jekyll_value(name: &str, facts: &Facts<'_>, options: &Options) -> Option<String> {
    let local = || -> Option<(NaiveDate, NaiveTime)> {
        let published = facts.published?;
        let day_only = published.precision == Precision::Day;
        let zone = if day_only { &options.zone } else { &options.link_zone };
        let at = zone.show(published.at).naive_local();
        Some((at.date(), at.time()))
    };
    let date = |format: &str| Some(local()?.0.format(format).to_string());
    let time = |format: &str| Some(local()?.1.format(format).to_string());
    match name {
        "year" => date("%Y"),
        "month" => date("%m"),
        "day" => date("%d"),
        "short_year" => date("%y"),
        "i_month" => Some(local()?.0.month().to_string()),
        "i_day" => Some(local()?.0.day().to_string()),
        "short_month" => date("%b"),
        "long_month" => date("%B"),
        "y_day" => date("%j"),
        "hour" => time("%H"),
        "minute" => time("%M"),
        "second" => time("%S"),
        "title" | "slug" => Some(slug(&facts.spot.bare)),
        "name" | "basename" => Some(facts.spot.file.clone()),
        "path" => Some(facts.spot.path.clone()),
        "categories" | "slugified_categories" => {
            Some(facts.categories.iter().map(|c| slug(c)).collect::<Vec<_>>().join("/"))
        }
        "output_ext" => Some(".html".to_owned()),
        _ => None,
    }
}
