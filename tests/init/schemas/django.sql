create table auth_user (id integer primary key, username varchar(150), first_name varchar(150), last_name varchar(150), email varchar(254), date_joined datetime);
create table django_migrations (id integer primary key, app varchar(255), name varchar(255), applied datetime);
create table blog_category (id integer primary key, name varchar(100), slug varchar(100));
create table blog_post (id integer primary key, title varchar(200), slug varchar(200), author_id integer, category_id integer, body text, excerpt text, status varchar(12), publish datetime, created datetime, updated datetime);
insert into auth_user values (1, 'ada', 'Ada', 'Brook', 'ada@gazette.example', '2020-01-01 00:00:00');
insert into blog_category values (1, 'Harbour', 'harbour');
insert into blog_post values (1, 'The wall', 'the-wall', 1, 1, '<p>It is up.</p>', 'Up', 'published', '2026-03-01 09:00:00', '2026-02-01 09:00:00', '2026-03-02 09:00:00');
insert into blog_post values (2, 'SECRET', 'secret', 1, 1, '<p>SECRET</p>', '', 'draft', '2026-03-01 09:00:00', '2026-02-01 09:00:00', '2026-03-02 09:00:00');
