//! The tree as a shelf: what the manifest lists is read and made ready to be served. Whoever wrote the
//! tree, this is how it is followed; nothing here asks the catalog or the ledger.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::manifest::{self, Manifest};
use super::shelf::{Shelf, Shelved};
use super::{Coding, Validators, tree};
use crate::article::ContentHash;
use crate::feed::address::Address;
use crate::feed::{FeedName, Format};

/// The tree can't be put on a shelf.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error("{path} can't be read: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The manifest can't be read.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
}

/// Reads the tree. What stands as it stood in `before` is taken from there. `None` where nothing is
/// published yet.
///
/// # Errors
/// Where the manifest can't be read, or a file that it lists.
pub fn shelve(root: &Path, before: &Shelf) -> Result<Option<Shelf>, Error> {
    let Some(path) = tree::file(root, &Address::Manifest, Coding::Identity) else {
        return Ok(None);
    };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::Io { path, cause }),
    };
    let manifest = Manifest::read(&bytes)?;
    let base = manifest.base_url.as_deref().and_then(|b| Url::parse(b).ok());
    let mut shelf = Shelf::default();
    for (address, facts) in &manifest.files {
        let Some(address) = Address::parse(address) else { continue };
        let validators = Validators { hash: facts.etag, last_modified: facts.last_modified };
        put(root, before, &mut shelf, address, validators, base.as_ref())?;
    }
    let modified = fs::metadata(&path)
        .and_then(|m| m.modified())
        .map_err(|cause| Error::Io { path, cause })?;
    let validators =
        Validators { hash: ContentHash::of(&bytes), last_modified: tree::date_time(modified) };
    put(root, before, &mut shelf, Address::Manifest, validators, None)?;
    Ok(Some(shelf))
}

fn put(
    root: &Path,
    before: &Shelf,
    shelf: &mut Shelf,
    address: Address,
    validators: Validators,
    base: Option<&Url>,
) -> Result<(), Error> {
    let link = base.and_then(|b| link(&address, b));
    if let Some(known) = before.items.get(&address)
        && known.validators == validators
        && known.link == link
    {
        shelf.items.insert(address, Arc::clone(known));
        return Ok(());
    }
    let mut bodies = Vec::new();
    let mut modified = None;
    for coding in [Coding::Identity].into_iter().chain(Coding::CODED) {
        let Some(path) = tree::file(root, &address, coding) else { continue };
        let fail = |cause| Error::Io { path: path.clone(), cause };
        let when = fs::metadata(&path).and_then(|m| m.modified());
        match when {
            // A coded file of another edition than the identity file's is ignored.
            Ok(when) if coding != Coding::Identity && Some(when) != modified => continue,
            Ok(when) if coding == Coding::Identity => modified = Some(when),
            Ok(_) => {}
            Err(_) if coding != Coding::Identity => continue,
            Err(e) => return Err(fail(e)),
        }
        let bytes = fs::read(&path).map_err(fail)?;
        if coding == Coding::Identity && ContentHash::of(&bytes) != validators.hash {
            // Between two renames of a run, or meddled with: what stood before serves on.
            if let Some(known) = before.items.get(&address) {
                shelf.items.insert(address, Arc::clone(known));
            }
            return Ok(());
        }
        bodies.push((coding, Bytes::from(bytes)));
    }
    let shelved = Shelved { address: address.clone(), validators, bodies, link };
    shelf.items.insert(address, Arc::new(shelved));
    Ok(())
}

/// The value of `Link` (RFC 8288): exactly one self, and the other formats.
#[must_use]
pub fn link(address: &Address, base: &Url) -> Option<String> {
    let alternate = |name: &FeedName, format: Format| {
        let href = Address::Edition(name.clone(), format).absolute(base);
        format!("<{href}>; rel=\"alternate\"; type=\"{}\"", format.media_type())
    };
    match address {
        Address::Edition(name, own) => {
            let mut links = vec![format!("<{}>; rel=\"self\"", address.absolute(base))];
            links.extend(Format::ALL.into_iter().filter(|f| f != own).map(|f| alternate(name, f)));
            Some(links.join(", "))
        }
        Address::Page(name) => {
            let links: Vec<String> = Format::ALL.into_iter().map(|f| alternate(name, f)).collect();
            Some(links.join(", "))
        }
        _ => None,
    }
}
