/** Evidence of a species from its Zarr group, read chunk by chunk as specimens are looked at. */

import * as zarr from "zarrita";
import type { Background } from "../baselines";
import { registerCodecs } from "./codecs";
import { halvesToFloats } from "./half";

/** What one forward pass left of a specimen: maps, scores, and whether it was finished. */
export interface SpecimenEvidence {
  /** Signed evidence maps, class by class and row by row: classes × height × width values. */
  readonly evidence: Float32Array;
  /** Scores of the species (first) and of its references. */
  readonly logit: Float32Array;
  /** Log-sum-exp of the scores of all classes of the classifier. */
  readonly logSumExp: number;
}

/** Where bytes come from: `FetchStore` in the browser, a folder or a map in tests. */
export type ChunkSource = zarr.AsyncReadable;

const DONE = 1n;
const STATUS = 0xffn;

registerCodecs();

/**
 * A source whose float16 arrays are described as uint16, so that browsers without Float16Array can read them.
 * The bits are the same; `halvesToFloats` gives them their values.
 */
export function withHalvesAsBits(source: ChunkSource): ChunkSource {
  return {
    async get(key, options) {
      const bytes = await source.get(key, options);
      if (!bytes || !key.endsWith("/evidence/zarr.json")) return bytes;
      const description = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      if (description["data_type"] !== "float16") return bytes;
      return new TextEncoder().encode(JSON.stringify({ ...description, data_type: "uint16", fill_value: 0 }));
    },
  };
}

/** Mean evidence of the references' own specimens from a group; empty where no background is known. */
async function backgroundsIn(root: zarr.Location<ChunkSource>): Promise<ReadonlyMap<string, Background>> {
  const group = await zarr.open.v3(root, { kind: "group" });
  const names = (group.attrs["backgrounds"] ?? []) as readonly string[];
  if (!names.length) return new Map();
  const { data } = await zarr.get((await zarr.open.v3(root.resolve("background"), { kind: "array" })) as zarr.Array<"float32">);
  const each = data.length / names.length;
  return new Map(names.map((name, i) => [name, data.slice(i * each, (i + 1) * each)]));
}

/** One species' group of a store or of an atlas. */
export class SpeciesEvidence {
  private readonly chunks = new Map<string, Promise<zarr.Chunk<zarr.DataType>>>();

  private constructor(
    /** The species itself, then its references. */
    readonly classes: readonly string[],
    /** Height and width of the maps, in cells. */
    readonly grid: readonly [number, number],
    private readonly arrays: Readonly<Record<string, zarr.Array<zarr.DataType>>>,
    /** Mean evidence of the references' own specimens, by name, where it is known. */
    readonly backgrounds: ReadonlyMap<string, Background>,
  ) {}

  /** Open a group, `path` such as "Esocidae/Esox/Esox_lucius"; reads descriptions and the names of the classes. */
  static async open(source: ChunkSource, path: string): Promise<SpeciesEvidence> {
    const root = zarr.root(withHalvesAsBits(source)).resolve(`/${path}`);
    const open = (name: string) => zarr.open.v3(root.resolve(name), { kind: "array" });
    const names = ["evidence", "logit", "log_sum_exp", "state", "specimen", "class"] as const;
    const opened = await Promise.all(names.map(open));
    const arrays = Object.fromEntries(names.map((name, i) => [name, opened[i] as zarr.Array<zarr.DataType>]));
    const maps = arrays["evidence"] as zarr.Array<zarr.DataType>;
    const classes = await zarr.get(arrays["class"] as zarr.Array<"string">);
    const grid = [maps.shape[2] ?? 0, maps.shape[3] ?? 0] as const;
    return new SpeciesEvidence([...(classes.data as Iterable<string>)], grid, arrays, await backgroundsIn(root));
  }

  /**
   * Evidence of the specimen in a slot, null if it was never finished.
   *
   * Throws if a chunk is missing or damaged, or if the slot holds another specimen than the page says, as it may where
   * pages and evidence come from two runs of `report`.
   */
  async specimen(slot: number, imageId: string): Promise<SpecimenEvidence | null> {
    const [held] = (await this.values("specimen", slot)) as string[];
    if (held !== imageId) throw new Error(`the evidence is that of ${held ?? "no specimen"}; write the atlas again`);
    const [state] = (await this.values("state", slot)) as BigUint64Array;
    if (state === undefined || (state & STATUS) !== DONE) return null;
    const [maps, logit, logSumExp] = await Promise.all([
      this.values("evidence", slot), this.values("logit", slot), this.values("log_sum_exp", slot),
    ]);
    return {
      evidence: halvesToFloats(maps as Uint16Array),
      logit: logit as Float32Array,
      logSumExp: (logSumExp as Float32Array)[0] as number,
    };
  }

  /** The part of an array that belongs to a slot; whole chunks are kept, since neighbours share them. */
  private async values(name: string, slot: number): Promise<unknown> {
    const array = this.arrays[name] as zarr.Array<zarr.DataType>;
    const length = array.chunks[0] as number;
    const coordinates = [Math.floor(slot / length), ...array.shape.slice(1).map(() => 0)];
    const key = `${name}/${coordinates.join("/")}`;
    const chunk = this.chunks.get(key) ?? array.getChunk(coordinates);
    this.chunks.set(key, chunk);
    const { data } = await chunk;
    const size = array.shape.slice(1).reduce((product, extent) => product * extent, 1);
    const start = (slot % length) * size;
    return (data as Uint16Array).slice(start, start + size);
  }
}
