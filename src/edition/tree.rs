//! The published tree: files that any web server can hand out. Each edition is a file and its coded
//! forms beside it, all with one mtime, which is its Last-Modified. Files are written aside, synced
//! and renamed, so that nobody ever sees half of one; files that aren't ours are never touched.

use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tempfile::TempPath;

use super::{Coding, Validators};
use crate::article::ContentHash;
use crate::feed::address::Address;

/// Where files are written before they are renamed; within the tree, because a rename can't leave
/// its file system.
const ASIDE: &str = ".feedwright-aside";

/// The tree can't be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be written: {cause}; what was published before stays up")]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system says.
    pub cause: io::Error,
}

fn fail(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |cause| Error { path: path.to_owned(), cause }
}

/// The path of an address's file in one coding.
#[must_use]
pub fn file(root: &Path, address: &Address, coding: Coding) -> Option<PathBuf> {
    let path = address.file_path()?;
    Some(root.join(format!("{path}{}", coding.file_suffix())))
}

/// Whether an edition and all its coded forms stand in the tree as they were published, as far as
/// sizes and mtimes tell.
#[must_use]
pub fn stands(root: &Path, address: &Address, validators: &Validators, bytes: u64) -> bool {
    let when = system_time(validators.last_modified);
    let stands = |coding| {
        let meta = file(root, address, coding).and_then(|f| fs::metadata(f).ok())?;
        (meta.modified().ok()? == when).then_some(meta.len())
    };
    stands(Coding::Identity) == Some(bytes)
        && Coding::CODED.iter().all(|&coding| stands(coding).is_some())
}

/// What stands at an address, whoever made it; `None` where nothing does.
///
/// # Errors
/// Where it can't be read.
pub fn look(root: &Path, address: &Address) -> Result<Option<Validators>, Error> {
    let Some(path) = file(root, address, Coding::Identity) else { return Ok(None) };
    match open(&path) {
        Ok((bytes, modified)) => Ok(Some(Validators {
            hash: ContentHash::of(&bytes),
            last_modified: date_time(modified),
        })),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(e) => Err(fail(&path)(e)),
    }
}

/// An edition's files as they stand, whoever made them.
#[derive(Debug, Clone)]
pub struct Files {
    /// Hash and mtime of the identity file.
    pub validators: Validators,
    /// Bytes by coding, identity first.
    pub bodies: Vec<(Coding, Bytes)>,
}

/// Reads an edition's files. Each is opened once, so that its bytes and its mtime belong together; a
/// coded file with another mtime than the identity file's is another edition's, and is left out.
/// `None` where there is no identity file.
///
/// # Errors
/// Where the identity file can't be read.
pub fn read(root: &Path, address: &Address) -> io::Result<Option<Files>> {
    let Some(path) = file(root, address, Coding::Identity) else { return Ok(None) };
    let (identity, modified) = match open(&path) {
        Ok(found) => found,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(e),
    };
    let hash = ContentHash::of(&identity);
    let mut bodies = vec![(Coding::Identity, identity)];
    for coding in Coding::CODED {
        let coded = file(root, address, coding).and_then(|path| open(&path).ok());
        if let Some((bytes, _)) = coded.filter(|(_, when)| *when == modified) {
            bodies.push((coding, bytes));
        }
    }
    Ok(Some(Files { validators: Validators { hash, last_modified: date_time(modified) }, bodies }))
}

fn open(path: &Path) -> io::Result<(Bytes, SystemTime)> {
    let mut file = File::open(path)?;
    let modified = file.metadata()?.modified()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((bytes.into(), modified))
}

/// One file to be published.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'a> {
    /// Where it stands.
    pub address: &'a Address,
    /// In which coding.
    pub coding: Coding,
    /// What is in it.
    pub bytes: &'a [u8],
    /// Its mtime; whole seconds.
    pub when: DateTime<Utc>,
}

/// Publishes files, those of an address one after the other: all are written and synced before the
/// first is renamed, and they are renamed in their order. Gives back the addresses at which something
/// stands in the way; all others are published.
///
/// # Errors
/// Where the tree can't be written; those that were renamed before stay, and are whole.
pub fn publish(root: &Path, files: &[NewFile<'_>]) -> Result<Vec<(Address, Error)>, Error> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let aside = root.join(ASIDE);
    fs::create_dir_all(&aside).map_err(fail(&aside))?;
    let mut written = Vec::with_capacity(files.len());
    for write in files {
        let Some(path) = file(root, write.address, write.coding) else { continue };
        let mut temporary = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(&aside)
            .map_err(fail(&path))?;
        temporary.write_all(write.bytes).map_err(fail(&path))?;
        temporary
            .as_file()
            .set_times(FileTimes::new().set_modified(system_time(write.when)))
            .map_err(fail(&path))?;
        written.push((write.address, temporary.into_temp_path(), path));
    }
    sync(&aside)?;
    let mut refused: Vec<(Address, Error)> = Vec::new();
    for (address, temporary, path) in written {
        if refused.last().is_some_and(|(last, _)| last == address) {
            continue;
        }
        match rename(temporary, &path) {
            Err(e) if is_in_the_way(&e.cause) => refused.push((address.clone(), e)),
            renamed => renamed?,
        }
    }
    sync(&aside)?;
    // Only to leave no trace; what a crash leaves in it goes at the next start.
    let _ = fs::remove_dir(&aside);
    Ok(refused)
}

/// Gives a file its name.
fn rename(temporary: TempPath, path: &Path) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail(folder))?;
    }
    temporary.persist(path).map_err(|e| fail(path)(e.error))
}

/// Whether it is the address that can't be, and not the tree.
fn is_in_the_way(e: &io::Error) -> bool {
    use io::ErrorKind::{
        AlreadyExists, DirectoryNotEmpty, InvalidFilename, IsADirectory, NotADirectory,
    };
    matches!(
        e.kind(),
        AlreadyExists | DirectoryNotEmpty | InvalidFilename | IsADirectory | NotADirectory
    )
}

/// One call for all files: much cheaper than syncing each.
fn sync(folder: &Path) -> Result<(), Error> {
    let open = File::open(folder).map_err(fail(folder))?;
    rustix::fs::syncfs(&open).map_err(|e| fail(folder)(e.into()))
}

/// Removes what a run that died left aside. Only whoever has the turn may do this.
///
/// # Errors
/// Where it can't be removed.
pub fn clear_aside(root: &Path) -> Result<(), Error> {
    let aside = root.join(ASIDE);
    match fs::remove_dir_all(&aside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(fail(&aside)(e)),
        _ => Ok(()),
    }
}

/// Removes an address's files, and the folders that are empty then.
///
/// # Errors
/// Where one can't be removed.
pub fn remove(root: &Path, address: &Address) -> Result<(), Error> {
    for coding in [Coding::Identity].into_iter().chain(Coding::CODED) {
        let Some(path) = file(root, address, coding) else { continue };
        match fs::remove_file(&path) {
            // Gone, or what stands there now isn't ours.
            Err(e) if e.kind() == io::ErrorKind::NotFound || is_in_the_way(&e) => {}
            Err(e) => return Err(fail(&path)(e)),
            Ok(()) => {}
        }
    }
    let mut folder = file(root, address, Coding::Identity);
    while let Some(path) = folder.as_deref().and_then(Path::parent) {
        // Not empty, or the root itself: enough.
        if path == root || fs::remove_dir(path).is_err() {
            break;
        }
        folder = Some(path.to_owned());
    }
    Ok(())
}

/// A file's mtime as it was set: whole seconds.
#[must_use]
pub fn date_time(time: SystemTime) -> DateTime<Utc> {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn system_time(time: DateTime<Utc>) -> SystemTime {
    match u64::try_from(time.timestamp()) {
        Ok(seconds) => UNIX_EPOCH + Duration::from_secs(seconds),
        Err(_) => UNIX_EPOCH,
    }
}
