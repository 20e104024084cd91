import type { View } from "./view";

export interface Place {
  at?: number;
  op?: number;
}

/** A link to a moment and an operation: a real address, so it can be copied, opened and gone back from. */
export function href(view: View, place: Place): string {
  const parts: string[] = [];
  if (place.at !== undefined) parts.push(`at=${view.clock.write(place.at)}`);
  if (place.op !== undefined) parts.push(`op=${place.op}`);
  return `#${parts.join("&")}`;
}

/**
 * Keeps the address and the view the same: `#t=12.345s..13.2s&at=12.5s&op=123`. `invokedAt` says when an operation was
 * invoked, null if there is none; `arrived` is told when a link was followed.
 */
export function keepAddress(
  view: View,
  invokedAt: (op: number) => number | null,
  arrived: (place: Place) => void,
): void {
  let timer = 0;
  let written = "";

  const write = () => {
    const parts: string[] = [];
    if (view.width < view.end) parts.push(`t=${view.clock.write(view.from)}..${view.clock.write(view.to)}`);
    if (view.at !== null) parts.push(`at=${view.clock.write(view.at)}`);
    if (view.op !== null) parts.push(`op=${view.op}`);
    const hash = parts.length ? `#${parts.join("&")}` : "";
    if (hash === location.hash) return;
    written = hash;
    history.replaceState(null, "", hash || location.pathname + location.search);
  };

  const read = () => {
    if (location.hash === written) return;
    const parts = new URLSearchParams(location.hash.slice(1));
    const number = parts.get("op");
    const op = number !== null && /^\d+$/.test(number) && invokedAt(Number(number)) !== null ? Number(number) : null;
    const at = view.clock.read(parts.get("at") ?? "") ?? (op === null ? null : invokedAt(op));
    const bounds = (parts.get("t") ?? "").split("..").map((text) => view.clock.read(text));
    if (bounds.length === 2 && bounds[0] !== null && bounds[1] !== null) {
      view.show(bounds[0], bounds[1]);
      view.choose(at, op);
    } else if (at !== null) view.goTo(at, op);
    else return write();
    arrived({ at: at ?? undefined, op: op ?? undefined });
  };

  // Browsers refuse an address that changes all the time, so it is written when the view has come to rest.
  view.on(() => {
    clearTimeout(timer);
    timer = window.setTimeout(write, 150);
  });
  window.addEventListener("hashchange", read);
  read();
}
