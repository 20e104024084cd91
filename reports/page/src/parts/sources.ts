import { folded, h } from "../base/dom";
import { counted } from "../base/text";
import { section, type Context } from "./context";

/** How the run is done again, and from what. */
export function replay({ report }: Context): HTMLElement | null {
  const { run } = report;
  if (!run) return null;
  const said = h("span", { role: "status" });
  const command = h("code", { tabindex: 0, "aria-label": "The command" }, run.replay);
  const button = h("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(run.replay);
      said.textContent = "Copied.";
    } catch {
      // Without the permission, it is at least selected.
      getSelection()?.selectAllChildren(command);
      said.textContent = "Selected: press Ctrl+C.";
    }
  });
  return section(
    "replay",
    "Do this run again",
    h("div", { class: "command" }, command, h("span", { class: "controls" }, button, said)),
    h(
      "p",
      { class: "facts" },
      `The same seed gives the same run: ${counted(run.events, "event")}, trace hash ${run.trace_hash}.`,
    ),
    folded(`The scenario, ${run.scenario}`, () =>
      h("pre", { tabindex: 0, "aria-label": "The scenario's text" }, run.toml),
    ),
  );
}

export function files({ report }: Context): HTMLElement | null {
  if (!report.files || report.files.length === 0) return null;
  return section(
    "files",
    "Files beside this page",
    h(
      "ul",
      {},
      report.files.map(({ name, what }) =>
        h(
          "li",
          {},
          h("a", { href: `./${name.split("/").map(encodeURIComponent).join("/")}` }, name),
          what && `: ${what}`,
        ),
      ),
    ),
  );
}
