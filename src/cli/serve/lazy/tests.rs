use std::fs;
use std::sync::PoisonError;
use std::time::Duration;

use super::*;
use crate::config;
use crate::run::{self, Call, Scope, Wishes};

struct Newsroom {
    dir: tempfile::TempDir,
    service: Arc<Service>,
}

/// One article with the tag Port, published.
fn newsroom() -> Newsroom {
    let dir = tempfile::tempdir().unwrap();
    let config = "[site]\ntitle = \"Gazette\"\nurl = \"https://gazette.example/\"\n\
                  [[source]]\nname = \"news\"\nkind = \"directory\"\npath = \"content\"\n";
    fs::write(dir.path().join("feeds.toml"), config).unwrap();
    fs::create_dir(dir.path().join("content")).unwrap();
    let article = "---\ntitle: The ferry\ndate: 2026-09-01\ntags: [Port]\n---\n\nIt is late.\n";
    fs::write(dir.path().join("content/ferry.md"), article).unwrap();
    let settings = config::read(&dir.path().join("feeds.toml")).unwrap().settings;
    let service = Arc::new(Service::new(settings, None));
    let call = Call {
        scope: Scope::All,
        command: "serve",
        clock: &now,
        finisher: &service.finisher,
        waiting: &mut |_| {},
        wishes: Wishes::default(),
        progress: &run::progress::Progress::default(),
        databases: &run::stores::Databases::default(),
        published: &|| {},
    };
    run::run(&service.settings().plan, call).unwrap();
    Newsroom { dir, service }
}

fn port() -> Address {
    Address::parse("/feeds/tag/port.atom").unwrap()
}

async fn text(lazy: &Arc<LazyFeeds>) -> String {
    match Arc::clone(lazy).get(port()).await {
        Pressed::Edition(item) => String::from_utf8(item.bodies[0].1.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_kept_follows_the_configuration_and_the_lock() {
    let room = newsroom();
    let lazy = LazyFeeds::new(Arc::clone(&room.service));
    assert!(text(&lazy).await.contains("Port – Gazette"));
    let mut settings = (*room.service.settings()).clone();
    settings.plan.site.title = "Herald".to_owned();
    *room.service.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    assert!(text(&lazy).await.contains("Port – Herald"));
    let lock = room.dir.path().join("feeds.lock");
    let locked = fs::read_to_string(&lock).unwrap();
    fs::write(&lock, format!("{locked}feed\ttag/port\turn:example:adopted\n")).unwrap();
    assert!(text(&lazy).await.contains("urn:example:adopted"));
}

#[tokio::test]
async fn a_name_that_nothing_has_waits_for_nobody() {
    let room = newsroom();
    let lazy = LazyFeeds::new(Arc::clone(&room.service));
    text(&lazy).await;
    let _all = lazy.presses.acquire_many(2).await.unwrap();
    let fog = Address::parse("/feeds/tag/fog.atom").unwrap();
    assert!(matches!(Arc::clone(&lazy).get(fog).await, Pressed::NotFound));
    // And so is what is kept.
    text(&lazy).await;
    let counts = room.service.lazies.counts();
    assert_eq!(counts, [("kept", 1), ("made", 1), ("unknown", 1), ("busy", 0)]);
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_no_press_that_goes_on() {
    let room = newsroom();
    let lazy = LazyFeeds::new(Arc::clone(&room.service));
    // Holds the press up for as long as the test likes: the ledger is another's.
    let ledger = rusqlite::Connection::open(room.dir.path().join(".feedwright/ledger.db")).unwrap();
    ledger.execute_batch("begin exclusive").unwrap();
    let asked = tokio::spawn(Arc::clone(&lazy).get(port()));
    while lazy.presses.available_permits() == 2 {
        tokio::task::yield_now().await;
    }
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    assert_eq!(lazy.presses.available_permits(), 1);
    ledger.execute_batch("commit").unwrap();
    let back = async {
        while lazy.presses.available_permits() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), back).await.unwrap();
}
