// Puts reports into the page as `heir report` does, and opens pages from files.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const TEMPLATE = fileURLToPath(new URL("../../reports/page/dist/page.html", import.meta.url));
const PLACE = '<script type="application/json" id="report">null</script>';

/** Writes a folder with index.html and report.json, as a report has it. `json` is text, so that it may be damaged. */
export function writePage(folder, json) {
  const template = readFileSync(TEMPLATE, "utf8");
  const [before, after, ...more] = template.split(PLACE);
  if (after === undefined || more.length > 0) throw new Error(`${TEMPLATE} has not one place for a report`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "report.json"), json);
  writeFileSync(join(folder, "index.html"), before + PLACE.replace("null", () => json.replaceAll("<", "\\u003c")) + after);
  return folder;
}

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"],
  });
}
