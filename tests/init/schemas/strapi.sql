create table strapi_core_store_settings (id integer primary key, value text);
create table admin_users (id integer primary key, firstname varchar(255), lastname varchar(255), email varchar(255));
create table files (id integer primary key, name varchar(255), alternative_text varchar(255), caption varchar(255), url varchar(255), created_at datetime);
create table articles (id integer primary key, document_id varchar(255), title varchar(255), description text, slug varchar(255), content text, created_at datetime, updated_at datetime, published_at datetime, created_by_id integer, updated_by_id integer, locale varchar(255));
create table articles_category_lnk (id integer primary key, article_id integer, category_id integer);
create table categories (id integer primary key, document_id varchar(255), name varchar(255), slug varchar(255), description text, created_at datetime, updated_at datetime, published_at datetime, locale varchar(255));
insert into articles values (1, 'a', 'SECRET version', '', 'the-wall', 'SECRET', '2026-02-01 09:00:00', '2026-02-01 09:00:00', null, 1, 1, null);
insert into articles values (2, 'a', 'The wall', 'Up', 'the-wall', 'It is up.', '2026-02-01 09:00:00', '2026-02-01 09:00:00', '2026-03-01 09:00:00', 1, 1, null);
insert into articles values (3, 'b', 'SECRET', '', 'secret', 'SECRET', '2026-02-01 09:00:00', '2026-02-01 09:00:00', null, 1, 1, null);
