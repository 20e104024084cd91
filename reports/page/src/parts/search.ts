import { h } from "../base/dom";
import { count, shorten } from "../base/text";
import { find, type Hit } from "../model/find";
import type { Context } from "./context";

/** The search box: Enter goes to the next hit, with Shift to the one before. */
export function search(context: Context, reveal: (hit: Hit) => void): { element: HTMLElement; focus(): void } {
  const input = h("input", {
    type: "search",
    id: "search",
    size: 18,
    placeholder: "key, value, host, story",
    autocomplete: "off",
  });
  const said = h("span", { class: "count hit", role: "status" });
  let text = "";
  let hits: Hit[] = [];
  let more = false;
  let place = -1;

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (input.value !== text) {
      text = input.value;
      ({ hits, more } = find(context.report, context.operations, text));
      place = event.shiftKey ? 0 : -1;
    }
    if (hits.length === 0) {
      said.textContent = text.trim() === "" ? "" : "nothing found";
      return;
    }
    place = (place + (event.shiftKey ? -1 : 1) + hits.length) % hits.length;
    said.textContent = `${count(place + 1)} of ${more ? "more than " : ""}${count(hits.length)}: ${shorten(hits[place].words, 60)}`;
    reveal(hits[place]);
  });
  return {
    element: h("span", { class: "search" }, h("label", { for: "search" }, "Find "), input, said),
    focus: () => {
      input.focus();
      input.select();
    },
  };
}
