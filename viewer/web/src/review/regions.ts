/** Numbered regions of one specimen: the first follows the threshold, others are painted; each may have a trait. */

import { fillRuns, packed, runsOf, unpack } from "./runs";
import type { Made, RegionFacts, RegionForm, Runs, Trait } from "./types";

export const FIRST = 1;
const MOST = 99;

interface Properties {
  readonly trait: string;
  readonly uberon: string;
  readonly source: "threshold" | "painted";
  readonly top: number;
  readonly paintedShare: number;
  readonly comparison: Made | null;
  /** The mask as it came, at the photograph's own size, until somebody changes it. */
  readonly whole: Runs | null;
}

export interface Snapshot {
  readonly packed: Uint32Array;
  readonly properties: ReadonlyMap<number, Properties>;
}

const blank = (source: "threshold" | "painted"): Properties =>
  ({ trait: "", uberon: "", source, top: 0, paintedShare: 0, comparison: null, whole: null });

export class Regions {
  readonly labels: Uint8Array;
  private properties = new Map<number, Properties>([[FIRST, blank("threshold")]]);

  constructor(readonly width: number, readonly height: number) {
    this.labels = new Uint8Array(width * height);
  }

  get numbers(): number[] {
    return [...this.properties.keys()].sort((a, b) => a - b);
  }

  /** Whether the first region still follows the threshold. */
  get follows(): boolean {
    return this.properties.get(FIRST)?.source === "threshold";
  }

  of(number: number): Properties {
    return this.properties.get(number) ?? blank("painted");
  }

  pixels(number: number): number {
    return this.labels.reduce((sum, label) => sum + (label === number ? 1 : 0), 0);
  }

  /** Take up the regions of a draft or a verdict. */
  take(regions: readonly RegionFacts[]): void {
    this.labels.fill(0);
    this.properties = new Map();
    for (const region of regions) {
      fillRuns(region.shown, region.number, this.labels, this.width, this.height);
      const { trait, uberon, source, top, comparison, whole } = region;
      this.properties.set(region.number, { trait, uberon, source, top, comparison, whole, paintedShare: region.painted_share });
    }
    if (!this.properties.has(FIRST)) this.properties.set(FIRST, blank("painted"));
  }

  /** Cut the first region anew, unless it was painted; pixels of others stay theirs. */
  cut(mask: Uint8Array, top: number, made: Made): boolean {
    if (!this.follows) return false;
    for (let i = 0; i < mask.length; i++) {
      if (this.labels[i] === FIRST) this.labels[i] = 0;
      if (mask[i] && !this.labels[i]) this.labels[i] = FIRST;
    }
    this.properties.set(FIRST, { ...this.of(FIRST), top, comparison: made, whole: null });
    return true;
  }

  /** Note that pixels changed from the labels before: whose they were and whose they are now is painted from now on. */
  painted(before: Uint8Array, made: Made): boolean {
    const added = new Map<number, number>();
    const erased = new Map<number, number>();
    const size = new Map<number, number>();
    const count = (counts: Map<number, number>, label: number) => counts.set(label, (counts.get(label) ?? 0) + 1);
    for (let i = 0; i < before.length; i++) {
      const [old, now] = [before[i] as number, this.labels[i] as number];
      count(size, old);
      if (old === now) continue;
      count(erased, old);
      count(added, now);
    }
    const touched = new Set([...added.keys(), ...erased.keys()].filter((number) => number));
    for (const number of touched) {
      const earlier = this.of(number);
      const kept = (size.get(number) ?? 0) - (erased.get(number) ?? 0);
      const total = kept + (added.get(number) ?? 0);
      const share = total ? Math.min(1, (earlier.paintedShare * kept + (added.get(number) ?? 0)) / total) : 0;
      this.properties.set(number, { ...earlier, source: "painted", paintedShare: share, whole: null, comparison: earlier.comparison ?? made });
    }
    return touched.size > 0;
  }

  /** Begin another region; its number, or 0 where there are too many. */
  add(): number {
    const number = Math.max(...this.properties.keys()) + 1;
    if (number > MOST) return 0;
    this.properties.set(number, blank("painted"));
    return number;
  }

  /** Remove a region; the first becomes empty instead, and stays so until `follow`. */
  remove(number: number): void {
    this.clear(number);
    if (number === FIRST) this.properties.set(FIRST, blank("painted"));
    else this.properties.delete(number);
  }

  /** Let the first region follow the threshold again. */
  follow(): void {
    this.clear(FIRST);
    const { trait, uberon } = this.of(FIRST);
    this.properties.set(FIRST, { ...blank("threshold"), trait, uberon });
  }

  private clear(number: number): void {
    for (let i = 0; i < this.labels.length; i++) if (this.labels[i] === number) this.labels[i] = 0;
  }

  assign(number: number, trait: Trait | null): void {
    this.properties.set(number, { ...this.of(number), trait: trait?.name ?? "", uberon: trait?.uberon ?? "" });
  }

  /** Make each connected part of the first region one of its own, largest first, at most twenty; how many there are. */
  divide(): number {
    const parts = connected(this.labels, FIRST, this.width).sort((a, b) => b.length - a.length);
    const whole = parts.reduce((sum, part) => sum + part.length, 0);
    const kept = parts.slice(0, 20).filter((part) => part.length >= 0.02 * whole);
    if (kept.length < 2) return kept.length;
    const { trait, uberon, comparison } = this.of(FIRST);
    this.clear(FIRST);
    kept.forEach((part, i) => {
      const number = i ? this.add() : FIRST;
      this.properties.set(number, { ...blank("painted"), trait, uberon, comparison });
      for (const pixel of part) this.labels[pixel] = number;
    });
    return kept.length;
  }

  /** Regions with pixels, as the log takes them; masks that nobody changed go back as they came. */
  forms(): RegionForm[] {
    return this.numbers.filter((number) => this.labels.includes(number)).map((number) => {
      const { trait, uberon, source, top, paintedShare, comparison, whole } = this.of(number);
      const follows = source === "threshold";
      const rle = follows ? null : whole ?? runsOf(this.labels, number, this.width, this.height);
      return { rle, trait, uberon, source, top, painted_share: paintedShare, comparison, number };
    });
  }

  snapshot(): Snapshot {
    return { packed: packed(this.labels), properties: new Map(this.properties) };
  }

  restore(snapshot: Snapshot): void {
    unpack(snapshot.packed, this.labels);
    this.properties = new Map(snapshot.properties);
  }
}

/** Pixels of each connected part of a label, neighbours by their edges. */
export function connected(labels: Uint8Array, number: number, width: number): number[][] {
  const seen = new Uint8Array(labels.length);
  const parts: number[][] = [];
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] !== number || seen[start]) continue;
    const part = [start];
    seen[start] = 1;
    for (const pixel of part) {
      const x = pixel % width;
      const around = [pixel - width, pixel + width, x > 0 ? pixel - 1 : -1, x < width - 1 ? pixel + 1 : -1];
      for (const next of around) {
        if (next < 0 || next >= labels.length || seen[next] || labels[next] !== number) continue;
        seen[next] = 1;
        part.push(next);
      }
    }
    parts.push(part);
  }
  return parts;
}
