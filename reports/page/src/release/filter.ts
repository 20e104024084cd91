import { h, type Child } from "../base/dom";
import { count } from "../base/text";

const WORTH_FILTERING = 12;

/** A field that leaves of a table only the rows that have all its words. It finds the table when it is used. */
export function filter(id: string, what: string, length: number): Child {
  if (length < WORTH_FILTERING) return null;
  const said = h("span", { class: "count", role: "status" });
  const field = h("input", { type: "search", id: `filter-${id}`, class: "row-filter", size: 28 });
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const bodies = [...document.querySelectorAll<HTMLElement>(`#${id} tbody`)];
    let kept = 0;
    let all = 0;
    for (const body of bodies) {
      let left = 0;
      for (const row of body.querySelectorAll<HTMLElement>("tr:not(.group)")) {
        const text = (row.textContent ?? "").toLowerCase();
        row.hidden = !wanted.every((word) => text.includes(word));
        if (!row.hidden) left++;
        all++;
      }
      body.hidden = left === 0;
      kept += left;
    }
    said.textContent = wanted.length === 0 ? "" : `${count(kept)} of ${count(all)}`;
  });
  return h(
    "div",
    { class: "controls row-filter-line", "data-key": `controls ${id}` },
    h("label", {}, `Only ${what} with `, field),
    said,
  );
}

/** After the tables have changed. */
export function filterAgain(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input.row-filter"))
    if (field.value !== "") field.dispatchEvent(new Event("input"));
}
