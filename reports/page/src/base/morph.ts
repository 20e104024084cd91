// Makes the elements that are there like others that were made anew. What the reader did to them stays: what is open,
// filled in, selected, focused and scrolled to. Children are told apart by their id or data-key, others by their place.

const keyOf = (node: Node): string => (node instanceof Element ? node.id || (node.getAttribute("data-key") ?? "") : "");

const alike = (a: Node, b: Node): boolean => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

/** REQUIRES that both are of the same kind: elements of one name, or both texts. `wanted` may be taken apart. */
export function morph(old: Node, wanted: Node): void {
  if (!(old instanceof Element) || !(wanted instanceof Element)) {
    if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
    return;
  }
  attributes(old, wanted);
  children(old, wanted);
}

function attributes(old: Element, wanted: Element): void {
  for (const { name } of [...old.attributes])
    if (!wanted.hasAttribute(name) && !(name === "open" && old instanceof HTMLDetailsElement))
      old.removeAttribute(name);
  for (const { name, value } of [...wanted.attributes]) {
    if (old.getAttribute(name) === value) continue;
    // The page's policy lets scripts set styles one by one, but not as an attribute.
    if (name === "style") (old as HTMLElement).style.cssText = (wanted as HTMLElement).style.cssText;
    else old.setAttribute(name, value);
  }
}

function children(old: Element, wanted: Element): void {
  const keyed = new Map<string, Node>();
  for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  const stay = new Set([...wanted.childNodes].map(keyOf));
  let at = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    // Those that go are removed first, so that those that stay need not be moved: moving loses focus and scroll.
    while (at && keyOf(at) && !stay.has(keyOf(at))) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    const known = keyed.get(keyOf(next));
    if (at && alike(at, next)) {
      keyed.delete(keyOf(next));
      morph(at, next);
      at = at.nextSibling;
    } else if (known && alike(known, next)) {
      keyed.delete(keyOf(next));
      old.insertBefore(known, at);
      morph(known, next);
    } else old.insertBefore(next, at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}
