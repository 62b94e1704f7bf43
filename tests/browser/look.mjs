// What is looked at in a page, as functions that run inside it. Each gives back complaints, one
// sentence a piece: what is wrong, and where.

/** What the functions below share; put before each. */
function tools() {
  const where = (element) => {
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    const name = element.localName + [...element.classList].map((c) => `.${c}`).join("");
    return `${element.parentElement?.localName ?? ""}>${name} “${text}”`;
  };
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(".skip:not(:focus)");
  /** Every piece of text and every picture that is to be seen, with the boxes that it fills. */
  const pieces = () => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.data.trim() && isShown(node.parentElement)) {
        const range = document.createRange();
        range.selectNodeContents(node);
        found.push({ element: node.parentElement, boxes: [...range.getClientRects()] });
      }
    }
    for (const image of document.images) {
      if (isShown(image)) found.push({ element: image, boxes: [image.getBoundingClientRect()] });
    }
    return found;
  };
  /** sRGB and opacity of whatever colour CSS names, as a canvas paints it. */
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  /** The first background behind an element that hides what is behind it. */
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba("Canvas");
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** WCAG 2.2's contrast ratio, 1 to 21. */
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  return { where, isShown, pieces, rgba, background, contrast };
}

const looking = (body) => `() => { const { where, isShown, pieces, rgba, background, contrast } = (${tools})(); return (${body})(); }`;

/** Nothing stands outside the window, sideways. */
export const overflow = looking(`() => {
  // A phone would zoom out, and call that its width.
  const wide = document.documentElement.clientWidth;
  const wrong = document.scrollingElement.scrollWidth > wide
    ? ["the page is " + document.scrollingElement.scrollWidth + " px wide in a window of " + wide] : [];
  for (const { element, boxes } of pieces()) {
    for (const box of boxes) {
      if (box.left < -0.5 || box.right > wide + 0.5) {
        wrong.push(where(element) + " stands from " + box.left + " to " + box.right + " in a window of " + wide);
      }
    }
  }
  return wrong;
}`);

/** No text or picture lies on another. Fonts' boxes may touch a little: ascenders are seldom used up. */
export const overlap = looking(`() => {
  const GRACE = 3;
  const all = pieces().flatMap(({ element, boxes }, piece) => boxes.map((box) => ({ element, box, piece })));
  all.sort((a, b) => a.box.top - b.box.top);
  const wrong = [];
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length && all[j].box.top < all[i].box.bottom - GRACE; j++) {
      const [a, b] = [all[i], all[j]];
      if (a.piece === b.piece || a.box.width < 1 || b.box.width < 1) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across > GRACE && down > GRACE) wrong.push(where(a.element) + " lies on " + where(b.element));
    }
  }
  return wrong;
}`);

/** WCAG 2.5.8: what can be tapped is 24 px high and wide, unless it stands in a sentence. */
export const targets = looking(`() => [...document.querySelectorAll("a[href], button, input, summary")]
  .filter((e) => isShown(e))
  .filter((e) => !(getComputedStyle(e).display === "inline" && e.parentElement.textContent.trim() !== e.textContent.trim()))
  .flatMap((e) => {
    const { width, height } = e.getBoundingClientRect();
    return width < 24 || height < 24 ? [where(e) + " is " + width.toFixed(1) + " by " + height.toFixed(1) + " px"] : [];
  })`);

/** Lines of running text have at most 90 characters. */
export const measure = looking(`() => [...document.querySelectorAll("p")].filter((p) => isShown(p)).flatMap((p) => {
  const range = document.createRange();
  range.selectNodeContents(p);
  const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 4))).size;
  const long = p.textContent.length / Math.max(lines, 1);
  return long > 90 ? [where(p) + " has " + long.toFixed(0) + " characters a line"] : [];
})`);

/** WCAG 1.4.3: text stands out from what is behind it. */
export const contrasts = looking(`() => {
  const wrong = new Set();
  for (const { element } of pieces()) {
    if (element.localName === "img") continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = contrast(rgba(style.color), background(element));
    if (ratio < least) wrong.add(where(element) + " has a contrast of " + ratio.toFixed(2) + ", and needs " + least);
  }
  return [...wrong];
}`);

/** A picture says what it shows (or that it shows nothing), keeps its place, and tells nobody of us. */
export const pictures = looking(`() => [...document.images].flatMap((image) => [
  image.hasAttribute("alt") ? "" : "has no alt",
  image.loading === "lazy" ? "" : "isn't lazy",
  image.referrerPolicy === "no-referrer" ? "" : "sends a referrer",
  getComputedStyle(image).aspectRatio.includes("/") ? "" : "keeps no place",
  image.complete && image.naturalWidth > 0 ? "" : "isn't there",
].filter(Boolean).map((what) => image.src + " " + what))`);

/** Nothing in the page could run, whatever an article says. */
export const inert = looking(`() => {
  const wrong = [...document.querySelectorAll("script, iframe, object, embed, form, base, meta[http-equiv=refresh]")].map((e) => where(e));
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") wrong.push(where(element) + " has " + name);
      if (element.matches("link[rel=icon]") && value.startsWith("data:image/svg+xml,")) continue;
      if (["href", "src", "action", "formaction"].includes(name) && !/^(https?|feed):$/.test(new URL(value, location).protocol)) {
        wrong.push(where(element) + " leads to " + value);
      }
    }
  }
  return wrong;
}`);

/** Where the keyboard is, and whether that can be seen. */
export const focus = looking(`() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const around = background(e.parentElement);
  const wrong = [];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push("shows no focus");
  else if (contrast(rgba(style.outlineColor), around) < 3) wrong.push("shows its focus in too faint a colour");
  if (box.bottom < 1 || box.top > innerHeight - 1 || box.width < 1) wrong.push("is out of view");
  return { at: [...document.querySelectorAll("a[href]")].indexOf(e), where: where(e), isInMain: !!e.closest("main"), wrong };
}`);

/** How far the page moved while it was loaded and read: the sum of its layout shifts. */
export const shifts = () =>
  new Promise((done) => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)));
    observer.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => {
      observer.takeRecords().forEach((entry) => (sum += entry.value));
      done(sum);
    });
  });

/** Where in the first article with a picture its parts stand. */
export const sides = () => {
  const article = [...document.querySelectorAll("article")].find((a) => a.querySelector("img"));
  const middle = (element) => {
    const { left, right } = element.getBoundingClientRect();
    return (left + right) / 2;
  };
  return {
    direction: getComputedStyle(article).direction,
    when: middle(article.querySelector(".when")),
    heading: middle(article.querySelector("hgroup")),
    picture: middle(article.querySelector("img")),
  };
};
