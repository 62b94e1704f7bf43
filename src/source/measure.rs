//! What a media file is, by its content: its type, the pixels of a picture, the seconds of a
//! recording. Only as much of it is read as that takes; what can't be told stays unknown, whatever the
//! file holds.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType};
use lofty::probe::Probe;

use crate::article::media::by_ending;
use crate::document::Measured;

/// Bytes that tell what a file is.
const HEAD_BYTES: u64 = 64;

/// Measures a file of a known length.
pub(super) fn measure(file: &Path, bytes: u64) -> Measured {
    let named = file.file_name().and_then(|name| name.to_str()).and_then(by_ending);
    let unknown = Measured { bytes, ..Measured::default() };
    if !named.is_some_and(is_media) || bytes == 0 {
        return unknown;
    }
    let Ok(mut open) = File::open(file) else { return unknown };
    Measured { bytes, ..content(&mut open, named) }
}

/// Whether a media type is that of a picture or a recording.
#[must_use]
pub fn is_media(kind: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|class| kind.starts_with(class))
}

/// What a file's content tells of it, whatever it holds; all but its length. `named` is the media type
/// that its name has.
#[must_use]
pub fn content(open: &mut (impl Read + Seek), named: Option<&'static str>) -> Measured {
    let mut measured = Measured::default();
    // These parsers are others', and files may be hostile.
    let looked = catch_unwind(AssertUnwindSafe(|| {
        picture(open, &mut measured);
        if measured.media_type.is_none() && open.rewind().is_ok() {
            recording(open, named, &mut measured);
        }
    }));
    if looked.is_err() { Measured::default() } else { measured }
}

fn picture(open: &mut (impl Read + Seek), measured: &mut Measured) {
    let mut head = Vec::new();
    if open.by_ref().take(HEAD_BYTES).read_to_end(&mut head).is_err() {
        return;
    }
    measured.media_type = match imagesize::image_type(&head) {
        Ok(imagesize::ImageType::Jpeg) => Some("image/jpeg"),
        Ok(imagesize::ImageType::Png) => Some("image/png"),
        Ok(imagesize::ImageType::Gif) => Some("image/gif"),
        Ok(imagesize::ImageType::Webp) => Some("image/webp"),
        _ => return,
    };
    if open.rewind().is_err() {
        return;
    }
    let Ok(size) = imagesize::reader_size(BufReader::new(open)) else { return };
    let pixels = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    (measured.width, measured.height) = (pixels(size.width), pixels(size.height));
}

fn recording(open: &mut (impl Read + Seek), named: Option<&'static str>, measured: &mut Measured) {
    let options = ParseOptions::new().read_tags(false).read_cover_art(false);
    let probe = Probe::new(BufReader::new(open)).options(options).guess_file_type();
    let Ok(probe) = probe else { return };
    let Some(kind) = probe.file_type() else { return };
    measured.media_type = media_type(kind, named);
    let Ok(tagged) = probe.read() else { return };
    // Half a second and more is a second, as players count.
    let seconds = (tagged.properties().duration().as_millis() + 500) / 1000;
    measured.duration_s = u64::try_from(seconds).ok().filter(|s| *s > 0);
}

/// The type that a container has. One of MPEG-4 holds sound or pictures: the ending says which.
fn media_type(kind: FileType, named: Option<&'static str>) -> Option<&'static str> {
    Some(match kind {
        FileType::Mpeg => "audio/mpeg",
        FileType::Mp4 => match named {
            Some(named @ ("video/mp4" | "video/x-m4v" | "video/quicktime")) => named,
            _ => "audio/x-m4a",
        },
        FileType::Vorbis | FileType::Opus | FileType::Speex => "audio/ogg",
        FileType::Flac => "audio/flac",
        FileType::Wav => "audio/wav",
        FileType::Aac => "audio/aac",
        _ => return None,
    })
}
