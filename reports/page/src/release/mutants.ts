import { h, type Child } from "../base/dom";
import { count, counted } from "../base/text";
import { outcome } from "../parts/sign";
import type { Mutants, Release } from "../release";
import { filter } from "./filter";
import { grid, rows } from "./grid";
import { absent, remark, small } from "./parts";

type Tried = Mutants["list"][number]["tried"][number];

/** How many of the planted bugs a strategy hunted, and found in at least one trial. */
export function foundBy(
  mutants: Mutants,
  strategy: number,
): { hunted: number; found: number; always: number; seeds: number[] } {
  const tried = mutants.list.map((mutant) => mutant.tried[strategy]).filter((one) => one !== null);
  const found = tried.filter((one) => one.found > 0);
  return {
    hunted: tried.length,
    found: found.length,
    always: found.filter((one) => one.found === one.trials).length,
    seeds: found.map((one) => one.seeds).sort((a, b) => a - b),
  };
}

/** Planted bugs: how many seeds each strategy needed. */
export function mutants({ mutants }: Release): Child {
  if (!mutants || mutants.list.length === 0) return absent("No planted bugs were hunted in these results.");
  const lost = mutants.list.filter((mutant) => mutant.tried.every((one) => one === null || one.found === 0));
  const most = Math.max(2, ...mutants.list.flatMap((mutant) => mutant.tried.map((one) => one?.seeds ?? 0)));
  return [
    remark(
      "A planted bug is one rule of the design made wrong. A strategy hunts it several times; “seeds” is how many it had to run until the bug showed, in the median of the trials that found it.",
    ),
    grid(
      "Strategies compared",
      [
        "Strategy",
        { name: "Bugs hunted", numeric: true },
        { name: "Found", numeric: true },
        { name: "In every trial", numeric: true },
        { name: "Seeds, median bug", numeric: true },
        { name: "Seeds, hardest bug", numeric: true },
      ],
      rows(
        mutants.strategies.map((name, i) => {
          const { hunted, found, always, seeds } = foundBy(mutants, i);
          const at = (part: number) => (seeds.length === 0 ? "none" : count(seeds[Math.ceil(part * seeds.length) - 1]));
          return { key: name, cells: [name, count(hunted), count(found), count(always), at(0.5), at(1)] };
        }),
      ),
      "strategies",
    ),
    h(
      "p",
      { "data-key": "lost" },
      lost.length === 0
        ? outcome("pass", "Every planted bug was found by at least one strategy.")
        : outcome(
            "fail",
            `${counted(lost.length, "planted bug")} of ${count(mutants.list.length)} ${lost.length === 1 ? "was" : "were"} found by no strategy.`,
          ),
    ),
    filter("mutant-table", "bugs", mutants.list.length),
    grid(
      "Planted bugs and the seeds each strategy needed",
      ["Planted bug", ...mutants.strategies],
      rows(
        mutants.list.map((mutant) => ({
          key: mutant.name,
          cells: [h("code", {}, mutant.name), ...mutants.strategies.map((_, i) => cell(mutant.tried[i] ?? null, most))],
        })),
      ),
      "mutant-table",
    ),
  ];
}

function cell(one: Tried, most: number): Child {
  if (one === null) return h("span", { class: "faint" }, "not tried");
  if (one.found === 0) return outcome("fail", `not found in ${counted(one.trials, "trial")}`);
  const bar = h("i", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${(6 * Math.log1p(one.seeds)) / Math.log1p(most)}rem`;
  return [
    h("span", { class: "seeds" }, counted(one.seeds, "seed")),
    bar,
    small(
      h("span", { class: one.found < one.trials && "doubt" }, `${count(one.found)} of ${counted(one.trials, "trial")}`),
      one.kind && ` · ${one.kind}`,
    ),
  ];
}
