//! Whatever the fields hold, an edition is made and can be read back.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::DateTime;
use feedwright::article::media::{Discussion, Location, Soundbite, Transcript};
use feedwright::article::{
    Article, Facts, IdOrigin, Media, MediaRole, Moment, Origin, Person, Podcast, Precision,
    Related, Role, Summary, SummaryOrigin, Taxonomy, Term, TermKey, Visibility,
};
use feedwright::edition::verify;
use feedwright::feed::podcast::{Show, Voice};
use feedwright::feed::{
    BodyMode, Entry, Feed, FeedName, Format, Order, Selection, Site, SiteAuthor,
};
use feedwright::render::{self, Channel, Listed};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Anything that a person, a word processor or an attacker might write.
/// Boxed, as the strategies made of it would fill a thread's stack.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => any::<String>(),
        2 => "[ -~]{0,12}",
        2 => prop::sample::select(vec![
            "AT&T", "a < b", "<em>", "]]>", "<![CDATA[", "&amp;", "&#0;", "\u{0}", "\u{b}", "\r\n", "\r", "\u{85}",
            "\u{fffe}", "\u{2028}", "</title>", "<!--", "-->", "<?x?>", "\"'", "<item>", "<entry>", " ", "",
            "—a@b.example", "a@b.example", "👩‍🚒", "{{x}}", "<entry>&amp;", "\u{202e}", "%00", "\u{feff}",
        ]).prop_map(str::to_owned),
        1 => vec(any::<char>(), 0..40).prop_map(|c| c.into_iter().collect()),
    ]
    .boxed()
}

fn address() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "https://x\\.example/[a-z]{0,6}(\\?[a-z]=[0-9]&[a-z]=\"<)?",
        1 => text(),
        1 => text().prop_map(|t| format!("https://x.example/{t}")),
        1 => Just("javascript:alert(1)".to_owned()),
    ]
    .boxed()
}

/// What the contract calls absolute; the rest of it may be anything.
fn link() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => address().prop_map(|a| if a.starts_with("http") { a } else { format!("https://x.example/{a}") }),
        1 => Just("javascript:alert(1)".to_owned()),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    (0_i64..4_000_000_000).prop_map(|s| Moment {
        at: DateTime::from_timestamp(s, 999_000_000).unwrap(),
        precision: Precision::Instant,
    })
}

prop_compose! {
    fn person()(
        name in text(), uri in option::of(address()), email in option::of(text()),
        image in option::of(address()), other in option::of(text()),
    ) -> Person {
        Person { name, role: other.map_or(Role::Author, Role::Other), uri, email, image }
    }
}

prop_compose! {
    fn medium()(
        url in address(), role in 0_usize..3, media_type in option::of(text()), bytes in any::<Option<u64>>(),
        size in any::<Option<(u32, u32)>>(), alt in option::of(text()), caption in option::of(text()),
        credit in option::of(text()), audio in any::<bool>(),
    ) -> Media {
        Media {
            url: if audio { "https://x.example/a.mp3?b&c".to_owned() } else { url },
            role: [MediaRole::Lead, MediaRole::Enclosure, MediaRole::Further][role],
            media_type,
            bytes,
            width: size.map(|s| s.0),
            height: size.map(|s| s.1),
            duration_s: bytes.map(|b| b / 7),
            alt,
            caption,
            language: credit.clone(),
            credit,
            facts: Facts::Claimed,
        }
    }
}

prop_compose! {
    fn term()(
        taxonomy in prop_oneof![
            Just(Taxonomy::Section), Just(Taxonomy::Tag), Just(Taxonomy::Author),
            text().prop_map(Taxonomy::Other),
        ],
        slug in text(), label in text(), parents in vec(text(), 0..2),
    ) -> Term {
        Term { key: TermKey { taxonomy, slug }, label, label_from_index: false, parents, position: None }
    }
}

prop_compose! {
    fn article()(
        (link, external_link, language) in (link(), option::of(address()), option::of(text())),
        (title, kicker, summary) in (text(), option::of(text()), option::of(text())),
        (rights, licence, updated) in (option::of(text()), option::of(address()), option::of(moment())),
        terms in vec(term().boxed(), 0..4), people in vec(person().boxed(), 0..3),
        media in vec(medium().boxed(), 0..4),
        related in option::of((address(), text())),
        podcast in option::of((any::<Option<u32>>(), option::of(text()), option::of((address(), text())))),
        origin in option::of((option::of(text()), text(), address(), option::of(moment()))),
    ) -> Article {
        Article {
            rule_id: String::new(),
            id_origin: IdOrigin::Named,
            link,
            link_named: true,
            earlier_links: Vec::new(),
            external_link,
            translation_group: None,
            language,
            title,
            kicker,
            summary: summary.map(|text| Summary { text, origin: SummaryOrigin::Paragraph }),
            body: None,
            corrections: Vec::new(),
            rights,
            licence,
            published: None,
            updated,
            expires: None,
            visibility: Visibility::Public,
            excluded: false,
            pinned: false,
            weight: None,
            terms,
            people,
            media,
            related: related.clone().map(|(link, title)| Related { link, title, published: None }).into_iter().collect(),
            comments: related.as_ref().map(|(link, _)| link.clone()),
            podcast: podcast.map(|(episode, episode_type, words)| Podcast {
                title: episode_type.clone(),
                episode,
                episode_label: episode_type.clone(),
                season: episode,
                season_name: episode_type.clone(),
                episode_type: episode_type.clone(),
                explicit: Some(true),
                blocked: true,
                chapters: words.clone(),
                soundbites: words.iter().map(|(_, title)| Soundbite {
                    start_ms: 1, duration_ms: u64::MAX, title: Some(title.clone()),
                }).collect(),
                locations: words.iter().map(|(_, name)| Location {
                    name: name.clone(), geo: Some(name.clone()), osm: Some(name.clone()),
                    country: episode_type.clone(), creator: true,
                }).collect(),
                discussions: words.iter().map(|(uri, account)| Discussion {
                    uri: uri.clone(), protocol: account.clone(), account: Some(account.clone()),
                }).collect(),
                transcripts: words.into_iter().map(|(url, media_type)| Transcript {
                    url, language: Some(media_type.clone()), media_type, captions: true,
                }).collect(),
            }),
            origin: origin.map(|(id, title, url, updated)| Origin { id, title, url, updated }),
        }
    }
}

prop_compose! {
    fn entries()(
        all in vec((text(), article().boxed(), moment(), option::of(text())), 0..4),
    ) -> Vec<Entry> {
        let mut ids = BTreeSet::new();
        all.into_iter()
            .enumerate()
            .map(|(n, (id, article, published, body))| {
                // The catalog gives no id twice.
                let id = if ids.insert(id.trim().to_owned()) && n == 0 { id } else { format!("{n} {id}") };
                let finish = |b: String| Arc::from(feedwright::body::finish(&b, &article.link).html);
                Entry { id, published: published.at, body: body.map(finish), article: Arc::new(article) }
            })
            .collect()
    }
}

prop_compose! {
    fn site()(
        (title, description) in (text(), text()),
        language in option::of(text()), contact in option::of(text()),
        copyright in option::of(text()), pictures in option::of((address(), address())),
        author in option::of(text()), has_base in any::<bool>(),
        zone in prop::sample::select(vec!["UTC", "Asia/Baku", "Asia/Kathmandu", "America/St_Johns"]),
    ) -> Site {
        Site {
            title,
            url: "https://x.example/blog".parse().unwrap(),
            description,
            language,
            zone: zone.parse().unwrap(),
            base_url: has_base.then(|| "https://feeds.x.example/".parse().unwrap()),
            id_base: "https://x.example/".parse().unwrap(),
            authors: author
                .map(|name| SiteAuthor { name, uri: None, email: None })
                .into_iter()
                .collect(),
            copyright,
            license: pictures.clone().map(|p| p.0),
            icon: pictures.clone().map(|p| p.0),
            logo: pictures.map(|p| p.1),
            contact,
            ttl_minutes: 5,
        }
    }
}

prop_compose! {
    fn show()(
        words in text(), more in option::of(text()), url in option::of(address()), yes in any::<bool>(),
    ) -> Show {
        Show {
            categories: vec![(words.clone(), more.clone())],
            image: url.clone(),
            author: more.clone(),
            owner: more.clone().map(|email| (Some(words.clone()), email)),
            explicit: Some(yes),
            serial: yes,
            medium: more.clone(),
            locked: Some(yes),
            funding: url.clone().map(|url| (url, words.clone())),
            license: url.clone(),
            complete: yes,
            blocked: yes,
            new_feed_url: url.clone(),
            guid: more.clone(),
            people: vec![Voice {
                name: words.clone(), role: more.clone(), uri: url.clone(), image: url,
            }],
            txt: vec![(words.clone(), words)],
        }
    }
}

prop_compose! {
    fn feed()(
        name in "[a-zа-я/ ]{1,8}", title in text(), description in text(), home in address(),
        id in link(), language in option::of(text()), body in 0_usize..3, show in option::of(show().boxed()),
    ) -> Feed {
        Feed {
            name: FeedName(name),
            title,
            description,
            home,
            language,
            id,
            selection: Selection::default(),
            limit: 50,
            within_s: 0,
            max_entry_age_s: None,
            max_bytes: None,
            order: Order::default(),
            resurface_s: None,
            body: [BodyMode::Full, BodyMode::Summary, BodyMode::None][body],
            term: None,
            eager: true,
            tombstones_s: None,
            podcast: show,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_the_fields_hold_can_be_read_back(
        site in site().boxed(), feed in feed().boxed(), entries in entries().boxed(),
    ) {
        let channel = Channel { site: &site, feed: &feed, entries: &entries, gone: &[] };
        for format in Format::ALL {
            let bytes = render::feed(format, &channel).unwrap();
            if let Err(refusal) = verify::verify(format, &bytes, &channel) {
                prop_assert!(false, "{:?}: {}\n{}", format, refusal, String::from_utf8_lossy(&bytes));
            }
        }
        let page = String::from_utf8(render::page::feed(&channel)).unwrap();
        prop_assert!(!page.contains("<script") && !page.contains("href=\"javascript"));
        let listed = [Listed {
            feed: &feed,
            updated: feedwright::feed::updated(&entries),
            entries: entries.len(),
        }];
        if let Ok(opml) = render::opml::render(&site, &listed) {
            prop_assert_eq!(verify::opml(&opml, &site, &listed), Ok(()));
        }
    }

    /// What a broken disk or a broken writer might leave: refused or the same, never a panic.
    #[test]
    fn damaged_editions_do_no_damage(
        site in site().boxed(), feed in feed().boxed(), entries in entries().boxed(),
        at in any::<prop::sample::Index>(), damage in vec(any::<u8>(), 0..4), cut in 0_usize..9,
    ) {
        let channel = Channel { site: &site, feed: &feed, entries: &entries, gone: &[] };
        for format in Format::ALL {
            let mut bytes = render::feed(format, &channel).unwrap();
            let from = at.index(bytes.len());
            let to = bytes.len().min(from + cut);
            bytes.splice(from..to, damage.iter().copied());
            let _ = verify::verify(format, &bytes, &channel);
            prop_assert!(verify::verify(format, &damage, &channel).is_err());
        }
    }
}
