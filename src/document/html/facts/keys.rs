//! How systems before schema.org and Open Graph named an article's facts in meta elements: Dublin Core,
//! newspapers, scholars. The first of a row that a page has counts.

pub(super) const DATES: &[&str] = &[
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.created",
    "dc.date.created",
    "dcterms.date",
    "dc.date",
    "citation_publication_date",
    "citation_date",
    "parsely-pub-date",
    "sailthru.date",
    "publish-date",
    "publish_date",
    "publication_date",
    "published_date",
    "pubdate",
    "pub_date",
    "originalpublicationdate",
    "cxenseparse:recs:publishtime",
    "date",
];
pub(super) const UPDATES: &[&str] = &[
    "dcterms.modified",
    "dc.date.modified",
    "lastmod",
    "last-modified",
    "revision_date",
    "modified",
];
pub(super) const DESCRIPTIONS: &[&str] = &[
    "dcterms.description",
    "dc.description",
    "description",
    "twitter:description",
    "dcterms.abstract",
    "sailthru.description",
];
pub(super) const SECTIONS: &[&str] =
    &["parsely-section", "section", "cxenseparse:recs:category", "category"];
pub(super) const RIGHTS: &[&str] = &["dcterms.rights", "dc.rights", "copyright"];
pub(super) const AUTHORS: &[&str] = &[
    "dcterms.creator",
    "dc.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "author",
];
