import { h, type Child } from "../base/dom";
import { command } from "../parts/command";
import type { Release } from "../release";
import { absent } from "./parts";

export function limits({ limits }: Release): Child {
  if (limits.length === 0) return absent("These results name no known limits. That does not mean that there are none.");
  return h(
    "ul",
    {},
    limits.map((limit) => h("li", {}, limit)),
  );
}

/** The command of each number. */
export function reproduce({ reproduce }: Release): Child {
  if (reproduce.length === 0) return absent("These results do not say how to get their numbers again.");
  return h(
    "dl",
    { class: "reproduce" },
    reproduce.map((one) =>
      h(
        "div",
        { "data-key": one.what },
        h("dt", {}, one.what),
        h("dd", {}, command(one.command, `the command for: ${one.what}`)),
      ),
    ),
  );
}
