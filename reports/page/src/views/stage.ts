import { select } from "d3-selection";
import { zoom, zoomIdentity, ZoomTransform, type D3ZoomEvent } from "d3-zoom";
import { replace, h, type Child } from "../base/dom";
import type { Operations } from "../model/operations";
import type { View } from "../model/view";
import type { Report } from "../report";

/** Left of the time axis, for names; right of it, for a scroll bar. The same in all views, so that times are above one another. */
export const GUTTER = 136;
export const MARGIN = 20;

export interface Pointing {
  /** What is under the pointer, in words. */
  hover(x: number, y: number): Child;
  /** What a click there chooses. */
  pick?(x: number, y: number): { at: number; op: number | null } | null;
}

/** What all views over time share: the report, the window, the pointer's line and words, and how one zooms and pans. */
export class Stage {
  readonly root = h("div", { class: "stage" });
  private readonly tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });

  constructor(
    readonly report: Report,
    readonly operations: Operations,
    readonly view: View,
  ) {
    document.body.append(this.tip);
    view.on(() => this.placeChosen());
    new ResizeObserver(() => this.placeChosen()).observe(this.root);
  }

  /** The width of the time axis. */
  plotWidth(element: Element): number {
    return Math.max(element.clientWidth - GUTTER - MARGIN, 50);
  }

  x(element: Element, ns: number): number {
    return GUTTER + ((ns - this.view.from) / this.view.width) * this.plotWidth(element);
  }

  time(element: Element, x: number): number {
    return this.view.from + ((x - GUTTER) / this.plotWidth(element)) * this.view.width;
  }

  private placeChosen(): void {
    const { at, from, to } = this.view;
    const visible = at !== null && at >= from && at <= to;
    this.root.style.setProperty("--chosen", visible ? `${this.x(this.root, at)}px` : "-9px");
  }

  /** Makes an element one of the views: drag pans, Ctrl and the wheel zoom, Shift and a drag choose the window. */
  attach(element: HTMLElement, pointing: Pointing): void {
    const { view } = this;
    const chosen = h("i", { class: "line chosen" });
    const pointed = h("i", { class: "line pointed" });
    const band = h("i", { class: "rubber", hidden: true });
    element.append(chosen, pointed, band);

    const transform = (): ZoomTransform => {
      const k = view.end / view.width;
      return zoomIdentity
        .translate(GUTTER - k * (GUTTER + (view.from / view.end) * this.plotWidth(element)), 0)
        .scale(k);
    };
    const behaviour = zoom<HTMLElement, unknown>()
      .filter(
        (event: MouseEvent) =>
          !event.shiftKey && !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey),
      )
      .wheelDelta((event) => {
        // A pinch on a touchpad comes as a wheel with Ctrl, in small steps; a wheel's notch is a large one.
        const step = -event.deltaY * (event.deltaMode === 1 ? 0.05 : event.deltaMode ? 1 : 0.002);
        return Math.abs(event.deltaY) < 40 ? step * 10 : step;
      })
      .scaleExtent([1, view.end / view.clock.shortest])
      .clickDistance(3)
      .on("start", () => this.silence())
      .on("zoom", (event: D3ZoomEvent<HTMLElement, unknown>) => {
        if (!event.sourceEvent) return;
        const { k, x } = event.transform;
        const from = (((GUTTER - x) / k - GUTTER) / this.plotWidth(element)) * view.end;
        view.show(from, from + view.end / k);
      })
      .on("end", () => sync());
    const selection = select(element).call(behaviour).on("dblclick.zoom", null);
    // Each element remembers its own transform; all follow the one window.
    const sync = () => selection.property("__zoom", transform());
    element.addEventListener("pointerdown", sync, { capture: true });
    element.addEventListener("wheel", sync, { capture: true, passive: true });
    element.addEventListener("touchstart", sync, { capture: true, passive: true });
    element.addEventListener("dblclick", (event) => view.zoom(2, this.time(element, this.local(element, event)[0])));

    element.addEventListener(
      "wheel",
      (event) => {
        const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
        if (event.ctrlKey || event.metaKey || Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY)))
          return;
        event.preventDefault();
        view.pan(sideways / this.plotWidth(element));
      },
      { passive: false },
    );

    let began: number | null = null;
    element.addEventListener("pointerdown", (event) => {
      if (!event.shiftKey || event.button) return;
      event.preventDefault();
      began = this.local(element, event)[0];
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      const [x, y] = this.local(element, event);
      this.root.style.setProperty("--pointed", x >= GUTTER && x <= element.clientWidth - MARGIN ? `${x}px` : "-9px");
      if (began !== null) {
        band.hidden = false;
        band.style.left = `${Math.max(Math.min(began, x), GUTTER)}px`;
        band.style.width = `${Math.abs(x - began)}px`;
      } else if (!event.buttons) this.say(event, pointing.hover(x, y));
    });
    element.addEventListener("pointerup", (event) => {
      if (began === null) return;
      const times = [began, this.local(element, event)[0]].map((x) => this.time(element, x)).sort((a, b) => a - b);
      band.hidden = true;
      if (times[1] - times[0] > view.width / 100) view.show(Math.max(times[0], 0), Math.min(times[1], view.end));
      setTimeout(() => (began = null));
    });
    element.addEventListener("pointerleave", () => this.silence());
    element.addEventListener("click", (event) => {
      const [x, y] = this.local(element, event);
      if (began !== null || event.shiftKey || x < GUTTER || x > element.clientWidth - MARGIN) return;
      const picked = pointing.pick?.(x, y) ?? { at: this.time(element, x), op: null };
      view.choose(picked.at, picked.op);
    });
  }

  private local(element: Element, event: MouseEvent): [number, number] {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private say(event: PointerEvent, words: Child): void {
    if (!words) {
      this.tip.hidden = true;
      return;
    }
    replace(this.tip, words);
    this.tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const left = event.clientX + 14 + width < window.innerWidth ? event.clientX + 14 : event.clientX - 14 - width;
    const top = event.clientY + 16 + height < window.innerHeight ? event.clientY + 16 : event.clientY - 12 - height;
    this.tip.style.transform = `translate(${Math.max(left, 4)}px, ${Math.max(top, 4)}px)`;
  }

  silence(): void {
    this.tip.hidden = true;
    this.root.style.setProperty("--pointed", "-9px");
  }
}
