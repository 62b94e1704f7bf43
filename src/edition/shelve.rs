//! The tree as a shelf: what the manifest lists is read and made ready to be served. Whoever wrote the
//! tree, this is how it is followed; nothing here asks the catalog or the ledger. A file that is missing
//! or late costs its own edition, never the others.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::manifest::{self, Manifest};
use super::shelf::{Shelf, Shelved};
use super::{Coding, Validators, tree};
use crate::feed::address::Address;
use crate::feed::{FeedName, Format};

/// The tree can't be put on a shelf.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifest can't be opened.
    #[error("{path} can't be read: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The manifest can't be understood.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
}

/// A tree, put on a shelf.
#[derive(Debug, Default)]
pub struct Shelving {
    /// What can be served.
    pub shelf: Shelf,
    /// What the manifest lists and the tree hasn't, or has otherwise: it comes later, or somebody
    /// meddled. What stood before serves on; where nothing did, what stands now is served.
    pub late: Vec<Address>,
    /// Whether coded forms are missing, which may come later too.
    pub uncoded: bool,
    /// Bytes that may still be put on the shelf.
    room: u64,
}

/// Reads the tree. What stands as it stood in `before` is taken from there. Of all editions the
/// validators are put on the shelf, and the bytes of as many as `bytes_max` allows. `None` where
/// nothing is published yet.
///
/// # Errors
/// Where the manifest can't be read.
pub fn shelve(root: &Path, before: &Shelf, bytes_max: u64) -> Result<Option<Shelving>, Error> {
    let manifest_file = tree::read(root, &Address::Manifest).map_err(|cause| {
        let path = root.join(Address::Manifest.file_path().unwrap_or_default());
        Error::Io { path, cause }
    })?;
    let Some(manifest_file) = manifest_file else { return Ok(None) };
    let bytes = manifest_file.bodies.first().map(|(_, bytes)| bytes.as_ref()).unwrap_or_default();
    let manifest = Manifest::read(bytes)?;
    let base = manifest.base_url.as_deref().and_then(|b| Url::parse(b).ok());
    let mut shelving = Shelving { room: bytes_max, ..Shelving::default() };
    for (address, facts) in &manifest.files {
        let Some(address) = Address::parse(address) else { continue };
        let validators = Validators { hash: facts.etag, last_modified: facts.last_modified };
        let link = base.as_ref().and_then(|b| link(&address, b));
        let new = Shelved::new(address, validators, Vec::new(), link);
        shelving.put(root, before, new, facts.size);
    }
    let new = Shelved::new(Address::Manifest, manifest_file.validators, Vec::new(), None);
    shelving.add(new, manifest_file.bodies);
    Ok(Some(shelving))
}

impl Shelving {
    /// Puts an edition on the shelf, which comes without its bytes: `size` of identity.
    fn put(&mut self, root: &Path, before: &Shelf, new: Shelved, size: u64) {
        let known = before.items.get(&new.address);
        if let Some(known) = known
            && known.validators == new.validators
            && known.link == new.link
            && self.keep(known, size)
        {
            return;
        }
        if size > self.room && tree::stands(root, &new.address, &new.validators, size) {
            self.insert(Arc::new(new));
            return;
        }
        match tree::read(root, &new.address) {
            Ok(Some(files)) if files.validators.hash == new.validators.hash => {
                self.add(new, files.bodies);
            }
            found => {
                self.late.push(new.address.clone());
                match (known, found) {
                    // Between two renames of a run, or of a copy that isn't over.
                    (Some(known), _) => self.insert(Arc::clone(known)),
                    // After a start there is no before: a whole edition, if another one.
                    (None, Ok(Some(files))) => {
                        let new = new.with(files.validators, Vec::new());
                        self.add(new, files.bodies);
                    }
                    (None, _) => {}
                }
            }
        }
    }

    /// Keeps what stood on the shelf before, if that is all that can stand there now.
    fn keep(&mut self, known: &Arc<Shelved>, size: u64) -> bool {
        let bytes = bytes_of(&known.bodies);
        if known.bodies.is_empty() {
            let cold = size > self.room;
            if cold {
                self.insert(Arc::clone(known));
            }
            return cold;
        }
        if bytes > self.room {
            self.insert(Arc::new(known.with(known.validators, Vec::new())));
            return true;
        }
        let whole = is_whole(&known.bodies);
        if whole {
            self.insert(Arc::clone(known));
        }
        whole
    }

    fn add(&mut self, mut new: Shelved, bodies: Vec<(Coding, Bytes)>) {
        self.uncoded |= !is_whole(&bodies);
        if bytes_of(&bodies) <= self.room {
            new.bodies = bodies;
        }
        self.insert(Arc::new(new));
    }

    fn insert(&mut self, shelved: Arc<Shelved>) {
        self.room = self.room.saturating_sub(bytes_of(&shelved.bodies));
        self.shelf.items.insert(shelved.address.clone(), shelved);
    }
}

fn is_whole(bodies: &[(Coding, Bytes)]) -> bool {
    bodies.len() > Coding::CODED.len()
}

fn bytes_of(bodies: &[(Coding, Bytes)]) -> u64 {
    bodies.iter().map(|(_, bytes)| bytes.len() as u64).sum()
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
