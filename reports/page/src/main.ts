import { h, replace } from "./base/dom";
import { readPage, Unreadable } from "./model/read";
import { page } from "./page";
import "./page.css";
import { showRelease } from "./release/page";
import "./release/release.css";

const place = document.getElementById("page")!;
try {
  const read = readPage(document.getElementById("report")?.textContent ?? "null");
  if (read.format === "heir release") showRelease(place, read);
  else replace(place, page(read));
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
      h("p", {}, "The same is in report.json or release.json beside this page, if it was written by “heir report”."),
    ),
  );
}
