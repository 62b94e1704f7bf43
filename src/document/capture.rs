//! A news page saved as plain text (DESIGN, "Text captures"): its own story, then lists of others.
//! The page is one full article; each dated headline is one without a body; a "Read also" line runs
//! headline and kicker together and is the weakest sighting. Which sightings are one article is the
//! catalog's to say.

use super::dates::{self, Date};
use super::desk::Desk;
use super::permalink::{self, FOR_CAPTURES, Values};
use super::resolve::{address, body_ref, paragraph_summary, terms};
use super::{Rank, Sighting, plain};
use crate::article::slug::slug;
use crate::article::{
    Article, IdOrigin, Moment, Person, Related, Role, Summary, SummaryOrigin, Taxonomy, Term,
    TermKey, Visibility,
};
use crate::problem::Code;

/// A text file hasn't the shape of a captured page.
pub(crate) const UNRECOGNISED: Code = Code::new("capture-unrecognised");
/// A captured page lists more stories than a page can.
pub(crate) const TOO_LONG: Code = Code::new("capture-too-long");

/// Longest list of a page; what follows is passed over, because stories are compared with each other.
const STORIES_MAX: usize = 2_000;
/// How many lines can stand above a page's date: title, kicker, and the furniture over them.
const HEAD_LINES_MAX: usize = 40;
/// A longer line is no name of a person.
const AUTHOR_CHARS_MAX: usize = 60;
/// A longer line is no furniture.
const FURNITURE_CHARS_MAX: usize = 60;

/// A line with something on it.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    number: u32,
    indented: bool,
}

/// A story as the page names it.
#[derive(Debug)]
struct Story {
    rank: Rank,
    title: String,
    kicker: Option<String>,
    /// Slugs of the media that the page marks it with.
    marks: Vec<&'static str>,
    date: Date,
    line: u32,
}

#[derive(Debug)]
struct Page<'a> {
    story: Story,
    section: String,
    author: Option<&'a str>,
    paragraphs: Vec<&'a str>,
    read_also: Vec<Story>,
    latest: Vec<Story>,
}

/// Reads a captured page into `desk`.
pub(super) fn read(desk: &mut Desk<'_>) {
    let text = desk.text;
    let Some(page) = page(text) else {
        desk.note(
            &UNRECOGNISED,
            desk.whole(),
            "this text isn't a captured news page: no line with a section in capitals and a date, \
             such as \"WORLD  18 February 2024 - 12:05\"",
            "save articles as Markdown, or name the file in the source's \"exclude\"",
        );
        return;
    };
    let mut sightings = vec![full(desk, &page)];
    sightings.extend(page.read_also.iter().chain(&page.latest).map(|story| headline(desk, story)));
    part_equal_links(&mut sightings);
    if page.latest.len() == STORIES_MAX || page.read_also.len() == STORIES_MAX {
        desk.warn(
            &TOO_LONG,
            desk.whole(),
            format!(
                "this page lists more stories than a page can; {STORIES_MAX} of a list were read"
            ),
            "save the page in parts",
        );
    }
    let related: Vec<Related> =
        sightings[1..=page.read_also.len()].iter().map(|s| related(s, &sightings)).collect();
    sightings[0].article.related = related;
    desk.note(
        &super::LINK_MADE,
        desk.whole(),
        "a capture names no links: they were made from the pattern",
        "set \"permalink\" of the source to the pattern of the site",
    );
    desk.reading.sightings = sightings;
}

fn page(text: &str) -> Option<Page<'_>> {
    let lines: Vec<Line<'_>> = text
        .lines()
        .zip(1..)
        .map(|(line, number)| Line {
            text: line.trim_matches(|c: char| c.is_whitespace() || c.is_control()),
            number,
            indented: line.starts_with([' ', '\t', '\u{a0}']),
        })
        // Control characters alone are nothing to see either.
        .filter(|line| line.text.chars().any(|c| !c.is_control() && !c.is_whitespace()))
        .collect();
    let (at, section, date) =
        lines.iter().enumerate().take(HEAD_LINES_MAX).find_map(|(at, line)| {
            section_line(line.text).map(|(section, date)| (at, section, date))
        })?;
    let (title, kicker) = head(&lines[..at])?;
    let mut rest = &lines[at + 1..];
    let author = rest.first().map(|line| line.text).filter(|text| is_author(text));
    if author.is_some() {
        rest = &rest[1..];
    }
    let body_end = rest.iter().position(|line| list_of(line.text).is_some()).unwrap_or(rest.len());
    let paragraphs =
        rest[..body_end].iter().map(|line| line.text).filter(|text| !is_furniture(text)).collect();
    let (read_also, latest) = lists(&rest[body_end..]);
    let kicker = kicker.map(|line| line.text.to_owned());
    Some(Page {
        story: story(Rank::Full, title, kicker, date),
        section,
        author,
        paragraphs,
        read_also,
        latest,
    })
}

/// Title and kicker above the date. Anything above them is furniture.
fn head<'a>(lines: &[Line<'a>]) -> Option<(Line<'a>, Option<Line<'a>>)> {
    let lines: Vec<&Line<'a>> = lines.iter().filter(|line| !is_furniture(line.text)).collect();
    match lines[..] {
        [] => None,
        [title] => Some((*title, None)),
        [title, kicker] => Some((*title, Some(*kicker))),
        [.., title, kicker] if belong(title, kicker) => Some((*title, Some(*kicker))),
        [.., title] => Some((*title, None)),
    }
}

/// Whether a line is the kicker of the one before: set in under it, or right below it.
fn belong(title: &Line<'_>, kicker: &Line<'_>) -> bool {
    kicker.indented && !title.indented || kicker.number == title.number + 1
}

/// `ANALYTICS  18 February 2024 - 12:05`: the section as written, and the date.
fn section_line(line: &str) -> Option<(String, Date)> {
    line.match_indices(char::is_whitespace).find_map(|(at, _)| {
        let section = line[..at].trim_end();
        let date = date_line(&line[at..])?;
        let capitals = section.chars().any(char::is_uppercase)
            && !section.chars().any(|c| c.is_lowercase() || c.is_numeric());
        capitals.then(|| (section.to_owned(), date))
    })
}

/// A line that is a date with a time and nothing else.
fn date_line(line: &str) -> Option<Date> {
    dates::parse(line).filter(|date| !matches!(date, Date::Day(_)))
}

/// A line of a few words without the signs of a sentence.
fn is_author(line: &str) -> bool {
    let words = line.split_whitespace().count();
    line.chars().count() <= AUTHOR_CHARS_MAX
        && (1..=8).contains(&words)
        && !line.ends_with(['.', '!', '?', ':', '…', '"', '\u{201d}'])
        && !line.contains(|c: char| c.is_numeric() || c == ':')
        && [line.split(' ').next(), line.rsplit(' ').next()].iter().flatten().all(|word| {
            word.starts_with(char::is_alphabetic) && !word.starts_with(char::is_lowercase)
        })
        && list_of(line).is_none()
        && !is_furniture(line)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    ReadAlso,
    Latest,
}

/// Which list a heading opens.
fn list_of(line: &str) -> Option<List> {
    let heading = line.trim_end_matches(':').to_lowercase();
    match heading.as_str() {
        "read also" | "see also" | "related" | "related news" | "related stories"
        | "more on this" => Some(List::ReadAlso),
        "latest news" | "latest" | "news feed" | "most read" | "top news" | "more news"
        | "other news" => Some(List::Latest),
        _ => None,
    }
}

/// Lines of a page that belong to no story.
fn is_furniture(line: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "subscribe to our",
        "follow us",
        "join our",
        "share this",
        "all news",
        "advertisement",
        "print version",
        "views:",
    ];
    let lower = line.to_lowercase();
    line.chars().count() <= FURNITURE_CHARS_MAX
        && BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
}

fn lists(lines: &[Line<'_>]) -> (Vec<Story>, Vec<Story>) {
    let (mut read_also, mut latest) = (Vec::new(), Vec::new());
    let mut list = List::Latest;
    let mut waiting: Vec<Line<'_>> = Vec::new();
    for line in lines {
        if let Some(next) = list_of(line.text) {
            list = next;
            waiting.clear();
        } else if let Some(date) = date_line(line.text) {
            let from = waiting.len().saturating_sub(2);
            let story = match (list, &waiting[from..]) {
                (_, []) => continue,
                (List::ReadAlso, [title]) => story(Rank::Merged, *title, None, date),
                (List::Latest, [title]) => story(Rank::Headline, *title, None, date),
                (_, [title, kicker, ..]) => {
                    story(Rank::Headline, *title, Some(kicker.text.to_owned()), date)
                }
            };
            waiting.clear();
            let stories = match list {
                List::ReadAlso => &mut read_also,
                List::Latest => &mut latest,
            };
            if stories.len() < STORIES_MAX {
                stories.push(story);
            }
        } else if !is_furniture(line.text) {
            waiting.push(*line);
        }
    }
    (read_also, latest)
}

fn story(rank: Rank, title: Line<'_>, kicker: Option<String>, date: Date) -> Story {
    let mut marks = Vec::new();
    let kicker = kicker.map(|kicker| without_marks(&kicker, &mut marks));
    Story {
        rank,
        title: without_marks(title.text, &mut marks),
        kicker: kicker.filter(|kicker| !kicker.is_empty()),
        marks,
        date,
        line: title.number,
    }
}

/// Takes `/PHOTO/VIDEO` off the end of a line.
fn without_marks(line: &str, marks: &mut Vec<&'static str>) -> String {
    let mut kept = line.trim_end();
    while let Some(at) = kept.rfind('/') {
        let mark = match kept[at + 1..].trim() {
            "PHOTO" | "PHOTOS" => "photo",
            "VIDEO" | "VIDEOS" => "video",
            "AUDIO" => "audio",
            _ => break,
        };
        // Read from the end, told from the start.
        marks.insert(0, mark);
        kept = kept[..at].trim_end();
    }
    marks.dedup();
    // A title that is nothing but marks keeps them.
    plain::collapse(if kept.is_empty() { line } else { kept })
}

fn full(desk: &Desk<'_>, page: &Page<'_>) -> Sighting {
    let mut sighting = headline(desk, &page.story);
    let html: String = page
        .paragraphs
        .iter()
        .map(|p| format!("<p>{}</p>\n", plain::escape(&plain::collapse(p))))
        .collect();
    let article = &mut sighting.article;
    if !html.is_empty() {
        article.body = Some(body_ref(&html));
        article.summary = article.summary.take().or_else(|| paragraph_summary(&html));
        sighting.body = Some(html);
    }
    article.terms.insert(0, section(&page.section));
    let authors = match page.author {
        Some(name) => vec![name],
        None => desk.options.authors.iter().map(String::as_str).collect(),
    };
    for name in authors {
        let name = plain::collapse(name);
        article.terms.push(term(Taxonomy::Author, &slug(&name), &name));
        let person = Person { name, role: Role::Author, uri: None, email: None, image: None };
        article.people.push(person);
    }
    sighting
}

/// `ANALYTICS` is called `Analytics`.
fn section(written: &str) -> Term {
    let written = plain::collapse(written);
    let mut label = String::with_capacity(written.len());
    let mut start = true;
    for c in written.chars() {
        if start {
            label.push(c)
        } else {
            label.extend(c.to_lowercase())
        }
        start = !c.is_alphabetic() && c != '\'' && c != '\u{2019}';
    }
    term(Taxonomy::Section, &terms::section_slug(&written), &label)
}

fn term(taxonomy: Taxonomy, slug: &str, label: &str) -> Term {
    Term {
        key: TermKey { taxonomy, slug: slug.to_owned() },
        label: label.to_owned(),
        label_from_index: false,
        parents: Vec::new(),
        position: None,
    }
}

fn headline(desk: &Desk<'_>, story: &Story) -> Sighting {
    let options = desk.options;
    let published: Moment = dates::in_zone(story.date, &options.zone);
    let values = Values { title: &story.title, ..Values::default() };
    let published = Some(published);
    let medium = |mark: &&'static str| {
        let label = format!("{}{}", mark[..1].to_uppercase(), &mark[1..]);
        term(Taxonomy::Other("medium".to_owned()), mark, &label)
    };
    let summary = story.kicker.clone().map(|text| Summary { text, origin: SummaryOrigin::Kicker });
    let article = Article {
        rule_id: address::derived_id(options, FOR_CAPTURES, &values, published),
        id_origin: IdOrigin::Derived,
        link: address::made_link(options, FOR_CAPTURES, &values, published),
        link_named: false,
        earlier_links: Vec::new(),
        external_link: None,
        translation_group: None,
        language: options.language.clone(),
        title: story.title.clone(),
        kicker: story.kicker.clone(),
        summary,
        body: None,
        corrections: Vec::new(),
        rights: None,
        licence: None,
        published,
        updated: None,
        expires: None,
        visibility: Visibility::Public,
        excluded: false,
        pinned: false,
        weight: None,
        terms: story.marks.iter().map(medium).collect(),
        people: Vec::new(),
        media: Vec::new(),
        related: Vec::new(),
        comments: None,
        podcast: None,
        origin: None,
    };
    Sighting { rank: story.rank, article, body: None, line: story.line }
}

/// Articles of different instants that came to one link get `-2`, `-3` … on it, the earliest none;
/// their ids alike.
fn part_equal_links(sightings: &mut [Sighting]) {
    let link =
        |s: &mut Sighting, n: usize| s.article.link = permalink::numbered(&s.article.link, n);
    let id =
        |s: &mut Sighting, n: usize| s.article.rule_id = permalink::numbered(&s.article.rule_id, n);
    part(sightings, |s| s.article.link.clone(), link);
    part(sightings, |s| s.article.rule_id.clone(), id);
}

fn part(
    sightings: &mut [Sighting],
    name: impl Fn(&Sighting) -> String,
    number: impl Fn(&mut Sighting, usize),
) {
    let mut instants: std::collections::BTreeMap<String, Vec<Option<Moment>>> =
        std::collections::BTreeMap::new();
    for sighting in sightings.iter() {
        let known = instants.entry(name(sighting)).or_default();
        if !known.contains(&sighting.article.published) {
            known.push(sighting.article.published);
        }
    }
    for known in instants.values_mut() {
        known.sort();
    }
    for sighting in sightings {
        let known = instants.get(&name(sighting)).map(Vec::as_slice).unwrap_or_default();
        let place = known.iter().position(|at| *at == sighting.article.published).unwrap_or(0);
        if place > 0 {
            number(sighting, place + 1);
        }
    }
}

/// A "Read also" line as the article that it most likely is: one of the same instant whose title
/// begins it, else itself.
fn related(merged: &Sighting, all: &[Sighting]) -> Related {
    let better = all.iter().find(|other| {
        other.rank < merged.rank
            && other.article.published == merged.article.published
            && merged.article.title.starts_with(&other.article.title)
    });
    let article = &better.unwrap_or(merged).article;
    Related {
        link: article.link.clone(),
        title: article.title.clone(),
        published: article.published,
    }
}
