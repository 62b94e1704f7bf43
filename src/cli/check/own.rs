//! Whether a feed is an edition of feedwright's own, so that it is judged as `check` judges the
//! newsroom that it came from: the manifest above it lists these very bytes, or the server that sent
//! them names them by our entity tag.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::article::ContentHash;
use crate::edition::manifest::Manifest;

/// A tree's editions lie no deeper below its manifest than `feeds/tag/SLUG.rss`.
const FOLDERS_MAX: usize = 4;

/// A manifest of a hundred thousand entries has thirty million bytes.
const MANIFEST_BYTES_MAX: u64 = 256 << 20;

/// Whether a file is an edition that the tree around it lists.
pub(super) fn is_file_of_ours(file: &Path, bytes: &[u8]) -> bool {
    let Ok(file) = fs::canonicalize(file) else { return false };
    file.ancestors().skip(1).take(FOLDERS_MAX).any(|root| {
        let Some(manifest) = manifest(&root.join("feeds.json")) else { return false };
        let below = file.strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default();
        let address = format!("/{}", below.replace(std::path::MAIN_SEPARATOR, "/"));
        let listed = manifest.files.get(&address);
        listed.is_some_and(|listed| listed.etag == ContentHash::of(bytes))
    })
}

fn manifest(path: &Path) -> Option<Manifest> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Manifest::read(&bytes).ok()
}

/// Whether an entity tag is the one by which feedwright serves these bytes.
pub(super) fn is_tag_of_ours(tag: &str, bytes: &[u8]) -> bool {
    let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
    tag == ContentHash::of(bytes).hex()
}
