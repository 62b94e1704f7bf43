//! What makes an article an episode of a podcast: numbers, titles, and the files and places that
//! belong to its recording (Apple Podcasts, Podcasting 2.0). Whether a directory would take it is the
//! feed room's to say.

use super::super::desk::Desk;
use super::super::fields::{Fields, Named};
use super::super::plain;
use super::media::locate;
use super::spot::Spot;
use super::{address, keys};
use crate::article::media::{Discussion, Location, Soundbite, Transcript, by_ending};
use crate::article::{Media, MediaRole, Podcast};
use crate::problem::Code;

/// A fact of an episode is written in a way that can't be read.
pub(crate) const PODCAST_INVALID: Code = Code::new("podcast-invalid");

/// How a map names a file or an address.
const URL: [&str; 6] = ["url", "src", "file", "path", "href", "uri"];

/// What makes an article an episode, if it names any of it. `media` are its own.
pub(super) fn podcast(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    link: &str,
    media: &[Media],
) -> Option<Podcast> {
    let number =
        |keys: &[&str]| fields.integer(keys).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    let explicit =
        fields.truth(&["explicit"]).or_else(|| match fields.line(&["explicit"])?.as_str() {
            "clean" => Some(false),
            _ => None,
        });
    let mut podcast = Podcast {
        title: fields.line(keys::EPISODE_TITLE),
        episode: number(keys::EPISODE),
        episode_label: fields.line(keys::EPISODE_LABEL),
        season: number(keys::SEASON),
        season_name: fields.line(keys::SEASON_NAME),
        episode_type: kind(desk, fields),
        explicit,
        blocked: fields.truth(keys::PODCAST_BLOCK) == Some(true),
        ..Podcast::default()
    };
    // A place or a discussion alone makes no episode: many articles name one.
    if media.iter().any(|m| m.role == MediaRole::Enclosure) {
        let site = (spot, link);
        podcast.transcripts =
            each(desk, fields, keys::TRANSCRIPTS, &mut |desk, value| transcript(desk, site, value));
        let chapters = each(desk, fields, &["chapters"], &mut |desk, value| {
            let url = file(desk, site, value)?;
            let named = value.member(&["type"]).and_then(Named::text);
            Some((url, named.unwrap_or_else(|| "application/json+chapters".to_owned())))
        });
        podcast.chapters = chapters.into_iter().next();
        podcast.soundbites = each(desk, fields, keys::SOUNDBITES, &mut |_, value| soundbite(value));
        podcast.locations = each(desk, fields, keys::LOCATIONS, &mut |_, value| location(value));
        podcast.discussions =
            each(desk, fields, keys::DISCUSSIONS, &mut |desk, value| discussion(desk, value));
    }
    (podcast != Podcast::default()).then_some(podcast)
}

fn kind(desk: &mut Desk<'_>, fields: &Fields<'_>) -> Option<String> {
    let kind = fields.line(&["episodetype"])?.to_lowercase();
    if matches!(kind.as_str(), "full" | "trailer" | "bonus") {
        return Some(kind);
    }
    desk.warn(
        &PODCAST_INVALID,
        fields.place("episodetype"),
        format!("there is no type of episode {kind:?}"),
        "it is one of full, trailer and bonus",
    );
    None
}

/// The values of the first of these keys; those that `read` can't read are told.
fn each<T>(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    keys: &[&str],
    read: &mut dyn FnMut(&mut Desk<'_>, &Named) -> Option<T>,
) -> Vec<T> {
    let Some((key, value)) = fields.first(keys) else { return Vec::new() };
    let mut all = Vec::new();
    for one in value.each().iter().filter(|one| !one.is_empty()) {
        if let Some(read) = read(desk, one) {
            all.push(read);
        } else {
            let message = format!("{} can't be read", fields.spelling(key));
            let help =
                "docs/reference/config.md says what it holds, under \"What an episode can name\"";
            desk.warn(&PODCAST_INVALID, fields.place(key), message, help);
        }
    }
    all
}

fn line(value: &Named, keys: &[&str]) -> Option<String> {
    let text = value.member(keys)?.text()?;
    Some(plain::line(&text)).filter(|text| !text.is_empty())
}

/// The address of a file that stands alone or in a map, beside the document or anywhere on the site.
fn file(desk: &mut Desk<'_>, (spot, link): (&Spot, &str), value: &Named) -> Option<String> {
    let written = match value {
        Named::Text(text) => text.trim().to_owned(),
        map => map.member(&URL)?.text()?,
    };
    let written = Some(written).filter(|written| written.contains(['/', '.']))?;
    locate(desk, spot, link, &written).map(|(url, _)| url)
}

fn transcript(desk: &mut Desk<'_>, site: (&Spot, &str), value: &Named) -> Option<Transcript> {
    let url = file(desk, site, value)?;
    let named = line(value, &["type"]).filter(|kind| kind.contains('/'));
    let rel = line(value, &["rel"]);
    let captions = value.member(&["captions"]).and_then(Named::truth);
    Some(Transcript {
        media_type: named
            .or_else(|| by_ending(&url).map(str::to_owned))
            .unwrap_or_else(|| "text/plain".to_owned()),
        language: line(value, &["language", "lang"]),
        captions: captions.unwrap_or_else(|| rel.as_deref() == Some("captions")),
        url,
    })
}

fn soundbite(value: &Named) -> Option<Soundbite> {
    let time = |keys: &[&str]| milliseconds(&value.member(keys)?.text()?);
    Some(Soundbite {
        start_ms: time(&["start", "starttime", "at"])?,
        duration_ms: time(&["duration", "length"]).filter(|ms| *ms > 0)?,
        title: line(value, &["title", "name"]),
    })
}

/// `73`, `73.5`, `1:13.5`, `1:01:13`, in thousandths of a second.
fn milliseconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let parts: Vec<&str> = whole.split(':').collect();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(|p| !p.is_empty() && digits(p)) || !digits(fraction) {
        return None;
    }
    let mut seconds: u64 = 0;
    for part in parts {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    seconds.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)
}

/// A name, or a map that says where on earth it is.
fn location(value: &Named) -> Option<Location> {
    let name = match value {
        Named::Text(text) => Some(plain::line(text)).filter(|name| !name.is_empty())?,
        map => line(map, &["name", "title", "label"])?,
    };
    let geo = match line(value, &["geo", "coordinates"]) {
        Some(written) => Some(geo(&written)?),
        None => None,
    };
    let country = line(value, &["country"]).map(|country| country.to_ascii_uppercase());
    Some(Location {
        name,
        geo,
        osm: line(value, &["osm"]),
        country: country.filter(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase())),
        creator: line(value, &["rel"]).as_deref() == Some("creator"),
    })
}

/// RFC 5870: `geo:30.27,-97.74`, with or without its scheme.
fn geo(written: &str) -> Option<String> {
    let point: String = written.trim_start_matches("geo:").split(' ').collect();
    let numbers: Vec<f64> = point.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let sound = (2..=3).contains(&numbers.len())
        && numbers.iter().all(|n| n.is_finite())
        && numbers[0].abs() <= 90.0
        && numbers[1].abs() <= 180.0;
    sound.then(|| format!("geo:{point}"))
}

fn discussion(desk: &Desk<'_>, value: &Named) -> Option<Discussion> {
    let written = match value {
        Named::Text(text) => text.clone(),
        map => map.member(&URL)?.text()?,
    };
    let protocol = line(value, &["protocol"]).map(|protocol| protocol.to_lowercase());
    Some(Discussion {
        uri: address::absolute(&desk.options.site_url, &written)?.to_string(),
        protocol: protocol.unwrap_or_else(|| "activitypub".to_owned()),
        account: line(value, &["account", "accountid"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_a_recording_have_fractions() {
        for (text, ms) in [
            ("73", Some(73_000)),
            ("73.5", Some(73_500)),
            ("1:13.25", Some(73_250)),
            ("1:01:13", Some(3_673_000)),
            ("0.0004", Some(0)),
            ("-1", None),
            ("", None),
            ("1:", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }

    #[test]
    fn a_point_on_earth_is_one() {
        assert_eq!(geo("30.27, -97.74").as_deref(), Some("geo:30.27,-97.74"));
        assert_eq!(geo("geo:30.27,-97.74,12").as_deref(), Some("geo:30.27,-97.74,12"));
        for wrong in ["", "here", "91,0", "0,181", "NaN,0", "1", "1,2,3,4"] {
            assert_eq!(geo(wrong), None, "{wrong}");
        }
    }
}
