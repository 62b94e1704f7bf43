create table directus_users (id varchar(36) primary key, first_name varchar(50), last_name varchar(50), email varchar(128), title varchar(50), description text);
create table directus_files (id varchar(36) primary key, title varchar(255), description text, uploaded_on datetime);
create table articles (id integer primary key, status varchar(255), sort integer, user_created varchar(36), date_created datetime, user_updated varchar(36), date_updated datetime, title varchar(255), content text, image varchar(36), slug varchar(255), date_published datetime);
insert into articles values (1, 'published', null, 'u', '2026-02-01 09:00:00', null, null, 'The wall', '<p>It is up.</p>', null, 'the-wall', '2026-03-01 09:00:00');
insert into articles values (2, 'draft', null, 'u', '2026-02-01 09:00:00', null, null, 'SECRET', '<p>SECRET</p>', null, 'secret', null);
insert into articles values (3, 'archived', null, 'u', '2026-02-01 09:00:00', null, null, 'SECRET', '<p>SECRET</p>', null, 'old', '2025-03-01 09:00:00');
