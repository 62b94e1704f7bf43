//! What stands in an edition's way in the tree: a file of somebody else's, a folder, a name that no
//! file system takes. Found before anything is claimed or written, so that one such address costs its
//! own edition only. Nothing here changes a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::tree::{self, Error};
use super::{Coding, Edition, encode};

/// Bytes that file systems allow a name.
const NAME_BYTES_MAX: usize = 255;

/// Why an edition can't stand at its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// A name is longer than a file's may be.
    #[error(
        "the file's name would be too long for a disk: {0}; give the feed or its term a shorter one"
    )]
    TooLong(PathBuf),
    /// A file where a folder has to be.
    #[error("{0} has to be a folder and isn't; move it away, or give the feed another name")]
    NoFolder(PathBuf),
    /// A folder where the file has to be.
    #[error("a folder stands at {0}; move it away, or give the feed another name")]
    Folder(PathBuf),
    /// Somebody else's file.
    #[error(
        "a file that isn't feedwright's stands at {0}; move it away, or give the feed another name"
    )]
    Foreign(PathBuf),
}

/// What stands in the way of an edition's files, coded ones among them. Files that aren't `ours` must
/// be what would be written, to the byte.
///
/// # Errors
/// Where the tree can't be looked at.
pub fn find(root: &Path, edition: &Edition, ours: bool) -> Result<Option<Obstacle>, Error> {
    let same = |path: &Path, coding| {
        // One that can't be read isn't what would be written.
        let (found, bytes) = (fs::read(path).ok(), encode::coded(edition, coding).ok());
        found.is_some() && found.as_deref() == bytes.as_deref()
    };
    for coding in [Coding::Identity].into_iter().chain(Coding::CODED) {
        let Some(path) = tree::file(root, &edition.address, coding) else { continue };
        if let Some(obstacle) = above(root, &path)? {
            return Ok(Some(obstacle));
        }
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => return Ok(Some(Obstacle::Folder(path))),
            Ok(_) if !ours && !same(&path, coding) => {
                return Ok(Some(Obstacle::Foreign(path)));
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(Error { path, cause }),
        }
    }
    Ok(None)
}

/// What is wrong with a path's names, or with the folders that it leads through.
fn above(root: &Path, path: &Path) -> Result<Option<Obstacle>, Error> {
    let below = path.strip_prefix(root).unwrap_or(path);
    if below.components().any(|part| part.as_os_str().len() > NAME_BYTES_MAX) {
        return Ok(Some(Obstacle::TooLong(path.to_owned())));
    }
    let folders: Vec<&Path> = path.ancestors().skip(1).take_while(|f| *f != root).collect();
    for folder in folders.into_iter().rev() {
        match fs::metadata(folder) {
            Ok(meta) if !meta.is_dir() => return Ok(Some(Obstacle::NoFolder(folder.to_owned()))),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => break,
            Err(e) if e.kind() == io::ErrorKind::InvalidFilename => {
                return Ok(Some(Obstacle::TooLong(path.to_owned())));
            }
            Err(cause) => return Err(Error { path: folder.to_owned(), cause }),
        }
    }
    Ok(None)
}
