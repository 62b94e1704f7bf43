#!/usr/bin/env python3
"""Makes a deterministic newsroom to measure with.

    benches/corpus.py DIR N

DIR gets `feeds.toml` and N Markdown articles of about 4 KB below `content/SECTION/YEAR/SLUG.md`: nine
lines of YAML, some thirty sentences, lists, tables and code; 20 sections, one in a hundred a draft.
The same N makes the same bytes everywhere.
"""

import datetime
import pathlib
import random
import sys

SECTIONS = (
    "world politics business economy markets technology science health climate energy "
    "transport housing education courts culture books music sport weather opinion"
).split()
WORDS = (
    "harbour council river market bridge winter quarter engine letter window morning evening "
    "minister teacher doctor pilot captain farmer student writer number answer question silver "
    "copper marble timber cotton garden forest island valley station railway ferry tunnel tower "
    "lantern signal weather season budget report session motion ballot record promise bargain "
    "journey passage cargo anchor compass ladder hammer barrel basket bottle candle carpet "
    "quiet narrow steady sudden distant ancient modern public private careful patient stubborn "
    "arrives leaves opens closes follows carries answers repairs measures promises gathers "
    "against beyond between during without toward under over after before near since"
).split()
AUTHORS = [f"{a} {b}" for a in ("Ada", "Ben", "Cleo", "Dario", "Esme") for b in ("North", "Quay", "Reed", "Stone")]


def sentence(rng):
    words = rng.choices(WORDS, k=rng.randint(9, 20))
    return " ".join(words).capitalize() + "."


def paragraph(rng, sentences):
    return " ".join(sentence(rng) for _ in range(sentences))


def article(rng, number, when):
    title = " ".join(rng.choices(WORDS, k=rng.randint(4, 8))).capitalize()
    tags = ", ".join(sorted(set(rng.choices(WORDS[:60], k=3))))
    head = [
        "---",
        f"title: {title}",
        f"date: {when.isoformat()}",
        f"author: {rng.choice(AUTHORS)}",
        f"tags: [{tags}]",
        f"description: {sentence(rng)}",
        f"draft: {'true' if number % 100 == 99 else 'false'}",
        f"kicker: {' '.join(rng.choices(WORDS, k=4)).capitalize()}",
        "---",
        "",
    ]
    body = [
        paragraph(rng, 6),
        f"## {' '.join(rng.choices(WORDS, k=4)).capitalize()}",
        paragraph(rng, 6),
        "\n".join(f"- {sentence(rng)}" for _ in range(4)),
        paragraph(rng, 5),
        "| place | before | after |\n| --- | --: | --: |\n"
        + "\n".join(
            f"| {rng.choice(WORDS)} | {rng.randint(1, 999)} | {rng.randint(1, 999)} |" for _ in range(4)
        ),
        paragraph(rng, 5),
        "```\n" + "\n".join(f"{rng.choice(WORDS)} = {rng.randint(1, 999)}" for _ in range(4)) + "\n```",
        f"> {sentence(rng)}",
        paragraph(rng, 6) + f" **{rng.choice(WORDS)}** and *{rng.choice(WORDS)}*.",
    ]
    return "\n".join(head) + "\n\n".join(body) + "\n"


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(20240218)
    first = datetime.datetime(2016, 1, 1, 6, 0, tzinfo=datetime.timezone.utc)
    step = datetime.timedelta(days=365 * 10) / count
    for number in range(count):
        when = (first + step * number).replace(microsecond=0)
        section = SECTIONS[number % len(SECTIONS)]
        path = folder / "content" / section / str(when.year) / f"{rng.choice(WORDS)}-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(rng, number, when), encoding="utf-8")
    (folder / "feeds.toml").write_text(
        """[site]
title = "Made News"
url = "https://made.example/"
base_url = "https://feeds.made.example/"

[[source]]
name = "made"
path = "content"
permalink = "/{section}/{year}/{slug}/"

[[feed]]
name = "latest"

[[feed]]
name = "{section}"
each = "section"
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
