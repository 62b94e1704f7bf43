// Fills a fresh Ghost with the fictional site of these tests, by its own API: node site.js URL
// Then, because no API does it: a second author and who wrote the first post with her; `tiers` for the
// two posts called so; `email_only`, `sent` and no HTML for the posts that are called so. Last a restart.
// The dump has the tables that are read, without passwords, and URL as https://gazette.example.
const url = process.argv[2];
let cookie = '';
async function api(method, path, body) {
  const r = await fetch(url + '/ghost/api/admin' + path, {method, headers: {'Content-Type': 'application/json', Origin: url, Cookie: cookie, 'Accept-Version': 'v5.0'}, body: body && JSON.stringify(body)});
  const set = r.headers.getSetCookie(); if (set.length) cookie = set.map(c => c.split(';')[0]).join('; ');
  const t = await r.text();
  if (!r.ok) throw new Error(method + ' ' + path + ' ' + r.status + ' ' + t.slice(0, 600));
  try { return JSON.parse(t); } catch { return t; }
}
const text = t => ({type: 'extended-text', text: t, version: 1, detail: 0, format: 0, mode: 'normal', style: ''});
const p = t => ({type: 'paragraph', version: 1, direction: 'ltr', format: '', indent: 0, children: [text(t)]});
const image = (src, alt, caption) => ({type: 'image', version: 1, src, alt, caption, title: '', href: '', width: 1200, height: 800, cardWidth: 'regular'});
const paywall = {type: 'paywall', version: 1};
const html = (code, web) => ({type: 'html', version: 1, html: code, visibility: {web, email: {memberSegment: 'status:free,status:-free'}}});
const everyone = {nonMember: true, memberSegment: 'status:free,status:-free'};
const members = {nonMember: false, memberSegment: 'status:free,status:-free'};
const doc = (...children) => JSON.stringify({root: {type: 'root', version: 1, direction: 'ltr', format: '', indent: 0, children}});
(async () => {
  await api('POST', '/authentication/setup/', {setup: [{name: 'Ada Brook', email: 'ada@gazette.example', password: 'a-long-fictional-pw-1', blogTitle: 'The Harbour Gazette'}]});
  await api('POST', '/session/', {username: 'ada@gazette.example', password: 'a-long-fictional-pw-1'});
  await api('PUT', '/settings/', {settings: [{key: 'description', value: 'News from the old harbour'}, {key: 'timezone', value: 'Asia/Baku'}, {key: 'locale', value: 'en'}]});
  const old = await api('GET', '/posts/?limit=all');
  for (const post of old.posts) await api('DELETE', `/posts/${post.id}/`);
  const pages = await api('GET', '/pages/?limit=all');
  for (const page of pages.pages) await api('DELETE', `/pages/${page.id}/`);
  const add = async (post, kind = 'posts') => { const r = await api('POST', `/${kind}/`, {[kind]: [post]}); console.log(r[kind][0].id, r[kind][0].status, r[kind][0].visibility, post.title); return r[kind][0]; };
  const tags = (...names) => names.map(name => ({name}));
  let n = 0; const at = () => `2024-02-${String(++n).padStart(2, '0')}T21:30:00.000Z`;
  const live = more => ({status: 'published', published_at: at(), visibility: 'public', ...more});
  await add(live({title: 'Fog over the pier & the north wharf', tags: tags('World & Sea', '#desk-only', 'Fog'), lexical: doc(p('All ferries wait.'), image(url + '/content/images/2024/02/pier.jpg', 'The pier', 'The pier at <em>noon</em>'), p('The fog came at five.')), feature_image: url + '/content/images/2024/02/fog.jpg', feature_image_alt: 'Fog & lamps', feature_image_caption: 'Fog by <b>night</b>', custom_excerpt: 'Ferries wait & see.', locale: 'en-GB'}));
  await add(live({title: 'Two lamps for everyone', tags: tags('Fog'), lexical: doc(p('The lamps are lit.'), html('<p>EVERYBODY-BLOCK</p>', everyone), html('<p>SECRET-BLOCK</p>', members), p('They stay lit.'))}));
  await add(live({title: 'Members read on', visibility: 'members', tags: tags('World & Sea'), lexical: doc(p('The free beginning.'), paywall, p('SECRET-MEMBERS-MARKED')), custom_excerpt: 'What members read.'}));
  await add(live({title: 'Members only, no mark', visibility: 'members', lexical: doc(p('SECRET-MEMBERS-UNMARKED')), custom_excerpt: 'An excerpt that stays.'}));
  await add(live({title: 'Paid with a mark', visibility: 'paid', lexical: doc(p('The beginning is free.'), html('<p>SECRET-BLOCK-IN-FREE</p>', members), paywall, p('SECRET-PAID-MARKED'))}));
  await add(live({title: 'Paid without a mark', visibility: 'paid', lexical: doc(p('SECRET-PAID-UNMARKED'))}));
  await add(live({title: 'Paid with the mark first', visibility: 'paid', lexical: doc(paywall, p('SECRET-PAID-FIRST'))}));
  await add(live({title: 'A public post with a mark', lexical: doc(p('Public before.'), paywall, p('Public after.'))}));
  await add(live({title: 'A link to ourselves', lexical: doc(p('See below.'), html(`<a href="${url}/fog-over-the-pier/?uuid={uuid}">the fog</a> <a href="https://forms.example/?id=%7Buuid%7D&a=1">a form</a>`, everyone)), canonical_url: 'https://elsewhere.example/ourselves/'}));
  await add({title: 'SECRET draft', status: 'draft', visibility: 'public', lexical: doc(p('SECRET-DRAFT'))});
  await add({title: 'To come in 2050', status: 'scheduled', published_at: '2050-01-01T06:00:00.000Z', visibility: 'public', lexical: doc(p('SECRET-SCHEDULED'))});
  await add(live({title: 'SECRET page', lexical: doc(p('SECRET-PAGE'))}), 'pages');
  await add({status: 'published', visibility: 'public', title: 'Tiers with a mark', published_at: '2024-02-11T21:30:00.000Z', lexical: doc(p('Free for a while.'), paywall, p('SECRET-TIERS-MARKED'))});
  await add({status: 'published', visibility: 'public', title: 'Tiers without a mark', published_at: '2024-02-12T21:30:00.000Z', lexical: doc(p('SECRET-TIERS-UNMARKED'))});
  await add({status: 'published', visibility: 'public', title: 'SECRET in mail only', published_at: '2024-02-13T21:30:00.000Z', lexical: doc(p('SECRET-MAIL'))});
  await add({status: 'published', visibility: 'public', title: 'SECRET sent', published_at: '2024-02-14T21:30:00.000Z', lexical: doc(p('SECRET-SENT'))});
  await add({status: 'published', visibility: 'public', title: 'Old and empty', published_at: '2013-02-14T21:30:00.000Z', lexical: doc(p('Words that only the editor has.'))});
  await add({status: 'published', visibility: 'public', title: 'A described post', published_at: '2024-02-15T21:30:00.000Z', visibility: 'paid', meta_description: 'For search engines & people.', lexical: doc(p('SECRET-PAID-DESCRIBED')), codeinjection_head: '<script>SECRET_CODE</script>'});
})().catch(e => { console.error(e); process.exit(1); });
