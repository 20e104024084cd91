import { h, replace } from "../base/dom";
import { counted } from "../base/text";
import { readRelease, Unreadable } from "../model/read";
import type { Release } from "../release";

const EVERY_MS = 2_000;
const MOST_MS = 30_000;
const PATIENCE_MS = 10_000;

/** Asks for the state of the campaign until it has ended, one question at a time. `line` is where this is told. */
export function follow(line: Element, first: Release, show: (release: Release) => void): void {
  // What changes every two seconds stands beside the status, so that it is not read out each time.
  const status = h("span", { role: "status" });
  const time = h("span", { class: "count" });
  replace(line, status, time);
  const say = (words: string, beside: string) => {
    if (status.textContent !== words) status.textContent = words;
    time.textContent = beside;
  };

  if (!/^https?:$/.test(location.protocol)) {
    say(
      "A campaign was under way when this page was written; a page that is opened from a file does not follow it.",
      "",
    );
    return;
  }
  let latest = first;
  let shownOf = clock();
  let known = "";
  let wait = EVERY_MS;
  const underWay = () => {
    const found = latest.findings.length > 0 ? `, ${counted(latest.findings.length, "finding")} so far` : "";
    say(`Campaign under way${found}`, `updated ${shownOf}`);
  };

  const ask = async () => {
    try {
      const text = await answer();
      if (text !== known) {
        latest = readRelease(text);
        show(latest);
        known = text;
      }
      shownOf = clock();
      wait = EVERY_MS;
      if (!latest.live) {
        const ended = latest.campaigns.every((campaign) => campaign.ended !== null);
        return say(
          ended
            ? "The campaign has ended; this page is complete."
            : "The campaign stopped without an end: it was killed, and can be resumed. Load this page anew then.",
          `Last updated ${shownOf}`,
        );
      }
      underWay();
    } catch (error) {
      if (error instanceof Unreadable)
        say(`What the server answers cannot be shown; shown is the state of ${shownOf}.`, error.message);
      else say(`The server does not answer; shown is the state of ${shownOf}.`, "");
      wait = Math.min(2 * wait, MOST_MS);
    }
    setTimeout(ask, wait);
  };
  underWay();
  setTimeout(ask, wait);
}

async function answer(): Promise<string> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), PATIENCE_MS);
  try {
    const response = await fetch("release.json", { cache: "no-store", signal: impatience.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.text();
  } finally {
    clearTimeout(timer);
  }
}

function clock(): string {
  const now = new Date();
  return [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
