import { h, replace } from "../base/dom";
import { firstPlace } from "../base/bisect";
import { count, counted } from "../base/text";
import type { StoryLine } from "../report";
import { momentLink, section, type Context } from "./context";

const CHUNK = 1000;

/** The run in words: kinds of lines can be left out, and more of a long story is shown on demand. */
export function story(context: Context): HTMLElement | null {
  const { report, view } = context;
  if (report.story.length === 0) return null;
  const kinds = new Map<StoryLine["kind"], number>();
  for (const line of report.story) kinds.set(line.kind, (kinds.get(line.kind) ?? 0) + 1);
  const hidden = new Set<string>();
  let limit = CHUNK;

  const body = h("ol", { class: "lines" });
  const more = h("button", { type: "button", class: "controls" });
  const shown: { at: number; element: HTMLElement }[] = [];
  const fill = () => {
    const lines = report.story.filter((line) => !hidden.has(line.kind));
    shown.length = 0;
    replace(
      body,
      lines.slice(0, limit).map((line) => {
        const element = h(
          "li",
          { class: `line-${line.kind}` },
          momentLink(context, line.at_ns),
          h("span", { class: "kind" }, line.kind),
          h("span", { class: "who" }, line.who || "world"),
          h("span", { class: "what" }, line.what),
        );
        shown.push({ at: line.at_ns, element });
        return element;
      }),
      lines.length === 0 && h("li", { class: "none" }, "All kinds of lines are left out."),
    );
    more.hidden = lines.length <= limit;
    more.textContent = `Show ${count(Math.min(CHUNK, lines.length - limit))} more of ${counted(lines.length, "line")}`;
    mark();
  };
  more.addEventListener("click", () => {
    limit += CHUNK;
    fill();
  });

  // The line that had just happened at the chosen moment.
  let marked: HTMLElement | null = null;
  const mark = () => {
    marked?.removeAttribute("aria-current");
    const place = view.at === null ? 0 : firstPlace(0, shown.length, (i) => shown[i].at > view.at!);
    marked = place > 0 ? shown[place - 1].element : null;
    marked?.setAttribute("aria-current", "time");
    if (marked) body.scrollTop = Math.max(0, marked.offsetTop - body.offsetTop - body.clientHeight / 2);
  };
  view.on((change) => change.choice && mark());

  const boxes = [...kinds].map(([kind, lines]) => {
    const box = h("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(kind);
      else hidden.add(kind);
      fill();
    });
    return h("label", {}, box, `${kind} `, h("span", { class: "count" }, count(lines)));
  });
  body.tabIndex = 0;
  body.setAttribute("aria-label", "The story, line by line");
  fill();
  return section(
    "story",
    "The story",
    h("div", { class: "controls", role: "group", "aria-label": "Kinds of lines" }, boxes),
    body,
    more,
  );
}
