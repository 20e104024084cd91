import { firstSpan, spanAt } from "../model/spans";
import type { Span } from "../report";
import type { Frame } from "./canvas";
import { font, theme } from "./theme";

/** How a value looks: never by its colour alone. */
export interface Look {
  /** Custom properties of the style sheet. */
  fill: string;
  text?: string;
  pattern?: "rising" | "falling" | "dots";
  /** Only an outline. */
  hollow?: boolean;
  label?: string;
}

/** A horizontal band of spans. */
export interface Band {
  y: number;
  height: number;
  spans: Span[];
  look(value: string): Look;
  words(span: Span): string;
}

export function paintBand(frame: Frame, band: Band, from: number, to: number): void {
  const { pen, left, right } = frame;
  const { y, height, spans } = band;
  const size = Math.min(11, height - 2);
  let painted = -Infinity;
  for (let i = firstSpan(spans, from); i < spans.length && spans[i][0] <= to; i++) {
    const [begin, end, value] = spans[i];
    const a = Math.max(frame.x(begin), left);
    const b = Math.min(Math.max(frame.x(end), a + 1), right);
    if (b <= painted + 0.5) continue;
    painted = b;
    const look = band.look(value);
    const colour = theme.colour(look.fill);
    if (look.hollow) {
      pen.strokeStyle = colour;
      pen.lineWidth = 1;
      if (b - a > 2) pen.strokeRect(a + 0.5, y + 0.5, b - a - 1, height - 1);
    } else {
      pen.fillStyle = look.pattern ? theme.pattern(pen, look.pattern, colour, theme.colour("ground")) : colour;
      pen.fillRect(a, y, b - a, height);
      if (look.pattern && b - a > 2) {
        pen.strokeStyle = colour;
        pen.lineWidth = 1;
        pen.strokeRect(a + 0.5, y + 0.5, b - a - 1, height - 1);
      }
    }
    const label = look.label ?? value;
    if (!label || b - a < 14 || size < 8) continue;
    pen.font = font(size);
    const width = pen.measureText(label).width;
    if (width > b - a - 6) continue;
    if (look.pattern && !look.hollow) {
      pen.fillStyle = theme.colour("ground");
      pen.fillRect(a + 2, y + 1, width + 4, height - 2);
    }
    pen.fillStyle = theme.colour(look.text ?? "ink");
    pen.textBaseline = "middle";
    pen.fillText(label, a + 4, y + height / 2 + 0.5);
  }
}

export function bandWords(band: Band, ns: number, slack: number): string {
  for (const at of [ns, ns - slack, ns + slack]) {
    const place = spanAt(band.spans, at);
    if (place >= 0) return band.words(band.spans[place]);
  }
  return "";
}
