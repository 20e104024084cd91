import { h, type Child } from "../base/dom";
import { count, plain } from "../base/text";
import { OUTCOMES, type Operations } from "../model/operations";

export interface Filtered {
  /** Null: all. */
  kept: Uint8Array | null;
  by: "process" | "key";
}

/** Controls that choose which operations are drawn, and by what. */
export function filter(operations: Operations, failing: Set<number>, changed: (filtered: Filtered) => void): Child {
  const { columns } = operations;
  const by = (["process", "key"] as const).map((name) => {
    const button = h("input", { type: "radio", name: "rows", value: name, checked: name === "process" });
    return h("label", {}, button, name === "process" ? "per client" : "per key");
  });
  const key = h("input", { type: "search", id: "filter-key", size: 10, placeholder: "any" });
  const process = h("input", {
    type: "search",
    id: "filter-process",
    size: 6,
    placeholder: "any",
    inputmode: "numeric",
  });
  const f = h(
    "select",
    { id: "filter-function" },
    h("option", { value: "" }, "any"),
    columns.functions.map((name, i) => h("option", { value: i }, name)),
  );
  const outcome = h(
    "select",
    { id: "filter-outcome" },
    h("option", { value: "" }, "any"),
    OUTCOMES.map((name, i) => h("option", { value: i }, name)),
  );
  const bad = h("input", { type: "checkbox", id: "filter-failing" });
  const said = h("span", { class: "count", role: "status" });

  const apply = () => {
    const perKey = by[1].querySelector("input")!.checked;
    const wanted = key.value.trim();
    const keys =
      wanted === "" ? null : Uint8Array.from(columns.keys, (name) => Number(name === wanted || plain(name) === wanted));
    const any = !keys && process.value.trim() === "" && f.value === "" && outcome.value === "" && !bad.checked;
    let kept: Uint8Array | null = null;
    let left = operations.count;
    if (!any) {
      const number = process.value.trim() === "" ? null : Number(process.value);
      const [byF, byOutcome] = [f, outcome].map((select) => (select.value === "" ? null : Number(select.value)));
      kept = new Uint8Array(operations.count);
      left = 0;
      for (let i = 0; i < operations.count; i++) {
        if (keys && !keys[operations.key[i]]) continue;
        if (number !== null && operations.processOf(i) !== number) continue;
        if (byF !== null && operations.f[i] !== byF) continue;
        if (byOutcome !== null && operations.outcome[i] !== byOutcome) continue;
        if (bad.checked && !failing.has(i)) continue;
        kept[i] = 1;
        left++;
      }
    }
    said.textContent = any ? `${count(left)} operations` : `${count(left)} of ${count(operations.count)} operations`;
    changed({ kept, by: perKey ? "key" : "process" });
  };
  let timer = 0;
  for (const control of [...by.map((label) => label.querySelector("input")!), key, process, f, outcome, bad]) {
    control.addEventListener("change", apply);
    if (control.type === "search")
      control.addEventListener("input", () => {
        clearTimeout(timer);
        timer = window.setTimeout(apply, 200);
      });
  }
  apply();
  return h(
    "div",
    { class: "controls filter", role: "group", "aria-label": "Which operations are drawn" },
    by,
    h("label", {}, "key ", key),
    h("label", {}, "process ", process),
    h("label", {}, "function ", f),
    h("label", {}, "outcome ", outcome),
    failing.size > 0 && h("label", {}, bad, "only those of failures"),
    said,
  );
}
