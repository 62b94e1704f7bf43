//! What is known of an article's recording and picture, and who says so. Pure.

use chrono::DateTime;

use super::facts::Fact;
use crate::article::{Article, Facts, Media, MediaRole};
use crate::cli::history::time;
use crate::fetch::{File, Known};
use crate::run::Plan;

/// The recordings and the leading picture of an article.
pub(super) fn of(plan: &Plan, known: &Known, says: &Article) -> Vec<Fact> {
    let mut filled = says.clone();
    known.fill(&mut filled);
    let media = says.media.iter().zip(&filled.media);
    media
        .filter_map(|(said, filled)| {
            let what = match said.role {
                MediaRole::Enclosure => "recording",
                MediaRole::Lead => "picture",
                MediaRole::Further => return None,
            };
            let file = known.files.get(&said.url);
            let value = format!("{}{}", said.url, measures(filled));
            Some(Fact { what, value, at: None, from: from(plan, said, filled, file) })
        })
        .collect()
}

fn measures(medium: &Media) -> String {
    let pixels = medium.width.zip(medium.height).map(|(w, h)| format!("{w} × {h} pixels"));
    let all = [
        medium.kind().map(str::to_owned),
        Some(medium.bytes.map_or("length unknown".to_owned(), |n| format!("{n} bytes"))),
        pixels,
        medium.duration_s.map(|s| format!("{s} s")),
    ];
    all.into_iter().flatten().map(|one| format!(", {one}")).collect()
}

fn from(plan: &Plan, said: &Media, filled: &Media, file: Option<&File>) -> String {
    let who = match (said.facts, said == filled) {
        (Facts::Measured, _) => "the file was measured",
        (_, false) => "its server was asked",
        (Facts::Claimed, _) => "the document says so",
        (Facts::Unknown, _) => "nobody has said more",
    };
    let at = |s| time(&plan.site.zone, DateTime::from_timestamp(s, 0).unwrap_or_default());
    let failing = file.and_then(|f| Some((f.failure.as_ref()?, f)));
    let asked = match (failing, file.and_then(|f| f.asked)) {
        (Some((why, file)), Some(asked)) => {
            format!("; on {} it was asked for, and {why}; again on {}", at(asked), at(file.next))
        }
        (None, Some(asked)) => format!("; last on {}", at(asked)),
        (_, None) if file.is_some() => "; it is yet to be asked for".to_owned(),
        _ => String::new(),
    };
    format!("{who}{asked}")
}
