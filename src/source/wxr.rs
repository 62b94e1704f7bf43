//! Documents as posts of WordPress export files (WXR), which can be gigabytes. They are read twice,
//! piece by piece: pictures stand anywhere in them, and posts refer to pictures. What the first reading
//! finds is laid on a shelf on disk, so memory holds one post and the known stamps. A file that breaks
//! off is an error with its line, and nothing of it is withdrawn. What a post means is
//! [`wordpress`]'s.

mod delivery;
mod reader;
mod shelf;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::delivery::Delivery;
use self::reader::{Channel, Item, Part};
use self::shelf::Shelf;
use super::{Found, Gathered, KnownIndex, Memory, Stamp};
use crate::article::ContentHash;
use crate::article::media::by_ending;
use crate::document::wordpress::{self, Attachment, Author, Clock, Measures, Site, Term};
use crate::document::{self, FolderIndex};

/// Which files, and which of their posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file, or a path whose last part has wildcards.
    pub path: PathBuf,
    /// How problems call it: the path as `feeds.toml` writes it.
    pub shown: String,
    /// Types of posts that are articles.
    pub types: Vec<String>,
}

/// The files can't be read as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is there.
    #[error("{0}: there is no such file")]
    Missing(String),
    /// The system refuses.
    #[error("{shown} can't be read: {cause}")]
    Io {
        /// The file as problems call it.
        shown: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The wildcards can't be read.
    #[error("the pattern {pattern:?} can't be read: {cause}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        cause: globset::Error,
    },
    /// The file isn't an export, or not all of one.
    #[error("{shown}:{line}: {what}")]
    Broken {
        /// The file as problems call it.
        shown: String,
        /// Where, from 1.
        line: u64,
        /// What is wrong, as a sentence.
        what: String,
    },
    /// Somebody wrote the file while it was read.
    #[error("{0} changed while it was read")]
    Changed(String),
    /// The shelf on disk fails.
    #[error("no place on disk for what an export refers to: {0}")]
    Shelf(#[from] rusqlite::Error),
}

struct Export {
    path: PathBuf,
    shown: String,
    stamp: Vec<u8>,
}

/// Looks at the files: posts that may have changed are delivered in batches. Where the files stand as
/// they stood, none is opened.
///
/// # Errors
/// Where a file can't be read to its end: what was delivered stands, nothing has vanished.
pub fn gather(
    options: &Options,
    reading: &document::Options,
    memory: Memory,
    deliver: &mut dyn FnMut(Vec<Found>),
) -> Result<Gathered, Error> {
    let exports = exports(options)?;
    let context = reading.digest();
    let seen = |documents: usize| whole_stamp(&exports, options, documents);
    let stands = memory.documents.iter().all(|known| known.context == context);
    let remembered = memory.indexes.iter().find(|index| index.folder.is_empty());
    if stands && remembered.is_some_and(|index| index.stamp == seen(memory.documents.len())) {
        let unchanged = u64::try_from(memory.documents.len()).unwrap_or(u64::MAX);
        return Ok(Gathered { unchanged, ..Gathered::default() });
    }
    let mut shelf = Shelf::open()?;
    let mut channels = Vec::new();
    for export in &exports {
        channels.push(first_reading(export, &mut shelf)?);
    }
    shelf.finish()?;
    let mut delivery = Delivery::new(options, context, memory.documents, deliver);
    for (export, channel) in exports.iter().zip(&channels) {
        second_reading(export, channel, options, &shelf, &mut delivery)?;
    }
    for export in &exports {
        if stamp(&export.path).ok().as_ref() != Some(&export.stamp) {
            return Err(Error::Changed(export.shown.clone()));
        }
    }
    let mut gathered = delivery.finish();
    let documents = gathered.documents;
    let index = KnownIndex {
        folder: String::new(),
        stamp: seen(documents),
        hash: ContentHash::of(b""),
        index: Arc::new(FolderIndex::default()),
        // Told for as long as the files stand.
        problems: std::mem::take(&mut gathered.gathered.problems),
    };
    gathered.gathered.indexes_changed.push(index);
    Ok(gathered.gathered)
}

/// The export files, ordered by name.
fn exports(options: &Options) -> Result<Vec<Export>, Error> {
    let name = options.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let shown_folder = options.shown.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut exports = Vec::new();
    if !name.contains(['*', '?', '[', '{']) {
        exports.push((options.path.clone(), options.shown.clone()));
    } else {
        let glob = globset::Glob::new(name)
            .map_err(|cause| Error::Pattern { pattern: options.shown.clone(), cause })?;
        let glob = glob.compile_matcher();
        let folder = options.path.parent().unwrap_or(Path::new("."));
        let io = |cause| Error::Io { shown: options.shown.clone(), cause };
        for entry in fs::read_dir(folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if glob.is_match(&name) && entry.path().is_file() {
                let shown = match shown_folder {
                    "" => name,
                    folder => format!("{folder}/{name}"),
                };
                exports.push((entry.path(), shown));
            }
        }
        exports.sort();
    }
    if exports.is_empty() {
        return Err(Error::Missing(options.shown.clone()));
    }
    let stamped = exports.into_iter().map(|(path, shown)| match stamp(&path) {
        Ok(stamp) => Ok(Export { path, shown, stamp }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(Error::Missing(shown)),
        Err(cause) => Err(Error::Io { shown, cause }),
    });
    stamped.collect()
}

/// Changes whenever a file is written or replaced.
fn stamp(path: &Path) -> std::io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    let facts = [
        meta.dev().to_le_bytes(),
        meta.ino().to_le_bytes(),
        meta.len().to_le_bytes(),
        meta.mtime().to_le_bytes(),
        meta.mtime_nsec().to_le_bytes(),
        meta.ctime().to_le_bytes(),
        meta.ctime_nsec().to_le_bytes(),
    ];
    Ok(facts.concat())
}

/// Stands for all files, what is asked of them, and how many posts they gave: a catalog that has lost
/// some of those looks again.
fn whole_stamp(exports: &[Export], options: &Options, documents: usize) -> Stamp {
    let files: Vec<(&str, &[u8])> =
        exports.iter().map(|export| (export.shown.as_str(), export.stamp.as_slice())).collect();
    let whole = format!("{documents} {:?} {files:?}", options.types);
    Stamp(ContentHash::of(whole.as_bytes()).0.to_vec())
}

fn open(export: &Export) -> Result<File, Error> {
    File::open(&export.path).map_err(|cause| Error::Io { shown: export.shown.clone(), cause })
}

/// Gathers what posts refer to: files, reusable blocks, authors and terms.
fn first_reading(export: &Export, shelf: &mut Shelf) -> Result<Channel, Error> {
    let mut channel = Channel::default();
    reader::read(open(export)?, &export.shown, &mut |part| {
        match part {
            Part::Channel(whole) => channel = whole,
            Part::Item(item) if item.post.kind == "attachment" => shelf.put_file(&file(&item))?,
            Part::Item(item) if item.post.kind == "wp_block" && item.post.status == "publish" => {
                shelf.put_block(item.post.id, &item.post.content)?;
            }
            Part::Item(_) => {}
        }
        Ok(())
    })?;
    Ok(channel)
}

/// A file of the media library, as an export has it: without its media type.
fn file(item: &Item) -> Attachment {
    let meta = |key: &str| {
        let found = item.post.meta.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value.as_str())
    };
    let measures = Measures::parse(meta("_wp_attachment_metadata"));
    let url = match item.attachment_url.trim() {
        "" => item.post.guid.trim(),
        url => url,
    };
    Attachment {
        id: item.post.id,
        parent: item.parent,
        url: url.to_owned(),
        mime: by_ending(url).unwrap_or_default().to_owned(),
        title: item.post.title.clone(),
        caption: item.post.excerpt.clone(),
        alt: meta("_wp_attachment_image_alt").to_owned(),
        width: measures.width,
        height: measures.height,
        bytes: measures.bytes,
        order: item.menu_order,
    }
}

fn second_reading(
    export: &Export,
    channel: &Channel,
    options: &Options,
    shelf: &Shelf,
    delivery: &mut Delivery<'_>,
) -> Result<(), Error> {
    let site = Site {
        home: channel.home().to_owned(),
        clock: Clock::Unknown,
        structure: String::new(),
        default_category: String::new(),
        types: options.types.clone(),
        bases: Vec::new(),
    };
    reader::read(open(export)?, &export.shown, &mut |part| {
        let Part::Item(item) = part else { return Ok(()) };
        let post = &item.post;
        if !wordpress::is_public(&post.kind, &post.status, &post.password, &site) {
            return Ok(());
        }
        let id = post.id;
        let post = completed(*item, channel, shelf)?;
        if let Some(row) = wordpress::row(&post, &site) {
            delivery.row(export, id, row);
        }
        Ok(())
    })
}

/// A post with all that it refers to.
fn completed(item: Item, channel: &Channel, shelf: &Shelf) -> Result<wordpress::Post, Error> {
    let mut post = item.post;
    post.author = Some(
        channel
            .authors
            .get(&item.login)
            .cloned()
            .unwrap_or_else(|| Author { name: item.login.clone(), ..Author::default() }),
    );
    // Old exports name each term twice, once without saying what it is.
    let said = item.terms.iter().any(|(domain, ..)| !domain.is_empty());
    for (domain, slug, name) in item.terms {
        let taxonomy = match domain.as_str() {
            "" if said => continue,
            "" => "category",
            "tag" => "post_tag",
            other => other,
        };
        post.terms.push(channel.term(taxonomy, &slug, &name));
    }
    for number in post.refers_to() {
        post.attachments.extend(shelf.file(number)?);
    }
    if ["[gallery", "[playlist", "[audio", "[video"].iter().any(|code| post.content.contains(code))
    {
        for own in shelf.files_of(post.id)? {
            if !post.attachments.iter().any(|known| known.id == own.id) {
                post.attachments.push(own);
            }
        }
    }
    for number in post.blocks() {
        post.reusable.extend(shelf.block(number)?.map(|content| (number, content)));
    }
    Ok(post)
}

impl Channel {
    /// What links begin with.
    fn home(&self) -> &str {
        if self.blog_url.is_empty() { &self.link } else { &self.blog_url }
    }

    /// A term of a post, with those that it stands below.
    fn term(&self, taxonomy: &str, slug: &str, name: &str) -> Term {
        /// No site nests deeper; a circle ends here.
        const PARENTS_MAX: usize = 16;
        let of = |slug: &str| self.terms.get(&(taxonomy.to_owned(), slug.to_owned()));
        let mut term = Term {
            id: of(slug).map_or(0, |known| known.id),
            taxonomy: taxonomy.to_owned(),
            slug: slug.to_owned(),
            name: name.to_owned(),
            parents: Vec::new(),
        };
        let mut above = of(slug).map(|known| known.parent.as_str()).unwrap_or_default();
        while let Some(parent) = of(above).filter(|_| !above.is_empty()) {
            if term.parents.len() == PARENTS_MAX || term.parents.iter().any(|t| t.slug == above) {
                break;
            }
            term.parents.insert(
                0,
                Term {
                    id: parent.id,
                    taxonomy: taxonomy.to_owned(),
                    slug: above.to_owned(),
                    name: parent.name.clone(),
                    parents: Vec::new(),
                },
            );
            above = &parent.parent;
        }
        term
    }
}

/// Terms of a channel, by taxonomy and slug.
type Terms = BTreeMap<(String, String), reader::Named>;
