import { h, type Child } from "../base/dom";

/**
 * A part of the page under its heading; the heading's id cannot be that of another part. Findings, of which there may be
 * many alike, are no landmarks.
 */
export function part(level: 2 | 3 | 4, id: string, title: Child, ...children: Child[]): HTMLElement {
  return h(
    "section",
    { id, "aria-labelledby": level < 4 && `title-${id}`, class: `level-${level}` },
    h(`h${level}`, { id: `title-${id}` }, title),
    children,
  );
}

export function paragraphs(texts: string[], none: string): Child {
  return texts.length > 0 ? texts.map((text) => h("p", {}, text)) : absent(none);
}

/** What these results do not have is said, not left out. */
export function absent(sentence: string): Child {
  return h("p", { class: "absent" }, sentence);
}

export function remark(...words: Child[]): Child {
  return h("p", { class: "remark" }, words);
}

export function small(...words: Child[]): Child {
  return h("span", { class: "small" }, words);
}
