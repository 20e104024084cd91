/** The first place from `low` to `high` for which `right` holds; it holds for all after the first for which it does. */
export function firstPlace(low: number, high: number, right: (place: number) => boolean): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (right(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
