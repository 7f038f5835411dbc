/** Colours of maps; the ramps come from the page, so that the viewer, the atlas and its live maps share one home. */

/** Stops from 0 to 1, each with red, green, blue and opacity in [0, 1]. */
export type Ramp = readonly (readonly [number, readonly [number, number, number, number]])[];
export interface Ramps {
  readonly heat: Ramp;
  readonly difference: Ramp;
}
/** The ramps as colours that canvases take, see `palette`. */
export interface Palettes {
  readonly heat: Uint32Array;
  readonly difference: Uint32Array;
}
const LEVELS = 256;

/** 256 colours of a ramp as RGBA bytes in one little-endian word each, ready for a canvas. */
export function palette(ramp: Ramp): Uint32Array {
  return Uint32Array.from({ length: LEVELS }, (_, level) => {
    const bytes = colourAt(ramp, level / (LEVELS - 1)).map((channel) => Math.round(channel * 255));
    return (((bytes[3] as number) << 24) | ((bytes[2] as number) << 16) | ((bytes[1] as number) << 8) | (bytes[0] as number)) >>> 0;
  });
}

/** Red, green, blue and opacity at a position of a ramp, by linear interpolation between its stops. */
export function colourAt(ramp: Ramp, position: number): number[] {
  const after = Math.max(1, ramp.findIndex(([stop]) => stop >= position));
  const [low, from] = ramp[after - 1] as Ramp[number];
  const [high, to] = ramp[after] as Ramp[number];
  const share = Math.min(Math.max((position - low) / (high - low), 0), 1);
  return from.map((channel, i) => channel + share * ((to[i] as number) - channel));
}

export function palettes(ramps: Ramps): Palettes {
  return { heat: palette(ramps.heat), difference: palette(ramps.difference) };
}

/** Colour each value: from 0 to the largest, or where signed from minus to plus the largest in size. */
export function paint(values: Float32Array, colours: Uint32Array, signed: boolean, into: Uint32Array): void {
  let largest = 1e-12;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > largest) largest = value;
    else if (signed && -value > largest) largest = -value;
  }
  const scale = (LEVELS - 1) / (signed ? 2 * largest : largest);
  const zero = signed ? largest : 0;
  for (let i = 0; i < values.length; i++) {
    const level = (((values[i] as number) + zero) * scale + 0.5) | 0; // as Math.round, which takes several times as long
    into[i] = colours[level > 0 ? level : 0] as number;
  }
}
