// The runner: `run` says how it is called.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { behaviour } from "./behaviour.mjs";
import { everyPage } from "./checks.mjs";
import { launch, writePage } from "./page.mjs";
import { pictures } from "./pictures.mjs";
import { sample } from "./sample.mjs";

const scratch = mkdtempSync(join(tmpdir(), "heir-page-"));
const pages = ["run", "crowded", "history", "untimed", "cycle", "empty", "unknown"].map((kind) => ({
  name: `sample ${kind}`,
  folder: writePage(join(scratch, kind), JSON.stringify(sample({ kind, operations: kind === "run" ? 24_000 : 2_000 }))),
}));
for (const folder of process.argv.slice(2)) pages.push({ name: folder, folder: resolve(folder) });

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
  for (const [what, check] of everyPage) await run(`${name} ${what}`, () => check(browser, folder));
for (const [what, check] of behaviour) await run(what, () => check(browser));
for (const [what, check] of pictures) await run(what, () => check(browser, join(scratch, "run")));

await browser.close();
rmSync(scratch, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
