CREATE TABLE `wp_posts` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `post_author` bigint(20) unsigned NOT NULL DEFAULT 0,
  `post_date` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `post_date_gmt` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `post_content` longtext NOT NULL,
  `post_title` text NOT NULL,
  `post_excerpt` text NOT NULL,
  `post_status` varchar(20) NOT NULL DEFAULT 'publish',
  `comment_status` varchar(20) NOT NULL DEFAULT 'open',
  `ping_status` varchar(20) NOT NULL DEFAULT 'open',
  `post_password` varchar(255) NOT NULL DEFAULT '',
  `post_name` varchar(200) NOT NULL DEFAULT '',
  `to_ping` text NOT NULL,
  `pinged` text NOT NULL,
  `post_modified` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `post_modified_gmt` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `post_content_filtered` longtext NOT NULL,
  `post_parent` bigint(20) unsigned NOT NULL DEFAULT 0,
  `guid` varchar(255) NOT NULL DEFAULT '',
  `menu_order` int(11) NOT NULL DEFAULT 0,
  `post_type` varchar(20) NOT NULL DEFAULT 'post',
  `post_mime_type` varchar(100) NOT NULL DEFAULT '',
  `comment_count` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`ID`),
  KEY `post_name` (`post_name`(191)),
  KEY `type_status_date` (`post_type`,`post_status`,`post_date`,`ID`),
  KEY `post_parent` (`post_parent`),
  KEY `post_author` (`post_author`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_posts values ('4', '2', '2024-02-01 12:05:00', '2024-02-01 08:05:00', 'The fog came at five.\n\nNobody saw it &amp; nobody heard it.\nThe ferries waited.\n\n[caption id=\"attachment_9\" align=\"alignleft\" width=\"300\"]<img src=\"https://gazette.example/wp-content/uploads/2024/02/pier.jpg\" alt=\"The pier\" width=\"300\" height=\"200\" /> The pier at <em>noon</em>[/caption]\n\nhttps://www.youtube.com/watch?v=abcDEF12345\n\n[contact-form id=\"3\"]\n\nThe end.', 'Fog over the pier &amp; the <em>north</em> wharf', 'All <strong>ferries</strong> wait &amp; see.', 'publish', 'open', 'open', '', 'fog', '', '', '2024-02-01 12:05:00', '2024-02-01 08:05:00', '', '0', 'https://gazette.example/world/asia/2024/02/fog/', '0', 'post', '', '0');
insert into wp_posts values ('5', '0', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', 'pier', 'The pier &amp; the fog', 'inherit', 'open', 'closed', '', 'pier', '', '', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', '4', 'http://old.example/wrong/pier.jpg', '2', 'attachment', 'image/jpeg', '0');
insert into wp_posts values ('6', '2', '2024-02-02 12:05:00', '2024-02-02 08:05:00', '<!-- wp:paragraph -->\n<p>After a year the lighthouse shines.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n\n<!-- wp:heading -->\n<h2>The lamp</h2>\n<!-- /wp:heading -->\n\n<!-- wp:latest-posts /-->\n\n<!-- wp:list --><ul><!-- wp:list-item -->\n<li>one</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list -->', 'Lighthouse lit again', '', 'publish', 'open', 'open', '', 'lighthouse', '', '', '2024-02-02 12:05:00', '2024-02-02 08:05:00', '', '0', 'https://gazette.example/world/2024/02/lighthouse/', '0', 'post', '', '0');
insert into wp_posts values ('7', '2', '2024-02-03 12:05:00', '2024-02-03 08:05:00', 'Three boats.\n\n[gallery]\n\nGoodbye.', 'Boats of the week', '', 'publish', 'open', 'open', '', 'boats', '', '', '2024-02-03 12:05:00', '2024-02-03 08:05:00', '', '0', 'https://gazette.example/world/asia/%d0%b1%d0%b0%d0%ba%d1%83/2024/02/boats/', '0', 'post', '', '0');
insert into wp_posts values ('8', '0', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', 'boat-b', 'The second', 'inherit', 'open', 'closed', '', 'boat-b', '', '', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', '7', 'http://old.example/wrong/boat-b.jpg', '2', 'attachment', 'image/jpeg', '0');
insert into wp_posts values ('9', '0', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', 'boat-a', '', 'inherit', 'open', 'closed', '', 'boat-a', '', '', '2026-11-24 19:31:07', '2026-11-24 15:31:07', '', '7', 'http://old.example/wrong/boat-a.jpg', '1', 'attachment', 'image/jpeg', '0');
insert into wp_posts values ('10', '2', '2024-02-04 12:05:00', '2024-02-04 08:05:00', '[gallery ids=\"5\"]', 'Boats chosen', '', 'publish', 'open', 'open', '', 'chosen', '', '', '2024-02-04 12:05:00', '2024-02-04 08:05:00', '', '0', 'https://gazette.example/culture/2024/02/chosen/', '0', 'post', '', '0');
insert into wp_posts values ('11', '2', '2024-02-05 12:05:00', '2024-02-05 08:05:00', 'The harbour was quiet.\n\nNothing else happened.', 'Read this first', '', 'publish', 'closed', 'open', '', 'first', '', '', '2024-02-05 12:05:00', '2024-02-05 08:05:00', '', '0', 'https://gazette.example/culture/2024/02/first/', '0', 'post', '', '0');
insert into wp_posts values ('12', '2', '2024-02-06 12:05:00', '2024-02-06 08:05:00', 'The harbour was quiet.\n\nNothing else happened.', 'Episode 12: Tides', '', 'publish', 'open', 'open', '', 'tides', '', '', '2024-02-06 12:05:00', '2024-02-06 08:05:00', '', '0', 'https://gazette.example/culture/2024/02/tides/', '0', 'post', '', '0');
insert into wp_posts values ('13', '2', '2024-02-07 12:05:00', '2024-02-07 08:05:00', 'The harbour was quiet.\n\nNothing else happened.', 'Slow ships', '', 'publish', 'closed', 'closed', '', 'slow-ships', '', '', '2024-02-07 12:05:00', '2024-02-07 08:05:00', '', '0', 'https://gazette.example/podcast/slow-ships/', '0', 'podcast', '', '0');
insert into wp_posts values ('14', '2', '2024-02-08 12:05:00', '2024-02-08 08:05:00', 'A short word about the tide tables of this month &amp; nothing else, and that for a good many words.', '', '', 'publish', 'open', 'open', '', 'aside', '', '', '2024-02-08 12:05:00', '2024-02-08 08:05:00', '', '0', 'https://gazette.example/culture/2024/02/aside/', '0', 'post', '', '0');
insert into wp_posts values ('15', '2', '2050-01-01 12:00:00', '2050-01-01 08:00:00', 'The harbour was quiet.\n\nNothing else happened.', 'To come', '', 'future', 'open', 'open', '', 'to-come', '', '', '2050-01-01 12:00:00', '2050-01-01 08:00:00', '', '0', 'https://gazette.example/?p=15', '0', 'post', '', '0');
insert into wp_posts values ('16', '2', '2024-02-10 12:05:00', '2024-02-10 08:05:00', 'SECRET text of password', 'SECRET password', '', 'publish', 'open', 'open', 'sesame', 'secret-password', '', '', '2024-02-10 12:05:00', '2024-02-10 08:05:00', '', '0', 'https://gazette.example/uncategorized/2024/02/secret-password/', '0', 'post', '', '0');
insert into wp_posts values ('17', '2', '2024-02-11 12:05:00', '2024-02-11 08:05:00', 'SECRET text of private', 'SECRET private', '', 'private', 'open', 'open', '', 'secret-private', '', '', '2024-02-11 12:05:00', '2024-02-11 08:05:00', '', '0', 'https://gazette.example/?p=17', '0', 'post', '', '0');
insert into wp_posts values ('18', '2', '2024-02-12 12:05:00', '0000-00-00 00:00:00', 'SECRET text of draft', 'SECRET draft', '', 'draft', 'open', 'open', '', 'secret-draft', '', '', '2024-02-12 12:05:00', '0000-00-00 00:00:00', '', '0', 'https://gazette.example/?p=18', '0', 'post', '', '0');
insert into wp_posts values ('19', '2', '2024-02-13 12:05:00', '0000-00-00 00:00:00', 'SECRET text of pending', 'SECRET pending', '', 'pending', 'open', 'open', '', '', '', '', '2024-02-13 12:05:00', '0000-00-00 00:00:00', '', '0', 'https://gazette.example/?p=19', '0', 'post', '', '0');
insert into wp_posts values ('20', '2', '2024-02-14 12:05:00', '2024-02-14 08:05:00', 'SECRET text of trash', 'SECRET trash', '', 'trash', 'open', 'open', '', 'secret-trash', '', '', '2024-02-14 12:05:00', '2024-02-14 08:05:00', '', '0', 'https://gazette.example/?p=20', '0', 'post', '', '0');
insert into wp_posts values ('21', '2', '2024-02-15 12:05:00', '2024-02-15 08:05:00', 'SECRET text of page', 'SECRET page', '', 'publish', 'closed', 'closed', '', 'secret-page', '', '', '2024-02-15 12:05:00', '2024-02-15 08:05:00', '', '0', 'https://gazette.example/secret-page/', '0', 'page', '', '0');
insert into wp_posts values ('22', '2', '2024-01-31 10:00:00', '0000-00-00 00:00:00', 'The harbour was quiet.\n\nNothing else happened.', 'Imported', '', 'publish', 'open', 'open', '', 'imported', '', '', '2024-01-31 10:00:00', '0000-00-00 00:00:00', '', '0', 'https://gazette.example/culture/2024/01/imported/', '0', 'post', '', '0');
CREATE TABLE `wp_postmeta` (
  `meta_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `post_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `meta_key` varchar(255) DEFAULT NULL,
  `meta_value` longtext DEFAULT NULL,
  PRIMARY KEY (`meta_id`),
  KEY `post_id` (`post_id`),
  KEY `meta_key` (`meta_key`(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_postmeta values ('3', '4', '_pingme', '1');
insert into wp_postmeta values ('4', '4', '_encloseme', '1');
insert into wp_postmeta values ('5', '4', '_wp_old_slug', 'fog-draft');
insert into wp_postmeta values ('6', '4', '_wp_old_slug', 'foggy');
insert into wp_postmeta values ('7', '4', '_yoast_wpseo_primary_category', '3');
insert into wp_postmeta values ('8', '5', '_wp_attached_file', '2024/02/pier.jpg');
insert into wp_postmeta values ('9', '5', '_wp_attachment_metadata', 'a:5:{s:5:\"width\";i:1200;s:6:\"height\";i:800;s:4:\"file\";s:16:\"2024/02/pier.jpg\";s:8:\"filesize\";i:54321;s:5:\"sizes\";a:1:{s:9:\"thumbnail\";a:4:{s:4:\"file\";s:16:\"pier-150x150.jpg\";s:5:\"width\";i:150;s:6:\"height\";i:150;s:9:\"mime-type\";s:10:\"image/jpeg\";}}}');
insert into wp_postmeta values ('10', '4', '_thumbnail_id', '5');
insert into wp_postmeta values ('11', '5', '_wp_attachment_image_alt', 'A pier in \"fog\"');
insert into wp_postmeta values ('12', '6', '_pingme', '1');
insert into wp_postmeta values ('13', '6', '_encloseme', '1');
insert into wp_postmeta values ('14', '7', '_pingme', '1');
insert into wp_postmeta values ('15', '7', '_encloseme', '1');
insert into wp_postmeta values ('16', '8', '_wp_attached_file', '2024/02/boat-b.jpg');
insert into wp_postmeta values ('17', '8', '_wp_attachment_metadata', 'a:5:{s:5:\"width\";i:1200;s:6:\"height\";i:800;s:4:\"file\";s:18:\"2024/02/boat-b.jpg\";s:8:\"filesize\";i:54321;s:5:\"sizes\";a:1:{s:9:\"thumbnail\";a:4:{s:4:\"file\";s:18:\"boat-b-150x150.jpg\";s:5:\"width\";i:150;s:6:\"height\";i:150;s:9:\"mime-type\";s:10:\"image/jpeg\";}}}');
insert into wp_postmeta values ('18', '9', '_wp_attached_file', '2024/02/boat-a.jpg');
insert into wp_postmeta values ('19', '9', '_wp_attachment_metadata', 'a:5:{s:5:\"width\";i:1200;s:6:\"height\";i:800;s:4:\"file\";s:18:\"2024/02/boat-a.jpg\";s:8:\"filesize\";i:54321;s:5:\"sizes\";a:1:{s:9:\"thumbnail\";a:4:{s:4:\"file\";s:18:\"boat-a-150x150.jpg\";s:5:\"width\";i:150;s:6:\"height\";i:150;s:9:\"mime-type\";s:10:\"image/jpeg\";}}}');
insert into wp_postmeta values ('20', '10', '_pingme', '1');
insert into wp_postmeta values ('21', '10', '_encloseme', '1');
insert into wp_postmeta values ('22', '11', '_pingme', '1');
insert into wp_postmeta values ('23', '11', '_encloseme', '1');
insert into wp_postmeta values ('24', '12', '_pingme', '1');
insert into wp_postmeta values ('25', '12', '_encloseme', '1');
insert into wp_postmeta values ('26', '12', 'enclosure', 'https://media.example/tides.mp3\n1234567\naudio/mpeg\na:5:{s:8:\"duration\";s:8:\"00:12:34\";s:10:\"episode_no\";s:2:\"12\";s:6:\"season\";s:1:\"2\";s:8:\"explicit\";s:1:\"2\";s:13:\"episode_title\";s:12:\"Tides & moon\";}');
insert into wp_postmeta values ('27', '13', 'audio_file', 'https://media.example/slow.mp3');
insert into wp_postmeta values ('28', '13', 'duration', '20:01');
insert into wp_postmeta values ('29', '13', 'filesize_raw', '7654321');
insert into wp_postmeta values ('30', '13', 'itunes_episode_number', '3');
insert into wp_postmeta values ('31', '13', 'explicit', 'on');
insert into wp_postmeta values ('32', '14', '_pingme', '1');
insert into wp_postmeta values ('33', '14', '_encloseme', '1');
insert into wp_postmeta values ('34', '16', '_pingme', '1');
insert into wp_postmeta values ('35', '16', '_encloseme', '1');
insert into wp_postmeta values ('36', '22', '_pingme', '1');
insert into wp_postmeta values ('37', '22', '_encloseme', '1');
insert into wp_postmeta values ('38', '4', '_oembed_b99790ca87a30f92b62cf208bf1f2b1e', '{{unknown}}');
CREATE TABLE `wp_terms` (
  `term_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(200) NOT NULL DEFAULT '',
  `slug` varchar(200) NOT NULL DEFAULT '',
  `term_group` bigint(10) NOT NULL DEFAULT 0,
  PRIMARY KEY (`term_id`),
  KEY `slug` (`slug`(191)),
  KEY `name` (`name`(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_terms values ('1', 'Uncategorized', 'uncategorized', '0');
insert into wp_terms values ('2', 'World &amp; Sea', 'world', '0');
insert into wp_terms values ('3', 'Asia', 'asia', '0');
insert into wp_terms values ('4', 'Баку', '%d0%b1%d0%b0%d0%ba%d1%83', '0');
insert into wp_terms values ('5', 'Culture', 'culture', '0');
insert into wp_terms values ('6', 'Fog', 'fog', '0');
insert into wp_terms values ('7', 'Harbour \"old\"', 'harbour-old', '0');
CREATE TABLE `wp_term_taxonomy` (
  `term_taxonomy_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `term_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `taxonomy` varchar(32) NOT NULL DEFAULT '',
  `description` longtext NOT NULL,
  `parent` bigint(20) unsigned NOT NULL DEFAULT 0,
  `count` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`term_taxonomy_id`),
  UNIQUE KEY `term_id_taxonomy` (`term_id`,`taxonomy`),
  KEY `taxonomy` (`taxonomy`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_term_taxonomy values ('1', '1', 'category', '', '0', '1');
insert into wp_term_taxonomy values ('2', '2', 'category', '', '0', '0');
insert into wp_term_taxonomy values ('3', '3', 'category', '', '2', '0');
insert into wp_term_taxonomy values ('4', '4', 'category', '', '3', '0');
insert into wp_term_taxonomy values ('5', '5', 'category', '', '0', '0');
insert into wp_term_taxonomy values ('6', '6', 'post_tag', '', '0', '0');
insert into wp_term_taxonomy values ('7', '7', 'post_tag', '', '0', '0');
CREATE TABLE `wp_term_relationships` (
  `object_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `term_taxonomy_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `term_order` int(11) NOT NULL DEFAULT 0,
  PRIMARY KEY (`object_id`,`term_taxonomy_id`),
  KEY `term_taxonomy_id` (`term_taxonomy_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_term_relationships values ('4', '3', '0');
insert into wp_term_relationships values ('4', '6', '0');
insert into wp_term_relationships values ('4', '7', '0');
insert into wp_term_relationships values ('6', '2', '0');
insert into wp_term_relationships values ('6', '5', '0');
insert into wp_term_relationships values ('7', '4', '0');
insert into wp_term_relationships values ('10', '5', '0');
insert into wp_term_relationships values ('11', '5', '0');
insert into wp_term_relationships values ('12', '5', '0');
insert into wp_term_relationships values ('14', '5', '0');
insert into wp_term_relationships values ('15', '5', '0');
insert into wp_term_relationships values ('16', '1', '0');
insert into wp_term_relationships values ('17', '1', '0');
insert into wp_term_relationships values ('18', '1', '0');
insert into wp_term_relationships values ('19', '1', '0');
insert into wp_term_relationships values ('20', '1', '0');
insert into wp_term_relationships values ('22', '5', '0');
CREATE TABLE `wp_users` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_login` varchar(60) NOT NULL DEFAULT '',
  `user_pass` varchar(255) NOT NULL DEFAULT '',
  `user_nicename` varchar(50) NOT NULL DEFAULT '',
  `user_email` varchar(100) NOT NULL DEFAULT '',
  `user_url` varchar(100) NOT NULL DEFAULT '',
  `user_registered` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `user_activation_key` varchar(255) NOT NULL DEFAULT '',
  `user_status` int(11) NOT NULL DEFAULT 0,
  `display_name` varchar(250) NOT NULL DEFAULT '',
  PRIMARY KEY (`ID`),
  KEY `user_login_key` (`user_login`),
  KEY `user_nicename` (`user_nicename`),
  KEY `user_email` (`user_email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_users values ('1', 'desk', '', 'desk', '', 'http://gazette.example', '2026-11-24 15:31:07', '', '0', 'desk');
insert into wp_users values ('2', 'ada', '', 'ada', '', 'https://ada.example/', '2026-11-24 15:31:07', '', '0', 'Ada Brook &amp; Sons');
CREATE TABLE `wp_options` (
  `option_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `option_name` varchar(191) NOT NULL DEFAULT '',
  `option_value` longtext NOT NULL,
  `autoload` varchar(20) NOT NULL DEFAULT 'yes',
  PRIMARY KEY (`option_id`),
  UNIQUE KEY `option_name` (`option_name`),
  KEY `autoload` (`autoload`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
insert into wp_options values ('3', 'blogname', 'The Harbour &amp; Pier Gazette', 'yes');
insert into wp_options values ('34', 'category_base', '', 'yes');
insert into wp_options values ('18', 'default_category', '1', 'yes');
insert into wp_options values ('37', 'gmt_offset', '0', 'yes');
insert into wp_options values ('2', 'home', 'https://gazette.example', 'yes');
insert into wp_options values ('28', 'permalink_structure', '/%category%/%year%/%monthnum%/%postname%/', 'yes');
insert into wp_options values ('1', 'siteurl', 'https://gazette.example', 'yes');
insert into wp_options values ('75', 'sticky_posts', 'a:1:{i:0;i:11;}', 'yes');
insert into wp_options values ('52', 'tag_base', '', 'yes');
insert into wp_options values ('80', 'timezone_string', 'Asia/Baku', 'yes');
insert into wp_options values ('48', 'upload_path', '', 'yes');
insert into wp_options values ('55', 'upload_url_path', '', 'yes');
