/** From a placed map to a region by threshold, as `finercam_core.regions.threshold.region` with `top`. */

/** A region: 1 for each pixel that belongs to it, and which share of the map's positive sum lies within. */
export interface Region {
  readonly mask: Uint8Array;
  readonly pixels: number;
  readonly share: number;
}

/** The pixels with the largest positive values, at most `share` of all; more only where that many are tied at the top. */
export function topRegion(values: Float32Array, share: number): Region {
  const limit = topLimit(values, share);
  const mask = new Uint8Array(values.length);
  let pixels = 0;
  let inside = 0;
  let total = 0;
  values.forEach((value, i) => {
    if (!(value > 0)) return;
    total += value;
    if (value < limit) return;
    mask[i] = 1;
    pixels += 1;
    inside += value;
  });
  return { mask, pixels, share: total > 0 ? inside / total : 0 };
}

/** Smallest value among the largest `share` of all; equal ones stay out, unless they are the largest. */
function topLimit(values: Float32Array, share: number): number {
  const count = Math.max(1, Math.floor(share * values.length));
  if (count >= values.length) return 0;
  const ordered = values.slice().sort();
  const limit = ordered[values.length - count] as number;
  const below = ordered[values.length - count - 1] as number;
  const largest = ordered[values.length - 1] as number;
  if (limit !== below || limit === largest) return limit;
  return ordered.find((value) => value > limit) ?? limit;
}

/** Outline of a mask as an SVG path along the edges of its pixels. */
export function outline(mask: Uint8Array, width: number, height: number): string {
  return rings(mask, width, height).map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`).join("");
}

/** Closed rings around a mask in pixel corners, the inside to the right; holes run the other way round. */
export function rings(mask: Uint8Array, width: number, height: number): [number, number][][] {
  const next = edges(mask, width, height);
  const found: [number, number][][] = [];
  for (const start of next.keys()) {
    while (next.get(start)?.length) found.push(follow(next, start, width + 1));
  }
  return found;
}

/** Edges between a pixel of the mask and one outside, from corner to corner, clockwise around the pixel. */
function edges(mask: Uint8Array, width: number, height: number): Map<number, number[]> {
  const next = new Map<number, number[]>();
  const add = (from: number, to: number) => next.set(from, [...(next.get(from) ?? []), to]);
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  const corner = (x: number, y: number) => y * (width + 1) + x;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      if (!inside(x, y - 1)) add(corner(x, y), corner(x + 1, y));
      if (!inside(x + 1, y)) add(corner(x + 1, y), corner(x + 1, y + 1));
      if (!inside(x, y + 1)) add(corner(x + 1, y + 1), corner(x, y + 1));
      if (!inside(x - 1, y)) add(corner(x, y + 1), corner(x, y));
    }
  }
  return next;
}

/** One closed ring from a corner; corners in the middle of a straight run are left out. */
function follow(next: Map<number, number[]>, start: number, stride: number): [number, number][] {
  const corners = [start];
  for (let at = next.get(start)?.pop(); at !== undefined && at !== start; at = next.get(at)?.pop()) corners.push(at);
  const turns = corners.filter((at, i) => {
    const before = corners.at(i - 1) as number;
    const after = corners[(i + 1) % corners.length] as number;
    return at - before !== after - at;
  });
  return turns.map((at) => [at % stride, Math.floor(at / stride)]);
}
