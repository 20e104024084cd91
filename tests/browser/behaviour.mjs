// How the page behaves: what is pressed, clicked and followed, and what reports bring along that are not as they should be.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { grouped } from "./checks.mjs";
import { open, settled, writePage } from "./page.mjs";
import { sample } from "./sample.mjs";

async function withPage(browser, report, use, options) {
  const folder = mkdtempSync(join(tmpdir(), "heir-page-"));
  writePage(folder, typeof report === "string" ? report : JSON.stringify(report));
  const { page, faults, close } = await open(browser, folder, options);
  await use(page, faults);
  assert.deepEqual(faults, []);
  await close();
  rmSync(folder, { recursive: true });
}

const run = sample();
const failure = run.failures[0];

/** The window and what is chosen, as the address has it. */
async function address(page) {
  await settled(page);
  const parts = new URLSearchParams((await page.evaluate(() => location.hash)).slice(1));
  const seconds = (text) => (text === null ? null : Number(text.replace("s", "")));
  const [from, to] = (parts.get("t") ?? "").split("..");
  return {
    from: from ? seconds(from) : 0,
    to: to ? seconds(to) : run.end_ns / 1e9,
    at: seconds(parts.get("at")),
    op: parts.get("op") && Number(parts.get("op")),
  };
}

const near = (a, b, within) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);
const width = ({ from, to }) => to - from;

export const behaviour = [
  [
    "keys pan, zoom and show all",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.keyboard.press("+");
        await page.keyboard.press("+");
        const zoomed = await address(page);
        near(width(zoomed), 120 / 1.6 / 1.6, 0.01);
        await page.keyboard.press("ArrowRight");
        const panned = await address(page);
        near(panned.from - zoomed.from, width(zoomed) / 5, 0.01);
        await page.keyboard.press("-");
        near(width(await address(page)), 120 / 1.6, 0.01);
        await page.keyboard.press("0");
        near(width(await address(page)), 120, 0);
        assert.equal(await page.evaluate(() => location.hash), "");
      }),
  ],

  [
    "f goes to the failure and says why it is one",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.keyboard.press("f");
        const { at, op, from, to } = await address(page);
        near(at, failure.at_ns / 1e9, 1e-6);
        assert.equal(op, failure.operations[0]);
        assert.ok(from < at && at < to);
        const words = await page.locator(".chosen-operation").textContent();
        for (const step of failure.steps) assert.ok(words.includes(step.words), step.words);
      }),
  ],

  [
    "Ctrl and wheel zoom around the pointer, in every view",
    (browser) =>
      withPage(browser, run, async (page) => {
        for (const id of ["cluster", "latency", "operations", "messages"]) {
          await page.keyboard.press("0");
          const view = page.locator(`#${id} .view`).first();
          await view.scrollIntoViewIfNeeded();
          await view.hover({ position: { x: 136 + 265, y: 60 } });
          await page.keyboard.down("Control");
          await page.mouse.wheel(0, -200);
          await page.keyboard.up("Control");
          const zoomed = await address(page);
          const there = (120 * 265) / (1216 - 136 - 20);
          assert.ok(width(zoomed) < 100, id);
          near((there - zoomed.from) / width(zoomed), 265 / 1060, 0.01);
        }
      }),
  ],

  [
    "a drag pans, a drag with Shift shows what it went over",
    (browser) =>
      withPage(browser, run, async (page) => {
        const view = page.locator("#cluster .view");
        await view.scrollIntoViewIfNeeded();
        const box = await view.boundingBox();
        const drag = async (from, to) => {
          await page.mouse.move(box.x + from, box.y + 100);
          await page.mouse.down();
          await page.mouse.move(box.x + (from + to) / 2, box.y + 100);
          await page.mouse.move(box.x + to, box.y + 100);
          await page.mouse.up();
        };
        await page.keyboard.down("Shift");
        await drag(136 + 212, 136 + 424);
        await page.keyboard.up("Shift");
        const shown = await address(page);
        near(shown.from, 24, 0.2);
        near(shown.to, 48, 0.2);
        await drag(500, 394);
        const panned = await address(page);
        near(panned.from - shown.from, 2.4, 0.1);
        near(width(panned), width(shown), 1e-6);
      }),
  ],

  [
    "the bar of the whole run chooses the window",
    (browser) =>
      withPage(browser, run, async (page) => {
        const bar = page.locator(".overview");
        await bar.scrollIntoViewIfNeeded();
        const box = await bar.boundingBox();
        await page.mouse.move(box.x + 400, box.y + 20);
        await page.mouse.wheel(0, -600);
        assert.ok(width(await address(page)) < 60);
        await page.getByRole("button", { name: "Show all" }).click();
        near(width(await address(page)), 120, 0);
      }),
  ],

  [
    "a click chooses a moment, of which the hosts' states are said",
    (browser) =>
      withPage(browser, run, async (page) => {
        const view = page.locator("#cluster .view");
        await view.scrollIntoViewIfNeeded();
        await view.click({ position: { x: 136 + 1060 * (34 / 120), y: 100 } });
        near((await address(page)).at, 34, 0.2);
        const hosts = await page
          .locator("table.hosts tbody tr")
          .evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
        assert.deepEqual(hosts[0], ["host1", "primary", "closed", "–", "down", "runs"]);
        assert.equal(await page.locator("#cluster .fault .matrix .deaf").count(), run.faults[1].cut.length);
        await page.selectOption("#who", { label: "host2" });
        assert.equal(await page.locator(".states tr", { hasText: "role" }).locator("td").first().textContent(), "sync");
        await page.getByRole("button", { name: "next change" }).click();
        near((await address(page)).at, 35, 1e-6);
      }),
  ],

  [
    "a link to a moment is restored, and links lead to moments",
    async (browser) => {
      await withPage(
        browser,
        run,
        async (page) => {
          assert.deepEqual(await address(page), { from: 12.345, to: 13.2, at: 12.5, op: 123 });
          assert.match(await page.locator("#chosen").textContent(), /^Operation 123:/);
          assert.match(await page.locator("#window").textContent(), /^12\.34500* s to 13\.20*0 s$/);
          await page.locator("#failures a.moment").first().click();
          near((await address(page)).at, failure.at_ns / 1e9, 1e-6);
          await page.goBack();
          await settled(page);
        },
        { hash: "#t=12.345s..13.2s&at=12.5s&op=123" },
      );
      await withPage(
        browser,
        run,
        async (page) => {
          assert.equal((await address(page)).op, null);
        },
        { hash: "#t=zzz&op=99999999&at=<script>" },
      );
    },
  ],

  [
    "search finds story, key, value and host",
    (browser) =>
      withPage(browser, run, async (page) => {
        const said = page.locator(".hit");
        const search = async (text) => {
          await page.keyboard.press("/");
          await page.keyboard.insertText(text);
          await page.keyboard.press("Enter");
          await settled(page);
          return said.textContent();
        };
        assert.match(await search("pg_rewind"), /^1 of 1: story: host1 pg_rewind/);
        near((await address(page)).at, 44, 1e-6);
        await page.keyboard.press("Escape");
        const key = run.operations.keys.indexOf('"k3"');
        const n = run.operations.key.filter((k) => k === key).length;
        assert.ok((await search("k3")).startsWith(`1 of ${grouped(n)}: operation`));
        await page.keyboard.press("Enter");
        assert.ok((await said.textContent()).startsWith("2 of"));
        await page.keyboard.press("Escape");
        const value = run.operations.argument.find((v) => v > 9000);
        assert.match(await search(String(value)), new RegExp(`operation \\d+: (write|cas).*${value}`));
        assert.equal((await address(page)).op, run.operations.argument.indexOf(value));
        await page.keyboard.press("Escape");
        assert.match(await search("store2"), /story: store2 becomes leader|store2/);
        await page.keyboard.press("Escape");
        assert.equal(await search("nowhere at all"), "nothing found");
      }),
  ],

  [
    "? explains the keys, Esc closes it",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.keyboard.press("?");
        assert.equal(await page.locator("dialog").isVisible(), true);
        await page.keyboard.press("+");
        await page.keyboard.press("Escape");
        assert.equal(await page.locator("dialog").isVisible(), false);
        near(width(await address(page)), 120, 0);
      }),
  ],

  [
    "operations are filtered, and drawn per key",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.getByLabel("per key").check();
        await page.fill("#filter-key", "k5");
        await page.selectOption("#filter-function", "write");
        const key = run.operations.keys.indexOf('"k5"');
        const n = run.operations.key.filter((k, i) => k === key && run.operations.f[i] === 1).length;
        await page.locator(".filter .count", { hasText: `${grouped(n)} of` }).waitFor();
        await page.fill("#filter-key", "");
        await page.getByLabel("only those of failures").check();
        const writes = failure.operations.filter((op) => run.operations.f[op] === 1).length;
        await page.locator(".filter .count", { hasText: `${writes} of` }).waitFor();
      }),
  ],

  [
    "kinds of story lines can be left out",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.locator("#story label", { hasText: "state" }).click();
        assert.equal(
          await page.locator("#story .lines li").count(),
          run.story.filter((line) => line.kind !== "state").length,
        );
      }),
  ],

  [
    "the command is copied",
    (browser) =>
      withPage(browser, run, async (page) => {
        await page.locator("#replay button").click();
        await page.locator("#replay [role=status]", { hasText: /Copied|Selected/ }).waitFor();
      }),
  ],

  [
    "what a report brings along is text",
    (browser) => {
      const hostile = structuredClone(run);
      const bad = `<script>alert(1)</script><img src=x onerror="document.title='run'">`;
      hostile.title = hostile.summary = hostile.run.about = hostile.run.toml = hostile.run.replay = bad;
      hostile.failures[0].message =
        hostile.failures[0].steps[0].words =
        hostile.story[0].what =
        hostile.claims[0].claim =
          bad;
      hostile.hosts[0].name = hostile.faults[1].what = hostile.states[0].who = bad;
      hostile.operations.keys[0] = JSON.stringify(bad);
      hostile.operations.argument[3] = JSON.stringify(bad);
      hostile.files = [
        { name: "javascript:alert(1)", what: bad },
        { name: "../x?y#z", what: "" },
      ];
      return withPage(browser, hostile, async (page) => {
        let alerted = false;
        page.on("dialog", () => (alerted = true));
        assert.equal(await page.locator("h1").textContent(), bad);
        assert.equal(await page.locator("main script, main img").count(), 0);
        await page.keyboard.press("f");
        await settled(page);
        assert.equal(await page.locator("main script, main img").count(), 0);
        assert.equal(alerted, false);
        assert.equal(
          await page
            .locator("#files a")
            .first()
            .evaluate((a) => a.protocol),
          "file:",
        );
        assert.ok((await page.title()).startsWith("Fail: "));
      });
    },
  ],

  [
    "an empty history says so",
    (browser) =>
      withPage(browser, sample({ kind: "empty" }), async (page) => {
        assert.match(await page.locator("main").textContent(), /There was no operation/);
        for (const key of ["+", "-", "f", "ArrowRight", "0"]) await page.keyboard.press(key);
        await settled(page);
      }),
  ],

  [
    "only unknown outcomes are said to be that",
    (browser) =>
      withPage(browser, sample({ kind: "unknown" }), async (page) => {
        assert.match(await page.locator("#tested").textContent(), /the outcome is unknown/);
        assert.match(await page.locator("#latency .plot").first().getAttribute("aria-label"), /No operation ended/);
      }),
  ],

  [
    "a history without times counts events",
    (browser) =>
      withPage(browser, sample({ kind: "untimed", operations: 300 }), async (page) => {
        assert.match(await page.locator("#window").textContent(), /^event 0 to event [\d,]+$/);
        assert.match(await page.locator("#latency").textContent(), /The history has no times/);
        await page.evaluate(() => (location.hash = "#t=10..50&at=12&op=3"));
        await settled(page);
        assert.equal(await page.locator("#window").textContent(), "event 10 to event 50");
        assert.match(await page.locator(".chosen-operation").textContent(), /event/);
      }),
  ],

  [
    "a cycle is drawn, and each edge of it said",
    (browser) => {
      const report = sample({ kind: "cycle" });
      return withPage(browser, report, async (page) => {
        const { cycle } = report.failures[0];
        assert.equal(await page.locator("svg.cycle .edge").count(), cycle.length);
        assert.deepEqual(
          await page.locator("svg.cycle .edge-kind").allTextContents(),
          cycle.map((edge) => edge.kind),
        );
        assert.match(await page.locator("#failures").textContent(), /2 more failures/);
      });
    },
  ],

  [
    "a million keys are scrolled through",
    (browser) => {
      const report = sample({ kind: "history", operations: 1000 });
      report.operations.keys = Array.from({ length: 1_000_000 }, (_, i) => String(i));
      report.operations.key = report.operations.key.map((_, i) => i * 900);
      report.operations.order = null;
      return withPage(browser, report, async (page) => {
        await page.getByLabel("per key").check();
        await page.locator(".scroller").evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight));
        await settled(page);
        await page.fill("#filter-key", String(900 * 500));
        await page.locator(".filter .count", { hasText: "1 of" }).waitFor();
      });
    },
  ],

  [
    "no report, another's JSON and a damaged one are said to be that",
    async (browser) => {
      const damaged = sample({ kind: "history", operations: 50 });
      damaged.operations.took_ns.pop();
      const newer = { ...sample({ kind: "empty" }), version: 2 };
      for (const [json, words] of [
        ["null", /no report inside yet/],
        ['{"hello": [1, 2]}', /is no heir report/],
        ["[]", /is no heir report/],
        ["7", /is no heir report/],
        ['{"format": "heir report", "vers', /is not JSON/],
        [JSON.stringify(newer), /has version 2; this page reads version 1/],
        [JSON.stringify(damaged), /is damaged: “operations.took_ns”/],
      ])
        if (json === "null") await withTemplate(browser, words);
        else
          await withPage(browser, json, async (page) => {
            assert.match(await page.locator("[role=alert]").textContent(), words);
          });
    },
  ],
];

async function withTemplate(browser, words) {
  const folder = mkdtempSync(join(tmpdir(), "heir-page-"));
  writePage(folder, "null");
  const { page, faults, close } = await open(browser, folder);
  assert.match(await page.locator("[role=alert]").textContent(), words);
  assert.deepEqual(faults, []);
  await close();
  rmSync(folder, { recursive: true });
}
