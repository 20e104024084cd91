import type { Fault } from "../report";
import type { Look } from "./band";

/** What is shown of each host. */
export const QUANTITIES = ["role", "gate", "lease", "database", "machine"] as const;

const ROLES: Record<string, Look> = {
  primary: { fill: "primary", text: "on-primary" },
  sync: { fill: "sync", text: "on-sync" },
  async: { fill: "async", text: "on-async" },
  deposed: { fill: "deposed", pattern: "rising" },
  unassigned: { fill: "faint", hollow: true },
  leader: { fill: "leader", text: "on-leader" },
};
const GATES: Record<string, Look> = {
  open: { fill: "open", text: "on-open" },
  held: { fill: "held", pattern: "rising" },
  closed: { fill: "faint", hollow: true },
};
const DATABASES: Record<string, Look> = {
  primary: { fill: "primary", text: "on-primary" },
  standby: { fill: "async", text: "on-async" },
  starting: { fill: "held", pattern: "falling" },
  promoting: { fill: "primary", pattern: "rising" },
  "shutting down": { fill: "off", pattern: "falling" },
  down: { fill: "faint", hollow: true },
};
const MACHINES: Record<string, Look> = {
  off: { fill: "off", text: "on-off" },
  paused: { fill: "off", pattern: "dots" },
};
const OTHER: Look = { fill: "faint", hollow: true };

export const LOOKS = {
  role: (value: string) => ROLES[value] ?? OTHER,
  gate: (value: string) => GATES[value] ?? OTHER,
  lease: (value: string): Look => ({ fill: "lease", text: "on-open", label: value }),
  database: (value: string) => DATABASES[value] ?? OTHER,
  machine: (value: string) => MACHINES[value] ?? OTHER,
};

export const LEGEND: { name: string; values: [string, Look][] }[] = [
  { name: "role", values: Object.entries(ROLES) },
  { name: "gate", values: Object.entries(GATES) },
  { name: "lease", values: [["held", LOOKS.lease("held")]] },
  { name: "database", values: Object.entries(DATABASES) },
  { name: "machine", values: Object.entries(MACHINES) },
];

const FAMILIES: Fault["family"][] = ["network", "clock", "disk", "process", "store", "operators"];

export function familyColour(family: string): string {
  return (FAMILIES as string[]).includes(family) ? `family-${family}` : "family-operators";
}
