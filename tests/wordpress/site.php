<?php
// A small newsroom in a real WordPress: `php site.php WORDPRESS` on a database that is empty. All
// posts are fictional. Prints facts of it as JSON; `export` as second argument prints an export file
// instead, `feed` its own RSS, `dump` its tables as SQL.
$_SERVER['HTTP_HOST'] = 'gazette.example';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$what = $argv[2] ?? 'fill';
if ($what === 'fill') define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
global $wp_version, $wpdb, $wp_rewrite;

if ($what === 'export') {
    require_once ABSPATH . 'wp-admin/includes/export.php';
    register_post_type('podcast', ['public' => true, 'can_export' => true]);
    @export_wp(['content' => 'all']);
    exit;
}
if ($what === 'dump') {
    // Nobody's password or address, and of the options those that say how posts are shown.
    $options = "option_name in ('home','siteurl','permalink_structure','timezone_string','gmt_offset','sticky_posts','default_category','upload_path','upload_url_path','blogname','category_base','tag_base')";
    foreach (['posts' => '1', 'postmeta' => '1', 'terms' => '1', 'term_taxonomy' => '1', 'term_relationships' => '1', 'users' => '1', 'options' => $options] as $table => $where) {
        $name = $wpdb->prefix . $table;
        echo preg_replace('/ AUTO_INCREMENT=\d+/', '', $wpdb->get_row("show create table $name", ARRAY_N)[1]), ";\n";
        foreach ($wpdb->get_results("select * from $name where $where", ARRAY_A) as $row) {
            foreach (['user_pass', 'user_email', 'user_activation_key'] as $secret) if (isset($row[$secret])) $row[$secret] = '';
            echo "insert into $name values (", implode(', ', array_map(fn($value) => $value === null ? 'null' : "'" . $wpdb->remove_placeholder_escape($wpdb->_real_escape($value)) . "'", $row)), ");\n";
        }
    }
    exit;
}
if ($what === 'feed') {
    register_post_type('podcast', ['public' => true]);
    query_posts(['feed' => 'rss2', 'posts_per_page' => 100, 'post_type' => ['post', 'podcast']]);
    $GLOBALS['wp_query']->is_feed = true;
    @do_feed_rss2(false);
    exit;
}

require_once ABSPATH . 'wp-admin/includes/upgrade.php';
if (!is_blog_installed()) {
    wp_install('The Harbour &amp; Pier Gazette', 'desk', 'desk@gazette.example', true, '', 'no-secret', '');
}
wp_defer_term_counting(true);
update_option('home', 'https://gazette.example');
update_option('siteurl', 'https://gazette.example');
update_option('permalink_structure', '/%category%/%year%/%monthnum%/%postname%/');
update_option('timezone_string', 'Asia/Baku');
update_option('posts_per_rss', 100);
$wp_rewrite->init();
register_post_type('podcast', ['public' => true]);
foreach ([1, 2, 3] as $first) wp_delete_post($first, true);

$ada = wp_insert_user(['user_login' => 'ada', 'user_pass' => 'x', 'display_name' => 'Ada Brook & Sons', 'user_url' => 'https://ada.example/', 'role' => 'editor']);
$world = wp_insert_term('World & Sea', 'category', ['slug' => 'world'])['term_id'];
$asia = wp_insert_term('Asia', 'category', ['slug' => 'asia', 'parent' => $world])['term_id'];
$baku = wp_insert_term('Баку', 'category', ['parent' => $asia])['term_id'];
$culture = wp_insert_term('Culture', 'category', ['slug' => 'culture'])['term_id'];
wp_insert_term('Fog', 'post_tag', ['slug' => 'fog']);

function post($fields, $meta = []) {
    static $number = 0;
    $number++;
    $date = sprintf('2024-02-%02d 12:05:00', $number);
    $id = wp_insert_post(wp_slash($fields + [
        'post_status' => 'publish', 'post_author' => $GLOBALS['ada'], 'post_date' => $date,
        'post_content' => "The harbour was quiet.\n\nNothing else happened.",
    ]), true);
    if (is_wp_error($id)) throw new Exception($id->get_error_message());
    foreach ($meta as $key => $values) foreach ((array) $values as $value) add_post_meta($id, $key, wp_slash($value));
    return $id;
}
function picture($name, $parent, $fields = []) {
    $id = wp_insert_attachment(wp_slash($fields + ['post_mime_type' => 'image/jpeg', 'post_title' => $name, 'guid' => "http://old.example/wrong/$name.jpg", 'post_status' => 'inherit']), "2024/02/$name.jpg", $parent);
    wp_update_attachment_metadata($id, ['width' => 1200, 'height' => 800, 'file' => "2024/02/$name.jpg", 'filesize' => 54321, 'sizes' => ['thumbnail' => ['file' => "$name-150x150.jpg", 'width' => 150, 'height' => 150, 'mime-type' => 'image/jpeg']]]);
    return $id;
}

$ids = [];
$ids['classic'] = post(['post_title' => 'Fog over the pier &amp; the <em>north</em> wharf', 'post_name' => 'fog', 'post_category' => [$asia], 'tags_input' => ['Fog', 'Harbour "old"'], 'post_excerpt' => "All <strong>ferries</strong> wait &amp; see.", 'post_content' => "The fog came at five.\n\nNobody saw it &amp; nobody heard it.\nThe ferries waited.\n\n[caption id=\"attachment_9\" align=\"alignleft\" width=\"300\"]<img src=\"https://gazette.example/wp-content/uploads/2024/02/pier.jpg\" alt=\"The pier\" width=\"300\" height=\"200\" /> The pier at <em>noon</em>[/caption]\n\nhttps://www.youtube.com/watch?v=abcDEF12345\n\n[contact-form id=\"3\"]\n\nThe end."], ['_wp_old_slug' => ['fog-draft', 'foggy'], '_yoast_wpseo_primary_category' => (string) $asia]);
set_post_thumbnail($ids['classic'], $pier = picture('pier', $ids['classic'], ['post_excerpt' => 'The pier & the fog', 'menu_order' => 2]));
update_post_meta($pier, '_wp_attachment_image_alt', 'A pier in "fog"');
$ids['blocks'] = post(['post_title' => 'Lighthouse lit again', 'post_name' => 'lighthouse', 'post_category' => [$culture, $world], 'post_content' => "<!-- wp:paragraph -->\n<p>After a year the lighthouse shines.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n\n<!-- wp:heading -->\n<h2>The lamp</h2>\n<!-- /wp:heading -->\n\n<!-- wp:latest-posts /-->\n\n<!-- wp:list --><ul><!-- wp:list-item -->\n<li>one</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list -->"]);
$ids['gallery'] = post(['post_title' => 'Boats of the week', 'post_name' => 'boats', 'post_category' => [$baku], 'post_content' => "Three boats.\n\n[gallery]\n\nGoodbye."]);
picture('boat-b', $ids['gallery'], ['menu_order' => 2, 'post_excerpt' => 'The second']);
picture('boat-a', $ids['gallery'], ['menu_order' => 1]);
$ids['chosen'] = post(['post_title' => 'Boats chosen', 'post_name' => 'chosen', 'post_category' => [$culture], 'post_content' => "[gallery ids=\"$pier\"]"]);
$ids['sticky'] = post(['post_title' => 'Read this first', 'post_name' => 'first', 'post_category' => [$culture], 'comment_status' => 'closed']);
stick_post($ids['sticky']);
$ids['episode'] = post(['post_title' => 'Episode 12: Tides', 'post_name' => 'tides', 'post_category' => [$culture]], ['enclosure' => ["https://media.example/tides.mp3\n1234567\naudio/mpeg\n" . serialize(['duration' => '00:12:34', 'episode_no' => '12', 'season' => '2', 'explicit' => '2', 'episode_title' => 'Tides & moon'])]]);
$ids['podcast'] = post(['post_type' => 'podcast', 'post_title' => 'Slow ships', 'post_name' => 'slow-ships'], ['audio_file' => 'https://media.example/slow.mp3', 'duration' => '20:01', 'filesize_raw' => '7654321', 'itunes_episode_number' => '3', 'explicit' => 'on']);
$ids['untitled'] = post(['post_title' => '', 'post_name' => 'aside', 'post_category' => [$culture], 'post_content' => 'A short word about the tide tables of this month & nothing else, and that for a good many words.']);
$ids['scheduled'] = post(['post_title' => 'To come', 'post_name' => 'to-come', 'post_status' => 'future', 'post_date' => '2050-01-01 12:00:00', 'post_category' => [$culture]]);
foreach (['password' => ['post_password' => 'sesame'], 'private' => ['post_status' => 'private'], 'draft' => ['post_status' => 'draft'], 'pending' => ['post_status' => 'pending'], 'trash' => ['post_status' => 'trash'], 'page' => ['post_type' => 'page']] as $name => $fields) {
    $ids[$name] = post($fields + ['post_title' => "SECRET $name", 'post_name' => "secret-$name", 'post_content' => "SECRET text of $name"]);
}
// A time that only the site's clock has, as imports leave it.
$ids['zero'] = post(['post_title' => 'Imported', 'post_name' => 'imported', 'post_category' => [$culture], 'post_date' => '2024-01-31 10:00:00']);
$wpdb->query("set sql_mode = ''");
$wpdb->update($wpdb->posts, ['post_date_gmt' => '0000-00-00 00:00:00', 'post_modified_gmt' => '0000-00-00 00:00:00'], ['ID' => $ids['zero']]);
$facts = ['version' => $wp_version, 'posts' => []];
wp_cache_flush();
foreach ($ids as $name => $id) {
    $facts['posts'][$name] = ['id' => $id, 'guid' => get_the_guid($id), 'link' => get_permalink($id), 'status' => get_post_status($id)];
}
echo json_encode($facts, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
