// `heir serve` itself, beside a campaign that runs: HEIR is the binary.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, settled } from "./page.mjs";

const heir = process.env.HEIR;
const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** Until `is` is true of what `ask` answers; a minute at most. */
async function until(ask, is) {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (is(answer)) return answer;
    await later(200);
  }
  throw new Error("it took too long");
}

/** A campaign of a design that is known to be bad, and its page. */
async function withCampaign(use) {
  const folder = mkdtempSync(join(tmpdir(), "heir-served-"));
  const results = join(folder, "night.db");
  const hunt = spawn(
    heir,
    ["hunt", "scenarios/first/mixed.toml", "--for", "10s", "--jobs", "1", "--no-canary", "--quiet", "--db", results].concat(
      ["--set", 'policy.acknowledge="nothing"', "--set", 'expect.min_failovers=99'],
    ),
    { stdio: "ignore" },
  );
  const ended = new Promise((done) => hunt.on("exit", done));
  await until(() => existsSync(results), Boolean);
  await later(500);
  const server = spawn(heir, ["serve", results, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((done) => server.stdout.once("data", (text) => done(String(text).trim())));
  const gone = new Promise((done) => server.on("exit", done));
  try {
    await use(url, ended);
  } finally {
    server.kill("SIGTERM");
    hunt.kill("SIGKILL");
    await ended;
    assert.equal(await gone, 0, "heir serve ends with status 0");
    rmSync(folder, { recursive: true });
  }
}

/** The status of an answer, for requests that a browser would not send. */
function status(url, path, options = {}) {
  const { port } = new URL(url);
  return new Promise((done, fail) =>
    request({ host: "127.0.0.1", port, path, ...options }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    })
      .on("error", fail)
      .end(),
  );
}

export const served = !heir
  ? []
  : [
      [
        "heir serve follows a campaign, and shows what it found",
        (browser) =>
          withCampaign(async (url, ended) => {
            const { page, faults, close } = await open(browser, null, { url, mayAsk: (asked) => asked.startsWith(url) });
            const sentence = () => page.locator("#verdict .sentence").textContent();
            const first = await sentence();
            await until(sentence, (now) => now !== first);
            await ended;
            await until(
              () => page.locator("[role=status]").allTextContents(),
              (texts) => texts.join().includes("has ended"),
            );
            const release = await (await fetch(`${url}release.json`)).json();
            assert.equal(release.live, false);
            assert.equal(await sentence(), release.summary);
            assert.equal(faults.length, 0, faults.join("\n"));
            await close();
          }),
      ],
      [
        "heir serve answers this machine, about what there is, and only reads",
        (browser) =>
          withCampaign(async (url) => {
            assert.equal(await status(url, "/"), 200);
            assert.equal(await status(url, "/", { method: "HEAD" }), 200);
            assert.equal(await status(url, "/", { method: "POST" }), 405);
            assert.equal(await status(url, "/", { headers: { host: "elsewhere.example" } }), 403);
            assert.equal(await status(url, "/", { headers: { host: "localhost" } }), 200);
            for (const path of ["/nothing", "/failures/", "/failures/999/", "/failures/../release.json", "/failures/1/..%2f..%2fx"])
              assert.equal(await status(url, path), 404, path);
          }),
      ],
    ];
