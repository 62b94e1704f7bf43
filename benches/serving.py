#!/usr/bin/env python3
"""Measures serving beside nginx and a bare hyper server, interleaved in one go.

    cargo build --release --examples --bins
    benches/serving.py                  5 rounds of 4 seconds each
    benches/serving.py --idle 5000      how many idle connections memory is measured at

One edition of 50 entries, on loopback, HTTP/1.1. Each server has one core, the load generator (wrk, 64
connections) the other. A 200 is the edition in gzip, a 304 a request that names its tag. Prints requests
a second, CPU microseconds a request, and what each keeps in memory, at rest and with idle connections
that have asked once. nginx and wrk are Debian's, unpacked below target/bench/ and not installed.
"""

import argparse
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bench"
DEBS = WORK / "debs"
FEEDWRIGHT = ROOT / "target" / "release" / "feedwright"
BARE = ROOT / "target" / "release" / "examples" / "bare"
PACKAGES = ("nginx", "wrk", "libluajit-5.1-2", "libpcre2-8-0", "libssl3", "zlib1g", "libcrypt1")
FEED = "/feeds/latest.rss"
SERVER_CORE, LOAD_CORE = "0", "1"

NGINX = """
worker_processes 1;
daemon off;
pid {work}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 300s;
    keepalive_requests 100000000;
    open_file_cache max=1000 inactive=60s;
    client_body_temp_path {work}/nginx-body; proxy_temp_path {work}/nginx-proxy;
    fastcgi_temp_path {work}/nginx-fastcgi; uwsgi_temp_path {work}/nginx-uwsgi;
    scgi_temp_path {work}/nginx-scgi;
    types {{ application/rss+xml rss; }}
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        root {tree};
        gzip_static on;
        add_header Cache-Control "public, max-age=300";
        add_header Vary Accept-Encoding;
    }}
}}
"""


def unpack():
    if (DEBS / "usr/sbin/nginx").exists() and (DEBS / "usr/bin/wrk").exists():
        return
    DEBS.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=DEBS, check=True)
    for deb in DEBS.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", deb, DEBS], check=True)
        deb.unlink()


def debian():
    """The environment in which unpacked programs find their libraries."""
    folders = ":".join(str(p) for p in (DEBS / "usr/lib").glob("*-linux-gnu"))
    return {**os.environ, "LD_LIBRARY_PATH": folders}


def newsroom():
    """60 articles of 4 KB, published: the made corpus' own text."""
    folder = WORK / "serving"
    if not (folder / "content").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, ROOT / "benches/corpus.py", folder / "content", "60"], check=True
        )
    (folder / "feeds.toml").write_text(
        '[site]\ntitle = "Made News"\nurl = "https://made.example/"\n'
        'base_url = "https://feeds.made.example/"\n'
        '[[source]]\nname = "made"\npath = "content"\n[[feed]]\nname = "latest"\n'
    )
    subprocess.run([FEEDWRIGHT, "--quiet", "regenerate"], cwd=folder, check=True)
    return folder


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server on one core."""

    def __init__(self, name, command, cwd, port=None, env=None):
        self.name = name
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command], cwd=cwd, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        if port is None:
            port = int(re.search(r"(\d+)(/|\s*$)", self.process.stdout.readline().split("/feeds")[0]).group(1))
        self.port = port
        self.url = f"http://127.0.0.1:{port}{FEED}"
        self.wait()

    def wait(self):
        for _ in range(500):
            try:
                self.head = self.ask({"Accept-Encoding": "gzip"})
                return
            except OSError:
                time.sleep(0.02)
        sys.exit(f"{self.name} doesn't answer")

    def ask(self, headers):
        with urllib.request.urlopen(urllib.request.Request(self.url, headers=headers)) as reply:
            return reply.headers, len(reply.read())

    def pids(self):
        """Of the server and its workers."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split())]

    def cpu_s(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def kilobytes(self):
        total = 0
        for pid in self.pids():
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def load(server, seconds, headers):
    """Requests a second, and CPU microseconds of the server's for each."""
    arguments = [a for h in headers for a in ("-H", h)]
    before = server.cpu_s()
    out = subprocess.run(
        ["taskset", "-c", LOAD_CORE, DEBS / "usr/bin/wrk", "-t1", "-c64", f"-d{seconds}s",
         *arguments, server.url],
        env=debian(), check=True, capture_output=True, text=True,
    ).stdout
    cpu = server.cpu_s() - before
    count = int(re.search(r"(\d+) requests in", out).group(1))
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors.*", out)
    if wrong:
        sys.exit(f"{server.name}: {wrong.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), 1e6 * cpu / count


def idle(server, count):
    """Kilobytes at rest, and for each connection that has asked once and waits."""
    rest = server.kilobytes()
    request = f"GET {FEED} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {server.head[0]['ETag']}\r\n" \
              "Accept-Encoding: gzip\r\n\r\n"
    sockets = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", server.port))
        s.sendall(request.encode())
        s.recv(65536)
        sockets.append(s)
    full = server.kilobytes()
    for s in sockets:
        s.close()
    return rest, (full - rest) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--idle", type=int, default=5000)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unpack()
    folder = newsroom()
    tree = folder / "public"
    gzip = tree / "feeds/latest.rss.gz"
    port = free_port()
    config = WORK / "nginx.conf"
    config.write_text(NGINX.format(work=WORK, port=port, tree=tree))
    servers = [
        Server("feedwright", [FEEDWRIGHT, "serve", "--listen", "127.0.0.1:0", "--admin", "none"], folder),
        Server("bare hyper", [BARE, gzip, '"bare"'], folder),
        Server("nginx", [DEBS / "usr/sbin/nginx", "-c", config, "-p", WORK], folder, port, debian()),
    ]
    try:
        print(f"one edition of {servers[0].head[1]} bytes in gzip, {options.rounds} rounds of {options.seconds} s")
        figures = {}
        for _ in range(options.rounds):
            for server in servers:
                tag = server.head[0]["ETag"]
                for what, headers in (
                    ("200", ["Accept-Encoding: gzip"]),
                    ("304", ["Accept-Encoding: gzip", f"If-None-Match: {tag}"]),
                ):
                    figures.setdefault((server.name, what), []).append(load(server, options.seconds, headers))
        print(f"\n{'':14} {'200 gzip/s':>11} {'CPU µs':>7} {'304/s':>9} {'CPU µs':>7}")
        for server in servers:
            row = [statistics.median(f[at] for f in figures[server.name, what]) for what in ("200", "304") for at in (0, 1)]
            print(f"{server.name:14} {row[0]:11.0f} {row[1]:7.1f} {row[2]:9.0f} {row[3]:7.1f}")
        for peer in ("bare hyper", "nginx"):
            ratios = [
                statistics.median(
                    a[at] / b[at] for a, b in zip(figures["feedwright", what], figures[peer, what])
                )
                for what in ("200", "304") for at in (0, 1)
            ]
            print(f"of {peer:11} {ratios[0]:11.2f} {ratios[1]:7.2f} {ratios[2]:9.2f} {ratios[3]:7.2f}")
        print(f"\n{'':14} {'MB at rest':>11} {'KB a connection':>16}   ({options.idle} idle)")
        for server in servers:
            rest, each = idle(server, options.idle)
            print(f"{server.name:14} {rest / 1024:11.1f} {each:16.1f}")
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
