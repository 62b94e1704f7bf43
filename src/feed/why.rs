//! Where an article stands in a feed, and if it doesn't, why not: the same rules as in
//! [`select`], asked of one article. Pure; the sentences are the commands'.

use chrono::{DateTime, Utc};

use super::{Definition, Feed, Order, Selection, select};
use crate::article::{Term, TermKey, Visibility};
use crate::catalog::query::Slot;

/// The article that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its number in the catalog.
    pub article: i64,
    /// What groups it.
    pub terms: &'a [Term],
    /// Who may read it.
    pub visibility: Visibility,
    /// It asks to be left out of feeds.
    pub excluded: bool,
    /// First publication.
    pub published: DateTime<Utc>,
    /// The last change that it names, not before publication.
    pub updated: DateTime<Utc>,
    /// It has been out.
    pub released: bool,
    /// From then on it is in no feed.
    pub expires: Option<DateTime<Utc>>,
}

/// Where an article stands in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// In it: its place from 1, the newest first, of so many entries.
    In(usize, usize),
    /// Not in it.
    Out(Why),
}

/// Why an article isn't in a feed. Of several reasons the one that is met first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It isn't public.
    NotPublic(Visibility),
    /// Its document asks for it.
    Excluded,
    /// Its time hasn't come.
    Embargoed(DateTime<Utc>),
    /// Its time is over.
    Expired(DateTime<Utc>),
    /// It lacks these, all of which the feed asks for.
    Lacks(Vec<TermKey>),
    /// It has none of these, one of which the feed asks for.
    HasNoneOf(Vec<TermKey>),
    /// It has these, which the feed leaves out.
    LeftOut(Vec<TermKey>),
    /// Newer articles fill the feed: its limit, the seconds within which it takes more, and the date
    /// of its oldest entry.
    BeyondLimit(u32, u64, Option<DateTime<Utc>>),
    /// It is so many seconds older than the feed's newest entry, and only so many are allowed.
    TooOld(u64, u64),
    /// The newer entries fill the bytes that the feed may have.
    Heavy(u64),
    /// Nothing stands against it: the next run takes it in.
    NextRun,
}

/// Where an article stands in a feed as of an instant. `pool` is what the catalog gives for the
/// feed's [`select::query`].
#[must_use]
pub fn placing(
    feed: &Feed,
    article: &Candidate<'_>,
    pool: &[Slot],
    as_of: DateTime<Utc>,
) -> Placing {
    let window = select::window(feed, pool.to_vec());
    if let Some(at) = window.iter().position(|s| s.article == article.article) {
        return Placing::In(at + 1, window.len());
    }
    let why = withheld(article, as_of)
        .or_else(|| unselected(&feed.selection, article.terms))
        .unwrap_or_else(|| left_over(feed, article, pool, &window));
    Placing::Out(why)
}

/// What keeps an article out of every feed.
#[must_use]
pub fn withheld(article: &Candidate<'_>, as_of: DateTime<Utc>) -> Option<Why> {
    match article.expires {
        _ if article.visibility != Visibility::Public => Some(Why::NotPublic(article.visibility)),
        _ if article.excluded => Some(Why::Excluded),
        _ if !article.released && article.published > as_of => {
            Some(Why::Embargoed(article.published))
        }
        Some(at) if at <= as_of => Some(Why::Expired(at)),
        _ => None,
    }
}

fn unselected(selection: &Selection, terms: &[Term]) -> Option<Why> {
    let has = |key: &&TermKey| terms.iter().any(|t| t.key == **key);
    let lacks: Vec<TermKey> = selection.all.iter().filter(|k| !has(k)).cloned().collect();
    let left_out: Vec<TermKey> = selection.none.iter().filter(has).cloned().collect();
    if !lacks.is_empty() {
        Some(Why::Lacks(lacks))
    } else if !selection.any.is_empty() && !selection.any.iter().any(|k| has(&k)) {
        Some(Why::HasNoneOf(selection.any.clone()))
    } else {
        (!left_out.is_empty()).then_some(Why::LeftOut(left_out))
    }
}

/// An article that the feed would take, were it not for others.
fn left_over(feed: &Feed, article: &Candidate<'_>, pool: &[Slot], window: &[Slot]) -> Why {
    let oldest = window.last().map(|s| s.at);
    let newest = pool.first().map(|s| s.at);
    let own = pool.iter().find(|s| s.article == article.article).map(|s| s.at);
    let at = own.unwrap_or(match feed.order {
        Order::Published => article.published,
        Order::Updated => article.updated,
    });
    let age = newest.map_or(0, |n| (n - at).num_seconds().max(0)).cast_unsigned();
    let in_pool = own.is_some();
    match (feed.max_entry_age_s, feed.max_bytes) {
        (Some(max), _) if age > max => Why::TooOld(age, max),
        (_, Some(max)) if in_pool => Why::Heavy(max),
        _ if in_pool || oldest.is_none_or(|oldest| at > oldest) => Why::NextRun,
        _ => Why::BeyondLimit(feed.limit, feed.within_s, oldest),
    }
}

/// The feeds that could hold an article, of one definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Could<'a> {
    /// The one that is declared.
    Declared,
    /// Those of these terms of it, by name.
    OfTerms(Vec<(String, &'a Term)>),
    /// None: the definition makes one for each term of a kind that the article has none of.
    NoTerm,
}

/// Which feeds of a definition could hold an article with these terms.
#[must_use]
pub fn could_hold<'a>(definition: &Definition, terms: &'a [Term]) -> Could<'a> {
    let Some(taxonomy) = &definition.each else { return Could::Declared };
    let token = format!("{{{}}}", taxonomy.as_str());
    let named = |term: &'a Term| (definition.name.replace(&token, &term.key.slug), term);
    let of: Vec<_> = terms.iter().filter(|t| t.key.taxonomy == *taxonomy).map(named).collect();
    if of.is_empty() { Could::NoTerm } else { Could::OfTerms(of) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{BodyMode, FeedName};
    use super::*;
    use crate::article::{ContentHash, Taxonomy};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn key(slug: &str) -> TermKey {
        TermKey { taxonomy: Taxonomy::Section, slug: slug.to_owned() }
    }

    fn term(slug: &str) -> Term {
        Term {
            key: key(slug),
            label: slug.to_owned(),
            label_from_index: false,
            parents: Vec::new(),
            position: None,
        }
    }

    fn feed() -> Feed {
        Feed {
            name: FeedName("x".to_owned()),
            title: String::new(),
            description: String::new(),
            home: String::new(),
            language: None,
            id: String::new(),
            selection: Selection::default(),
            limit: 50,
            within_s: 0,
            max_entry_age_s: None,
            max_bytes: None,
            order: Order::default(),
            resurface_s: None,
            body: BodyMode::Full,
            term: None,
            eager: true,
            tombstones_s: None,
            podcast: None,
        }
    }

    fn slot(article: i64, published: i64) -> Slot {
        Slot {
            article,
            id: article.to_string(),
            published: at(published),
            updated: at(published),
            at: at(published),
            hash: ContentHash::of(b""),
            body_bytes: 4_000,
            summary_bytes: 10,
        }
    }

    fn article(terms: &[Term]) -> Candidate<'_> {
        Candidate {
            article: 7,
            terms,
            visibility: Visibility::Public,
            excluded: false,
            published: at(1_000),
            updated: at(1_000),
            released: false,
            expires: None,
        }
    }

    fn why(feed: &Feed, article: &Candidate<'_>, pool: &[Slot]) -> Why {
        match placing(feed, article, pool, at(10_000)) {
            Placing::Out(why) => why,
            Placing::In(at, of) => panic!("{at} of {of}"),
        }
    }

    #[test]
    fn what_the_article_says_of_itself_comes_first() {
        let ask = |change: &dyn Fn(&mut Candidate<'_>)| {
            let mut article = article(&[]);
            change(&mut article);
            why(&feed(), &article, &[])
        };
        let members = Why::NotPublic(Visibility::Members);
        assert_eq!(ask(&|a| a.visibility = Visibility::Members), members);
        assert_eq!(ask(&|a| a.excluded = true), Why::Excluded);
        assert_eq!(ask(&|a| a.published = at(10_001)), Why::Embargoed(at(10_001)));
        assert_eq!(ask(&|a| a.expires = Some(at(10_000))), Why::Expired(at(10_000)));
        assert_eq!(ask(&|_| {}), Why::NextRun);
    }

    #[test]
    fn one_that_was_released_is_no_more_embargoed_though_the_clock_went_back() {
        let mut article = article(&[]);
        (article.published, article.released) = (at(20_000), true);
        assert_eq!(withheld(&article, at(10_000)), None);
    }

    #[test]
    fn a_selection_names_what_stands_against_it() {
        let terms = [term("harbour"), term("fog")];
        let article = article(&terms);
        let mut feed = feed();
        feed.selection.all = vec![key("harbour"), key("town")];
        assert_eq!(why(&feed, &article, &[]), Why::Lacks(vec![key("town")]));
        feed.selection = Selection { any: vec![key("town")], ..Selection::default() };
        assert_eq!(why(&feed, &article, &[]), Why::HasNoneOf(vec![key("town")]));
        feed.selection = Selection { none: vec![key("a"), key("fog")], ..Selection::default() };
        assert_eq!(why(&feed, &article, &[]), Why::LeftOut(vec![key("fog")]));
    }

    #[test]
    fn a_full_feed_says_what_filled_it() {
        let article = article(&[]);
        let newer: Vec<Slot> = (0..20).map(|n| slot(100 + n, 5_000 - n)).collect();
        let mut feed = feed();
        feed.limit = 20;
        assert_eq!(why(&feed, &article, &newer), Why::BeyondLimit(20, 0, Some(at(4_981))));
        let with: Vec<Slot> = newer.iter().cloned().chain([slot(7, 1_000)]).collect();
        assert_eq!(placing(&feed, &article, &with, at(10_000)), Placing::In(21, 21));
        feed.max_entry_age_s = Some(3_000);
        assert_eq!(why(&feed, &article, &with), Why::TooOld(4_000, 3_000));
        (feed.max_entry_age_s, feed.max_bytes) = (None, Some(60_000));
        assert_eq!(why(&feed, &article, &with), Why::Heavy(60_000));
    }

    #[test]
    fn only_feeds_of_its_own_terms_could_hold_an_article() {
        let mut definition = Definition {
            name: "{section}".to_owned(),
            each: Some(Taxonomy::Section),
            title: None,
            description: None,
            home: None,
            language: None,
            selection: Selection::default(),
            limit: 1,
            within_s: 0,
            max_entry_age_s: None,
            max_bytes: None,
            order: Order::default(),
            resurface_s: None,
            body: BodyMode::Full,
            eager: true,
            tombstones_s: None,
            podcast: None,
        };
        let terms = [term("fog")];
        assert_eq!(
            could_hold(&definition, &terms),
            Could::OfTerms(vec![("fog".to_owned(), &terms[0])])
        );
        assert_eq!(could_hold(&definition, &[]), Could::NoTerm);
        definition.each = None;
        assert_eq!(could_hold(&definition, &terms), Could::Declared);
    }

    proptest! {
        /// An article is told to stand in a feed exactly where the feed's window holds it.
        #[test]
        fn a_placing_agrees_with_the_window(
            dates in prop::collection::vec((0_i64..500, 0_i64..900), 0..30),
            by_change in any::<bool>(),
            at_ in 0_usize..30,
            age in prop::option::of(0_u64..500),
            bytes in prop::option::of(0_u64..100_000),
        ) {
            let mut feed = feed();
            (feed.max_entry_age_s, feed.max_bytes) = (age, bytes);
            feed.order = if by_change { Order::Updated } else { Order::Published };
            let stands = |(n, (published, changed)): (i64, &(i64, i64))| {
                let mut slot = slot(n, *published);
                slot.updated = slot.published.max(at(*changed));
                slot.at = if by_change { slot.updated } else { slot.published };
                slot
            };
            let mut pool: Vec<Slot> = (0..).zip(&dates).map(stands).collect();
            pool.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
            let mut article = article(&[]);
            article.article = at_ as i64;
            article.published = at(dates.get(at_).map_or(0, |d| d.0));
            article.updated = article.published.max(at(dates.get(at_).map_or(0, |d| d.1)));
            let window = select::window(&feed, pool.clone());
            let position = window.iter().position(|s| s.article == article.article);
            match placing(&feed, &article, &pool, at(1_000)) {
                Placing::In(at, of) => prop_assert_eq!((Some(at - 1), of), (position, window.len())),
                Placing::Out(_) => prop_assert_eq!(position, None),
            }
        }
    }
}
