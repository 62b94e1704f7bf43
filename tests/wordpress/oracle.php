<?php
// What WordPress makes of a post's content: `php oracle.php WORDPRESS < INPUTS > OUTPUTS`, both JSON.
// Inputs are a list of strings. Of each: `autop` is wpautop, `unautop` shortcode_unautop of that,
// `content` the filters of `the_content` without typography (curly quotes, smileys), what themes add to
// pictures, and the network: an address alone on its line becomes a link.
$_SERVER['HTTP_HOST'] = 'gazette.example';
$_SERVER['REQUEST_URI'] = '/';
require $argv[1] . '/wp-load.php';
add_theme_support('html5', ['gallery', 'caption']);
foreach (['wptexturize', 'convert_smilies', 'capital_P_dangit', 'wp_filter_content_tags', 'wp_replace_insecure_home_url'] as $filter) {
    while (($at = has_filter('the_content', $filter)) !== false) remove_filter('the_content', $filter, $at);
}
add_filter('pre_oembed_result', fn($html, $url) => '<a href="' . esc_attr($url) . '">' . esc_html($url) . '</a>', 10, 2);
add_filter('wp_audio_shortcode_library', fn() => 'none');
$inputs = json_decode(stream_get_contents(STDIN), true);
$id = wp_insert_post(['post_title' => 'Oracle', 'post_status' => 'publish', 'post_content' => 'x']);
global $post, $wp_version, $more, $page;
$post = get_post($id);
$out = [];
$hooks = clone $GLOBALS['wp_filter']['the_content'];
foreach ($inputs as $input) {
    // A post of blocks leaves its filters in another order behind.
    $GLOBALS['wp_filter']['the_content'] = clone $hooks;
    $post = get_post($id);
    $post->post_content = $input;
    setup_postdata($post);
    $more = 1;
    $autop = wpautop($input);
    try {
        $content = apply_filters('the_content', get_the_content());
    } catch (Throwable $broken) {
        // `[caption]` without attributes ends PHP 8.
        $content = null;
        continue;
    }
    $out[] = [
        'input' => $input,
        'autop' => $autop,
        'unautop' => shortcode_unautop($autop),
        'content' => str_replace("more-$id", 'more-1', $content),
    ];
}
wp_delete_post($id, true);
echo json_encode(['version' => $wp_version, 'cases' => $out], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
