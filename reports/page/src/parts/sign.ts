import { h, s, type Child } from "../base/dom";

const SHAPES = {
  pass: "M3 10.5 8 15.5 17 5",
  fail: "M5 5 15 15M15 5 5 15",
  unknown: "M6.5 7.5C6.5 3.5 13.5 3.5 13.5 7.5 13.5 10 10 10 10 12.5M10 15.6v.8",
};

export type Verdict = keyof typeof SHAPES;
export const WORDS = { pass: "Pass", fail: "Fail", unknown: "Unknown" };

/** A verdict as a shape, so that its colour is not all that says it. */
export function sign(shape: Verdict): Child {
  return s(
    "svg",
    { viewBox: "0 0 20 20", width: 20, height: 20, class: "sign", "aria-hidden": "true" },
    s("path", { d: SHAPES[shape] }),
  );
}

/** The verdict and its reason in one sentence. */
export function banner(verdict: Verdict, sentence: string): HTMLElement {
  return h(
    "p",
    { class: `verdict ${verdict}`, id: "verdict" },
    h("span", { class: "word" }, sign(verdict), WORDS[verdict]),
    h("span", { class: "sentence" }, sentence),
  );
}

/** A word with the sign of how good it is. */
export function outcome(verdict: Verdict, words: Child): HTMLElement {
  return h("span", { class: `outcome ${verdict}` }, sign(verdict), words);
}
