// The runner: `run` says how it is called.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { behaviour } from "./behaviour.mjs";
import { everyPage } from "./checks.mjs";
import { launch, writePage } from "./page.mjs";
import { pictures } from "./pictures.mjs";
import { releaseBehaviour } from "./release-behaviour.mjs";
import { everyRelease } from "./release-checks.mjs";
import { releaseSample } from "./release-sample.mjs";
import { sample } from "./sample.mjs";
import { served } from "./served.mjs";

const scratch = mkdtempSync(join(tmpdir(), "heir-page-"));
const pages = ["run", "crowded", "history", "untimed", "cycle", "empty", "unknown"].map((kind) => ({
  name: `sample ${kind}`,
  folder: writePage(join(scratch, kind), JSON.stringify(sample({ kind, operations: kind === "run" ? 24_000 : 2_000 }))),
}));
for (const kind of ["full", "pass", "crowded", "bare", "zero", "markup"]) {
  const folder = join(scratch, `release ${kind}`);
  pages.push({
    name: `sample release ${kind}`,
    folder: writePage(folder, JSON.stringify(releaseSample(kind)), "release.json"),
  });
}
for (const folder of process.argv.slice(2)) pages.push({ name: folder, folder: resolve(folder) });

/** The checks for what a folder has: a report or a release. */
function checksFor(folder) {
  const file = ["report.json", "release.json"].map((name) => join(folder, name)).find((name) => existsSync(name));
  const { format } = JSON.parse(readFileSync(file ?? join(folder, "report.json"), "utf8"));
  return format === "heir release" ? everyRelease : everyPage;
}

const browser = await launch();
let passed = 0;
let failed = 0;
const only = process.env.HEIR_ONLY ?? "";
async function run(name, check) {
  if (!name.includes(only)) return;
  try {
    await check();
    passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${String(error.stack ?? error).replace(/^/gm, "      ")}`);
  }
}

for (const { name, folder } of pages)
  for (const [what, check] of checksFor(folder)) await run(`${name} ${what}`, () => check(browser, folder));
for (const [what, check] of [...behaviour, ...releaseBehaviour, ...served]) await run(what, () => check(browser));
for (const [what, check] of pictures) await run(what, () => check(browser, scratch));

await browser.close();
rmSync(scratch, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
