import { h, type Child } from "../base/dom";
import { href } from "../model/address";
import type { Operations } from "../model/operations";
import type { View } from "../model/view";
import type { Report } from "../report";

/** What the parts of a page are made from. */
export interface Context {
  report: Report;
  operations: Operations;
  view: View;
}

/** A part of the page, with its heading. */
export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), children);
}

export function momentLink({ view }: Context, at: number, text = view.clock.at(at)): HTMLElement {
  return h("a", { href: href(view, { at }), class: "moment" }, text);
}

/** A link to an operation; its number alone if there is no such operation. */
export function operationLink({ view, operations }: Context, op: number, text = `operation ${op}`): Child {
  if (!(op >= 0 && op < operations.count)) return text;
  return h(
    "a",
    { href: href(view, { at: operations.invoked[op], op }), class: "moment", title: operations.words(op) },
    text,
  );
}
