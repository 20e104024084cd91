// Puts reports into the page as `heir report` does, and opens pages from files.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const TEMPLATE =
  process.env.HEIR_TEMPLATE ?? fileURLToPath(new URL("../../reports/page/dist/page.html", import.meta.url));
const PLACE = '<script type="application/json" id="report">null</script>';

/**
 * Writes a folder with index.html and its JSON, as a report or a release has it. `json` is text, so that it may be
 * damaged.
 */
export function writePage(folder, json, name = "report.json") {
  const template = readFileSync(TEMPLATE, "utf8");
  const [before, after, ...more] = template.split(PLACE);
  if (after === undefined || more.length > 0) throw new Error(`${TEMPLATE} has not one place for a report`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), json);
  writeFileSync(
    join(folder, "index.html"),
    before + PLACE.replace("null", () => json.replaceAll("<", "\\u003c")) + after,
  );
  return folder;
}

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL("fonts.conf", import.meta.url)) },
    args: ["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"],
  });
}

/**
 * Opens the page in a folder, or at an address; `faults` collects what must not happen: errors, and requests for
 * anything but the page, and what `mayAsk` allows.
 */
export async function open(browser, folder, { hash = "", url = null, mayAsk = () => false, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  const address = url ?? pathToFileURL(join(folder, "index.html")).href;
  const faults = [];
  page.on(
    "console",
    (message) => ["error", "warning"].includes(message.type()) && faults.push(`console: ${message.text()}`),
  );
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const asked = request.url().split("#")[0];
    if (asked !== address && !asked.startsWith("data:") && !mayAsk(asked)) faults.push(`request: ${asked}`);
  });
  await page.goto(address + hash);
  await settled(page);
  return { page, faults, close: () => context.close() };
}

/** Until the page has drawn, and written its address. */
export async function settled(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200)))),
  );
}
