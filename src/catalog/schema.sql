-- The catalog, schema 1. `docs/state.md` explains it; a change of anything here is a new schema.

-- The run: `revision` counts commits, `as_of` is the instant of the last one.
create table meta (
    key text primary key,
    value text not null
) strict, without rowid;

-- What is known of each document, as it was at the last look. `version` names the sightings that it
-- gave when it could last be read; 0 where it never could.
create table document (
    source text not null,
    path text not null,
    shown text not null,
    stamp blob not null,
    hash blob not null,
    context blob not null,
    version integer not null,
    failed integer not null,
    problems text,      -- JSON array of Problem; null where there is none
    looked text,        -- JSON array of [file, stamp]: local media that reading looked for
    primary key (source, path)
) strict, without rowid;
create index document_problems on document (source, path) where problems is not null;
create index document_looked on document (source) where looked is not null;

-- The same of documents that a run has read and not yet committed. A run that was stopped goes on
-- from here.
create table staged (
    source text not null,
    path text not null,
    shown text not null,
    stamp blob not null,
    hash blob not null,
    context blob not null,
    version integer not null,
    failed integer not null,
    problems text,
    looked text,
    vanished integer not null,
    primary key (source, path)
) strict, without rowid;

-- What looking at a source found wrong that no document keeps; JSON array of Problem.
create table standing (
    source text primary key,
    problems text not null
) strict, without rowid;

create table folder_index (
    source text not null,
    folder text not null,
    stamp blob not null,
    hash blob not null,
    title text,
    weight integer,
    problems text,
    primary key (source, folder)
) strict, without rowid;

-- What one document says of one article. Columns are what deciding and selecting need; `article` is
-- the whole of it, as JSON.
create table sighting (
    sighting integer primary key autoincrement,
    version integer not null,
    source text not null,
    path text not null,
    rank integer not null,
    capture integer not null,
    named integer not null,     -- the document names the id
    rule_id text not null,
    link text not null,
    title text not null,
    published integer,          -- seconds since 1970; null where the document names none
    updated integer,
    expires integer,
    shown integer not null,     -- public, and not excluded
    hash blob not null,         -- of `article`, which names the body's hash
    body blob,
    body_bytes integer not null,
    summary_bytes integer not null,
    line integer not null,
    terms text not null,        -- JSON array of term numbers
    article text not null
) strict;
create index sighting_version on sighting (version);
create index sighting_rule on sighting (rule_id);
-- Most links are their rule ids, so that the index above finds them.
create index sighting_elsewhere on sighting (link) where link <> rule_id;
create index sighting_instant on sighting (source, published) where capture = 1;
create index sighting_body on sighting (body) where body is not null;

-- The articles: for each the sighting that won, and what windows are selected by.
create table article (
    article integer primary key,
    id text not null unique,
    rule_id text not null,
    source text not null,
    sighting integer not null,
    hash blob not null,
    published integer not null, -- the named one, else the first sight
    dated integer not null,
    updated integer,
    expires integer,
    shown integer not null,
    released integer not null,  -- has been out; stays so until the document names another date
    body blob,
    body_bytes integer not null,
    summary_bytes integer not null,
    problems text
) strict;
-- The same of ids.
create index article_known_by on article (rule_id) where rule_id <> id;
create index article_sighting on article (sighting);
create index article_newest on article (published desc) where shown = 1;
create index article_due on article (published) where released = 0;
create index article_expiry on article (expires) where expires is not null;
create index article_undated on article (id) where dated = 0;
create index article_counted on article (source, shown, released);
create index article_problems on article (article) where problems is not null;

-- Articles that were withdrawn lately: one that comes back, or turns up elsewhere, is the same.
create table departed (
    id text primary key,
    rule_id text not null,
    source text not null,
    path text not null,
    link text not null,
    title text not null,
    published integer not null,
    capture integer not null,
    body blob,
    at integer not null         -- when it was withdrawn
) strict, without rowid;
create index departed_at on departed (at);
create index departed_body on departed (body) where body is not null;

-- Articles that vanished lately, and what the guards hold.
create table loss (
    source text not null,
    at integer not null,
    articles integer not null
) strict;
create table held (
    guard text not null,
    source text not null,
    id text not null,
    primary key (guard, source, id)
) strict, without rowid;

create table term_name (
    term integer primary key,
    taxonomy text not null,
    slug text not null,
    unique (taxonomy, slug)
) strict;

-- Sightings by term, newest first. Written when a sighting is staged; it counts only while the
-- sighting is an article's.
create table term (
    term integer not null references term_name,
    published integer not null,
    sighting integer not null,
    label text not null,
    from_index integer not null,
    primary key (term, published desc, sighting)
) strict, without rowid;
create index term_index_label on term (term) where from_index = 1;
