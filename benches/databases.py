#!/usr/bin/env python3
"""Measures PostgreSQL and MariaDB as sources, beside the same articles as Markdown files.

    cargo build --release
    benches/databases.py                       20,000 articles, 3 rounds
    benches/databases.py --articles 100000
    benches/databases.py --changes             one row changed of 1,000 and of 100,000, under `serve`
    benches/databases.py --memory 1000000      peak memory of a cold run, beside that of a tenth

The articles are those of corpus.py without its drafts, put into a table `stories`. The servers are
Debian's (`tests/run --install` unpacks them), each started here on a free port of the loopback address
with its own defaults, and stopped at the end. "client" is the engine's own, which writes the query that
feedwright asks to a null device.
"""

import argparse
import contextlib
import glob
import http.client
import json
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bench"
DEBS = ROOT / "target" / "tests-debs"
FEEDWRIGHT = ROOT / "target" / "release" / "feedwright"
COLUMNS = ("id", "title", "summary", "section", "tags", "authors", "published", "body", "body_format", "changed")
QUERY = f"select {', '.join(COLUMNS)} from stories"
SITE = """
[site]
title = "Made News"
url = "https://made.example/"
base_url = "https://feeds.made.example/"

[[feed]]
name = "latest"

[[feed]]
name = "{section}"
each = "section"
"""


def program(pattern):
    for root in (pathlib.Path("/"), DEBS):
        found = sorted(glob.glob(str(root / pattern)))
        if found:
            return found[-1]
    sys.exit(f"{pattern} is missing: tests/run --install")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_nobody():
    """Database servers refuse root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=TERM"]


def folder_for_server(name):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder


def quietly(command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


class Postgres:
    name = "PostgreSQL"
    scheme = "postgres"
    text = "text"

    def __init__(self):
        self.bin = pathlib.Path(program("usr/lib/postgresql/*/bin/initdb")).parent
        self.folder = folder_for_server("postgres")
        self.port = free_port()
        data = self.folder / "data"
        quietly([*as_nobody(), self.bin / "initdb", "-D", data, "-U", "desk", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"], cwd=self.folder)
        self.server = subprocess.Popen(
            [*as_nobody(), self.bin / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder, "-h", "127.0.0.1"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.url = f"postgres://desk@127.0.0.1:{self.port}/postgres"
        wait_for("PostgreSQL", lambda: self.sql("select 1"))

    def client(self, *more):
        psql = program("usr/lib/postgresql/*/bin/psql")
        return [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "desk", "postgres", *more]

    def sql(self, text):
        return subprocess.run(self.client("-c", text), capture_output=True).returncode == 0

    def load(self, file):
        quietly(self.client("-c", f"\\copy stories from '{file}'"))
        self.sql("analyze stories")

    def dump(self):
        quietly(self.client("-c", f"\\copy ({QUERY}) to '/dev/null'"))

    def stop(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait()


class Mariadb:
    name = "MariaDB"
    scheme = "mysql"
    text = "longtext"

    def __init__(self):
        server = program("usr/sbin/mariadbd")
        root = pathlib.Path(server).parents[2]
        self.folder = folder_for_server("mariadb")
        self.port, data = free_port(), self.folder / "data"
        install = program("usr/bin/mariadb-install-db")
        env = {**os.environ, "PATH": f"{root}/usr/sbin:{root}/usr/bin:{os.environ['PATH']}"}
        quietly([*as_nobody(), install, "--no-defaults", f"--basedir={root}/usr", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"], cwd=self.folder, env=env)
        self.socket = self.folder / "sock"
        self.server = subprocess.Popen(
            [*as_nobody(), server, "--no-defaults", f"--datadir={data}", f"--lc-messages-dir={root}/usr/share/mysql",
             f"--socket={self.socket}", "--bind-address=127.0.0.1", f"--port={self.port}", f"--pid-file={self.folder}/pid"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_for("MariaDB", lambda: self.sql("select 1", ""))
        self.sql("create database desk character set utf8mb4; create user desk@127.0.0.1; grant select on desk.* to desk@127.0.0.1; create user desk@localhost; grant select on desk.* to desk@localhost", "")
        self.url = f"mysql://desk@127.0.0.1:{self.port}/desk"

    def client(self, *more, database="desk"):
        mariadb = program("usr/bin/mariadb")
        return [mariadb, "--no-defaults", "--default-character-set=utf8mb4", "--local-infile=1", f"--socket={self.socket}", "-uroot", *([database] if database else []), *more]

    def sql(self, text, database="desk"):
        return subprocess.run(self.client("-e", text, database=database), capture_output=True).returncode == 0

    def load(self, file):
        quietly(self.client("-e", f"load data local infile '{file}' into table stories character set utf8mb4"))
        self.sql("analyze table stories")

    def dump(self):
        quietly(self.client("--quick", "-e", QUERY))

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()


def wait_for(what, ready):
    begin = time.monotonic()
    while not ready():
        if time.monotonic() - begin > 120:
            sys.exit(f"waited too long for {what}")
        time.sleep(0.02)


def create(engine):
    key = "varchar(190)" if engine is not None and engine.scheme == "mysql" else "text"
    text = engine.text
    engine.sql("drop table if exists stories")
    engine.sql(
        f"create table stories (id {key} primary key, title {text}, summary {text}, section {text}, tags {text}, "
        f"authors {text}, published {text}, body {text}, body_format {text}, changed bigint not null)"
    )
    engine.sql("create index stories_changed on stories (changed)")


def copied(value):
    """As COPY and LOAD DATA read it."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def rows(folder):
    """The made articles: what their front matter says, and their Markdown."""
    for at, file in enumerate(sorted(folder.rglob("*.md"))):
        _, head, body = file.read_text().split("---\n", 2)
        facts = dict(re.findall(r"^(\w+): (.*)$", head, re.M))
        if facts.get("draft") == "true":
            continue
        plain = {k: v.strip("\"'[]") for k, v in facts.items()}
        name = str(file.relative_to(folder).with_suffix(""))
        yield (
            name, plain["title"], plain.get("description", ""), name.split("/")[0],
            plain.get("tags", "").replace('"', ""), plain.get("author", plain.get("authors", "")).replace('"', ""),
            plain["date"], body, "markdown", str(at + 1),
        )


def corpus(articles):
    folder = WORK / f"feedwright-{articles}" / "content"
    if not folder.exists():
        quietly([sys.executable, ROOT / "benches/corpus.py", folder, str(articles)])
    table = WORK / f"stories-{articles}.tsv"
    if not table.exists():
        with table.open("w") as out:
            for row in rows(folder):
                out.write("\t".join(map(copied, row)) + "\n")
    table.chmod(0o644)
    return folder, table


def newsroom(name, source):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "feeds.toml").write_text(SITE + source)
    return folder


def database(engine, more=""):
    return (
        f'[[source]]\nname = "desk"\nkind = "database"\nurl = "{engine.url}"\ntime_limit = "10m"\n'
        f'query = "{QUERY}"\npermalink = "/{{id}}/"\n{more}'
    )


def resident_mb(pid):
    fields = pathlib.Path(f"/proc/{pid}/status").read_text().split()
    return int(fields[fields.index("VmRSS:") + 1]) / 1024 if "VmRSS:" in fields else None


def regenerate(folder, over_time=None):
    """Wall and CPU seconds, peak MB, seconds of the gather step, and the report; resident memory each second, if asked for."""
    begin = time.monotonic()
    process = subprocess.Popen([FEEDWRIGHT, "--format", "json", "regenerate"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while over_time is not None and not select.select([process.stdout], [], [], 1)[0]:
        if resident := resident_mb(process.pid):
            over_time.append((time.monotonic() - begin, resident))
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    report = json.loads(out.splitlines()[-1])
    if os.waitstatus_to_exitcode(status) != 0 or report["failures"]:
        sys.exit(f"{folder.name}: {report['failures']}")
    gather = dict(report["times"])["gather"] / 1000
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, gather, report


def forget(folder):
    for name in ("public", ".feedwright"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "feeds.lock").unlink(missing_ok=True)


def timed(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def cold(options, engines):
    content, table = corpus(options.articles)
    files = newsroom("db-files", f'[[source]]\nname = "made"\npath = "{content}"\npermalink = "/{{path}}/"\n')
    rooms = {}
    for engine in engines:
        create(engine)
        engine.load(table)
        rooms[engine] = newsroom(f"db-{engine.scheme}", database(engine))
    figures = {}
    for _ in range(options.rounds):
        forget(files)
        figures.setdefault("files", []).append(regenerate(files))
        for engine in engines:
            forget(rooms[engine])
            figures.setdefault(engine.name, []).append(regenerate(rooms[engine]))
            figures.setdefault(engine.name + " client", []).append((timed(engine.dump),))
    middle = lambda name, at: statistics.median(f[at] for f in figures[name])
    print(f"\n{options.articles} articles, cold, medians of {options.rounds} rounds\n")
    print(f"{'':12} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'gather s':>9} {'client s':>9} {'of files':>9} {'gather of client':>17}")
    for name in ("files", *(e.name for e in engines)):
        read = figures[name][0][4]["read"]
        row = f"{name:12} {middle(name, 0):8.2f} {middle(name, 1):8.2f} {middle(name, 2):8.0f} {middle(name, 3):9.2f}"
        if name != "files":
            client = middle(name + " client", 0)
            row += f" {client:9.2f} {middle(name, 0) / middle('files', 0):9.2f} {middle(name, 3) / client:17.2f}"
        print(f"{row}   {read} read")


@contextlib.contextmanager
def serving(folder):
    process = subprocess.Popen([FEEDWRIGHT, "serve", "--listen", "127.0.0.1:0", "--admin", "none"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(re.search(r":(\d+)/", process.stdout.readline()).group(1))
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def changes(options, engines):
    """From COMMIT to the new bytes served: told by NOTIFY, where the engine can; else at the next look."""
    postgres = engines[0]
    print(f"\none row changed, PostgreSQL with `listen`, medians of {options.edits}: ms from COMMIT to served, CPU ms\n")
    medians = []
    for articles in options.sizes:
        _, table = corpus(articles)
        create(postgres)
        postgres.load(table)
        postgres.sql(
            "create or replace function told() returns trigger language plpgsql as $$ begin notify stories; return null; end $$;"
            "create trigger told after insert or update or delete on stories for each statement execute function told()"
        )
        folder = newsroom("db-listen", database(postgres, 'changed_since = "changed"\nlisten = "stories"\n'))
        newest = subprocess.run(postgres.client("-At", "-c", "select id from stories order by published desc limit 1"), capture_output=True, text=True).stdout.strip()
        with serving(folder) as (process, port):
            connection = http.client.HTTPConnection("127.0.0.1", port)

            def served():
                connection.request("GET", "/feeds/latest.json")
                reply = connection.getresponse()
                body = reply.read()
                return body if reply.status == 200 else b""

            wait_for("the first run", served)
            time.sleep(2)
            times, before = [], cpu_ms(process.pid)
            for n in range(options.edits):
                mark = f"Mark {n} {time.time_ns()}"
                update = f"update stories set body = body || E'\\n\\n{mark}', changed = changed + 1000000 where id = '{newest}'"
                if not postgres.sql(update):
                    sys.exit("the row can't be changed")
                begin = time.monotonic()
                wait_for(mark, lambda mark=mark: mark.encode() in served() or time.sleep(0.0005))
                times.append(1000 * (time.monotonic() - begin))
                time.sleep(0.5)
            cpu = (cpu_ms(process.pid) - before) / options.edits
        medians.append(statistics.median(times))
        print(f"{articles:9} rows {medians[-1]:8.1f} {cpu:8.1f}   ({' '.join(f'{t:.0f}' for t in times)})")
    print(f"largest of smallest: {max(medians) / min(medians):.2f}")


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(options, engines):
    """Peak memory of a cold run, of so many rows and of a tenth: 100 bodies, each told apart by its number."""
    postgres = engines[0]
    _, table = corpus(2000)
    peaks = []
    for count in (options.memory // 10, options.memory):
        create(postgres)
        postgres.load(table)
        done = postgres.sql(
            "create table base as select row_number() over (order by id) - 1 as n, s.* from stories s limit 100;"
            "truncate stories;"
            "insert into stories select 'made/' || g, title || ' ' || g, summary, section, tags, authors, "
            "to_char(timestamp '2000-01-01' + g * interval '10 minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
            f"'Number ' || g || E'\\n\\n' || body, body_format, g from generate_series(1, {count}) g join base on base.n = g % 100;"
            "drop table base; analyze stories"
        )
        if not done:
            sys.exit("the rows can't be made")
        folder = newsroom("db-memory", database(postgres).replace("10m", "2h"))
        over_time = []
        wall, cpu, peak, gather, report = regenerate(folder, over_time)
        state = sum(f.stat().st_size for f in (folder / ".feedwright").iterdir())
        peaks.append(peak)
        print(f"{count:9} rows: {wall:.1f} s, {cpu:.1f} s CPU, gather {gather:.1f} s, peak {peak:.0f} MB, state {state / 1e6:.0f} MB, {report['read']} read")
        told = over_time[:: max(1, len(over_time) // 20)]
        print("          resident, s: MB  " + "  ".join(f"{at:.0f}: {mb:.0f}" for at, mb in told), flush=True)
        again, cpu, peak, _, report = regenerate(folder)
        print(f"          again, nothing changed: {again:.1f} s, {cpu:.1f} s CPU, peak {peak:.0f} MB, {report['changed']} changed", flush=True)
        shutil.rmtree(folder)
    print(f"peak of ten times the rows: {peaks[1] / peaks[0]:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changes", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--edits", type=int, default=15)
    parser.add_argument("--memory", type=int, metavar="ROWS")
    options = parser.parse_args()
    engines = []
    try:
        engines.append(Postgres())
        if options.memory:
            memory(options, engines)
        elif options.changes:
            changes(options, engines)
        else:
            engines.append(Mariadb())
            cold(options, engines)
    finally:
        for engine in engines:
            engine.stop()


if __name__ == "__main__":
    main()
