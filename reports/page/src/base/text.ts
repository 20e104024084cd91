// How numbers and values are written: alike everywhere, whatever the reader's locale, so that two readers of one report
// read the same.

export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** To three significant digits, without zeros that say nothing. */
export function short(x: number): string {
  if (Math.abs(x) >= 1000) return count(Math.round(x));
  return String(Number(x.toPrecision(3)));
}

export function duration(ns: number): string {
  const size = Math.abs(ns);
  if (size >= 1e9) return `${short(ns / 1e9)} s`;
  if (size >= 1e6) return `${short(ns / 1e6)} ms`;
  if (size >= 1e3) return `${short(ns / 1e3)} µs`;
  return `${short(ns)} ns`;
}

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(n) >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${short(n)} ${units[unit]}`;
}

/** A key or value as people write it: a text that is plainly a word goes without its quotes. */
export function plain(value: number | string | null): string {
  if (value === null) return "nothing";
  if (value === "") return "";
  const text = String(value);
  return /^"[A-Za-z_][\w.:/-]*"$/.test(text) ? text.slice(1, -1) : text;
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

export function list(names: string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
