import { h, replace } from "./base/dom";
import { readReport, Unreadable } from "./model/read";
import { page } from "./page";
import "./page.css";

const place = document.getElementById("page")!;
try {
  replace(place, page(readReport(document.getElementById("report")?.textContent ?? "null")));
} catch (error) {
  const known = error instanceof Unreadable;
  if (!known) console.error(error);
  replace(
    place,
    h(
      "main",
      { class: "unreadable" },
      h("h1", {}, "No report can be shown"),
      h("p", { role: "alert" }, known ? error.message : `This page cannot show its report: ${String(error)}.`),
      h("p", {}, "The same report is in report.json beside this page, if it was written by “heir report”."),
    ),
  );
}
