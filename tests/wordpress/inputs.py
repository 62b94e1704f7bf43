"""Contents of every shape for oracle.php: `python3 inputs.py SEED COUNT`. No `<` that begins no tag:
after one WordPress shows shortcodes raw, and here they are read."""
import random, json, sys
random.seed(int(sys.argv[1])); n=int(sys.argv[2])
BL="table thead tbody tr td th div dl dd dt ul ol li pre form blockquote address p h2 h3 hr section article aside header footer nav figure figcaption details summary fieldset".split()
IN="em strong a span code b i br img sub".split()
W="The harbour was quiet & cold — fog [2] over the pier, 3 & 4 and 5 > 2; é 北 x&nbsp;y".split(' ')
def text(): return ' '.join(random.choice(W) for _ in range(random.randint(1,6)))
def ws(): return random.choice(['',' ','\n','\n\n','\r\n','\n \n','\n\n\n','\t','\r','\n\n'])
def tag():
    t=random.choice(BL+IN+IN)
    a=random.choice(['','',' class="a"',' title="x\ny"',' data-x=1'])
    if t in('br','hr','img'): return '<%s%s%s>'%(t,a if t!='br' else '',random.choice(['',' /','/']))
    r=random.random()
    if r<.15: return '<%s%s>'%(t,a)
    if r<.3: return '</%s>'%t
    return '<%s%s>%s</%s>'%(t,a,body(random.randint(0,3)),t)
def sc():
    return random.choice([
     '[caption id="attachment_1" align="alignnone" width="300"]<img src="/a.jpg" alt="A">%s[/caption]'%random.choice([' The pier','',' <em>x</em>\ny']),
     '[caption width="300" caption="Hi"]<a href="/x"><img src="a.png"/></a>[/caption]',
     '[wp_caption width=200]<img src="b.jpg" />\nLine\n\ntwo[/wp_caption]',
     '[[caption]]','[[gallery]x]','[Not code]','[1]','[Sic]','[gallery ids="999999"]','[audio]','[playlist]','[embed]https://x.example/a?b=1&c=2[/embed]','[caption]no image[/caption]'])
def url(): return random.choice(['\nhttps://x.example/page\n','\n\nhttps://x.example/a_b?c=d&e=f#g\n\n','<p>https://x.example/q</p>','https://x.example/i in text',' \nhttp://y.example/z  \n'])
def misc(): return random.choice(['<!-- c\nd -->','<script>\na\n\nb</script>','<style>x\ny</style>','<pre>\na\n\nb <b>c</b></pre>','<pre class="x">q','</pre>','<object data="x">\n<param name="a">\n</object>','<video controls>\n<source src="a.mp4">\n</video>','<select><option>a</option>\n<option>b</option></select>','<br><br>','<br />\n<br/>','<figure><img src="a"><figcaption>\ncap\n</figcaption></figure>','<svg>\n<g/>\n</svg>','>','<!--more-->','<!--more Read on-->','<blockquote>q\n\nr</blockquote>','<BLOCKQUOTE>u</BLOCKQUOTE>','<p>','</p>','<ul>\n<li>a</li>\n<li>b\n\nc</li>\n</ul>','<div>\ntext\n</div>','<![CDATA[ x\ny ]]>','<!-->','<iframe src="a"></iframe>'])
def body(k):
    out=[]
    for _ in range(k):
        r=random.random()
        out.append(text() if r<.45 else tag() if r<.65 else misc() if r<.8 else sc() if r<.92 else url())
        out.append(ws())
    return ''.join(out)
def blocks():
    out=[]
    for _ in range(random.randint(1,5)):
        t=text().replace('<','&lt;')
        out.append(random.choice([
        '<!-- wp:paragraph -->\n<p>%s</p>\n<!-- /wp:paragraph -->'%t,
        '<!-- wp:heading {"level":3} -->\n<h3>%s</h3>\n<!-- /wp:heading -->'%t,
        '<!-- wp:list --><ul><!-- wp:list-item -->\n<li>%s</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list -->'%t,
        '<!-- wp:quote -->\n<blockquote class="wp-block-quote"><!-- wp:paragraph -->\n<p>%s</p>\n<!-- /wp:paragraph --><cite>x</cite></blockquote>\n<!-- /wp:quote -->'%t,
        '<!-- wp:shortcode -->\n[caption width="30"]<img src="a.jpg">x[/caption]\n<!-- /wp:shortcode -->',
        '<!-- wp:html -->\n<div>\n%s\n\n%s</div>\n<!-- /wp:html -->'%(t,t),
        '<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->',
        '<!-- wp:separator -->\n<hr class="wp-block-separator"/>\n<!-- /wp:separator -->',
        '<!-- wp:embed {"url":"https://x.example/v","type":"rich"} -->\n<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">\nhttps://x.example/v\n</div></figure>\n<!-- /wp:embed -->',
        'free %s\n\ntext'%t, '<!-- wp:unknown/thing {"a":{"b":"}"}} -->\n<p>%s</p>\n<!-- /wp:unknown/thing -->'%t,
        '<!-- wp:table -->\n<figure class="wp-block-table"><table><tbody><tr><td>%s</td></tr></tbody></table></figure>\n<!-- /wp:table -->'%t,
        '<!-- wp:code -->\n<pre class="wp-block-code"><code>a [i] &lt;b&gt;</code></pre>\n<!-- /wp:code -->']))
    return '\n\n'.join(out)
print(json.dumps([blocks() if random.random()<.2 else body(random.randint(1,9)) for _ in range(n)]))
