// How the page of a release behaves: its filter, links and copying, and how it follows a campaign that is under way.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { violations } from "./checks.mjs";
import { open, settled, writePage } from "./page.mjs";
import { MARKUP, releaseSample } from "./release-sample.mjs";

async function withRelease(browser, release, use, options) {
  const folder = mkdtempSync(join(tmpdir(), "heir-page-"));
  writePage(folder, typeof release === "string" ? release : JSON.stringify(release), "release.json");
  const { page, faults, close } = await open(browser, folder, options);
  await use(page, faults);
  assert.deepEqual(faults, []);
  await close();
  rmSync(folder, { recursive: true });
}

function underWay() {
  const release = releaseSample("full");
  release.campaigns[1].ended = null;
  return Object.assign(release, { live: true });
}

/** Serves a release as `heir serve` does: `server.release` is what it answers now. */
async function withServer(browser, release, use, options) {
  const folder = mkdtempSync(join(tmpdir(), "heir-page-"));
  writePage(folder, JSON.stringify(release), "release.json");
  const index = readFileSync(join(folder, "index.html"), "utf8");
  const policed = index.replace("default-src 'none';", "default-src 'none'; connect-src 'self';");
  assert.notEqual(policed, index);
  const served = { release, asked: 0, now: 0, most: 0, delay: 0, status: 200 };
  const server = createServer(async (request, response) => {
    if (request.url !== "/release.json") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(policed);
    }
    served.asked++;
    served.most = Math.max(served.most, ++served.now);
    await new Promise((done) => setTimeout(done, served.delay));
    served.now--;
    response.statusCode = served.status;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(served.release));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  served.stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  const url = `http://127.0.0.1:${server.address().port}/`;
  const { page, faults, close } = await open(browser, folder, {
    url,
    mayAsk: (asked) => asked === `${url}release.json`,
    ...options,
  });
  await use(page, served, faults);
  assert.deepEqual(faults, []);
  await close();
  if (server.listening) await served.stop();
  rmSync(folder, { recursive: true });
}

const status = (page) => page.locator(".live [role=status]");

export const releaseBehaviour = [
  [
    "a release's scenarios are filtered by words",
    (browser) =>
      withRelease(browser, releaseSample("crowded"), async (page) => {
        const rows = page.locator("#scenario-table tbody tr:not(.group)");
        const shown = async () =>
          (await rows.all()).length - (await page.locator("#scenario-table tr[hidden]").count());
        assert.equal(await shown(), 130);
        await page.fill("#filter-scenario-table", "network VARIATION 4");
        await page.locator("#scenarios .count", { hasText: "of 130" }).waitFor();
        for (const row of await rows.all())
          if (await row.isVisible())
            for (const word of [/network/, /variation/, /4/]) assert.match(await row.textContent(), word);
        assert.equal(await page.locator("#scenario-table tbody:visible").count(), 1);
        await page.fill("#filter-scenario-table", "");
        assert.equal(await shown(), 130);
        await page.fill("#filter-mutant-table", "not found");
        assert.match(await page.locator("#mutants .count").textContent(), /^\d+ of 114$/);
      }),
  ],

  [
    "a link to a finding leads to it, from outside and from the summary",
    async (browser) => {
      const id = "finding-lost-write-disks-fsync-fails-and-drops";
      await withRelease(
        browser,
        releaseSample("full"),
        async (page) => {
          const top = () => page.locator(`#${id}`).evaluate((one) => one.getBoundingClientRect().top);
          assert.ok((await top()) >= 0 && (await top()) < 900);
          await page.evaluate(() => scrollTo(0, 0));
          await page.locator("#summary").getByText("lost-write").click();
          await settled(page);
          assert.ok((await top()) >= 0 && (await top()) < 900);
          await page.locator('#scenario-table a[href^="#finding"]').first().click();
          assert.equal(await page.evaluate(() => location.hash), `#${id}`);
        },
        { hash: `#${id}` },
      );
      await withRelease(browser, releaseSample("zero"), async () => {}, { hash: "#%E0%A4%A" });
    },
  ],

  [
    "a release's commands are copied",
    (browser) =>
      withRelease(
        browser,
        releaseSample("full"),
        async (page) => {
          const finding = page.locator("#findings section.failure").first();
          await finding.getByRole("button", { name: "Copy" }).click();
          await finding.getByText("Copied.").waitFor();
          assert.equal(
            await page.evaluate(() => navigator.clipboard.readText()),
            releaseSample("full").findings[0].replay,
          );
        },
        { permissions: ["clipboard-read", "clipboard-write"] },
      ),
  ],

  [
    "a release's tables are scrolled with the keyboard, under a head that stays",
    (browser) =>
      withRelease(browser, releaseSample("crowded"), async (page) => {
        const region = page.getByRole("region", { name: "Table: Scenarios and what came out" });
        await region.focus();
        await page.keyboard.press("PageDown");
        await page.waitForFunction(() => document.querySelector("[data-key=scenario-table]").scrollTop > 100);
        const { head, top } = await region.evaluate((one) => ({
          head: one.querySelector("thead th").getBoundingClientRect().top,
          top: one.getBoundingClientRect().top,
        }));
        assert.ok(Math.abs(head - top) < 3, `${head} is not ${top}`);
      }),
  ],

  [
    "what a release brings along is text",
    (browser) =>
      withRelease(browser, releaseSample("markup"), async (page) => {
        let alerted = false;
        page.on("dialog", () => (alerted = true));
        assert.ok((await page.locator("h1").textContent()).startsWith(MARKUP));
        await settled(page);
        assert.equal(await page.locator("main script, main img").count(), 0);
        assert.equal(alerted, false);
        const links = await page.locator('main a:not([href^="#"])').evaluateAll((all) => all.map((a) => a.href));
        const here = (await page.evaluate(() => location.href)).replace(/[^/]*$/, "");
        for (const link of links) assert.ok(link.startsWith(here) || link.includes("x%3Fy%23z"), link);
        assert.equal(links.length, 6);
      }),
  ],

  [
    "a newer or damaged release is said to be that",
    async (browser) => {
      const release = releaseSample("full");
      const { totals, ...without } = release;
      for (const [json, words] of [
        [{ ...release, version: 2 }, /release has version 2; this page reads version 1/],
        [{ ...release, findings: null }, /is damaged: “findings” is no list/],
        [without, /is damaged: “totals.scenarios”/],
        [{ ...release, coverage: { ...release.coverage, hits: [[1]] } }, /is damaged: “coverage.hits”/],
        [{ ...release, format: "heir something" }, /is no heir report and no heir release/],
      ])
        await withRelease(browser, json, async (page) => {
          assert.match(await page.locator("[role=alert]").textContent(), words);
        });
    },
  ],

  [
    "a release that is opened from a file asks for nothing",
    (browser) =>
      withRelease(browser, underWay(), async (page) => {
        assert.match(await status(page).textContent(), /does not follow it/);
        await page.waitForTimeout(2500);
      }),
  ],

  [
    "a campaign is followed: what is new comes, and what the reader did stays",
    (browser) =>
      withServer(browser, underWay(), async (page, served) => {
        assert.match(await status(page).textContent(), /^Campaign under way, 2 findings so far$/);
        await page.fill("#filter-scenario-table", "network");
        await page.locator("#comparison summary").click();
        await page.locator("[data-key=mutant-table]").evaluate((one) => (one.scrollTop = 120));
        await page.locator("#phases").evaluate((one) => one.scrollIntoView());
        await page.locator("#filter-mutant-table").focus({ preventScroll: true });
        await page.locator("#phases").evaluate((one) => one.scrollIntoView());
        await page
          .locator("#phases figcaption")
          .first()
          .evaluate((one) => getSelection().selectAllChildren(one));
        const place = () => page.locator("#phases").evaluate((one) => one.getBoundingClientRect().top);
        const before = await place();
        const selected = await page.evaluate(() => String(getSelection()));
        assert.ok(selected.length > 10);

        const next = structuredClone(served.release);
        next.totals.runs += 1234;
        next.summary = "5 of 57,234 runs failed.";
        next.findings.unshift({ ...next.findings[0], kind: "two-primaries", scenario: "scenarios/first/mixed.toml" });
        next.families[3].scenarios[0].runs = 5234;
        next.families.push({
          name: "swarm",
          scenarios: [{ ...next.families[0].scenarios[0], path: "scenarios/swarm/a.toml" }],
        });
        next.phases.unshift({ ...next.phases[0], name: "notice" });
        next.mutants.list.pop();
        next.title = "Another title";
        served.release = next;
        await page.locator("#findings section.failure").nth(2).waitFor();

        assert.equal(await page.locator("#verdict .sentence").textContent(), next.summary);
        assert.equal(await page.locator("h1").textContent(), next.title);
        assert.match(await page.title(), /Another title$/);
        assert.match(await status(page).textContent(), /3 findings so far/);
        assert.match(await page.locator(".live").textContent(), /updated \d\d:\d\d:\d\d/);
        assert.match(await page.locator("#scenario-table").textContent(), /5,234/);
        assert.equal(await page.locator("#mutant-table tbody tr").count(), next.mutants.list.length);
        assert.equal(await page.locator("svg.histogram").count(), 5);
        // What it did stays, too, for what has come since.
        const drawn = await page.locator("#phases").evaluate((one) => one.getBoundingClientRect().top);
        assert.ok(Math.abs(drawn - before) < 420, `was at ${before}, is at ${drawn}`);
        assert.equal(await page.inputValue("#filter-scenario-table"), "network");
        assert.equal(await page.locator("#scenario-table tbody:visible").count(), 1);
        assert.equal(await page.locator("#comparison details").evaluate((one) => one.open), true);
        assert.equal(await page.locator("[data-key=mutant-table]").evaluate((one) => one.scrollTop), 120);
        assert.equal(await page.evaluate(() => document.activeElement.id), "filter-mutant-table");
        assert.equal(await page.evaluate(() => String(getSelection())), selected);

        // Of what is below what is in sight, nothing moves what is in sight; nor of what is above.
        const then = await place();
        served.release = {
          ...next,
          findings: [...next.findings, { ...next.findings[2], kind: "diverged" }],
          limits: [],
        };
        await page.locator("#findings section.failure").nth(3).waitFor();
        assert.ok(Math.abs((await place()) - then) <= 1, `was at ${then}, is at ${await place()}`);
      }),
  ],

  [
    "a campaign that has ended is asked for no more",
    (browser) =>
      withServer(browser, underWay(), async (page, served) => {
        const campaigns = served.release.campaigns.map((campaign) => ({ ...campaign, ended: campaign.ended ?? "complete" }));
        served.release = { ...served.release, campaigns, live: false, summary: "It is over." };
        await page.getByText("The campaign has ended").waitFor();
        assert.equal(await page.locator("#verdict .sentence").textContent(), "It is over.");
        const asked = served.asked;
        await page.waitForTimeout(3000);
        assert.equal(served.asked, asked);
      }),
  ],

  [
    "a slow server is asked one question at a time",
    (browser) =>
      withServer(browser, underWay(), async (page, served) => {
        served.delay = 3500;
        await page.waitForTimeout(8000);
        assert.equal(served.most, 1);
        assert.ok(served.asked >= 1 && served.asked <= 2, `asked ${served.asked} times`);
      }),
  ],

  [
    "a server that fails or goes away is said to, and what is known stays",
    (browser) =>
      withServer(browser, underWay(), async (page, served, faults) => {
        served.status = 500;
        await page.getByText(/^The server does not answer; shown is the state of \d\d:\d\d:\d\d/).waitFor();
        served.status = 200;
        await page.getByText("Campaign under way").waitFor();
        const good = served.release;
        served.release = { ...good, version: 2 };
        await page.getByText(/^What the server answers cannot be shown/).waitFor();
        served.release = good;
        await page.getByText("Campaign under way").waitFor();
        await served.stop();
        await page.getByText(/^The server does not answer/).waitFor();
        assert.equal(await page.locator("#findings section.failure").count(), 2);
        // The browser itself tells of requests that failed.
        const others = faults.filter((fault) => !/^console: Failed to load resource/.test(fault));
        faults.splice(0, faults.length, ...others);
      }),
  ],

  [
    "a page that follows is accessible, and opened at a part shows it below its line",
    async (browser) => {
      await withServer(
        browser,
        underWay(),
        async (page) => {
          assert.deepEqual(await violations(page), []);
          const { top, line } = await page.evaluate(() => ({
            top: document.getElementById("probes").getBoundingClientRect().top,
            line: document.querySelector(".live").getBoundingClientRect().bottom,
          }));
          assert.ok(top >= line && top < 300, `${top}, ${line}`);
        },
        { hash: "#probes" },
      );
    },
  ],
];
