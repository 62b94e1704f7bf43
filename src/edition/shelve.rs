//! The tree as a shelf: what the manifest lists is read and made ready to be served. Whoever wrote the
//! tree, this is how it is followed; nothing here asks the catalog or the ledger. A file that is missing
//! or late costs its own edition, never the others.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
}

/// Reads the tree. What stands as it stood in `before` is taken from there. `None` where nothing is
/// published yet.
///
/// # Errors
/// Where the manifest can't be read.
pub fn shelve(root: &Path, before: &Shelf) -> Result<Option<Shelving>, Error> {
    let manifest_file = tree::read(root, &Address::Manifest).map_err(|cause| {
        let path = root.join(Address::Manifest.file_path().unwrap_or_default());
        Error::Io { path, cause }
    })?;
    let Some(manifest_file) = manifest_file else { return Ok(None) };
    let bytes = manifest_file.bodies.first().map(|(_, bytes)| bytes.as_ref()).unwrap_or_default();
    let manifest = Manifest::read(bytes)?;
    let base = manifest.base_url.as_deref().and_then(|b| Url::parse(b).ok());
    let mut shelving = Shelving::default();
    for (address, facts) in &manifest.files {
        let Some(address) = Address::parse(address) else { continue };
        let validators = Validators { hash: facts.etag, last_modified: facts.last_modified };
        let link = base.as_ref().and_then(|b| link(&address, b));
        shelving.put(root, before, address, validators, link);
    }
    shelving.add(Address::Manifest, manifest_file.validators, manifest_file, None);
    Ok(Some(shelving))
}

impl Shelving {
    fn put(
        &mut self,
        root: &Path,
        before: &Shelf,
        address: Address,
        validators: Validators,
        link: Option<String>,
    ) {
        let known = before.items.get(&address);
        if let Some(known) = known
            && known.validators == validators
            && known.link == link
            && is_whole(known)
        {
            self.shelf.items.insert(address, Arc::clone(known));
            return;
        }
        match tree::read(root, &address) {
            Ok(Some(files)) if files.validators.hash == validators.hash => {
                self.add(address, validators, files, link);
            }
            found => {
                self.late.push(address.clone());
                match (known, found) {
                    // Between two renames of a run, or of a copy that isn't over.
                    (Some(known), _) => {
                        self.shelf.items.insert(address, Arc::clone(known));
                    }
                    // After a start there is no before: a whole edition, if another one.
                    (None, Ok(Some(files))) => self.add(address, files.validators, files, link),
                    (None, _) => {}
                }
            }
        }
    }

    fn add(
        &mut self,
        address: Address,
        validators: Validators,
        files: tree::Files,
        link: Option<String>,
    ) {
        let shelved = Shelved { address: address.clone(), validators, bodies: files.bodies, link };
        self.uncoded |= !is_whole(&shelved);
        self.shelf.items.insert(address, Arc::new(shelved));
    }
}

fn is_whole(shelved: &Shelved) -> bool {
    shelved.bodies.len() > Coding::CODED.len()
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
