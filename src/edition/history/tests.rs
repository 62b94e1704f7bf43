use proptest::prelude::*;

use super::*;

fn at(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + n, 0).unwrap()
}

fn shown(entries: &[(u8, u8)]) -> Vec<Shown> {
    entries
        .iter()
        .map(|(id, version)| Shown {
            id: format!("id-{id}"),
            article: i64::from(*id),
            hash: ContentHash::of(&[*id, *version]),
        })
        .collect()
}

fn window(feed: &str, entries: &[(u8, u8)]) -> Window {
    let entries = shown(entries);
    let seal = ContentHash::of(format!("{entries:?}").as_bytes());
    Window { feed: FeedName(feed.to_owned()), seal, entries }
}

struct Kept {
    history: History,
    _dir: tempfile::TempDir,
}

impl Kept {
    fn new() -> Kept {
        let dir = tempfile::tempdir().unwrap();
        Kept { history: History::open(&dir.path().join("history.db")).unwrap(), _dir: dir }
    }

    fn note(&mut self, n: i64, windows: &[Window]) {
        let title = |article: i64| Ok::<_, Error>(format!("Title {article}"));
        let stands = |name: &FeedName| windows.iter().any(|w| w.feed == *name);
        self.history.note(windows, &stands, at(n), &title).unwrap();
    }

    fn of(&self, feed: &str) -> Vec<Change> {
        self.history.of_feed(&FeedName(feed.to_owned()), usize::MAX).unwrap().unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        self.history.db.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

fn ids(list: &[(String, String)]) -> Vec<&str> {
    list.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn what_came_changed_and_went_is_told_by_edition() {
    let mut kept = Kept::new();
    kept.note(0, &[window("a", &[(1, 0), (2, 0)])]);
    kept.note(1, &[window("a", &[(1, 0), (2, 0)])]);
    kept.note(2, &[window("a", &[(3, 0), (1, 1)])]);
    kept.note(3, &[window("a", &[(3, 0), (1, 1), (2, 0)])]);
    let changes = kept.of("a");
    let told: Vec<_> = changes
        .iter()
        .map(|c| (c.issue.number, c.entries, ids(&c.came), ids(&c.changed), ids(&c.went)))
        .collect();
    assert_eq!(
        told,
        [
            (3, 3, vec!["id-2"], vec![], vec![]),
            (2, 2, vec!["id-3"], vec!["id-1"], vec!["id-2"]),
            (1, 2, vec!["id-1", "id-2"], vec![], vec![]),
        ]
    );
    assert_eq!(changes[0].issue.at, at(3));
    let what: Vec<_> = kept
        .history
        .of_entry("id-2")
        .unwrap()
        .into_iter()
        .map(|e| (e.issue.number, e.what))
        .collect();
    assert_eq!(what, [(1, What::Came), (2, What::Went), (3, What::Came)]);
}

#[test]
fn a_feed_that_is_gone_has_an_edition_without_entries_and_may_come_back() {
    let mut kept = Kept::new();
    kept.note(0, &[window("a", &[(1, 0)]), window("b", &[(1, 0)])]);
    kept.note(1, &[window("a", &[(1, 0)])]);
    kept.note(2, &[window("a", &[(1, 0)])]);
    assert_eq!(kept.of("b").len(), 2);
    assert_eq!(ids(&kept.of("b")[0].went), ["id-1"]);
    kept.note(3, &[window("a", &[(1, 0)]), window("b", &[(1, 0)])]);
    assert_eq!(ids(&kept.of("b")[0].came), ["id-1"]);
    assert_eq!(kept.of("a").len(), 1);
}

#[test]
fn what_is_remembered_is_bounded_in_editions_and_in_time() {
    let mut kept = Kept::new();
    for n in 0..=EDITIONS_MAX + 20 {
        let id = u8::try_from(n % 200).unwrap();
        kept.note(n, &[window("a", &[(id, 0), (255, 0)])]);
    }
    let changes = kept.of("a");
    assert_eq!(changes.len() as i64, EDITIONS_MAX);
    let oldest = changes.last().unwrap();
    assert_eq!((oldest.entries, oldest.came.len(), oldest.went.len()), (2, 1, 1));
    assert!(kept.count("stay") <= EDITIONS_MAX + 2, "{}", kept.count("stay"));
    kept.note(DAYS_MAX * 86_400 * 2, &[window("a", &[(1, 1)])]);
    assert_eq!(kept.of("a").len(), 1);
    assert_eq!((kept.count("edition"), kept.count("stay")), (1, 3));
}

#[test]
fn a_thousand_editions_of_a_feed_cost_kilobytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let mut history = History::open(&path).unwrap();
    let title = |n: i64| Ok::<_, Error>(format!("A headline of the usual length, number {n}"));
    for n in 0..1_000_i64 {
        let entries: Vec<Shown> = (n..n + 50)
            .rev()
            .map(|article| Shown {
                id: format!("https://gazette.example/harbour/2026/11/a-headline-{article}/"),
                article,
                hash: ContentHash::of(&article.to_le_bytes()),
            })
            .collect();
        let seal = ContentHash::of(&n.to_le_bytes());
        let window = Window { feed: FeedName("a".to_owned()), seal, entries };
        history.note(&[window], &|_| true, at(n), &title).unwrap();
    }
    history.db.close().unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    assert!(bytes < 500_000, "{bytes}");
}

#[test]
fn a_history_of_a_later_release_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    assert!(History::open_to_read(&path).unwrap().is_none());
    History::open(&path).unwrap().db.pragma_update(None, "user_version", 9).unwrap();
    assert!(matches!(History::open(&path), Err(Error::Newer(9))));
    assert!(matches!(History::open_to_read(&path), Err(Error::Newer(9))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Going back from what stands by what came and went gives every window that was.
    #[test]
    fn each_window_can_be_told_again(
        windows in prop::collection::vec(prop::collection::btree_map(0_u8..6, 0_u8..3, 0..5), 1..12)
    ) {
        let mut kept = Kept::new();
        let mut noted: Vec<Vec<(u8, u8)>> = Vec::new();
        for (n, entries) in windows.iter().enumerate() {
            let entries: Vec<(u8, u8)> = entries.iter().map(|(a, b)| (*a, *b)).collect();
            kept.note(n as i64, &[window("a", &entries)]);
            if noted.last() != Some(&entries) {
                noted.push(entries);
            }
        }
        let mut changes = kept.of("a");
        changes.reverse();
        prop_assert_eq!(changes.len(), noted.len());
        let mut before: BTreeMap<u8, u8> = BTreeMap::new();
        for (change, entries) in changes.iter().zip(&noted) {
            let now: BTreeMap<u8, u8> = entries.iter().copied().collect();
            let name = |id: &u8| format!("id-{id}");
            let came: Vec<_> = now.keys().filter(|k| !before.contains_key(k)).map(name).collect();
            let went: Vec<_> = before.keys().filter(|k| !now.contains_key(k)).map(name).collect();
            let changed: Vec<_> = now
                .iter()
                .filter(|(k, v)| before.get(k).is_some_and(|old| old != *v))
                .map(|(k, _)| name(k))
                .collect();
            prop_assert_eq!(ids(&change.came), came);
            prop_assert_eq!(ids(&change.went), went);
            prop_assert_eq!(ids(&change.changed), changed);
            prop_assert_eq!(change.entries, now.len());
            before = now;
        }
    }
}
