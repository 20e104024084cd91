// Pictures of the page, held against stored ones: small differences are let pass, as browsers draw edges in their own ways.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { open, settled } from "./page.mjs";

const STORED = fileURLToPath(new URL("pictures/", import.meta.url));
const TOLERANCE = 0.01;

const SHOTS = [
  { of: "run", name: "verdict", at: "header", hash: "" },
  { of: "run", name: "cluster-dark", at: "#cluster", hash: "#t=28s..48s&at=34s", colorScheme: "dark" },
  { of: "run", name: "latency", at: "#latency", hash: "" },
  { of: "run", name: "operations", at: "#operations", hash: "#t=30s..38s&at=34s" },
  { of: "release full", name: "release", at: "header", hash: "" },
  { of: "release full", name: "release-times", at: "#phases", hash: "" },
  { of: "release full", name: "release-coverage-dark", at: "#coverage", hash: "", colorScheme: "dark" },
];

/** [name, check] of each; a check is given the browser and the folder that has the samples' pages. */
export const pictures = SHOTS.map(({ of, name, at, hash, colorScheme = "light" }) => [
  `looks as in pictures/${name}.png`,
  async (browser, samples) => {
    const { page, close } = await open(browser, join(samples, of), {
      hash,
      colorScheme,
      viewport: { width: 1000, height: 560 },
    });
    await page.locator(at).evaluate((element) => element.scrollIntoView({ block: "start" }));
    await page.mouse.move(0, 0);
    await settled(page);
    const shot = await page.screenshot({ animations: "disabled" });
    await close();

    const file = `${STORED}${name}.png`;
    if (process.env.HEIR_PICTURES === "write") {
      mkdirSync(STORED, { recursive: true });
      writeFileSync(file, shot);
      return;
    }
    assert.ok(existsSync(file), `${file} is not there`);
    const [is, was] = [PNG.sync.read(shot), PNG.sync.read(readFileSync(file))];
    assert.deepEqual([is.width, is.height], [was.width, was.height]);
    const other = pixelmatch(is.data, was.data, null, is.width, is.height, { threshold: 0.15 });
    if (other > TOLERANCE * is.width * is.height) {
      writeFileSync(`${file}.new`, shot);
      assert.fail(
        `${((100 * other) / is.width / is.height).toFixed(2)} % of its points differ; ${file}.new is what it looks like now`,
      );
    }
  },
]);
