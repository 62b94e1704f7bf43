//! Where a document stands below its source, and what its path says: folders, name, date.

use chrono::NaiveDate;

use super::super::dates::{self, Date};

/// What a path says of an article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Spot {
    /// The path without its ending, a final `index` dropped: `{path}`.
    pub(in super::super) path: String,
    /// The file's name, or its folder's where the file is `index`: `{file}`.
    pub(in super::super) file: String,
    /// `file` without a date before it.
    pub(in super::super) bare: String,
    /// The date before the name, or that of the folders.
    pub(in super::super) date: Option<Date>,
    /// The folder that the file lies in; empty at the source's root.
    pub(in super::super) folder: String,
    /// Whether the file is the `index` of a folder of its own.
    pub(in super::super) bundle: bool,
    /// The folders that are sections, outermost first: their whole paths.
    pub(in super::super) sections: Vec<String>,
    /// Whether a folder holds what isn't published yet.
    pub(in super::super) drafts: bool,
    /// Whether Jekyll's rules hold.
    pub(in super::super) jekyll: bool,
    /// Of an HTML page, the path at which a server shows the file: its link where nothing says
    /// otherwise.
    pub(in super::super) page: Option<String>,
}

impl Spot {
    /// Reads the path of a file.
    pub(in super::super) fn of_file(path: &str) -> Spot {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        };
        let bundle = stem == "index" && !folder.is_empty();
        let (path, file, parents) = if bundle {
            let (parents, name) = folder.rsplit_once('/').unwrap_or(("", folder));
            (folder.to_owned(), name, parents)
        } else if stem == "index" {
            (String::new(), stem, folder)
        } else if folder.is_empty() {
            (stem.to_owned(), stem, folder)
        } else {
            (format!("{folder}/{stem}"), stem, folder)
        };
        let (date, bare) = split_date(file);
        let (sections, folder_date) = sections(parents);
        let has = |name: &str| folder.split('/').any(|part| part == name);
        Spot {
            date: date.or_else(|| {
                let whole = bundle.then(|| sections_date(folder)).flatten();
                folder_date.or(whole).map(Date::Day)
            }),
            bare: if bare.is_empty() { file } else { bare }.to_owned(),
            file: file.to_owned(),
            folder: folder.to_owned(),
            bundle,
            sections,
            drafts: has("_drafts"),
            jekyll: has("_posts") || has("_drafts"),
            page: None,
            path,
        }
    }

    /// A row's key stands for a path.
    pub(in super::super) fn of_row(key: &str) -> Spot {
        let key = key.to_owned();
        Spot { path: key.clone(), file: key.clone(), bare: key, ..Spot::default() }
    }
}

fn sections_date(folder: &str) -> Option<NaiveDate> {
    sections(folder).1
}

/// Folders that group articles, without those of generators and those that are dates; and the date
/// that the latter make (`2024/02/18`).
fn sections(parents: &str) -> (Vec<String>, Option<NaiveDate>) {
    let mut found = Vec::new();
    let mut date: Vec<u32> = Vec::new();
    let mut end = 0;
    for part in parents.split('/').filter(|part| !part.is_empty()) {
        let start = parents[end..].find(part).map_or(end, |at| end + at);
        end = start + part.len();
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        let year = digits && part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
        let later = digits && part.len() <= 2 && (1..3).contains(&date.len());
        if year || later {
            if year {
                date.clear();
            }
            date.extend(part.parse::<u32>().ok());
        } else if let Some(day) = dates::parse(part).filter(|d| matches!(d, Date::Day(_))) {
            if let Date::Day(day) = day {
                return (found, Some(day));
            }
        } else if !matches!(part, "_posts" | "_drafts") {
            found.push(parents[..end].to_owned());
        }
    }
    let day = match date[..] {
        [year, month, day] => {
            i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
        }
        _ => None,
    };
    (found, day)
}

/// Splits `2024-02-18-name`, `2024-2-8_name`, `2024-02-18-12-05-30-name` and Zola's
/// `2024-02-18T12:05:00Z-name`.
pub(in super::super) fn split_date(name: &str) -> (Option<Date>, &str) {
    let mut rest = name;
    let mut number = |lengths: std::ops::RangeInclusive<usize>| -> Option<u32> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !lengths.contains(&digits) {
            return None;
        }
        let value = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        rest = rest.strip_prefix('-').unwrap_or(rest);
        Some(value)
    };
    let day = (|| {
        let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    })();
    let Some(day) = day else { return (None, name) };
    let taken = name.len() - rest.len();
    // "2024-02-18name" has no date before its name.
    if !rest.is_empty() && !name[..taken].ends_with('-') && !rest.starts_with(['_', 'T', ' ']) {
        return (None, name);
    }
    if let Some((stamp, bare)) = zola_stamp(name) {
        return (Some(stamp), bare);
    }
    if let Some((time, bare)) = hugo_time(rest) {
        return (Some(Date::Local(day.and_time(time))), bare);
    }
    (Some(Date::Day(day)), rest.trim_start_matches(['_', ' ', '-']))
}

fn zola_stamp(name: &str) -> Option<(Date, &str)> {
    if !name.contains('T') {
        return None;
    }
    name.match_indices(['-', '_']).filter(|(at, _)| *at > 10).find_map(
        |(at, _)| match dates::parse(&name[..at])? {
            date @ Date::Instant(_) => Some((date, &name[at + 1..])),
            _ => None,
        },
    )
}

fn hugo_time(rest: &str) -> Option<(chrono::NaiveTime, &str)> {
    let bytes = rest.as_bytes();
    let shaped = bytes.len() >= 8
        && bytes[..8].iter().enumerate().all(|(n, b)| match n {
            2 | 5 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    let time = chrono::NaiveTime::parse_from_str(&rest[..8], "%H-%M-%S").ok()?;
    let bare = &rest[8..];
    if bare.is_empty() { Some((time, bare)) } else { Some((time, bare.strip_prefix(['-', '_'])?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_they_say() {
        let spot = Spot::of_file("world/asia/2024-02-18-the-day.md");
        assert_eq!(spot.path, "world/asia/2024-02-18-the-day");
        assert_eq!((spot.file.as_str(), spot.bare.as_str()), ("2024-02-18-the-day", "the-day"));
        assert_eq!(spot.sections, ["world", "world/asia"]);
        let spot = Spot::of_file("world/fog/index.md");
        assert_eq!((spot.path.as_str(), spot.file.as_str()), ("world/fog", "fog"));
        assert_eq!((spot.bundle, spot.sections), (true, vec!["world".to_owned()]));
        let spot = Spot::of_file("news/_posts/2024-2-8-x.md");
        assert_eq!((spot.sections, spot.jekyll), (vec!["news".to_owned()], true));
        let spot = Spot::of_file("blog/2024/02/18/x.md");
        assert_eq!(spot.sections, ["blog"]);
        assert_eq!(spot.date, NaiveDate::from_ymd_opt(2024, 2, 18).map(Date::Day));
        let spot = Spot::of_file("index.md");
        assert_eq!((spot.path.as_str(), spot.file.as_str(), spot.bundle), ("", "index", false));
        assert_eq!(Spot::of_file(".md").file, ".md");
    }

    #[test]
    fn dates_stand_before_names() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).map(Date::Day);
        for (name, date, bare) in [
            ("2024-02-18-x", day(2024, 2, 18), "x"),
            ("2024-2-8-x-y", day(2024, 2, 8), "x-y"),
            ("2024-02-18_x", day(2024, 2, 18), "x"),
            ("2024-02-18", day(2024, 2, 18), ""),
            ("2024-02-30-x", None, "2024-02-30-x"),
            ("2024-02-18x", None, "2024-02-18x"),
            ("1.0-Timeline", None, "1.0-Timeline"),
            ("2024-Edition", None, "2024-Edition"),
            ("éé", None, "éé"),
        ] {
            assert_eq!(split_date(name), (date, bare), "{name}");
        }
        let (date, bare) = split_date("2024-02-18-12-05-30-x");
        assert!(matches!(date, Some(Date::Local(_))) && bare == "x", "{date:?} {bare}");
        let (date, bare) = split_date("2024-02-18T12:05:00Z-x");
        assert!(matches!(date, Some(Date::Instant(_))) && bare == "x", "{date:?} {bare}");
    }
}
