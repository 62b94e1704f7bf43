//! Pictures and recordings that a document names outside its body. Local files are measured; of others
//! only what the document claims is known.

use super::super::desk::Desk;
use super::super::fields::{Fields, Named};
use super::super::plain;
use super::spot::Spot;
use super::{address, keys};
use crate::article::media::by_ending;
use crate::article::{Facts, Media, MediaRole};
use crate::document::{Content, Measured};
use crate::problem::Code;

/// A picture or recording is named in a way that can't be read.
pub(crate) const MEDIA_INVALID: Code = Code::new("media-invalid");

/// A recording is named that should be beside the document, and isn't.
pub(crate) const MEDIA_MISSING: Code = Code::new("media-missing");

/// How a map names its file.
const URL: [&str; 9] =
    ["url", "src", "path", "file", "image", "href", "filename", "relative", "source"];

/// All media of a document, the lead image first.
pub(super) fn media(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    link: &str,
) -> Vec<Media> {
    let mut media: Vec<Media> = Vec::new();
    for key in keys::IMAGES {
        let Some(value) = fields.get(key) else { continue };
        // `featured: true`, `banner: Welcome` and `hero: {title: …}` say nothing of a picture.
        let plain = matches!(*key, "image" | "images");
        let names_file = |one: &&Named| match one {
            Named::Text(text) => text.contains(['/', '.']),
            map => matches!(map, Named::Map(_)) && (plain || map.member(&URL).is_some()),
        };
        for one in value.each().iter().filter(names_file) {
            let first = media.is_empty();
            let role = if first { MediaRole::Lead } else { MediaRole::Further };
            if let Some(mut image) = medium(desk, fields, spot, link, (key, one, role)) {
                if first {
                    beside(&mut image, fields);
                }
                if !media.iter().any(|known| known.url == image.url) {
                    media.push(image);
                }
            }
        }
    }
    for key in keys::ENCLOSURES {
        let Some(value) = fields.get(key) else { continue };
        for one in value.each().iter().filter(|one| matches!(one, Named::Text(_) | Named::Map(_))) {
            let role = MediaRole::Enclosure;
            if let Some(mut file) = medium(desk, fields, spot, link, (key, one, role)) {
                claims(&mut file, fields);
                if !media.iter().any(|m| m.url == file.url && m.role == MediaRole::Enclosure) {
                    media.push(file);
                }
            }
        }
    }
    media
}

/// `image_alt` and the like stand beside `image`.
fn beside(image: &mut Media, fields: &Fields<'_>) {
    let line = |keys: &[&str]| fields.line(keys);
    image.alt = image.alt.take().or_else(|| line(&["imagealt", "featuredimagealt", "coveralt"]));
    image.caption =
        image.caption.take().or_else(|| line(&["imagecaption", "featuredimagecaption"]));
    image.credit = image.credit.take().or_else(|| line(&["imagecredit", "photocredit"]));
    let size = |key: &str| fields.integer(&[key]).and_then(|n| u32::try_from(n).ok());
    image.width = image.width.or_else(|| size("imagewidth"));
    image.height = image.height.or_else(|| size("imageheight"));
}

/// `enclosure_length` and the like stand beside `enclosure`.
fn claims(file: &mut Media, fields: &Fields<'_>) {
    if file.bytes.is_none() {
        let claimed =
            fields.integer(&["enclosurelength", "audiolength", "audiosize", "audiobytes"]);
        file.bytes = claimed.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
        if file.bytes.is_some() {
            file.facts = Facts::Claimed;
        }
    }
    if let Some(named) = fields.line(&["enclosuretype", "audiotype"]).filter(|t| t.contains('/'))
        && file.facts != Facts::Measured
    {
        file.media_type = Some(named.to_lowercase());
    }
    file.duration_s = file.duration_s.or_else(|| {
        fields
            .first(&["enclosureduration", "audioduration", "duration"])
            .and_then(|(_, v)| duration(v))
    });
}

fn medium(
    desk: &mut Desk<'_>,
    fields: &Fields<'_>,
    spot: &Spot,
    link: &str,
    (key, value, role): (&str, &Named, MediaRole),
) -> Option<Media> {
    let line = |keys: &[&str]| {
        value
            .member(keys)
            .and_then(Named::text)
            .map(|text| plain::line(&text))
            .filter(|t| !t.is_empty())
    };
    let number = |key: &str| value.member(&[key]).and_then(Named::integer);
    let written = match value {
        Named::Text(text) => Some(text.trim().to_owned()),
        _ => value.member(&URL).and_then(Named::text),
    };
    let written = written.filter(|written| written.contains(['/', '.']));
    let found = written.as_deref().and_then(|written| locate(desk, spot, link, written));
    let Some((url, measured)) = found else {
        desk.warn(
            &MEDIA_INVALID,
            fields.place(key),
            format!("{} names no file that can be found", fields.spelling(key)),
            "give a URL, or a path beside the document or below the site",
        );
        return None;
    };
    if let Some(file) = written.as_deref().filter(|file| measured.is_none() && is_beside(file))
        && role == MediaRole::Enclosure
        && !matches!(desk.document.content, Content::Row(_))
    {
        desk.warn(
            &MEDIA_MISSING,
            fields.place(key),
            format!("{} names {file:?}, and there is no such file", fields.spelling(key)),
            "put it beside the document, name where it is below the source, or give its URL",
        );
    }
    let claimed =
        ["length", "size", "bytes"].iter().find_map(|key| u64::try_from(number(key)?).ok());
    let claimed = claimed.filter(|n| *n > 0);
    let known = measured.unwrap_or_default();
    let named_type = line(&["type", "mediatype", "mimetype", "mime"]).filter(|t| t.contains('/'));
    let pixels = |key: &str| number(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    Some(Media {
        media_type: known
            .media_type
            .map(str::to_owned)
            .or_else(|| named_type.map(|t| t.to_lowercase()))
            .or_else(|| by_ending(&url).map(str::to_owned)),
        bytes: measured.map(|m| m.bytes).or(claimed),
        facts: match (measured, claimed) {
            (Some(_), _) => Facts::Measured,
            (None, Some(_)) => Facts::Claimed,
            (None, None) => Facts::Unknown,
        },
        url,
        role,
        width: known.width.or_else(|| pixels("width")),
        height: known.height.or_else(|| pixels("height")),
        duration_s: known
            .duration_s
            .or_else(|| value.member(&["duration", "length_s", "seconds"]).and_then(duration)),
        alt: line(&["alt", "alttext"]),
        caption: line(&["caption", "title", "description"]),
        credit: line(&["credit", "attribution", "copyright", "source"])
            .filter(|_| !is_url_key(value)),
        language: line(&["language", "lang"]),
    })
}

/// `source` names the file where nothing else does.
fn is_url_key(value: &Named) -> bool {
    value.member(&["url", "src", "path", "file", "image", "href", "filename", "relative"]).is_none()
        && value.member(&["credit", "attribution", "copyright"]).is_none()
}

/// A medium's URL and what a local file is: beside the document, below the source's root, else
/// somewhere on the site.
pub(super) fn locate(
    desk: &mut Desk<'_>,
    spot: &Spot,
    link: &str,
    written: &str,
) -> Option<(String, Option<Measured>)> {
    let site = &desk.options.site_url;
    let url = address::absolute(site, written)?;
    let remote = written.contains("://") || written.starts_with("//");
    let clean = written.split(['?', '#']).next().unwrap_or(written);
    if remote || clean.is_empty() {
        return Some((url.to_string(), None));
    }
    if clean.starts_with('/') {
        let found = below_root("", clean).and_then(|path| desk.file(&path));
        return Some((url.to_string(), found));
    }
    if !spot.folder.is_empty() {
        let beside = below_root(&spot.folder, clean);
        let found = beside.as_deref().and_then(|path| desk.file(path));
        if spot.bundle {
            // A bundle's files are published at its article's own address.
            let url = url::Url::parse(&folder_of(link)).ok()?.join(written).ok()?;
            return Some((url.to_string(), found));
        }
        if let (Some(path), Some(found)) = (beside, found) {
            let encoded = address::absolute(site, &format!("/{}", encode_path(&path)))?;
            return Some((encoded.to_string(), Some(found)));
        }
    }
    let found = below_root("", clean).and_then(|path| desk.file(&path));
    Some((url.to_string(), found))
}

/// Whether a file is named by a path from where the document is: nobody else can have it then. What
/// begins with `/` stands somewhere on the site, which may have files that no source has.
fn is_beside(written: &str) -> bool {
    let has_scheme = written.split('/').next().is_some_and(|first| first.contains(':'));
    !has_scheme && !written.starts_with(['/', '?', '#'])
}

fn folder_of(link: &str) -> String {
    if link.ends_with('/') { link.to_owned() } else { format!("{link}/") }
}

fn encode_path(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

/// A path below the source's root; `None` where it leaves it.
fn below_root(folder: &str, written: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(written).decode_utf8().ok()?;
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whole seconds: a number, `12:05` or `1:02:03`.
fn duration(value: &Named) -> Option<u64> {
    let text = value.text()?;
    let mut seconds: u64 = 0;
    let parts: Vec<&str> = text.trim().split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        let whole = part.split('.').next().unwrap_or(part);
        seconds = seconds.checked_mul(60)?.checked_add(whole.trim().parse().ok()?)?;
    }
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds() {
        for (text, seconds) in [
            ("75", Some(75)),
            ("1:15", Some(75)),
            ("1:02:03", Some(3723)),
            ("x", None),
            ("0", None),
        ] {
            assert_eq!(duration(&Named::Text(text.to_owned())), seconds, "{text}");
        }
        assert_eq!(duration(&Named::Text(format!("{}:0:0", u64::MAX))), None);
    }

    #[test]
    fn paths_do_not_leave_the_source() {
        assert_eq!(below_root("a/b", "../c%20d.mp3").as_deref(), Some("a/c d.mp3"));
        assert_eq!(below_root("a", "../../c.mp3"), None);
    }
}
