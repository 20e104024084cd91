// How long the page of a long history takes to open, and whether it freezes while one zooms. Numbers to read, not a test:
// they depend on the machine.
//   node bench.mjs [OPERATIONS...]

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, settled, writePage } from "./page.mjs";
import { sample } from "./sample.mjs";

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [200_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), "heir-page-"));
const browser = await launch();

for (const size of sizes) {
  const report = sample({ operations: size * 1.11, keys: 64 });
  const { count } = report.operations;
  writePage(folder, JSON.stringify(report));
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(() => {
    window.tasks = [];
    new PerformanceObserver((list) =>
      window.tasks.push(...list.getEntries().map((entry) => [entry.startTime, entry.duration])),
    ).observe({ type: "longtask", buffered: true });
  });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(pathToFileURL(join(folder, "index.html")).href);
  await settled(page);
  const open = await page.evaluate(() => {
    const { responseEnd, domContentLoadedEventEnd } = performance.getEntriesByType("navigation")[0];
    const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN;
    return { domContentLoadedEventEnd, responseEnd, paint };
  });
  const { metrics } = await session.send("Performance.getMetrics");
  const busy = 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
  console.log(
    `${count} operations, ${(statSync(join(folder, "index.html")).size / 1e6).toFixed(0)} MB: ready after ${open.domContentLoadedEventEnd.toFixed(0)} ms, painted after ${open.paint.toFixed(0)} ms, of which the processor worked ${busy.toFixed(0)} ms for it`,
  );

  for (const id of ["cluster", "latency", "operations"]) {
    for (const rows of id === "operations" ? ["per client", "per key"] : [""]) {
      await page.keyboard.press("0");
      if (rows) await page.getByLabel(rows).check();
      await page.locator(`#${id}`).evaluate((element) => element.scrollIntoView({ block: "start" }));
      await page
        .locator("body")
        .click({ position: { x: 2, y: 2 } })
        .catch(() => {});
      await settled(page);
      const result = await page.evaluate(async () => {
        window.tasks.length = 0;
        const frames = [];
        const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        for (let i = 0; i < 60; i++) {
          press(i < 20 ? "+" : i < 40 ? (i % 2 ? "ArrowRight" : "ArrowLeft") : "-");
          const before = performance.now();
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          frames.push(performance.now() - before);
        }
        await new Promise((done) => setTimeout(done, 300));
        frames.sort((a, b) => a - b);
        return { median: frames[30], worst: frames[59], tasks: window.tasks.map((task) => task[1]) };
      });
      const long = result.tasks.filter((ms) => ms > 100);
      console.log(
        `  ${id}${rows && ` ${rows}`}: zooming, a frame takes ${result.median.toFixed(0)} ms, at most ${result.worst.toFixed(0)} ms; tasks over 100 ms: ${long.length}${long.length ? ` (longest ${Math.max(...long).toFixed(0)} ms)` : ""}`,
      );
    }
  }
  await page.close();
}
await browser.close();
rmSync(folder, { recursive: true });
