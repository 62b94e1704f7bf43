//! What makes a feed a podcast, and what directories would refuse of it: Apple's rules and those of
//! the Podcast namespace (standards §1.8, §1.9). Pure. What is missing in `feeds.toml` itself is told
//! by who reads that file; here an episode is judged, and a picture whose pixels are known.

use crate::article::{Article, Media, MediaRole, media};
use crate::problem::{Code, Place, Problem};

/// An episode without what directories ask of each.
pub(crate) const EPISODE: Code = Code::new("podcast-episode");
/// A recording of which something is unknown, or that Apple doesn't take.
pub(crate) const RECORDING: Code = Code::new("podcast-recording");
/// A show's picture that Apple refuses.
pub(crate) const ARTWORK: Code = Code::new("podcast-artwork");
/// Every article has a recording, and the feed isn't said to be a podcast.
pub(crate) const UNDECLARED: Code = Code::new("podcast-undeclared");

/// The directory's categories, each with those below it.
pub const CATEGORIES: [(&str, &[&str]); 19] = [
    ("Arts", &["Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"]),
    (
        "Business",
        &["Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"],
    ),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    ("Education", &["Courses", "How To", "Language Learning", "Self-Improvement"]),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    ("History", &[]),
    (
        "Health & Fitness",
        &["Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"],
    ),
    ("Kids & Family", &["Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"]),
    (
        "Leisure",
        &[
            "Animation & Manga",
            "Automotive",
            "Aviation",
            "Crafts",
            "Games",
            "Hobbies",
            "Home & Garden",
            "Video Games",
        ],
    ),
    ("Music", &["Music Commentary", "Music History", "Music Interviews"]),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &["Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &["Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"],
    ),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    (
        "TV & Film",
        &["After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"],
    ),
];

/// What people do in a podcast, by the group that they belong to (Podcast Taxonomy Project), all in
/// lower case. Readers refuse a feed with any other; those of the group `Misc.` are left out, because
/// readers don't agree on its spelling.
pub const ROLES: [(&str, &[&str]); 9] = [
    (
        "cast",
        &[
            "host",
            "co-host",
            "guest host",
            "guest",
            "voice actor",
            "narrator",
            "announcer",
            "reporter",
        ],
    ),
    (
        "creative direction",
        &[
            "director",
            "assistant director",
            "executive producer",
            "senior producer",
            "producer",
            "associate producer",
            "development producer",
            "creative director",
        ],
    ),
    (
        "writing",
        &[
            "author",
            "editorial director",
            "co-writer",
            "writer",
            "songwriter",
            "guest writer",
            "story editor",
            "managing editor",
            "script editor",
            "script coordinator",
            "researcher",
            "editor",
            "fact checker",
            "translator",
            "transcriber",
            "logger",
        ],
    ),
    (
        "audio production",
        &[
            "studio coordinator",
            "technical director",
            "technical manager",
            "audio engineer",
            "remote recording engineer",
            "post production engineer",
        ],
    ),
    (
        "audio post-production",
        &[
            "audio editor",
            "sound designer",
            "foley artist",
            "composer",
            "theme music",
            "music production",
            "music contributor",
        ],
    ),
    (
        "administration",
        &[
            "production coordinator",
            "booking coordinator",
            "production assistant",
            "content manager",
            "marketing manager",
            "sales representative",
            "sales manager",
        ],
    ),
    ("visuals", &["graphic designer", "cover art designer"]),
    ("community", &["social media manager"]),
    (
        "video production",
        &["camera operator", "lighting designer", "camera grip", "assistant camera"],
    ),
];

/// What a feed says of itself as a podcast.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Show {
    /// Categories of [`CATEGORIES`], each with the one below it, if any. Apple reads the first.
    pub categories: Vec<(String, Option<String>)>,
    /// Absolute URL of the artwork; `None`: the site's icon.
    pub image: Option<String>,
    /// Who makes it; `None`: the site's authors.
    pub author: Option<String>,
    /// Name and e-mail address of who answers for it, both published.
    pub owner: Option<(Option<String>, String)>,
    /// Whether it is unfit for children; `None`: it is where an episode is.
    pub explicit: Option<bool>,
    /// Meant to be heard from the first episode on.
    pub serial: bool,
    /// What it is, as the Podcast namespace names it; `None`: `podcast`.
    pub medium: Option<String>,
    /// Whether other hosts may not take it over.
    pub locked: Option<bool>,
    /// Absolute URL where listeners give money, and what to call it.
    pub funding: Option<(String, String)>,
    /// Absolute URL of the licence of its recordings; `None`: the site's.
    pub license: Option<String>,
    /// Nothing more will come.
    pub complete: bool,
    /// Apple's directory is not to show it.
    pub blocked: bool,
    /// Absolute URL to which Apple's subscribers move.
    pub new_feed_url: Option<String>,
    /// Its podcast:guid, where it had one before it came here.
    pub guid: Option<String>,
    /// Who is in it, where an episode names nobody: name, role, absolute URL of a page and of a
    /// portrait.
    pub people: Vec<Voice>,
    /// Texts for those who ask for them (`podcast:txt`): purpose and text.
    pub txt: Vec<(String, String)>,
}

/// Someone who is heard in every episode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Voice {
    /// Name for people.
    pub name: String,
    /// One of [`ROLES`]; `None`: `host`.
    pub role: Option<String>,
    /// Absolute URL of their page.
    pub uri: Option<String>,
    /// Absolute URL of a portrait.
    pub image: Option<String>,
}

/// Endings of files that Apple takes.
const APPLE_TAKES: [&str; 7] = ["m4a", "mp3", "mov", "mp4", "m4v", "pdf", "epub"];

/// What directories would refuse of an episode; a problem for each fault. `place` is the article's.
#[must_use]
pub fn of_episode(show: &Show, article: &Article, place: &Place) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut warn = |code: &Code, message: String, help: &str| {
        problems.push(Problem::warning(code, place.clone(), message).help(help));
    };
    let Some(file) = recording(article) else {
        warn(
            &EPISODE,
            "this article stands in a podcast, and has no recording".to_owned(),
            "name one as in \"audio: episode.mp3\", or keep the article out of the feed",
        );
        return problems;
    };
    let ending = media::ending(&file.url).unwrap_or_default();
    if !APPLE_TAKES.contains(&ending.as_str()) {
        warn(
            &RECORDING,
            match ending.as_str() {
                "" => "Apple takes no recording whose address has no ending".to_owned(),
                ending => format!("Apple takes no recordings of the kind \".{ending}\""),
            },
            "name first a file that ends in .mp3, .m4a, .mp4, .m4v or .mov; others may follow",
        );
    } else if file.kind().is_none() {
        warn(
            &RECORDING,
            "the recording's type isn't known".to_owned(),
            "say it as in \"enclosure: {url: …, type: audio/mpeg}\"",
        );
    }
    if file.bytes.is_none() {
        warn(
            &RECORDING,
            "the recording's length in bytes isn't known; players are told 0".to_owned(),
            "say it as in \"enclosure: {url: …, length: 31457280}\", or put the file beside the article",
        );
    }
    let facts = article.podcast.clone().unwrap_or_default();
    // A trailer stands before all seasons.
    let full = facts.episode_type.as_deref().is_none_or(|kind| kind == "full");
    if show.serial && full {
        for (number, what) in [(facts.season, "season"), (facts.episode, "episode")] {
            if number.is_none() {
                warn(
                    &EPISODE,
                    format!("the podcast is serial, and this episode has no {what} number"),
                    "name it as in \"season: 1\" and \"episode: 7\"",
                );
            }
        }
    }
    problems
}

/// Tells of a recording whose server doesn't do what directories ask for; `lacks` names that, and is
/// empty where it does.
#[must_use]
pub fn of_host(lacks: &str, place: &Place) -> Option<Problem> {
    if lacks.is_empty() {
        return None;
    }
    let message = format!("the recording's server doesn't answer {lacks}; Apple asks for that");
    let help = "see to it where the file lies; players can't begin in the middle otherwise";
    Some(Problem::note(&RECORDING, place.clone(), message).help(help))
}

/// The recording that players play: the first one.
#[must_use]
pub fn recording(article: &Article) -> Option<&Media> {
    let files = || article.media.iter().filter(|m| m.role == MediaRole::Enclosure);
    files().find(|m| m.is_recording()).or_else(|| files().next())
}

/// What Apple would refuse of a show's picture of so many pixels.
#[must_use]
pub fn of_artwork(width: u32, height: u32, place: &Place) -> Option<Problem> {
    let wrong = if width != height {
        format!("isn't square: it has {width} × {height} pixels")
    } else if is_artwork(width, height) {
        return None;
    } else {
        format!("has {width} × {height} pixels, and must have from 1400 × 1400 to 3000 × 3000")
    };
    let message = format!("the podcast's artwork {wrong}; Apple refuses it");
    Some(
        Problem::warning(&ARTWORK, place.clone(), message)
            .help("make it 3000 × 3000, as JPEG or PNG"),
    )
}

/// Tells of a show's picture that nobody could look at.
#[must_use]
pub fn unseen_artwork(url: &str, place: &Place) -> Problem {
    let message = format!(
        "the podcast's artwork {url} isn't among the files of any source, so nobody looked at it"
    );
    Problem::note(&ARTWORK, place.clone(), message).help(
        "see that it is there: square, from 1400 × 1400 to 3000 × 3000 pixels, as JPEG or PNG; with \
         `[media] fetch = true` its server is asked",
    )
}

/// Whether a picture of so many pixels can be artwork.
#[must_use]
pub fn is_artwork(width: u32, height: u32) -> bool {
    width == height && (1400..=3000).contains(&width)
}

/// Tells of a feed all of whose articles have recordings, and that isn't said to be a podcast.
#[must_use]
pub fn undeclared(name: &str, config: &str) -> Problem {
    let message = format!(
        "every article of the feed {name:?} has a recording, but the feed isn't said to be a podcast; \
         directories ask for a category and artwork"
    );
    Problem::note(&UNDECLARED, Place::whole(config), message).help(
        "add `[feed.podcast]` below its `[[feed]]`, with `categories`, `image` and `explicit`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_below_another_has_one_home() {
        let mut all: Vec<&str> = CATEGORIES
            .iter()
            .flat_map(|(top, below)| std::iter::once(top).chain(*below))
            .copied()
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn artwork_is_square_and_neither_small_nor_huge() {
        let at = Place::whole("feeds.toml");
        for (width, height, sound) in [
            (1400, 1400, true),
            (3000, 3000, true),
            (1399, 1399, false),
            (3001, 3001, false),
            (3000, 2000, false),
        ] {
            assert_eq!(of_artwork(width, height, &at).is_none(), sound, "{width} × {height}");
        }
    }
}
