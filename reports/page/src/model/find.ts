import { plain } from "../base/text";
import type { Report } from "../report";
import type { Operations } from "./operations";

export interface Hit {
  at: number;
  op: number | null;
  words: string;
}

const MOST = 10_000;

/** What a text is found in: the story, failures, faults, roles of a host, then operations by key and by value. In time's order each. */
export function find(report: Report, operations: Operations, text: string): { hits: Hit[]; more: boolean } {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return { hits: [], more: false };
  const has = (words: string) => words.toLowerCase().includes(wanted);
  const hits: Hit[] = [];

  for (const failure of report.failures)
    if (failure.at_ns !== null && (has(failure.kind) || has(failure.message)))
      hits.push({
        at: failure.at_ns,
        op: failure.operations[0] ?? null,
        words: `failure: ${failure.kind}: ${failure.message}`,
      });
  for (const line of report.story)
    if (has(line.what) || has(line.who))
      hits.push({ at: line.at_ns, op: null, words: `story: ${line.who} ${line.what}`.trim() });
  for (const fault of report.faults)
    if (has(fault.what) || fault.hosts.some(has))
      hits.push({ at: fault.from_ns, op: null, words: `fault: ${fault.what}` });
  for (const host of report.hosts)
    if (has(host.name))
      for (const [from, , role] of host.role)
        hits.push({ at: from, op: null, words: `host: ${host.name} becomes ${role}` });
  hits.sort((a, b) => a.at - b.at);

  const { argument, result, keys } = operations.columns;
  const isKey = Uint8Array.from(keys, (key) =>
    Number(key.toLowerCase() === wanted || plain(key).toLowerCase() === wanted),
  );
  const number = /^-?\d+(\.\d+)?$/.test(wanted) ? Number(wanted) : null;
  const isValue = (value: number | string | null) => {
    if (value === null) return false;
    return typeof value === "number" ? value === number : value.toLowerCase().includes(wanted);
  };
  for (let i = 0; i < operations.count && hits.length < MOST; i++)
    if (isKey[operations.key[i]] || isValue(argument[i]) || isValue(result[i]))
      hits.push({ at: operations.invoked[i], op: i, words: `operation ${i}: ${operations.words(i)}` });
  return { hits, more: hits.length >= MOST };
}
