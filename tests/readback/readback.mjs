// Reads the published tree of the sample newsroom with feedsmith and compares it with what the
// documents say.
//
//     node readback.mjs TREE
//
// TREE is the published folder (`public/`). feedsmith is looked for where NODE_PATH says, else in the
// usual places. What is expected stands in expected.json, written by a person who read the documents.
// Each difference is a line; the last line counts, and the exit status is 1 if anything differs.

import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

// `import` doesn't look at NODE_PATH, `require` does.
const found = createRequire(import.meta.url).resolve('feedsmith')
const { parseAtomFeed, parseJsonFeed, parseRssFeed } = await import(pathToFileURL(found))

const here = dirname(fileURLToPath(import.meta.url))
const book = JSON.parse(readFileSync(join(here, 'expected.json'), 'utf8'))
const FORMATS = ['rss', 'atom', 'json']

const collapse = text => text.split(/\s+/).filter(Boolean).join(' ')
const references = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
const character = (whole, name) =>
  name[0] === '#'
    ? String.fromCodePoint(name[1].toLowerCase() === 'x' ? parseInt(name.slice(2), 16) : +name.slice(1))
    : (references[name] ?? whole)
const plain = markup =>
  collapse(markup.replace(/<[^>]*>/g, '').replace(/&(#?\w+);/g, character))
const instant = text => (text === undefined ? undefined : Date.parse(text))

// Each format in one shape.
const readers = {
  rss(text) {
    const feed = parseRssFeed(text)
    return {
      title: feed.title,
      home: feed.link,
      language: feed.language,
      self: feed.atom?.links?.filter(link => link.rel === 'self').map(link => link.href),
      entries: (feed.items ?? []).map(item => ({
        id: item.guid?.value,
        permalink: item.guid?.isPermaLink,
        link: item.link,
        title: item.title,
        published: instant(item.pubDate),
        updated: instant(item.atom?.updated),
        authors: item.dc?.creators ?? [],
        terms: (item.categories ?? []).map(category => category.name),
        language: item.dc?.language ?? item.dc?.languages?.[0],
        summary: plain(item.description ?? ''),
        body: item.content?.encoded,
        enclosures: item.enclosures ?? [],
        duration: item.itunes?.duration,
        episode: item.itunes?.episode,
        season: item.itunes?.season,
        explicit: item.itunes?.explicit,
        images: item.media?.contents ?? [],
      })),
    }
  },
  atom(text) {
    const feed = parseAtomFeed(text)
    const links = (of, rel) => of.links?.filter(link => (link.rel ?? 'alternate') === rel) ?? []
    return {
      title: feed.title?.value ?? feed.title,
      home: links(feed, 'alternate')[0]?.href,
      self: links(feed, 'self').map(link => link.href),
      entries: (feed.entries ?? []).map(entry => ({
        id: entry.id,
        link: links(entry, 'alternate')[0]?.href,
        title: entry.title?.value ?? entry.title,
        published: instant(entry.published),
        updated: instant(entry.updated),
        authors: (entry.authors ?? []).map(author => author.name),
        terms: (entry.categories ?? []).map(category => category.label ?? category.term),
        summary: collapse(entry.summary?.value ?? entry.summary ?? ''),
        body: entry.content?.value ?? entry.content,
        enclosures: links(entry, 'enclosure').map(({ href, length, type }) => ({ url: href, length, type })),
      })),
    }
  },
  json(text) {
    const feed = parseJsonFeed(text)
    return {
      title: feed.title,
      home: feed.home_page_url,
      language: feed.language,
      self: [feed.feed_url],
      entries: (feed.items ?? []).map(item => ({
        id: item.id,
        link: item.url,
        title: item.title,
        published: instant(item.date_published),
        updated: instant(item.date_modified),
        authors: (item.authors ?? []).map(author => author.name),
        terms: item.tags ?? [],
        language: item.language,
        summary: collapse(item.summary ?? item.content_text ?? ''),
        body: item.content_html,
        external: item.external_url,
        enclosures: (item.attachments ?? []).map(a => ({ url: a.url, length: a.size_in_bytes, type: a.mime_type })),
        duration: item.attachments?.[0]?.duration_in_seconds,
        images: item.image ? [{ url: item.image }] : [],
      })),
    }
  },
}

let passed = 0
let failed = 0
function check(where, differences) {
  if (differences.length > 0) failed += 1
  else passed += 1
  for (const what of differences) console.log(`${where}: ${what}`)
}

function same(differences, field, expected, got) {
  const [a, b] = [JSON.stringify(expected), JSON.stringify(got)]
  if (a !== b) differences.push(`${field}: expected ${a}, found ${b}`)
}

function compareFeed(name, format, want, feed) {
  const differences = []
  same(differences, 'title', want.title, feed.title)
  same(differences, 'home', want.home ?? `https://gazette.example/${name}/`, feed.home)
  same(differences, 'self', [`http://127.0.0.1:8080/feeds/${name}.${format}`], feed.self)
  if (format !== 'atom') same(differences, 'language', book.language, feed.language)
  return differences
}

function compare(format, bodies, want, entry) {
  const differences = []
  for (const field of ['id', 'link', 'title', 'authors']) same(differences, field, want[field], entry[field])
  same(differences, 'published', instant(want.published), entry.published)
  // Atom must say when an entry was updated; the others only if the document does.
  same(differences, 'updated', instant(want.updated ?? (format === 'atom' ? want.published : undefined)), entry.updated)
  if (format === 'rss') same(differences, 'guid is the link', want.id === want.link, entry.permalink)
  const terms = [...want.tags, ...(want.sections ?? [])]
  same(differences, 'terms missing', [], terms.filter(term => !entry.terms.includes(term)))
  // feedsmith doesn't read xml:lang.
  if (format !== 'atom') same(differences, 'language', want.language ?? book.language, entry.language ?? book.language)
  if (!entry.summary.startsWith(want.summary_start)) {
    same(differences, 'summary', want.summary_start, entry.summary.slice(0, 80))
  }
  const text = plain(entry.body ?? '')
  if (bodies) {
    same(differences, 'not in the body', [], want.body_has.map(collapse).filter(phrase => !text.includes(phrase)))
    const urls = [...(entry.body ?? '').matchAll(/(?:src|href)="([^"]*)"/g)].map(match => match[1])
    same(differences, 'not absolute in the body', [], urls.filter(url => !/^(https?:\/\/|mailto:)/.test(url)))
    same(differences, 'not linked from the body', [], (want.body_urls ?? []).filter(url => !urls.includes(url)))
  } else {
    same(differences, 'body', '', text)
  }
  const recording = want.enclosure
  same(
    differences,
    'enclosures',
    recording ? [{ url: recording.url, length: recording.length, type: recording.type }] : [],
    entry.enclosures.map(({ url, length, type }) => ({ url, length, type })),
  )
  if (format !== 'atom') same(differences, 'duration', recording?.duration, entry.duration)
  if (format === 'rss') {
    for (const fact of ['episode', 'season', 'explicit']) same(differences, fact, want[fact], entry[fact])
  }
  if (want.image && entry.images) {
    same(differences, 'image', want.image.url, entry.images.find(image => image.url === want.image.url)?.url)
  }
  return differences
}

const tree = process.argv[2]
if (tree === undefined || process.argv.length > 3) {
  console.error('usage: node readback.mjs TREE')
  process.exit(2)
}
const folder = join(tree, 'feeds')
for (const format of FORMATS) {
  const have = readdirSync(folder).filter(name => name.endsWith(`.${format}`)).sort()
  const differences = []
  same(differences, 'feeds', Object.keys(book.feeds).map(name => `${name}.${format}`).sort(), have)
  check(`feeds/*.${format}`, differences)
}
for (const [name, want] of Object.entries(book.feeds)) {
  const members = want.newest ? 'latest' : name
  const articles = Object.values(book.articles)
    .filter(article => article.feeds.includes(members))
    .sort((a, b) => instant(b.published) - instant(a.published))
    .slice(0, want.newest)
  for (const format of FORMATS) {
    const file = `${name}.${format}`
    let feed
    try {
      feed = readers[format](readFileSync(join(folder, file), 'utf8'))
    } catch (error) {
      check(file, [`can't be read: ${error.message}`])
      continue
    }
    check(file, compareFeed(name, format, want, feed))
    const differences = []
    same(differences, 'entries', articles.map(article => article.link), feed.entries.map(entry => entry.link))
    check(file, differences)
    for (const article of articles) {
      const entry = feed.entries.find(candidate => candidate.link === article.link)
      if (entry) check(`${file}: ${article.title}`, compare(format, want.bodies ?? true, article, entry))
    }
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
