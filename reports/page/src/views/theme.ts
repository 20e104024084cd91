// Canvases cannot use the style sheet's colours by themselves: they are read from its custom properties, anew whenever
// dark mode or printing changes them.

type Pattern = "none" | "rising" | "falling" | "dots";

class Theme {
  private values = new Map<string, string>();
  private patterns = new Map<string, CanvasPattern>();
  private readonly listeners: (() => void)[] = [];

  constructor() {
    for (const query of ["(prefers-color-scheme: dark)", "print"])
      window.matchMedia(query).addEventListener("change", () => this.refresh());
    for (const event of ["beforeprint", "afterprint"]) window.addEventListener(event, () => this.refresh());
  }

  on(listener: () => void): void {
    this.listeners.push(listener);
  }

  private refresh(): void {
    this.values.clear();
    this.patterns.clear();
    for (const listener of this.listeners) listener();
  }

  /** The custom property --name. */
  colour(name: string): string {
    let value = this.values.get(name);
    if (value === undefined) {
      value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "gray";
      this.values.set(name, value);
    }
    return value;
  }

  /** A fill that differs from others in more than its colour. */
  pattern(
    context: CanvasRenderingContext2D,
    pattern: Pattern,
    colour: string,
    ground: string | null = null,
  ): CanvasPattern | string {
    if (pattern === "none") return colour;
    const name = `${pattern} ${colour} ${ground}`;
    let made = this.patterns.get(name);
    if (!made) {
      const size = 6;
      const tile = document.createElement("canvas");
      tile.width = tile.height = size;
      const pen = tile.getContext("2d")!;
      if (ground) {
        pen.fillStyle = ground;
        pen.fillRect(0, 0, size, size);
      }
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = 1.4;
      pen.beginPath();
      if (pattern === "dots") pen.fillRect(1, 1, 2, 2);
      for (const shift of pattern === "dots" ? [] : [-size, 0, size]) {
        const up = pattern === "rising";
        pen.moveTo(shift - 1, up ? size + 1 : -1);
        pen.lineTo(shift + size + 1, up ? -1 : size + 1);
      }
      pen.stroke();
      made = context.createPattern(tile, "repeat")!;
      this.patterns.set(name, made);
    }
    return made;
  }
}

export const theme = new Theme();

const FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

export function font(size: number, weight = 400): string {
  return `${weight} ${size}px ${FONT}`;
}
