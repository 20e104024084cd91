import { h, type Child } from "../base/dom";
import { count, counted, list } from "../base/text";
import { outcome } from "../parts/sign";
import type { Comparison, Release } from "../release";
import { grid } from "./grid";
import { absent } from "./parts";

type Change = Comparison["rows"][number]["change"];

const CHANGES: { change: Change; words: string; looks: (words: string) => Child }[] = [
  { change: "worse", words: "worse", looks: (words) => outcome("fail", words) },
  { change: "better", words: "better", looks: (words) => outcome("pass", words) },
  { change: "new", words: "new", looks: (words) => h("span", { class: "change" }, "+ ", words) },
  { change: "gone", words: "gone", looks: (words) => h("span", { class: "change" }, "− ", words) },
];

const of = (comparison: Comparison, change: Change) => comparison.rows.filter((row) => row.change === change);

/** "2 better, 1 worse and 120 the same" */
export function changes(comparison: Comparison): string {
  const parts = CHANGES.map(({ change, words }) => ({ n: of(comparison, change).length, words }))
    .filter(({ n }) => n > 0)
    .map(({ n, words }) => `${count(n)} ${words}`);
  const same = of(comparison, "same").length;
  if (same > 0) parts.push(`${count(same)} the same`);
  return parts.length > 0 ? list(parts) : "nothing that both have";
}

/** Row by row, what changed first; what did not is folded. */
export function comparison({ comparison }: Release): Child {
  if (!comparison) return absent("There is no earlier release in these results to compare with.");
  const same = of(comparison, "same");
  const changed = CHANGES.map(({ change, words, looks }) => ({
    change,
    words,
    looks,
    list: of(comparison, change),
  })).filter(({ list }) => list.length > 0);
  const table = (caption: string, id: string, kinds: typeof changed, withGroups: boolean) =>
    grid(
      caption,
      ["What", "Kind", "Before", "Now", "Change"],
      kinds.map(({ change, words, looks, list }) => ({
        key: change,
        name: withGroups ? `${words}: ${count(list.length)}` : null,
        rows: list.map((row) => ({
          key: `${row.kind} ${row.what}`,
          cells: [row.what, row.kind, row.before || "–", row.now || "–", looks(words)],
        })),
      })),
      id,
    );
  return [
    h("p", {}, `Earlier: ${comparison.earlier}. Now: ${changes(comparison)}.`),
    changed.length === 0
      ? absent("Nothing is better, worse, new or gone.")
      : table("What changed", "comparison-table", changed, true),
    same.length > 0 &&
      h(
        "details",
        { "data-key": "same" },
        h("summary", {}, counted(same.length, "row that is the same", "rows that are the same")),
        table(
          "What is the same",
          "same-table",
          [{ change: "same", words: "the same", looks: (words) => words, list: same }],
          false,
        ),
      ),
  ];
}
