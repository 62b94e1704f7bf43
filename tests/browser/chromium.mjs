// Chromium without a window, driven over the DevTools Protocol through a pipe: no port, no package.
// A page of it counts what went wrong (console, exceptions, failed requests) and what was asked of the
// net. What isn't asked of the server under test never leaves this machine: pictures are answered
// here, all else is refused.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
  "--disable-dev-shm-usage", "--mute-audio", "--remote-debugging-pipe",
];
const PATIENCE_MS = 30_000;

/** A photograph's stand-in, in the proportions of one. */
const PICTURE = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1067">
<defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="#f0c48a"/><stop offset="1" stop-color="#6f8ea3"/></linearGradient></defs>
<rect width="1600" height="1067" fill="url(#s)"/><circle cx="1150" cy="520" r="90" fill="#fff3d6"/>
<path d="M0 640h1600v427H0z" fill="#2d4a5c"/><path d="M0 700l520-40 1080 70v337H0z" fill="#22323d"/>
<path d="M330 660V330h60v330z" fill="#e9e4da"/><path d="M318 330h84l-42-60z" fill="#9a2b20"/></svg>`);

export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), "feedwright-browser-"));
  const child = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data) => (said = (said + data).slice(-4000)));
  const browser = new Browser(child);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  browser.close = async () => {
    await browser.send("Browser.close").catch(() => child.kill());
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  child.on("exit", () => browser.end(new Error(`chromium has ended: ${said}`)));
  await browser.send("Browser.getVersion");
  return browser;
}

class Browser {
  #child;
  #number = 0;
  #waiting = new Map();
  #sessions = new Map();

  constructor(child) {
    this.#child = child;
    let rest = "";
    child.stdio[4].setEncoding("utf8");
    child.stdio[4].on("data", (data) => {
      const messages = (rest + data).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #take(message) {
    if (message.id === undefined) {
      this.#sessions.get(message.sessionId)?.(message.method, message.params);
      return;
    }
    const { resolve, reject, method } = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) reject(new Error(`${method}: ${message.error.message}`));
    else resolve(message.result);
  }

  end(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, method });
      this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** A new, empty page. Requests to `base` are let through. */
  async page(base) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId, base);
    this.#sessions.set(sessionId, (method, params) => page.hear(method, params));
    for (const domain of ["Page", "Runtime", "Log", "Network", "Accessibility", "DOM"]) {
      await page.send(`${domain}.enable`);
    }
    await page.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
    return page;
  }
}

class Page {
  /** What the browser complained of. */
  complaints = [];
  /** Requests beside the page itself: address, kind, referrer. */
  requests = [];
  /** Scripts that called `alert`, which is what hostile articles try. */
  alarms = [];
  #browser;
  #target;
  #session;
  #base;
  #listeners = [];

  constructor(browser, target, session, base) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
    this.#base = base;
  }

  send(method, params) {
    return this.#browser.send(method, params, this.#session);
  }

  hear(method, params) {
    this.#listeners = this.#listeners.filter((listener) => !listener(method, params));
    switch (method) {
      case "Runtime.consoleAPICalled":
        this.complaints.push(`console.${params.type}: ${params.args.map((a) => a.value ?? a.description).join(" ")}`);
        break;
      case "Runtime.exceptionThrown":
        this.complaints.push(`exception: ${params.exceptionDetails.text}`);
        break;
      case "Log.entryAdded":
        this.complaints.push(`${params.entry.level}: ${params.entry.text} (${params.entry.url ?? ""})`);
        break;
      case "Network.loadingFailed":
        this.complaints.push(`a request failed: ${params.errorText}`);
        break;
      case "Network.responseReceived":
        if (params.response.status >= 400) {
          this.complaints.push(`${params.response.url} answers ${params.response.status}`);
        }
        break;
      case "Page.javascriptDialogOpening":
        this.alarms.push(params.message);
        this.send("Page.handleJavaScriptDialog", { accept: true });
        break;
      case "Fetch.requestPaused":
        this.#answer(params).catch(() => {});
        break;
    }
  }

  #answer({ requestId, request, resourceType }) {
    if (resourceType !== "Document") {
      const referrer = Object.entries(request.headers).find(([name]) => name.toLowerCase() === "referer")?.[1];
      this.requests.push({ url: request.url, kind: resourceType, referrer });
    }
    if (request.url.startsWith(this.#base)) return this.send("Fetch.continueRequest", { requestId });
    if (resourceType === "Image") {
      return this.send("Fetch.fulfillRequest", {
        requestId,
        responseCode: 200,
        responseHeaders: [{ name: "Content-Type", value: "image/svg+xml" }],
        body: PICTURE.toString("base64"),
      });
    }
    return this.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });
  }

  /** Waits for an event. */
  event(wanted) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${wanted} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.#listeners.push((method, params) => {
        if (method !== wanted) return false;
        clearTimeout(late);
        resolve(params);
        return true;
      });
    });
  }

  /** Opens an address, and waits until all of it is there. */
  async open(url) {
    const loaded = this.event("Page.loadEventFired");
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
    await this.settle();
  }

  /** Brings lazy pictures into view one after the other, waits for them, and goes back to the top. */
  settle() {
    return this.run(async () => {
      for (const image of document.images) {
        image.scrollIntoView();
        if (!image.complete) {
          await new Promise((done) => ["load", "error"].forEach((name) => image.addEventListener(name, done)));
        }
      }
      scrollTo(0, 0);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
  }

  /** Calls a function in the page. */
  async run(what, ...args) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression: `(${what})(${args.map((a) => JSON.stringify(a)).join(",")})`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  width(width, height = width < 800 ? 850 : 900) {
    return this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 800 });
  }

  /** `scheme` is "light" or "dark"; `media` is "" or "print". */
  media(scheme, media = "") {
    return this.send("Emulation.setEmulatedMedia", {
      media,
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  async press(key, code) {
    for (const type of ["rawKeyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: code });
    }
  }

  /** What assistive technology is given, in its order: role, name, and level of headings. */
  async tree() {
    const { nodes } = await this.send("Accessibility.getFullAXTree");
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const told = [];
    const tell = (node) => {
      const level = node.properties?.find((p) => p.name === "level")?.value.value;
      if (!node.ignored) told.push({ role: node.role?.value, name: node.name?.value ?? "", level });
      for (const id of node.childIds ?? []) if (byId.has(id)) tell(byId.get(id));
    };
    tell(nodes[0]);
    return told;
  }

  async screenshot(file, whole = false) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: whole });
    await writeFile(file, Buffer.from(data, "base64"));
  }

  async pdf(file) {
    const { data } = await this.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: false });
    const bytes = Buffer.from(data, "base64");
    await writeFile(file, bytes);
    return bytes;
  }

  close() {
    return this.#browser.send("Target.closeTarget", { targetId: this.#target });
  }
}
