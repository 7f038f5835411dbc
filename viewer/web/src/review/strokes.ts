/** Strokes on labels: a round brush from point to point, and a polygon. */

export type Point = readonly [number, number];

/** Give a number to all pixels within a radius of the line between two points. */
export function brush(labels: Uint8Array, width: number, from: Point, to: Point, radius: number, number: number): void {
  const height = labels.length / width;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  const low = (a: number, b: number) => Math.floor(Math.min(a, b) - radius);
  const high = (a: number, b: number) => Math.ceil(Math.max(a, b) + radius);
  for (let y = Math.max(0, low(from[1], to[1])); y <= Math.min(height - 1, high(from[1], to[1])); y++) {
    for (let x = Math.max(0, low(from[0], to[0])); x <= Math.min(width - 1, high(from[0], to[0])); x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const along = square ? Math.min(1, Math.max(0, (px * dx + py * dy) / square)) : 0;
      if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) labels[y * width + x] = number;
    }
  }
}

/** Give a number to all pixels whose centres lie inside a polygon, by the even-odd rule. */
export function polygon(labels: Uint8Array, width: number, corners: readonly Point[], number: number): void {
  const height = labels.length / width;
  if (corners.length < 3) return;
  for (let y = 0; y < height; y++) {
    const crossings = corners.flatMap(([x, from], i) => {
      const [toX, to] = corners[(i + 1) % corners.length] as Point;
      const line = y + 0.5;
      return from > line !== to > line ? [x + ((line - from) / (to - from)) * (toX - x)] : [];
    }).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const start = Math.max(0, Math.ceil((crossings[i] as number) - 0.5));
      const stop = Math.min(width - 1, Math.ceil((crossings[i + 1] as number) - 0.5) - 1);
      if (stop >= start) labels.fill(number, y * width + start, y * width + stop + 1);
    }
  }
}
