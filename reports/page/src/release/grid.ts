import { h, type Child } from "../base/dom";

export interface Column {
  name: string;
  /** Numbers stand right, and are never broken. */
  numeric?: boolean;
}

export interface Row {
  key: string;
  cells: Child[];
}

export interface Group {
  key: string;
  /** Null: rows without a heading. */
  name: Child | null;
  rows: Row[];
}

/** Rows of a table that paper does not divide. */
const SHORT = 12;

/**
 * A table in groups of rows, in a container of its own that is scrolled by itself, with the keyboard too; its head stays
 * in sight.
 */
export function grid(caption: string, columns: (Column | string)[], groups: Group[], id: string): HTMLElement {
  const heads = columns.map((column) => (typeof column === "string" ? { name: column } : column));
  const length = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const numeric = (i: number) => heads[i]?.numeric && "numeric";
  return h(
    "div",
    {
      class: `wide grid${length <= SHORT ? " short" : ""}`,
      tabindex: 0,
      role: "region",
      "aria-label": `Table: ${caption}`,
      "data-key": id,
    },
    h(
      "table",
      { id },
      h("caption", { class: "spoken" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(({ name }, i) => h("th", { scope: "col", class: numeric(i) }, name)),
        ),
      ),
      groups.map(({ key, name, rows }) =>
        h(
          "tbody",
          { "data-key": key },
          name !== null &&
            h(
              "tr",
              { class: "group", "data-key": "group" },
              h("th", { scope: "rowgroup", colspan: heads.length }, name),
            ),
          rows.map((row) =>
            h(
              "tr",
              { "data-key": `row ${row.key}` },
              row.cells.map((cell, i) =>
                i === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: numeric(i) }, cell),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Rows without groups. */
export function rows(list: Row[]): Group[] {
  return [{ key: "all", name: null, rows: list }];
}
