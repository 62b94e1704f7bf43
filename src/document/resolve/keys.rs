//! How sites spell what an article holds: Hugo, Zola, Jekyll, Eleventy, Astro and plain databases
//! (standards §8.1). All keys are in their normal form, see `fields::normal`; the first one that is
//! named wins.

pub(super) const TITLE: &[&str] =
    &["title", "headline", "linktitle", "pagetitle", "newstitle", "name"];
pub(super) const KICKER: &[&str] =
    &["kicker", "eyebrow", "overline", "strapline", "subtitle", "subheading", "subhead"];
pub(super) const SUMMARY: &[&str] = &[
    "summary",
    "excerpt",
    "description",
    "abstract",
    "standfirst",
    "dek",
    "deck",
    "lede",
    "lead",
    "teaser",
    "metadescription",
];

/// Hugo hides an article until its `publishDate`, so that comes before `date`.
pub(super) const PUBLISHED: &[&str] = &[
    "publishdate",
    "pubdate",
    "pubdatetime",
    "published",
    "publishedat",
    "publishedon",
    "datepublished",
    "publicationdate",
    "date",
    "createdat",
    "created",
];
pub(super) const UPDATED: &[&str] = &[
    "lastmod",
    "modified",
    "updated",
    "lastmodifiedat",
    "lastmodified",
    "updatedat",
    "updateddate",
    "moddatetime",
    "modifiedat",
    "datemodified",
    "modifieddate",
];
pub(super) const EXPIRES: &[&str] =
    &["expirydate", "unpublishdate", "expires", "expiresat", "expiry", "expiration"];

pub(super) const ID: &[&str] = &["id", "guid", "uuid"];
pub(super) const EXTERNAL: &[&str] =
    &["externalurl", "externallink", "linkurl", "linkedurl", "linkto"];
pub(super) const EARLIER: &[&str] =
    &["aliases", "redirectfrom", "alias", "oldurls", "earlierlinks"];
pub(super) const TRANSLATION: &[&str] = &["translationkey", "translationgroup"];
pub(super) const LANGUAGE: &[&str] = &["language", "lang", "locale"];

pub(super) const SECTION: &[&str] = &["section", "sections", "rubric", "desk"];
pub(super) const CATEGORIES: &[&str] = &["categories", "category"];
pub(super) const TAGS: &[&str] = &["tags", "tag"];
pub(super) const SERIES: &[&str] = &["series"];
pub(super) const SERIES_PART: &[&str] =
    &["seriespart", "seriesorder", "seriesindex", "seriesweight", "seriesposition", "part"];

pub(super) const AUTHORS: &[&str] = &["authors", "author", "byline"];
/// Other people, and what each did.
pub(super) const ROLES: &[(&str, &str)] = &[
    ("photographer", "photographer"),
    ("photographers", "photographer"),
    ("photosby", "photographer"),
    ("illustrator", "illustrator"),
    ("illustrators", "illustrator"),
    ("editor", "editor"),
    ("editors", "editor"),
    ("translator", "translator"),
    ("translators", "translator"),
    ("contributor", "contributor"),
    ("contributors", "contributor"),
    ("host", "host"),
    ("hosts", "host"),
    ("guest", "guest"),
    ("guests", "guest"),
    ("narrator", "narrator"),
    ("producer", "producer"),
    ("producers", "producer"),
    ("cohost", "co-host"),
    ("cohosts", "co-host"),
    ("soundengineer", "audio engineer"),
    ("audioengineer", "audio engineer"),
    ("composer", "composer"),
];

pub(super) const IMAGES: &[&str] = &[
    "image",
    "cover",
    "coverimage",
    "featuredimage",
    "featureimage",
    "featured",
    "heroimage",
    "hero",
    "ogimage",
    "leadimage",
    "banner",
    "thumbnail",
    "images",
];
pub(super) const ENCLOSURES: &[&str] =
    &["audio", "enclosure", "enclosures", "audiofile", "audiourl", "mp3"];

pub(super) const EPISODE: &[&str] = &["episode", "episodenumber"];
pub(super) const EPISODE_LABEL: &[&str] = &["episodelabel", "episodedisplay"];
pub(super) const EPISODE_TITLE: &[&str] = &["episodetitle", "itunestitle"];
pub(super) const SEASON: &[&str] = &["season", "seasonnumber"];
pub(super) const SEASON_NAME: &[&str] = &["seasonname", "seasontitle"];
pub(super) const PODCAST_BLOCK: &[&str] = &["podcastblock", "itunesblock"];
pub(super) const TRANSCRIPTS: &[&str] = &["transcripts", "transcript"];
pub(super) const SOUNDBITES: &[&str] = &["soundbites", "soundbite"];
pub(super) const LOCATIONS: &[&str] = &["locations", "location"];
pub(super) const DISCUSSIONS: &[&str] = &["socialinteract", "discussion", "discussions"];
/// Said to be an address: themes have `comments: true`.
pub(super) const COMMENTS: &[&str] = &["commentsurl", "commenturl", "commentslink", "comments"];

pub(super) const RIGHTS: &[&str] = &["rights", "copyright"];
pub(super) const LICENCE: &[&str] = &["licence", "license"];
pub(super) const CORRECTIONS: &[&str] = &["corrections", "correction"];
pub(super) const PINNED: &[&str] = &["pinned", "pin", "sticky"];
pub(super) const WEIGHT: &[&str] = &["weight", "order"];

/// Said to be true, the article is in no feed.
pub(super) const EXCLUDED: &[&str] = &[
    "exclude",
    "excluded",
    "excludefromfeed",
    "excludefromfeeds",
    "eleventyexcludefromcollections",
];
/// Said to be false, the article is in no feed.
pub(super) const FEED: &[&str] = &["feed", "feeds", "rss", "inrss", "infeed"];

/// Eleventy builds its own lists by tags of these names.
pub(super) const PLUMBING_TAGS: &[&str] = &["all", "nav", "post", "posts"];
