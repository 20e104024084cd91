import { h, onPaper, replace, type Child } from "../base/dom";
import { morph } from "../base/morph";
import { fileList } from "../parts/command";
import { WORDS } from "../parts/sign";
import type { Release } from "../release";
import { limits, reproduce } from "./closing";
import { comparison } from "./comparison";
import { coverage, probes } from "./coverage";
import { filterAgain } from "./filter";
import { findings, undecided } from "./findings";
import { follow } from "./live";
import { margins } from "./margins";
import { method } from "./method";
import { mutants } from "./mutants";
import { paragraphs, part } from "./parts";
import { phases } from "./phases";
import { policies } from "./policies";
import { scenarios } from "./scenarios";
import { systems } from "./systems";
import { summary, top } from "./verdict";

interface Chapter {
  id: string;
  title: string;
  /** Null: this release has no such chapter. */
  body?: (release: Release) => Child | null;
  parts?: Chapter[];
}

// In the order in which one reads an analysis.
const CHAPTERS: Chapter[] = [
  { id: "summary", title: "Summary", body: summary },
  {
    id: "design",
    title: "Design under test",
    body: ({ design }) => paragraphs(design, "These results do not describe what was tested."),
  },
  { id: "method", title: "Method", body: method },
  {
    id: "results",
    title: "Results",
    parts: [
      { id: "scenarios", title: "Scenarios", body: scenarios },
      { id: "findings", title: "Findings", body: findings },
      { id: "undecided", title: "Runs without a verdict", body: undecided },
      { id: "mutants", title: "Planted bugs", body: mutants },
      { id: "probes", title: "Probes", body: probes },
      { id: "coverage", title: "Fault coverage", body: coverage },
      { id: "phases", title: "Times of failovers", body: phases },
      { id: "margins", title: "Margins", body: margins },
      { id: "comparison", title: "Compared with an earlier release", body: comparison },
      { id: "policies", title: "Other policies", body: policies },
      { id: "systems", title: "Beside other systems", body: systems },
    ],
  },
  {
    id: "discussion",
    title: "Discussion",
    body: ({ discussion }) => paragraphs(discussion, "These results come without a discussion."),
  },
  { id: "limits", title: "Known limits", body: limits },
  { id: "reproduce", title: "How to get each number again", body: reproduce },
  { id: "files", title: "Files beside this page", body: ({ files }) => (files.length > 0 ? fileList(files) : null) },
];

/** The page as this release has it. */
function build(release: Release): HTMLElement {
  const links: Child[] = [];
  const make = (chapters: Chapter[], level: 2 | 3, into: Child[]): HTMLElement[] =>
    chapters.flatMap(({ id, title, body, parts }) => {
      const content = body?.(release) ?? null;
      if (content === null && !parts) return [];
      const below: Child[] = [];
      const made = part(level, id, title, content, parts && make(parts, 3, below));
      into.push(h("li", { "data-key": id }, h("a", { href: `#${id}` }, title), below.length > 0 && h("ul", {}, below)));
      return [made];
    });
  const chapters = make(CHAPTERS, 2, links);
  return h(
    "main",
    { class: "release" },
    top(release),
    h("nav", { class: "contents", "aria-label": "Contents" }, h("ul", {}, links)),
    h("div", { class: "chapters" }, chapters),
  );
}

/** Shows a release, and follows its campaign if there is one under way. */
export function showRelease(place: Element, release: Release): void {
  const sayTitle = ({ verdict, title }: Release) => (document.title = `${WORDS[verdict]}: ${title}`);
  const main = build(release);
  const line = release.live ? h("div", { class: "live", role: "region", "aria-label": "Campaign" }) : null;
  replace(place, line, main);
  sayTitle(release);
  // What the address names was not there yet when the browser looked for it.
  document.getElementById(decoded(location.hash.slice(1)))?.scrollIntoView();
  onPaper(() => {
    for (const details of main.querySelectorAll("details")) details.open = true;
  });
  if (!line) return;
  document.documentElement.classList.add("follows");
  follow(line, release, (next) => {
    keepingItsPlace(main, () => {
      morph(main, build(next));
      filterAgain();
    });
    sayTitle(next);
  });
}

/** What is in sight stays where it is, however much comes above it: by the smallest element that is still there. */
function keepingItsPlace(main: Element, change: () => void): void {
  const inSight = [0.25, 0.5, 0.75]
    .map((part) => document.elementFromPoint(innerWidth / 2, innerHeight * part))
    .filter((element): element is Element => element !== null && element !== main && main.contains(element));
  inSight.sort((a, b) => a.getBoundingClientRect().height - b.getBoundingClientRect().height);
  const before = inSight.map((element) => element.getBoundingClientRect().top);
  change();
  const kept = inSight.findIndex((element) => element.isConnected);
  if (kept < 0) return;
  const moved = inSight[kept].getBoundingClientRect().top - before[kept];
  if (moved !== 0 && scrollY > 0) scrollBy({ top: moved, behavior: "instant" });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
