// The pages of a running `serve`, in Debian's Chromium. `node tests/browser/pages.mjs BASE PAGES.json FOLDER`:
// each page of the list is looked at in light and dark, on a phone and a desk, in print, by keyboard and
// as a screen reader is given it; pictures of it are left in FOLDER. A page in PAGES.json says what it
// should show: `path`, `title`, `language`, `direction`, `text` (all to be found), `absent` (none of it), `headings` (the
// first), `landmarks`, `links` (names). Whatever fails is told with its place.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { launch } from "./chromium.mjs";
import { hostile } from "./hostile.mjs";
import * as look from "./look.mjs";
import { check, checkNone, done } from "./tell.mjs";

/** Reflow (WCAG 1.4.10), a phone, a desk. */
const WIDTHS = [320, 400, 1200];
const SCHEMES = ["light", "dark"];
const [TAB, ENTER] = [["Tab", 9], ["Enter", 13]];
const LANDMARKS = ["banner", "main", "contentinfo", "navigation", "region"];

const [base, list, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const { pages, feeds = [] } = JSON.parse(readFileSync(list, "utf8"));
const browser = await launch();
try {
  for (const wanted of pages) await page(wanted);
  for (const feed of feeds) await hostile(browser, base, feed);
} finally {
  await browser.close();
}
done();

async function page(wanted) {
  const name = wanted.path.replace(/^\/|\/$/g, "").replaceAll("/", "-");
  const page = await browser.page(base);
  await page.width(1200);
  await page.media("light");
  await page.open(base + wanted.path);
  await content(page, wanted);
  for (const width of WIDTHS) {
    await page.width(width);
    for (const scheme of SCHEMES) {
      await page.media(scheme);
      await page.settle();
      const at = `${wanted.path} ${width} px ${scheme}`;
      if (scheme === "light") {
        checkNone(`${at}: nothing is cut off`, await page.run(look.overflow));
        checkNone(`${at}: nothing overlaps`, await page.run(look.overlap));
        checkNone(`${at}: links are big enough`, await page.run(look.targets));
        checkNone(`${at}: lines are short enough`, await page.run(look.measure));
      }
      checkNone(`${at}: text stands out`, await page.run(look.contrasts));
      if (width !== 320) await page.screenshot(join(folder, `${name}-${width}-${scheme}.png`), true);
    }
  }
  await keyboard(page, wanted);
  await reader(page, wanted);
  await print(page, wanted, name);
  checkNone(`${wanted.path}: the browser has nothing to complain of`, page.complaints);
  requests(page, wanted);
  await page.close();
}

async function content(page, { path, title, language, direction, text = [], absent = [] }) {
  const seen = await page.run(() => ({
    title: document.title,
    language: document.documentElement.lang,
    direction: getComputedStyle(document.documentElement).direction,
    text: document.body.innerText.replace(/\s+/g, " "),
  }));
  check(`${path}: title`, seen.title === title, `it is “${seen.title}”, not “${title}”`);
  check(`${path}: language`, seen.language === language, `it is “${seen.language}”, not “${language}”`);
  check(`${path}: direction`, seen.direction === direction, `it is ${seen.direction}`);
  checkNone(`${path}: text`, text.filter((t) => !seen.text.includes(t)).map((t) => `“${t}” isn't there`));
  checkNone(`${path}: no text that doesn't belong`, absent.filter((t) => seen.text.includes(t)).map((t) => `“${t}” is there`));
  checkNone(`${path}: nothing in it can run`, await page.run(look.inert));
  checkNone(`${path}: pictures`, await page.run(look.pictures));
  const shift = await page.run(look.shifts);
  check(`${path}: nothing moves while it loads`, shift < 0.01, `layout shift ${shift.toFixed(3)}`);
  if (await page.run(() => document.querySelector("article img") !== null)) {
    const side = await page.run(look.sides);
    const ordered = direction === "rtl"
      ? side.when > side.heading && side.heading > side.picture
      : side.when < side.heading && side.heading < side.picture;
    check(`${path}: columns stand in reading direction`, ordered, JSON.stringify(side));
  }
}

/** Tab reaches every link in the order of the document and shows where it is; the skip link skips. */
async function keyboard(page, { path }) {
  await page.media("light");
  await page.width(1200);
  await page.run(() => scrollTo(0, 0));
  const links = await page.run(() => document.querySelectorAll("a[href]").length);
  const wrong = [];
  const reached = [];
  for (let i = 0; i < links; i++) {
    await page.press(...TAB);
    const at = await page.run(look.focus);
    if (at === null) break;
    reached.push(at.at);
    wrong.push(...at.wrong.map((what) => `${at.where} ${what}`));
  }
  const inOrder = reached.length === links && reached.every((at, i) => at === i);
  check(`${path}: Tab reaches every link, in order`, inOrder, `${links} links, reached ${reached.join(" ")}`);
  checkNone(`${path}: focus can be seen`, wrong);
  await page.run(() => document.querySelector(".skip").focus());
  await page.press(...ENTER);
  await page.press(...TAB);
  const after = await page.run(look.focus);
  check(`${path}: the skip link leads into the content`, after?.isInMain, JSON.stringify(after));
  await page.run(() => document.activeElement.blur());
}

async function reader(page, { path, title, headings = [], landmarks = [], links = [], images = [] }) {
  const tree = await page.tree();
  const of = (...roles) => tree.filter((node) => roles.includes(node.role));
  const [root] = of("RootWebArea");
  check(`${path}: screen reader: title`, root?.name === title, `“${root?.name}”`);

  const told = of("heading");
  const jumps = told.filter((h, i) => h.level > (told[i - 1]?.level ?? 0) + 1).map((h) => `“${h.name}” jumps to ${h.level}`);
  checkNone(`${path}: screen reader: headings are in order`, jumps);
  check(`${path}: screen reader: one heading of level 1`, told.filter((h) => h.level === 1).length === 1, "");
  const begin = told.slice(0, headings.length).map((h) => `${h.level} ${h.name}`);
  check(`${path}: screen reader: headings`, begin.join("|") === headings.join("|"), begin.join("|"));

  const marks = of(...LANDMARKS).map((m) => `${m.role} ${m.name}`.trim());
  check(`${path}: screen reader: landmarks`, marks.join("|") === landmarks.join("|"), marks.join("|"));

  const nameless = of("link", "heading", "region", "navigation").filter((node) => !node.name.trim());
  checkNone(`${path}: screen reader: all have names`, nameless.map((node) => `a ${node.role} has none`));
  const has = (nodes, name) => nodes.some((node) => node.name === name);
  checkNone(`${path}: screen reader: links`, links.filter((l) => !has(of("link"), l)).map((l) => `no link “${l}”`));
  checkNone(`${path}: screen reader: pictures`, images.filter((i) => !has(of("image", "img"), i)).map((i) => `no picture “${i}”`));
}

/** On A4 within its margins: 178 mm are 673 px. */
async function print(page, { path }, name) {
  await page.width(673);
  await page.media("dark", "print");
  const at = `${path} in print`;
  checkNone(`${at}: nothing is cut off`, await page.run(look.overflow));
  checkNone(`${at}: nothing overlaps`, await page.run(look.overlap));
  checkNone(`${at}: text stands out`, await page.run(look.contrasts));
  const seen = await page.run(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
    left: [...document.querySelectorAll(".skip, .open, nav, .website")].filter((e) => e.checkVisibility()).length,
  }));
  check(`${at}: black on white`, seen.paper === "rgb(255, 255, 255)" && seen.ink === "rgb(0, 0, 0)", JSON.stringify(seen));
  check(`${at}: nothing that only a screen can do`, seen.left === 0, `${seen.left} such elements are left`);
  await page.screenshot(join(folder, `${name}-print.png`), true);
  const pdf = await page.pdf(join(folder, `${name}.pdf`));
  check(`${at}: makes a document`, pdf.subarray(0, 5).toString() === "%PDF-", "it isn't a PDF");
}

/** A page asks for nothing but pictures, and tells nobody where they are shown. */
function requests(page, { path }) {
  const wrong = page.requests.filter((r) => r.kind !== "Image").map((r) => `${r.kind} ${r.url}`);
  const told = page.requests.filter((r) => r.referrer).map((r) => `${r.url} is told of ${r.referrer}`);
  checkNone(`${path}: only pictures are fetched`, wrong);
  checkNone(`${path}: nobody is told where they are shown`, told);
}
