import { h, table } from "../base/dom";
import type { View } from "../model/view";

const KEYS: [string, string][] = [
  ["← →", "pan; with Shift: move the chosen moment"],
  ["+ −", "zoom in, zoom out"],
  ["0", "show all"],
  ["f", "go to the next failure; with Shift: the one before"],
  ["/", "find; Enter goes to the next hit, Shift and Enter to the one before"],
  ["Esc", "leave the search box; choose nothing"],
  ["?", "this help"],
  ["drag", "pan"],
  ["Shift and drag", "show what was dragged over"],
  ["Ctrl and wheel, or pinch", "zoom; over the bar of the whole run the wheel alone does"],
  ["Shift and wheel", "pan"],
  ["click", "choose a moment or an operation"],
];

export function help(): HTMLDialogElement {
  const close = h("button", { type: "button" }, "Close");
  const dialog = h(
    "dialog",
    { "aria-labelledby": "help-title", class: "help" },
    h("h2", { id: "help-title" }, "Keys and pointer"),
    table(
      "What keys and the pointer do",
      ["Key", "What it does"],
      KEYS.map(([key, does]) => [h("kbd", {}, key), does]),
    ),
    close,
  );
  close.addEventListener("click", () => dialog.close());
  return dialog;
}

export interface Actions {
  failure(step: 1 | -1): void;
  find(): void;
  help(): void;
}

export function listenToKeys(view: View, actions: Actions): void {
  const keys: Record<string, (shift: boolean) => void> = {
    ArrowLeft: (shift) => (shift ? move(-1) : view.pan(-0.2)),
    ArrowRight: (shift) => (shift ? move(1) : view.pan(0.2)),
    "+": () => view.zoom(1.6),
    "=": () => view.zoom(1.6),
    "-": () => view.zoom(1 / 1.6),
    "0": () => view.show(0, view.end),
    f: () => actions.failure(1),
    F: () => actions.failure(-1),
    "/": () => actions.find(),
    "?": () => actions.help(),
    Escape: () => view.choose(null),
  };
  const move = (way: number) =>
    view.choose(
      Math.min(view.to, Math.max(view.from, (view.at ?? (view.from + view.to) / 2) + (way * view.width) / 100)),
    );

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && target instanceof HTMLInputElement) {
      target.blur();
      return;
    }
    const typing =
      target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox");
    const action = keys[event.key];
    if (typing || !action) return;
    event.preventDefault();
    action(event.shiftKey);
  });
}
