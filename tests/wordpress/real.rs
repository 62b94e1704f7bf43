//! A real WordPress in a real MariaDB, as Debian packs them: what `tests/wordpress/` keeps is still what
//! it does, and its own feed and ours name the same posts.

#![expect(clippy::print_stdout, reason = "a skip is told")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{items, newsroom, preset};
use crate::support::servers::{Database, Engine, PASSWORD, USER};

/// A WordPress that may be run.
struct WordPress {
    root: PathBuf,
    /// Its own folder, with a configuration of its own.
    folder: tempfile::TempDir,
}

impl WordPress {
    /// `None`, told in one line, where this machine lacks it.
    fn on(database: &Database) -> Option<WordPress> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
        let debs = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("tests-debs");
        let parts =
            ["usr/share/wordpress/wp-load.php", "usr/bin/php8.2", "usr/lib/php/20220829/mysqli.so"];
        let has_all = |root: &PathBuf| parts.iter().all(|part| root.join(part).is_file());
        let Some(root) = [PathBuf::from("/"), debs].into_iter().find(has_all) else {
            let message = "WordPress or PHP is missing (tests/run --install)";
            assert!(std::env::var_os("FEEDWRIGHT_CI").is_none(), "{message}");
            println!("SKIPPED wordpress: {message}");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // Debian leaves out what other packages have, and links there.
        let from = root.join("usr/share/wordpress/.");
        let _ = Command::new("cp").arg("-rL").arg(from).arg(folder.path()).output().unwrap();
        let config = format!(
            "<?php define('DB_NAME', '{}'); define('DB_USER', '{USER}'); define('DB_PASSWORD', '{PASSWORD}');\n\
             define('DB_HOST', '127.0.0.1:{}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');\n\
             define('WP_DEBUG', false); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);\n\
             $table_prefix = 'wp_'; if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/'); require_once ABSPATH . 'wp-settings.php';\n",
            database.name, database.server.port
        );
        fs::write(folder.path().join("wp-config.php"), config).unwrap();
        Some(WordPress { root, folder })
    }

    /// Runs a script of `tests/wordpress/` in it.
    fn run(&self, script: &str, what: &[&str], input: &str) -> String {
        let extensions = self.root.join("usr/lib/php/20220829");
        let mut command = Command::new(self.root.join("usr/bin/php8.2"));
        command.args(["-n", "-d", "sendmail_path=/bin/true", "-d", "memory_limit=512M", "-d"]);
        command.arg(format!("extension_dir={}", extensions.display()));
        for name in ["mysqlnd", "mysqli", "mbstring", "dom", "xml", "ctype", "tokenizer", "iconv"] {
            if extensions.join(format!("{name}.so")).is_file() {
                command.args(["-d", &format!("extension={name}.so")]);
            }
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wordpress").join(script);
        command.arg(script).arg(self.folder.path()).args(what);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

#[test]
fn a_running_wordpress_and_feedwright_name_the_same_posts() {
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    let Some(wordpress) = WordPress::on(&database) else { return };
    let facts: Value = serde_json::from_str(&wordpress.run("site.php", &[], "")).unwrap();
    let newsroom = preset(&database, "");
    newsroom.regenerate_well().assert_counts(&[("new", 10)]);
    let mut theirs = items(&wordpress.run("site.php", &["feed"], ""));
    theirs.retain(|_, [.., title]| !title.starts_with("Protected:"));
    let ours = items(&newsroom.read("public/feeds/latest.rss"));
    let facts_of =
        |all: &std::collections::BTreeMap<String, [String; 4]>| -> Vec<(String, String)> {
            all.iter().map(|(guid, [link, ..])| (guid.clone(), link.clone())).collect()
        };
    assert_eq!(facts_of(&ours), facts_of(&theirs));
    for (name, post) in facts["posts"].as_object().unwrap() {
        let known = ours.contains_key(post["guid"].as_str().unwrap());
        let open = ["password", "private", "draft", "pending", "trash", "page", "scheduled"];
        assert_eq!(known, !open.contains(&name.as_str()), "{name}");
    }
    let export = wordpress.run("site.php", &["export"], "");
    let exported = newsroom_of(&export);
    assert_eq!(exported.ids("latest"), newsroom.ids("latest"));
    assert_eq!(exported.titles("world"), newsroom.titles("world"));
}

fn newsroom_of(export: &str) -> crate::support::Newsroom {
    let newsroom = newsroom(super::EXPORTED);
    newsroom.write("export.xml", export);
    newsroom.regenerate_well();
    newsroom
}

#[test]
fn what_is_kept_of_wordpress_is_what_it_does() {
    let Some(database) = Database::new(Engine::Mariadb) else { return };
    let Some(wordpress) = WordPress::on(&database) else { return };
    wordpress.run("site.php", &[], "");
    let kept: Value = serde_json::from_str(include_str!("contents-6.1.9.json")).unwrap();
    let inputs: Vec<&Value> =
        kept["cases"].as_array().unwrap().iter().map(|case| &case["input"]).collect();
    let told = wordpress.run("oracle.php", &[], &serde_json::to_string(&inputs).unwrap());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["cases"], kept["cases"]);
}
