// What holds for the page of every release: what it says is what its release.json has, and nothing goes wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { duration, grouped, squeezed, texts, violations } from "./checks.mjs";
import { open, settled } from "./page.mjs";

// The page's wording of numbers, to hold it against.
const short = (x) => (x >= 1000 ? grouped(Math.round(x)) : String(Number(x.toPrecision(3))));
const hours = (ns) => short(ns / 3600e9);
const counted = (n, one, many = `${one}s`) => `${grouped(n)} ${n === 1 ? one : many}`;

/** "0.075 %": two digits, and not below what it is. */
function sameBound(said, p) {
  if (p === null) return assert.equal(said, "no bound");
  const inverse = /^1 in ([\d,]+)$/.exec(said);
  const value = inverse ? 1 / Number(inverse[1].replaceAll(",", "")) : parseFloat(said) / 100;
  assert.ok(value >= p * (1 - 1e-9) && value <= p * 1.11, `${said} is not ${p}`);
}

const readRelease = (folder) => JSON.parse(readFileSync(join(folder, "release.json"), "utf8"));

/** What is written in the rows of a table that are no headings of groups, cell by cell. */
async function cells(page, id) {
  const rows = page.locator(`#${id} tbody tr:not(.group)`);
  const all = await rows.evaluateAll((list) => list.map((row) => [...row.cells].map((cell) => cell.textContent)));
  return all.map((row) => row.map(squeezed));
}

const has = (text, words) => assert.ok(text.includes(squeezed(String(words))), `“${words}” is not in “${text}”`);

/** [name, check] of each; a check is given the browser and the page's folder. */
export const everyRelease = [
  [
    "says the verdict, the title and the totals",
    async (browser, folder) => {
      const release = readRelease(folder);
      const { page, faults, close } = await open(browser, folder);
      assert.equal(squeezed(await page.locator("#verdict .word").textContent()).toLowerCase(), release.verdict);
      assert.equal(await page.locator("#verdict .sentence").textContent(), release.summary);
      assert.equal(await page.locator("h1").textContent(), release.title || "Untitled");
      assert.ok((await page.title()).endsWith(squeezed(release.title)) || release.title === "");
      has(squeezed(await page.locator("header .facts").textContent()), `heir ${release.heir}`);
      const { totals } = release;
      const said = await texts(page, ".totals dd");
      assert.deepEqual(
        [...said.slice(0, 6), ...said.slice(7, 9)],
        [
          grouped(totals.scenarios),
          grouped(totals.runs),
          grouped(totals.passed),
          grouped(totals.failed),
          grouped(totals.unknown),
          hours(totals.virtual_ns),
          grouped(totals.events),
          grouped(totals.failovers),
        ],
      );
      sameBound(said[9], totals.bound);
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "has its parts in order, and contents that lead to them",
    async (browser, folder) => {
      const release = readRelease(folder);
      const { page, faults, close } = await open(browser, folder);
      const parts = [
        ..."summary design method results scenarios findings undecided mutants probes coverage phases margins".split(
          " ",
        ),
        ..."comparison policies systems discussion limits reproduce".split(" "),
        release.files.length > 0 && "files",
      ].filter(Boolean);
      const ids = await page.locator("main section").evaluateAll((all) => all.map((one) => one.id));
      assert.deepEqual(
        ids.filter((id) => !id.startsWith("finding-")),
        parts,
      );
      assert.equal(new Set(ids).size, ids.length);
      const links = page.locator(".contents a");
      assert.deepEqual(
        await links.evaluateAll((all) => all.map((a) => a.getAttribute("href"))),
        parts.map((id) => `#${id}`),
      );
      // Every link within the page leads somewhere.
      const dangling = await page
        .locator('main a[href^="#"]')
        .evaluateAll((all) =>
          all.map((a) => a.getAttribute("href")).filter((href) => !document.getElementById(href.slice(1))),
        );
      assert.deepEqual(dangling, []);
      for (const id of ["coverage", "discussion"]) {
        await page.locator(`.contents a[href="#${id}"]`).click();
        await settled(page);
        const { top, room } = await page.locator(`#${id} > :is(h2, h3)`).evaluate((heading) => ({
          top: heading.getBoundingClientRect().top,
          room: innerHeight,
        }));
        assert.ok(top >= 0 && top < room, `${id} is at ${top}`);
      }
      // No level is left out, so that the outline can be gone through.
      const levels = await page
        .locator(":is(h1, h2, h3, h4)")
        .evaluateAll((all) => all.map((heading) => Number(heading.tagName[1])));
      levels.forEach((level, i) => assert.ok(level <= (levels[i - 1] ?? 0) + 1, `heading ${i}: h${level}`));
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "shows every campaign and scenario with its numbers",
    async (browser, folder) => {
      const release = readRelease(folder);
      const { page, close } = await open(browser, folder);
      const campaigns = await cells(page, "campaigns");
      assert.equal(campaigns.length, release.campaigns.length);
      release.campaigns.forEach((campaign, i) => {
        const row = campaigns[i];
        has(row[0], campaign.database);
        has(row[1], campaign.first_seed);
        if (campaign.last_seed !== null) has(row[1], campaign.last_seed);
        if (campaign.shards > 1) has(row[1], `shard ${campaign.shard}/${campaign.shards}`);
        assert.equal(row[1].includes("guided"), campaign.guided);
        assert.equal(row[2], squeezed(campaign.heir));
        has(row[3], new Date(campaign.began * 1000).toISOString().slice(0, 16).replace("T", " "));
        for (const override of campaign.overrides) has(row[4], override);
        has(row[5], campaign.canary);
        has(row[6], campaign.ended ?? "under way");
        has(row[7], grouped(campaign.runs));
        has(row[7], `${short(campaign.runs_per_second)} per s`);
      });

      const all = release.families.flatMap((family) => family.scenarios);
      const rows = await cells(page, "scenario-table");
      assert.equal(rows.length, all.length);
      all.forEach((scenario, i) => {
        const row = rows[i];
        for (const words of [scenario.title, scenario.path]) has(row[0], words);
        assert.deepEqual(row.slice(1, 9), [
          squeezed(scenario.claim),
          scenario.verdict,
          grouped(scenario.runs),
          grouped(scenario.failed),
          grouped(scenario.unknown),
          hours(scenario.virtual_ns),
          grouped(scenario.failovers),
          scenario.longest_outage_ns > 0 ? duration(scenario.longest_outage_ns) : "none",
        ]);
        sameBound(row[9], scenario.bound);
      });
      const groups = await texts(page, "#scenario-table .group");
      release.families.forEach((family, i) => {
        has(groups[i], family.name);
        has(groups[i], counted(family.scenarios.length, "scenario"));
      });
      await close();
    },
  ],

  [
    "tells every finding, and every run without a verdict",
    async (browser, folder) => {
      const release = readRelease(folder);
      const { page, close } = await open(browser, folder);
      const findings = page.locator("#findings section.failure");
      assert.equal(await findings.count(), release.findings.length);
      for (const [i, finding] of release.findings.entries()) {
        const one = findings.nth(i);
        const said = squeezed(await one.textContent());
        for (const words of [
          finding.kind,
          finding.title,
          finding.message,
          finding.scenario,
          `${grouped(finding.runs)} of ${counted(finding.of, "run")}`,
          `seed ${finding.seed}`,
          duration(finding.at_ns),
        ])
          has(said, words);
        assert.equal(await one.locator(".command code").textContent(), finding.replay);
        const links = await one.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
        const wanted = finding.page && `./${finding.page.split("/").map(encodeURIComponent).join("/")}`;
        assert.deepEqual(links, finding.page === null ? [] : [wanted]);
      }
      const rows = await cells(page, "undecided-table");
      assert.equal(rows.length, release.undecided.length);
      release.undecided.forEach((one, i) => {
        assert.deepEqual(rows[i].slice(0, 3), [squeezed(one.scenario), grouped(one.runs), squeezed(one.reason)]);
        has(rows[i][3], one.replay);
      });
      if (release.findings.length === 0)
        assert.match(await page.locator("#findings").textContent(), /No run failed|Nothing was run/);
      if (release.undecided.length === 0)
        assert.match(
          await page.locator("#undecided").textContent(),
          /Every run has a verdict|There was no run|do not say why/,
        );
      await close();
    },
  ],

  [
    "shows planted bugs, probes and coverage",
    async (browser, folder) => {
      const { mutants, probes, coverage } = readRelease(folder);
      const { page, close } = await open(browser, folder);
      const rows = await cells(page, "mutant-table");
      assert.equal(rows.length, mutants?.list.length ?? 0);
      if (!mutants) assert.match(await page.locator("#mutants").textContent(), /No planted bugs were hunted/);
      for (const [i, { name, tried }] of (mutants?.list ?? []).entries()) {
        assert.equal(rows[i][0], squeezed(name));
        for (const [j, one] of tried.entries()) {
          const said = rows[i][j + 1];
          if (one === null) assert.equal(said, "not tried");
          else if (one.found === 0) assert.equal(said, `not found in ${counted(one.trials, "trial")}`);
          else
            for (const words of [
              counted(one.seeds, "seed"),
              `${one.found} of ${counted(one.trials, "trial")}`,
              one.kind,
            ])
              has(said, words);
        }
      }
      if (mutants) {
        const strategies = await cells(page, "strategies");
        mutants.strategies.forEach((name, j) => {
          const tried = mutants.list.map((one) => one.tried[j]).filter(Boolean);
          const found = tried.filter((one) => one.found > 0);
          assert.deepEqual(strategies[j].slice(0, 3), [squeezed(name), grouped(tried.length), grouped(found.length)]);
        });
      }

      const said = await cells(page, "probe-table");
      const sorted = probes
        .map((probe) => ({ probe, group: probe.rare ? (probe.hits > 0 ? 2 : 3) : probe.hits > 0 ? 1 : 0 }))
        .sort((a, b) => a.group - b.group);
      assert.deepEqual(
        said,
        sorted.map(({ probe, group }) => [
          squeezed(probe.name),
          ["missed", "reached", "reached", "not reached"][group],
          grouped(probe.runs),
          grouped(probe.hits),
        ]),
      );
      assert.deepEqual(
        await cells(page, "coverage-table"),
        coverage.families.map((family, i) => [
          squeezed(family),
          ...coverage.hits[i].map((n) => (n === 0 ? "0 – never" : grouped(n))),
        ]),
      );
      await close();
    },
  ],

  [
    "shows times, margins, the comparison and other policies",
    async (browser, folder) => {
      const { phases, margins, comparison, policies } = readRelease(folder);
      const { page, close } = await open(browser, folder);
      const quantiles = ["p50_ns", "p95_ns", "p99_ns", "max_ns"];
      assert.deepEqual(
        await cells(page, "phase-table"),
        phases.map((phase) => [
          ...[phase.name, phase.what].map(squeezed),
          grouped(phase.count),
          ...quantiles.map((name) => (phase.count === 0 ? "none" : duration(phase[name]))),
        ]),
      );
      const drawn = phases.filter((phase) => phase.count > 0 && phase.buckets.length > 0);
      assert.equal(await page.locator("svg.histogram").count(), drawn.length);
      for (const [i, phase] of drawn.entries()) {
        const svg = page.locator("svg.histogram").nth(i);
        const label = await svg.getAttribute("aria-label");
        for (const name of quantiles) assert.ok(label.includes(duration(phase[name])), label);
        // What is drawn lies inside the drawing, piles are as high as what they stand for, and have all that there is.
        const { outside, piles } = await svg.evaluate((element) => {
          const box = element.getBoundingClientRect();
          const out = [...element.querySelectorAll("rect, text")].map((one) => one.getBoundingClientRect());
          return {
            outside: out.filter((one) => one.left < box.left - 1 || one.right > box.right + 1 || one.top < box.top - 1)
              .length,
            piles: [...element.querySelectorAll(".pile")].map((pile) => ({
              n: Number(pile.dataset.count),
              height: pile.height.baseVal.value,
            })),
          };
        });
        assert.equal(outside, 0);
        const sum = (list) => list.reduce((total, n) => total + n, 0);
        assert.equal(Math.round(sum(piles.map(({ n }) => n))), sum(phase.buckets.map(([, , n]) => n)));
        const [most, highest] = [Math.max(...piles.map(({ n }) => n)), Math.max(...piles.map(({ height }) => height))];
        for (const { n, height } of piles) assert.ok(Math.abs(height - (n / most) * highest) < 2, `${n} of ${most}`);
      }
      assert.deepEqual(
        await cells(page, "margin-table"),
        margins.map((margin) => [squeezed(margin.what), squeezed(margin.value), grouped(margin.runs)]),
      );

      const changed = ["worse", "better", "new", "gone"].flatMap(
        (change) => comparison?.rows.filter((row) => row.change === change) ?? [],
      );
      const same = comparison?.rows.filter((row) => row.change === "same") ?? [];
      for (const [id, list] of [
        ["comparison-table", changed],
        ["same-table", same],
      ]) {
        const rows = await cells(page, id);
        assert.deepEqual(
          rows.map((row) => row.slice(0, 4)),
          list.map((row) => [row.what, row.kind, row.before || "–", row.now || "–"].map(squeezed)),
        );
        rows.forEach((row, i) => has(row[4], list[i].change));
      }
      if (comparison) has(squeezed(await page.locator("#comparison").textContent()), comparison.earlier);
      else assert.match(await page.locator("#comparison").textContent(), /no earlier release/);

      const rows = await cells(page, "policy-table");
      assert.equal(rows.length, policies?.rows.length ?? 0);
      if (!policies) assert.match(await page.locator("#policies").textContent(), /No other policies were run/);
      for (const [i, row] of (policies?.rows ?? []).entries()) {
        assert.equal(rows[i][0], squeezed(row.scenario));
        for (const [j, result] of row.results.entries()) {
          const said = rows[i][j + 1];
          if (result === null) assert.equal(said, "not run");
          else {
            assert.equal(said.includes("clean"), result.failed === 0 && result.unknown === 0);
            if (result.failed > 0) has(said, `${grouped(result.failed)} failed`);
            if (result.unknown > 0) has(said, `${grouped(result.unknown)} unknown`);
            for (const { kind, runs } of result.kinds) has(said, `${kind}: ${grouped(runs)}`);
            has(said, counted(result.runs, "run"));
          }
        }
      }
      await close();
    },
  ],

  [
    "shows heir beside other systems, and says what is not known",
    async (browser, folder) => {
      const { systems } = readRelease(folder);
      const { page, faults, close } = await open(browser, folder);
      const part = page.locator("#systems");
      if (!systems) assert.match(await part.textContent(), /No comparison with other systems was given/);
      else has(squeezed(await part.textContent()), systems.method);
      assert.equal(await part.locator("table").count(), systems?.scenarios.length ?? 0);
      for (const [i, { path, title, rows }] of (systems?.scenarios ?? []).entries()) {
        const said = squeezed(await part.locator(".systems").nth(i).textContent());
        for (const words of [path, title, ...rows.flatMap((row) => row.problems)]) has(said, words);
        const name = (row) =>
          [row.system, row.tuned && "tuned", row.simulated && "simulated"].filter(Boolean).join(", ");
        const time = (ns) => (ns === null ? "–" : duration(ns));
        assert.deepEqual(
          await cells(page, `systems-${i + 1}`),
          rows.map((row) => {
            const sum = ({ sum, runs }) =>
              runs === 0 ? "–" : `${grouped(sum)}${runs < row.runs ? `in ${runs} of ${row.runs} runs` : ""}`;
            return [
              squeezed(name(row)),
              row.verdict,
              row.runs === row.asked ? grouped(row.runs) : `${row.runs} of ${row.asked}`,
              ...[row.median_ns, row.max_ns].map(time),
              ...[row.acknowledged, row.lost, row.stale_reads, row.split_brains, row.undecided, row.not_back].map(sum),
            ];
          }),
        );
        // What should be none, and is not, looks bad; nothing else does.
        const bad = rows.flatMap((row) => [row.lost, row.stale_reads, row.split_brains]).filter(({ sum }) => sum > 0);
        assert.equal(await page.locator(`#systems-${i + 1} .bad`).count(), bad.length);
        const failed = rows.filter((row) => row.verdict === "fail");
        assert.equal(await page.locator(`#systems-${i + 1} .outcome.fail`).count(), failed.length);
      }
      assert.deepEqual(faults, []);
      await close();
    },
  ],

  [
    "has all its texts, commands and files",
    async (browser, folder) => {
      const release = readRelease(folder);
      const { page, close } = await open(browser, folder);
      for (const id of ["design", "method", "discussion", "limits"]) {
        const said = squeezed(await page.locator(`#${id}`).textContent());
        for (const words of release[id]) has(said, words);
        if (release[id].length === 0) assert.equal(await page.locator(`#${id} .absent`).first().isVisible(), true);
      }
      assert.deepEqual(
        await page.locator("#reproduce .command code").allTextContents(),
        release.reproduce.map((one) => one.command),
      );
      for (const button of await page.locator(".command button").all())
        assert.match(await button.getAttribute("aria-label"), /^Copy: .../);
      const labels = await page
        .locator("#reproduce .command button")
        .evaluateAll((all) => all.map((button) => button.ariaLabel));
      release.reproduce.forEach((one, i) => has(squeezed(labels[i]), one.what));
      for (const [i, { name, what }] of release.files.entries()) {
        const item = page.locator("#files li").nth(i);
        assert.equal(await item.locator("a").textContent(), name);
        has(squeezed(await item.textContent()), what);
      }
      await close();
    },
  ],

  [
    "fits windows of any width, its tables scrolled by themselves",
    async (browser, folder) => {
      for (const width of [1600, 1280, 700, 400]) {
        const { page, faults, close } = await open(browser, folder, { viewport: { width, height: 800 } });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        assert.deepEqual(faults, []);
        await close();
      }
    },
  ],

  [
    "is accessible in light and dark mode",
    async (browser, folder) => {
      for (const colorScheme of ["light", "dark"]) {
        const { page, faults, close } = await open(browser, folder, { colorScheme });
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        assert.deepEqual(await violations(page), [], colorScheme);
        assert.deepEqual(faults, []);
        await close();
      }
    },
  ],

  [
    "prints all of itself, and no column cut off",
    async (browser, folder) => {
      // As wide as A4 without its margins.
      const { page, faults, close } = await open(browser, folder, {
        colorScheme: "dark",
        viewport: { width: 688, height: 1000 },
      });
      const field = page.locator("#filter-scenario-table");
      if ((await field.count()) > 0) await field.fill("nothing has this");
      await page.emulateMedia({ media: "print" });
      await settled(page);
      assert.equal(await page.locator("details:not([open])").count(), 0);
      const hidden = await page
        .locator("main :is(h1, h2, h3, h4, p, tr, li, dt, dd, figure)")
        .evaluateAll((all) =>
          all.filter((one) => !one.checkVisibility() && !one.closest(".controls")).map((one) => one.textContent),
        );
      assert.deepEqual(hidden, []);
      const wide = await page
        .locator(".wide table")
        .evaluateAll((all) =>
          all.filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.id),
        );
      assert.deepEqual(wide, []);
      const tall = await page
        .locator(".wide")
        .evaluateAll((all) => all.filter((one) => one.scrollHeight > one.clientHeight + 2).map((one) => one.ariaLabel));
      assert.deepEqual(tall, []);
      for (const control of await page.locator(".controls").all()) assert.equal(await control.isVisible(), false);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
      assert.ok((await page.pdf()).length > 5000);
      assert.deepEqual(faults, []);
      await close();
    },
  ],
];
