//! What a newsroom's readers should see, kept in memory: which stories there are, what is known of
//! each since the last run, and which of them must still have the id that they had. It follows
//! DESIGN's words on identity; where those leave two answers open (a copy made in the run in which the
//! original moved), it says that it doesn't know, and takes what it is shown.

use std::collections::BTreeMap;

/// A document's content and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) section: String,
    pub(crate) file: String,
    pub(crate) title: String,
    /// Seconds since 1970.
    pub(crate) date: Option<i64>,
    pub(crate) expires: Option<i64>,
    pub(crate) slug: Option<String>,
    pub(crate) named: Option<String>,
    /// A word that no other body has, then others.
    pub(crate) body: String,
}

/// A body of fewer words doesn't tell a move.
const BODY_WORDS_MIN: usize = 50;

impl Version {
    pub(crate) fn path(&self) -> String {
        format!("{}/{}.md", self.section, self.file)
    }

    pub(crate) fn link(&self) -> String {
        let slug = self.slug.as_ref().unwrap_or(&self.file);
        format!("https://gazette.example/{}/{slug}/", self.section)
    }

    fn rule(&self) -> String {
        self.named.clone().unwrap_or_else(|| self.link())
    }

    pub(crate) fn marker(&self) -> &str {
        self.body.split(' ').next().unwrap_or_default()
    }

    /// All but the marker: what a small edit leaves.
    fn rest(&self) -> &str {
        self.body.split_once(' ').map_or("", |(_, rest)| rest)
    }

    fn is_long(&self) -> bool {
        self.body.split(' ').count() >= BODY_WORDS_MIN
    }

    /// Whether an article that vanished would be known again in a new document.
    fn moved_to(&self, to: &Version, body_kept: bool) -> bool {
        let same_body = self.body == to.body;
        let instant = self.date.is_some() && self.date == to.date && self.title == to.title;
        same_body && self.is_long()
            || instant
            || body_kept && self.rest() == to.rest() && self.title == to.title
    }

    /// Whether anything by which articles are known is the same in both.
    fn shares_a_key(&self, other: &Version) -> bool {
        self.rule() == other.rule()
            || self.link() == other.link()
            || self.path() == other.path()
            || self.rest() == other.rest()
            || self.title == other.title
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sure {
    Yes,
    No,
    Unknown,
}

/// What feedwright remembers of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    /// An article of the catalog.
    Standing(Version),
    /// Withdrawn lately.
    Departed(Version),
    /// Only the manifest lists it.
    Listed(Version),
}

impl Record {
    fn version(&self) -> &Version {
        match self {
            Record::Standing(v) | Record::Departed(v) | Record::Listed(v) => v,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// Copies have their original's.
    family: usize,
    /// As the person who edits it has it.
    pub(crate) now: Version,
    pub(crate) on_disk: bool,
    pub(crate) broken: bool,
    record: Option<Record>,
    /// What a run read that died before it was current.
    staged: Option<Version>,
    /// The rule under which the lock would give its id again.
    locked_rule: Option<String>,
    id: Option<String>,
    published: i64,
    released: Sure,
}

/// One entry of a feed, as a reader sees it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) link: String,
    pub(crate) title: String,
    pub(crate) body: String,
}

/// The feeds of a tree: `latest`, and one for each section, by name.
pub(crate) type Feeds = BTreeMap<String, Vec<Entry>>;

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) stories: Vec<Story>,
    /// Records of which it isn't known whose they are.
    ghosts: Vec<Version>,
    /// What the manifest lists: which story, as what.
    manifest: BTreeMap<usize, Version>,
    /// The catalog is empty.
    cold: bool,
    pub(crate) latest: i64,
    next: usize,
}

impl Model {
    /// Whether no run has read a story yet, and what stands at its path is another one that was there.
    pub(crate) fn replaces(&self, at: usize) -> bool {
        let path = self.stories[at].now.path();
        let standing = |record: &Option<Record>| match record {
            Some(Record::Standing(v) | Record::Listed(v)) => v.path() == path,
            _ => false,
        };
        !standing(&self.stories[at].record)
            && self.stories.iter().any(|story| standing(&story.record))
    }

    pub(crate) fn new(start: i64) -> Model {
        Model { cold: true, latest: start, ..Model::default() }
    }

    /// A number that was never given before.
    pub(crate) fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    pub(crate) fn add(&mut self, version: Version, copy_of: Option<usize>) {
        let family = copy_of.map_or(self.stories.len(), |s| self.stories[s].family);
        self.stories.push(Story {
            family,
            now: version,
            on_disk: true,
            broken: false,
            record: None,
            staged: None,
            locked_rule: None,
            id: None,
            published: 0,
            released: Sure::No,
        });
    }

    pub(crate) fn is_free(&self, path: &str) -> bool {
        !self.stories.iter().any(|s| s.on_disk && s.now.path() == path)
    }

    pub(crate) fn lose_state(&mut self) {
        for (at, story) in self.stories.iter_mut().enumerate() {
            if let Some(listed) = self.manifest.get(&at) {
                // Out, under the date that it was published with.
                story.published = listed.date.unwrap_or(story.published);
                story.released = Sure::Yes;
            }
            story.record = self.manifest.get(&at).cloned().map(Record::Listed);
            story.staged = None;
        }
        self.ghosts.clear();
        self.cold = true;
    }

    pub(crate) fn lose_tree(&mut self) {
        self.manifest.clear();
        if self.cold {
            self.stories.iter_mut().for_each(|s| s.record = None);
        }
    }

    /// What a run finds at a story's place: a version, or the last good one of a broken document.
    fn found(&self, at: usize) -> Option<Version> {
        let story = &self.stories[at];
        let current = match &story.record {
            Some(Record::Standing(v)) => Some(v),
            _ => None,
        };
        match (story.on_disk, story.broken) {
            (false, _) => None,
            (true, false) => Some(story.now.clone()),
            (true, true) => {
                let mut good = story.staged.iter().chain(current);
                good.find(|v| v.path() == story.now.path()).cloned()
            }
        }
    }

    /// A run read everything, and died before that was current.
    pub(crate) fn stage(&mut self) {
        for at in 0..self.stories.len() {
            self.stories[at].staged = self.found(at);
        }
    }

    /// Whether anything in this run is such that DESIGN leaves open which article is which.
    pub(crate) fn is_unclear(&self) -> bool {
        let found: Vec<_> = (0..self.stories.len()).map(|at| self.found(at)).collect();
        (0..found.len()).any(|at| {
            found[at].is_some() && self.had_an_id(at) && !self.is_same(at, &found)
                || self.stories[at].record.is_some() && self.stories[at].broken
                || found[at].is_none() && self.has_rival_heirs(at, &found)
                || found[at].as_ref().is_some_and(|v| self.ghosts.iter().any(|g| g.shares_a_key(v)))
        })
    }

    /// Whether a story is gone of which several copies are new: each may be it.
    fn has_rival_heirs(&self, at: usize, found: &[Option<Version>]) -> bool {
        let gone = &self.stories[at];
        let heirs = self.stories.iter().zip(found).filter(|(story, found)| {
            story.family == gone.family && story.record.is_none() && found.is_some()
        });
        gone.record.is_some() && heirs.count() > 1
    }

    fn had_an_id(&self, at: usize) -> bool {
        self.stories[at].record.is_some() || self.stories[at].locked_rule.is_some()
    }

    /// Whether a found story must be known as the article that it was.
    fn is_same(&self, at: usize, found: &[Option<Version>]) -> bool {
        let story = &self.stories[at];
        let Some(new) = &found[at] else { return false };
        let others = || (0..found.len()).filter(move |&other| other != at);
        let records = || {
            let of_stories = others().filter_map(|o| self.stories[o].record.as_ref());
            of_stories.map(Record::version).chain(&self.ghosts)
        };
        let finds = || others().filter_map(|o| found[o].as_ref());
        let Some(record) = &story.record else {
            return story.locked_rule.as_ref() == Some(&new.rule())
                && !finds().any(|v| v.rule() == new.rule() || v.link() == new.link())
                && !records().any(|v| v.shares_a_key(new));
        };
        let old = record.version();
        if finds().any(|v| v.rule() == old.rule() || v.link() == old.link())
            || finds().any(|v| v.rule() == new.rule() || v.link() == new.link())
            || records().any(|v| v.rule() == new.rule() || v.link() == new.link())
        {
            return false;
        }
        let listed = matches!(record, Record::Listed(_));
        if old.rule() == new.rule() || old.link() == new.link() {
            return true;
        }
        let is_part = old.body == new.body || old.title == new.title;
        if !listed && old.path() == new.path() && is_part {
            return true;
        }
        let vanished = !matches!(record, Record::Standing(_))
            || !finds().any(|v| v.path() == old.path()) && old.path() != new.path();
        let twins = others().any(|o| {
            let other = &self.stories[o];
            let unmoved = match (&other.record, &found[o]) {
                (Some(Record::Standing(v)), Some(now)) => v.path() == now.path(),
                (None, None) => true,
                _ => false,
            };
            other.family == story.family && !unmoved
        });
        let ghost = self.ghosts.iter().any(|v| v.shares_a_key(new) || v.shares_a_key(old));
        vanished && !twins && !ghost && old.moved_to(new, !listed)
    }

    /// A run was committed.
    pub(crate) fn commit(&mut self, now: i64) {
        let found: Vec<_> = (0..self.stories.len()).map(|at| self.found(at)).collect();
        let same: Vec<bool> = (0..found.len()).map(|at| self.is_same(at, &found)).collect();
        let behind = now < self.latest;
        for (at, found) in found.into_iter().enumerate() {
            let story = &mut self.stories[at];
            story.staged = None;
            let Some(new) = found else {
                story.record = match story.record.take() {
                    Some(Record::Standing(v) | Record::Departed(v)) => Some(Record::Departed(v)),
                    _ => None,
                };
                continue;
            };
            if !same[at] {
                let before = story.record.take();
                story.id = None;
                story.locked_rule = None;
                self.ghosts.extend(before.as_ref().map(|r| r.version().clone()));
                self.take_from_others(at, &new);
                let story = &mut self.stories[at];
                story.published = new.date.unwrap_or(if behind { self.latest } else { now });
                // It may be what it was after all, and out already.
                let known = before.is_some() || new.date.is_none();
                story.released = if known { Sure::Unknown } else { Sure::No };
            } else if let Some(Record::Standing(_)) = story.record {
                let published = new.date.unwrap_or(story.published);
                if published != story.published {
                    story.released = Sure::No;
                }
                story.published = published;
            } else {
                // Back, or only listed: it stays out as long as nobody gives it another date.
                let published = new.date.unwrap_or(story.published);
                story.released = match story.record {
                    None => Sure::Unknown,
                    Some(_) if published == story.published => story.released,
                    Some(_) => Sure::No,
                };
                story.published = published;
            }
            let story = &mut self.stories[at];
            story.locked_rule = Some(new.rule());
            story.record = Some(Record::Standing(new));
        }
        for story in &mut self.stories {
            if matches!(story.record, Some(Record::Standing(_))) && story.published <= now {
                story.released = Sure::Yes;
            }
        }
        self.cold = false;
    }

    /// A newcomer may be what another story was, where that isn't there any more.
    fn take_from_others(&mut self, at: usize, new: &Version) {
        for other in (0..self.stories.len()).filter(|&other| other != at) {
            let story = &mut self.stories[other];
            if matches!(story.record, Some(Record::Standing(_))) {
                continue;
            }
            let known = story.record.as_ref().is_some_and(|r| r.version().shares_a_key(new));
            if known || story.locked_rule.as_ref() == Some(&new.rule()) {
                if let Some(Record::Departed(v)) = story.record.take() {
                    self.ghosts.push(v);
                }
                story.id = None;
                story.locked_rule = None;
            }
        }
    }

    /// What was committed was published too.
    pub(crate) fn publish(&mut self, now: i64) {
        self.manifest = (0..self.stories.len())
            .filter(|&at| self.visible(at, now) != Sure::No)
            .filter_map(|at| match &self.stories[at].record {
                Some(Record::Standing(v)) => Some((at, v.clone())),
                _ => None,
            })
            .collect();
    }

    fn visible(&self, at: usize, now: i64) -> Sure {
        let story = &self.stories[at];
        match &story.record {
            Some(Record::Standing(v)) if v.expires.is_none_or(|e| e > now) => story.released,
            _ => Sure::No,
        }
    }

    /// Compares what readers see with what they should see, and learns ids that are new.
    pub(crate) fn compare(&mut self, feeds: &Feeds, now: i64) -> Result<(), String> {
        for (name, entries) in feeds {
            let mut ids = BTreeMap::new();
            for entry in entries {
                if let Some(other) = ids.insert(&entry.id, entry) {
                    return Err(format!("{name} has one id twice: {entry:?} and {other:?}"));
                }
            }
        }
        let latest = feeds.get("latest").ok_or("there is no feed \"latest\"")?;
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for at in 0..self.stories.len() {
            let Some(Record::Standing(v)) = self.stories[at].record.clone() else { continue };
            let visible = self.visible(at, now);
            let entry = latest.iter().find(|e| e.link == v.link());
            if visible == Sure::Unknown {
                // From here on it is known.
                self.stories[at].released = if entry.is_some() { Sure::Yes } else { Sure::No };
                if entry.is_none() {
                    self.manifest.remove(&at);
                }
            }
            match (visible, entry) {
                (Sure::Yes, None) => return Err(format!("missing: {v:?}; there are {latest:?}")),
                (Sure::No, Some(e)) => {
                    return Err(format!("a ghost, or too early: {e:?} of {v:?}"));
                }
                (_, Some(e)) if e.title != v.title || !e.body.contains(v.marker()) => {
                    return Err(format!("{e:?} isn't {v:?}"));
                }
                (_, Some(e)) => {
                    expected.insert(e.link.clone(), at);
                }
                (_, None) => {}
            }
        }
        for entry in latest {
            let Some(&at) = expected.get(&entry.link) else {
                return Err(format!("a ghost: {entry:?}"));
            };
            match &self.stories[at].id {
                Some(id) if *id != entry.id => {
                    return Err(format!("{entry:?} had the id {id:?}"));
                }
                Some(_) => {}
                None => self.learn(at, &entry.id)?,
            }
        }
        self.compare_sections(feeds, latest, now)
    }

    fn learn(&mut self, at: usize, id: &str) -> Result<(), String> {
        for other in 0..self.stories.len() {
            let story = &mut self.stories[other];
            if other == at || story.id.as_deref() != Some(id) {
                continue;
            }
            if matches!(story.record, Some(Record::Standing(_))) {
                return Err(format!(
                    "{:?} got the id of {:?}",
                    self.stories[at], self.stories[other]
                ));
            }
            story.id = None;
        }
        self.stories[at].id = Some(id.to_owned());
        Ok(())
    }

    fn compare_sections(&self, feeds: &Feeds, latest: &[Entry], now: i64) -> Result<(), String> {
        for section in SECTIONS {
            let of = |sure: Sure| {
                self.stories.iter().any(|s| {
                    matches!(&s.record, Some(Record::Standing(v)) if v.section == section)
                        && s.released == sure
                })
            };
            let is_of = |e: &&Entry| e.link.contains(&format!("/{section}/"));
            let mut expected: Vec<&str> = latest.iter().filter(is_of).map(|e| &*e.id).collect();
            let exists = feeds.get(section);
            if exists.is_none() && of(Sure::Yes)
                || exists.is_some() && !of(Sure::Yes) && !of(Sure::Unknown)
            {
                return Err(format!("as of {now} the feed {section} is {exists:?}"));
            }
            let mut found: Vec<&str> = exists.into_iter().flatten().map(|e| &*e.id).collect();
            expected.sort_unstable();
            found.sort_unstable();
            if expected != found {
                return Err(format!("the feed {section} has {found:?}, not {expected:?}"));
            }
        }
        Ok(())
    }
}

pub(crate) const SECTIONS: [&str; 3] = ["harbour", "market", "town"];
