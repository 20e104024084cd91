// Elements from values. Texts become text nodes and attributes are set one by one: nothing here parses markup, so no
// name, key or title of a report can become any.

export type Child = Node | string | number | null | undefined | false | Child[];
type Attribute = string | number | boolean | null | undefined | EventListener;
export type Attributes = Record<string, Attribute>;

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** An HTML element. Functions among the attributes are listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** Puts children in the place of all that an element had. */
export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** A table with a caption for those who hear it, and a head. */
export function table(caption: string, head: string[], rows: Child[][], attributes: Attributes = {}): HTMLTableElement {
  return h(
    "table",
    attributes,
    h("caption", { class: "spoken" }, caption),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          {},
          row.map((cell, i) => (i === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell))),
        ),
      ),
    ),
  );
}

/** A table that may be wider than the page: it is scrolled by itself, with the keyboard too. */
export function wideTable(caption: string, head: string[], rows: Child[][], attributes: Attributes = {}): HTMLElement {
  return h(
    "div",
    { class: "wide", tabindex: 0, role: "region", "aria-label": caption },
    table(caption, head, rows, attributes),
  );
}

/** A folded part that is made when it is opened, or printed. */
export function folded(summary: string, make: () => Child): HTMLDetailsElement {
  const details = h("details", {}, h("summary", {}, summary));
  let made = false;
  const fill = () => {
    if (!made) append(details, [make()]);
    made = true;
  };
  details.addEventListener("toggle", () => details.open && fill());
  onPaper(() => {
    fill();
    details.open = true;
  });
  return details;
}

/** Before the page is laid out for paper. */
export function onPaper(act: () => void): void {
  window.addEventListener("beforeprint", act);
  window.matchMedia("print").addEventListener("change", (event) => event.matches && act());
}
