// Articles that try to run a script: on the feed's own page, and in a page that does what careless
// readers do, which is to put a feed's HTML into itself.

import * as look from "./look.mjs";
import { check, checkNone } from "./tell.mjs";

/** `name` is a feed whose articles call `alert`; `articles` is how many it has. */
export async function hostile(browser, base, { name, articles }) {
  const feed = await (await fetch(`${base}/feeds/${name}.json`)).json();
  check(`${name}: all hostile articles are in the feed`, feed.items.length === articles, `${feed.items.length} of ${articles}`);
  await onItsPage(browser, base, name);
  await inAReader(browser, base, name, feed);
}

async function onItsPage(browser, base, name) {
  const page = await browser.page(base);
  await page.open(`${base}/feeds/${name}/`);
  checkNone(`${name}: nothing runs on the feed's page`, page.alarms);
  checkNone(`${name}: nothing on the feed's page can run`, await page.run(look.inert));
  checkNone(`${name}: the browser has nothing to refuse on the feed's page`, page.complaints);
  await page.close();
}

async function inAReader(browser, base, name, feed) {
  const page = await browser.page(base);
  const html = feed.items.map((item) => item.content_html ?? "");
  const texts = feed.items.map((item) => [item.title, item.summary ?? ""].join(" "));
  const wrong = await page.run(inject, html);
  checkNone(`${name}: nothing runs in a page that shows content_html`, page.alarms);
  checkNone(`${name}: nothing in content_html can run`, wrong);
  check(`${name}: titles stay text`, texts.some((text) => text.includes("<script>")), "no title holds what its author wrote");
  // The trap is set: what must not be there would have been heard.
  await page.run(inject, ["<img src=https://gazette.example/x onload=\"alert('control')\">"]);
  check(`${name}: a script that runs is heard`, page.alarms.includes("control"), page.alarms.join(" "));
  await page.close();
}

/** Shows HTML as a reader would, lets everything in it happen that happens by itself, points and clicks. */
async function inject(all) {
  const wrong = [];
  for (const html of all) {
    const place = document.createElement("div");
    document.body.append(place);
    place.innerHTML = html;
    for (const element of place.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) wrong.push(`${element.localName} has ${name}`);
        if (/^\s*(javascript|vbscript|data:text)/i.test(value.replace(/[\0-\x20]/g, ""))) {
          wrong.push(`${element.localName} has ${name}="${value}"`);
        }
      }
      for (const event of ["mouseover", "focus", "toggle", "animationstart", "beforetoggle"]) {
        element.dispatchEvent(new Event(event, { bubbles: true }));
      }
    }
    // What is read back and shown again must not turn into something else.
    place.innerHTML = place.innerHTML;
    await Promise.all([...place.querySelectorAll("img")].map((image) => {
      image.loading = "eager";
      return image.complete ? null : new Promise((done) => ["load", "error"].forEach((e) => image.addEventListener(e, done)));
    }));
    place.querySelectorAll("script, iframe, object, embed, svg, math, form, style, base, link, meta").forEach((e) => {
      if (e.localName !== "iframe" || !e.hasAttribute("sandbox")) wrong.push(`${e.localName} is left in “${html.slice(0, 60)}”`);
    });
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return wrong;
}
