import { folded, h } from "../base/dom";
import { counted } from "../base/text";
import { command, fileList } from "./command";
import { section, type Context } from "./context";

/** How the run is done again, and from what. */
export function replay({ report }: Context): HTMLElement | null {
  const { run } = report;
  if (!run) return null;
  return section(
    "replay",
    "Do this run again",
    command(run.replay, "The command"),
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
  return section("files", "Files beside this page", fileList(report.files));
}
