import { h, type Child } from "../base/dom";

/** A command that is copied with a press; `what` it is for is said to those who hear the page. */
export function command(text: string, what: string): HTMLElement {
  const said = h("span", { role: "status" });
  const code = h("code", { tabindex: 0, "aria-label": what }, text);
  const button = h("button", { type: "button", "aria-label": `Copy: ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    // What stands there now: a page that follows a campaign may have changed it.
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
      said.textContent = "Copied.";
    } catch {
      // Without the permission, it is at least selected.
      getSelection()?.selectAllChildren(code);
      said.textContent = "Selected: press Ctrl+C.";
    }
  });
  return h("div", { class: "command" }, code, h("span", { class: "controls" }, button, said));
}

/** The address of what lies beside the page: whatever its name is, it leads nowhere else. */
export function beside(name: string): string {
  return `./${name.split("/").map(encodeURIComponent).join("/")}`;
}

export function fileList(files: { name: string; what: string }[]): Child {
  return h(
    "ul",
    {},
    files.map(({ name, what }) => h("li", {}, h("a", { href: beside(name) }, name), what && `: ${what}`)),
  );
}
