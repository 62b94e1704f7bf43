//! A database of Drupal (8 and later): its nodes, their texts and their addresses are in tables of their own.
//! What is printed is a query to begin with; fields that a site has made for itself are for a person to add.

use std::fmt::Write;

use super::toml::{self, Site};
use super::{UNKNOWN_SITE, source};
use crate::source::database::Table;

/// The tables without which it isn't one.
const TABLES: [&str; 4] = ["node_field_data", "node__body", "users_field_data", "path_alias"];

pub(super) fn is_it(tables: &[Table]) -> bool {
    TABLES.iter().all(|name| tables.iter().any(|table| table.name == *name))
}

/// The file.
pub(super) fn file((site, shown, url): (Option<&str>, &str, &str), quote: char) -> String {
    // Two dialects of one thought.
    let node = match quote {
        '`' => "concat('/node/', n.nid)",
        _ => "'/node/' || n.nid",
    };
    let query = format!(
        "select n.nid as id, n.title, b.body_value as body_html, n.created as published, \
         n.changed as updated, n.langcode as language, \
         (select max(u.name) from users_field_data u where u.uid = n.uid) as author, \
         coalesce((select max(a.alias) from path_alias a where a.path = {node} and a.status = 1 \
         and a.langcode in (n.langcode, 'und')), {node}) as url \
         from node_field_data n left join node__body b on b.entity_id = n.nid \
         and b.langcode = n.langcode and b.deleted = 0 and b.delta = 0 \
         where n.status = 1 and n.default_langcode = 1 and n.type in ('article')"
    );
    let site = Site {
        title: "News".to_owned(),
        url: site.unwrap_or(UNKNOWN_SITE).to_owned(),
        remarks: vec!["Drupal's own title and address aren't in tables: write them below.".into()],
        ..Site::default()
    };
    let mut out = toml::head(&site, shown);
    out.push_str(&source("articles", url));
    let _ = writeln!(out, "query = {}", toml::string(&query));
    for said in [
        "Drupal: published nodes of the type article. Other types: add them to the list.",
        "Texts are taken as they were written: filters of Drupal's text formats aren't applied.",
        "Access that modules restrict (groups, paid content) isn't known here: leave such nodes out.",
        "Tags and pictures come by `also`: see docs/reference/config.md.",
    ] {
        out.push_str(&toml::comment(said));
    }
    out.push_str("\n[[feed]]\nname = \"latest\"\n");
    out
}
