import { firstPlace } from "../base/bisect";
import type { Span } from "../report";

/** The place of the span that holds a moment; -1: none. */
export function spanAt(spans: Span[], ns: number): number {
  const place = firstPlace(0, spans.length, (i) => spans[i][0] > ns) - 1;
  return place >= 0 && ns < Math.max(spans[place][1], spans[place][0] + 1) ? place : -1;
}

export function valueAt(spans: Span[], ns: number): string {
  const place = spanAt(spans, ns);
  return place < 0 ? "" : spans[place][2];
}

/** The first span that ends at a moment or after it. */
export function firstSpan(spans: Span[], ns: number): number {
  return firstPlace(0, spans.length, (i) => spans[i][1] >= ns);
}
