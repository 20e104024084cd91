// What holds for the page of every report: what it says is what its report.json has, and nothing goes wrong.

import axe from "axe-core";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { open, settled } from "./page.mjs";

export function grouped(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The page's wording of durations, to hold its numbers against. */
export function duration(ns) {
  const short = (x) => (x >= 1000 ? grouped(Math.round(x)) : String(Number(x.toPrecision(3))));
  if (ns >= 1e9) return `${short(ns / 1e9)} s`;
  if (ns >= 1e6) return `${short(ns / 1e6)} ms`;
  if (ns >= 1e3) return `${short(ns / 1e3)} µs`;
  return `${short(ns)} ns`;
}

export const squeezed = (text) => text.replace(/\s+/g, " ").trim();

export async function texts(page, selector) {
  return (await page.locator(selector).allTextContents()).map(squeezed);
}

export async function violations(page) {
  const result = await page.evaluate(async (source) => {
    if (!window.axe) (0, eval)(source);
    return window.axe.run(document, { resultTypes: ["violations"] });
  }, axe.source);
  return result.violations.map(
    (v) =>
      `${v.id}: ${v.help} (${v.nodes
        .slice(0, 3)
        .map((node) => `${node.target} ${node.any.map((a) => a.message).join("; ")}`)
        .join(" | ")})`,
  );
}

/** [name, check] of each; a check is given the browser and the page's folder. */
export const everyPage = [
  [
    "says the verdict, the title and what was tested",
    async (browser, folder) => {
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
      const { page, faults, close } = await open(browser, folder);
      assert.equal(squeezed(await page.locator("#verdict .word").textContent()).toLowerCase(), report.verdict);
      assert.equal(await page.locator("#verdict .sentence").textContent(), report.summary);
      assert.equal(await page.locator("h1").textContent(), report.title || "Untitled");
      assert.ok((await page.title()).endsWith(squeezed(report.title)) || report.title === "");
      const rows = await page
        .locator("table.claims tbody tr")
        .evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
      assert.deepEqual(
        rows,
        report.claims.map((c) => [c.claim, c.outcome, c.detail]),
      );
      const tested = await page.locator("#tested").textContent();
      for (const words of [...report.not_tested, ...report.undecided]) assert.ok(tested.includes(words), words);
      assert.ok(
        (await page.locator("header .facts").textContent()).includes(`${grouped(report.operations.count)} operation`),
      );
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "has its parts in order",
    async (browser, folder) => {
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
      const { page, close } = await open(browser, folder);
      const { operations } = report;
      const wanted = [
        "tested",
        (report.failures.length > 0 || report.more_failures > 0) && "failures",
        report.story.length > 0 && "story",
        report.hosts.length > 0 && "cluster",
        operations.count > 0 && "latency",
        report.series.some((s) => s.at_ns.length > 0) && "hosts",
        "operations",
        report.messages && "messages",
        "numbers",
        report.run && "replay",
        report.files?.length > 0 && "files",
      ].filter(Boolean);
      assert.deepEqual(await page.locator("main section").evaluateAll((all) => all.map((one) => one.id)), wanted);
      await close();
    },
  ],

  [
    "shows the report's numbers",
    async (browser, folder) => {
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
      const { page, close } = await open(browser, folder);
      const numbers = await page
        .locator("table.numbers tbody tr")
        .evaluateAll((rows) =>
          rows.map((row) => ({ name: row.cells[0].textContent, value: row.cells[1].textContent })),
        );
      assert.deepEqual(numbers, report.numbers);
      const { operations } = report;
      if (operations.count > 0) {
        assert.equal(await page.locator(".filter .count").textContent(), `${grouped(operations.count)} operations`);
        for (const [outcome, name] of ["ok", "fail", "unknown"].entries()) {
          await page.selectOption("#filter-outcome", name);
          const n = operations.outcome.filter((o) => o === outcome).length;
          assert.equal(
            await page.locator(".filter .count").textContent(),
            `${grouped(n)} of ${grouped(operations.count)} operations`,
          );
        }
      }
      if (operations.count > 0 && report.timed) {
        const took = operations.took_ns.filter((ns) => ns >= 0).sort((a, b) => a - b);
        const label = await page.locator("#latency .plot").first().getAttribute("aria-label");
        if (took.length > 0)
          for (const part of [0.5, 0.95, 0.99, 1])
            assert.ok(label.includes(duration(took[Math.ceil(part * took.length) - 1])), `${part}: ${label}`);
      }
      if (report.hosts.length > 0) {
        const label = await page.locator("#cluster .view canvas").getAttribute("aria-label");
        for (const words of [
          `${report.generations.length} generation`,
          `${report.faults.length} fault`,
          `${report.unavailable.length} time`,
        ])
          assert.ok(label.includes(words), label);
        assert.equal(await page.locator("table.failovers tbody tr").count(), report.failovers.length);
      }
      if (report.messages)
        assert.ok(
          (await page.locator("#messages .remark").textContent()).startsWith(grouped(report.messages.list.length)),
        );
      if (report.run) {
        const replay = squeezed(await page.locator("#replay").textContent());
        for (const words of [report.run.replay, report.run.trace_hash, grouped(report.run.events)])
          assert.ok(replay.includes(squeezed(words)), words);
      }
      for (const [i, { name }] of (report.files ?? []).entries())
        assert.equal(await page.locator("#files a").nth(i).textContent(), name);
      await close();
    },
  ],

  [
    "tells every failure and the story",
    async (browser, folder) => {
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
      const { page, close } = await open(browser, folder);
      assert.equal(await page.locator("article.failure").count(), report.failures.length);
      for (const [i, failure] of report.failures.entries()) {
        const article = page.locator("article.failure").nth(i);
        const words = await article.textContent();
        for (const part of [
          failure.kind,
          failure.message,
          ...failure.steps.map((s) => s.words),
          ...(failure.cycle ?? []).map((e) => e.words),
        ])
          assert.ok(words.includes(part), part);
      }
      const lines = await texts(page, "#story .lines .what");
      assert.deepEqual(
        lines,
        report.story.slice(0, 1000).map((line) => squeezed(line.what)),
      );
      await close();
    },
  ],

  [
    "draws every view",
    async (browser, folder) => {
      const { page, faults, close } = await open(browser, folder);
      const blank = await page.locator("main canvas").evaluateAll((all) =>
        all
          .filter((canvas) => {
            if (canvas.width === 0 || canvas.height === 0) return true;
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return !data.some((value) => value !== 0);
          })
          .map((canvas) => canvas.getAttribute("aria-label") ?? canvas.parentElement.className),
      );
      assert.deepEqual(blank, []);
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        true,
        "wider than its window",
      );
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "fits a window 700 pixels wide",
    async (browser, folder) => {
      const { page, faults, close } = await open(browser, folder, { viewport: { width: 700, height: 800 } });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 700);
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "is accessible in light and dark mode",
    async (browser, folder) => {
      for (const colorScheme of ["light", "dark"]) {
        const { page, faults, close } = await open(browser, folder, { colorScheme });
        assert.deepEqual(await violations(page), [], colorScheme);
        await page.keyboard.press("f");
        await page.locator("main .view").last().click();
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        await settled(page);
        assert.deepEqual(await violations(page), [], `${colorScheme}, with a moment chosen`);
        assert.deepEqual(faults, []);
        await close();
      }
    },
  ],

  [
    "prints all of itself",
    async (browser, folder) => {
      const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
      const { page, faults, close } = await open(browser, folder, { colorScheme: "dark" });
      await page.emulateMedia({ media: "print" });
      await settled(page);
      assert.equal(await page.locator("details:not([open])").count(), 0);
      if (report.run) assert.equal(await page.locator("#replay pre").textContent(), report.run.toml);
      for (const control of await page.locator(".controls, .search, .tip").all())
        assert.equal(await control.isVisible(), false);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
      assert.ok((await page.pdf()).length > 5000);
      assert.deepEqual(faults, []);
      await close();
    },
  ],
];
