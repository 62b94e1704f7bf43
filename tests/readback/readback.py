"""Reads the published tree of the sample newsroom with feedparser and compares it with what the
documents say.

    python3 readback.py TREE

TREE is the published folder (`public/`). RSS and Atom are read by feedparser, which knows no JSON
Feed: those go through Python's own JSON reader (readback.mjs reads all three). What is expected
stands in expected.json, written by a person who read the documents. Each difference is a line; the
last line counts, and the exit status is 1 if anything differs.
"""

import html
import json
import re
import sys
from calendar import timegm
from datetime import datetime, timezone
from pathlib import Path

import feedparser

FORMATS = ("rss", "atom", "json")


def instant(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def plain(markup):
    """The text that a person sees: tags gone, references read, white space collapsed."""
    return collapse(html.unescape(re.sub(r"<[^>]*>", "", markup)))


def collapse(text):
    return " ".join(text.split())


def show(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat().replace("+00:00", "Z")


def read_xml(path, form):
    """One RSS or Atom feed in the shape that `compare` knows."""
    parsed = feedparser.parse(path.read_bytes())
    if parsed.bozo:
        raise ValueError(f"feedparser: {parsed.bozo_exception}")
    head = parsed.feed
    own = [link.href for link in head.links if link.rel == "self"]
    feed = {"title": head.title, "home": head.link, "language": head.language, "self": own}
    return feed, [read_xml_entry(entry, form) for entry in parsed.entries]


def read_xml_entry(entry, form):
    language = entry.get("language") if form == "rss" else entry.title_detail.language
    # feedparser takes a picture's media:description for content too; that is plain text, a body isn't.
    bodies = [content.value for content in entry.get("content", []) if "<" in content.value]
    found = {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        "published": timegm(entry.published_parsed),
        "updated": timegm(entry.updated_parsed) if "updated_parsed" in entry else None,
        "authors": [author.name for author in entry.get("authors", []) if author.get("name")],
        "tags": {tag.label or tag.term for tag in entry.get("tags", [])},
        "language": language,
        "summary": plain(entry.summary) if form == "rss" else collapse(entry.get("summary", "")),
        "body": bodies[0] if bodies else None,
        "enclosures": [
            {"url": e.href, "length": int(e.length), "type": e.type} for e in entry.enclosures
        ],
    }
    if form == "rss":
        found["images"] = entry.get("media_content", [])
        for fact in ("episode", "season", "duration"):
            if f"itunes_{fact}" in entry:
                found[fact] = seconds(entry[f"itunes_{fact}"])
    return found


def seconds(text):
    """`32:46` and `1966` alike."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def read_json(path):
    parsed = json.loads(path.read_bytes())
    feed = {
        "title": parsed["title"],
        "home": parsed["home_page_url"],
        "language": parsed["language"],
        "self": [parsed["feed_url"]],
    }
    return feed, [read_json_item(item) for item in parsed["items"]]


def read_json_item(item):
    return {
        "id": item["id"],
        "link": item["url"],
        "title": item["title"],
        "published": instant(item["date_published"]),
        "updated": instant(item["date_modified"]) if "date_modified" in item else None,
        "authors": [author["name"] for author in item.get("authors", [])],
        "tags": set(item.get("tags", [])),
        "language": item.get("language"),
        "summary": collapse(item.get("summary") or item.get("content_text", "")),
        "body": item.get("content_html"),
        "external": item.get("external_url"),
        "enclosures": [
            {"url": a["url"], "length": a["size_in_bytes"], "type": a["mime_type"]}
            for a in item.get("attachments", [])
        ],
        "images": [{"url": item["image"]}] if "image" in item else [],
    }


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, where, differences):
        """Counts one thing that was looked at, and prints how it differs."""
        if differences:
            self.failed += 1
        else:
            self.passed += 1
        for what in differences:
            print(f"{where}: {what}")


def compare_feed(want, name, form, language, found):
    home = want.get("home", f"https://gazette.example/{name}/")
    for field, expected, got in (
        ("title", want["title"], found["title"]),
        ("home", home, found["home"]),
        ("language", language, found["language"]),
        ("self", [f"http://127.0.0.1:8080/feeds/{name}.{form}"], found["self"]),
    ):
        if expected != got:
            yield f"{field}: expected {expected!r}, found {got!r}"


def compare(want, form, language, bodies, found):
    """Everything in which an entry differs from its article."""
    for field in ("id", "link", "title", "authors"):
        if want[field] != found[field]:
            yield f"{field}: expected {want[field]!r}, found {found[field]!r}"
    if instant(want["published"]) != found["published"]:
        yield f"published: expected {want['published']}, found {show(found['published'])}"
    # Atom must say when an entry was updated; the others only if the document does.
    updated = want.get("updated") or (want["published"] if form == "atom" else None)
    if (instant(updated) if updated else None) != found["updated"]:
        yield f"updated: expected {updated}, found {found['updated'] and show(found['updated'])}"
    terms = want["tags"] + want.get("sections", [])
    missing = [term for term in terms if term not in found["tags"]]
    if missing:
        yield f"terms: {missing} not among {sorted(found['tags'])}"
    if want.get("language", language) != (found["language"] or language):
        yield f"language: expected {want.get('language', language)}, found {found['language']}"
    if not found["summary"].startswith(want["summary_start"]):
        yield f"summary: expected {want['summary_start']!r}…, found {found['summary'][:80]!r}"
    yield from compare_body(want, bodies, found)
    yield from compare_media(want, found)
    if form == "json" and want.get("external") != found["external"]:
        yield f"external link: expected {want.get('external')}, found {found['external']}"


def compare_body(want, bodies, found):
    if not bodies:
        if found["body"]:
            yield "body: expected none"
        return
    text = plain(found["body"] or "")
    for phrase in want["body_has"]:
        if collapse(phrase) not in text:
            yield f"body: {phrase!r} is not in it"
    urls = re.findall(r'(?:src|href)="([^"]*)"', found["body"] or "")
    for url in urls:
        if not re.match(r"https?://|mailto:", url):
            yield f"body: {url!r} is not absolute"
    for url in want.get("body_urls", []):
        if url not in urls:
            yield f"body: {url!r} is not among {urls}"


def compare_media(want, found):
    recording = want.get("enclosure")
    expected = [{k: recording[k] for k in ("url", "length", "type")}] if recording else []
    if expected != found["enclosures"]:
        yield f"enclosures: expected {expected}, found {found['enclosures']}"
    for fact in ("episode", "season"):
        if fact in found and want.get(fact) != found[fact]:
            yield f"{fact}: expected {want.get(fact)}, found {found[fact]}"
    if "duration" in found and recording["duration"] != found["duration"]:
        yield f"duration: expected {recording['duration']}, found {found['duration']}"
    if "images" in found and "image" in want:
        image = next((i for i in found["images"] if i["url"] == want["image"]["url"]), None)
        if image is None:
            yield f"image: expected {want['image']['url']}, found {found['images']}"
        for side in ("width", "height"):
            if image and side in image and side in want["image"]:
                if int(image[side]) != want["image"][side]:
                    yield f"image: expected {side} {want['image'][side]}, found {image[side]}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tree = Path(sys.argv[1]) / "feeds"
    book = json.loads((Path(__file__).parent / "expected.json").read_text("utf-8"))
    tally = Tally()

    for form in FORMATS:
        have = {p.name.removesuffix(f".{form}") for p in tree.glob(f"*.{form}")}
        odd = have ^ set(book["feeds"])
        tally.check(f"feeds/*.{form}", [f"{name}: only in one of tree and book" for name in sorted(odd)])

    for name, want in book["feeds"].items():
        bodies = want.get("bodies", True)
        members = "latest" if "newest" in want else name
        articles = [a for a in book["articles"].values() if members in a["feeds"]]
        articles.sort(key=lambda a: a["published"], reverse=True)
        articles = articles[: want.get("newest", len(articles))]
        for form in FORMATS:
            path = tree / f"{name}.{form}"
            try:
                feed, entries = read_json(path) if form == "json" else read_xml(path, form)
            except (OSError, ValueError, KeyError, AttributeError) as error:
                tally.check(path.name, [f"can't be read: {error!r}"])
                continue
            tally.check(path.name, list(compare_feed(want, name, form, book["language"], feed)))
            links = [article["link"] for article in articles]
            got = [entry["link"] for entry in entries]
            order = [f"missing: {link}" for link in links if link not in got]
            order += [f"not expected: {link}" for link in got if link not in links]
            if not order and links != got:
                order = [f"order: expected {links}, found {got}"]
            tally.check(path.name, order)
            by_link = {entry["link"]: entry for entry in entries}
            for article in articles:
                entry = by_link.get(article["link"])
                if entry:
                    differences = list(compare(article, form, book["language"], bodies, entry))
                    tally.check(f"{path.name}: {article['title']}", differences)

    print(f"{tally.passed} passed, {tally.failed} failed")
    sys.exit(1 if tally.failed else 0)


main()
