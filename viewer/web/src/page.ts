/** What the page says about its specimens, for the script: one JSON block that `report` writes. */

import type { Baseline } from "./baselines";
import type { Ramps } from "./drawing/colours";
import type { Window } from "./drawing/placement";

/** Where a specimen's evidence lies, and which part of its photograph the maps cover. */
export interface SpecimenPlace {
  readonly group: string;
  readonly slot: number;
  readonly window: Window;
  /** Width and height of the photograph itself, in pixels. */
  readonly size: readonly [number, number];
  readonly species: string;
  /** The species and its references, where each image has its own; otherwise empty, and the group's hold. */
  readonly classes: readonly string[];
  /** The part of the specimen that each cell of the map lies on, by its number in `PageFacts.parts`; 0 for none. */
  readonly parts: readonly number[];
  readonly credit: string;
}

/** Facts of a page that carries live maps. */
export interface PageFacts {
  readonly version: 3;
  /** Address of the Zarr store with the evidence, relative to the page. */
  readonly evidence: string;
  readonly collection: string;
  readonly run: string;
  readonly method: string;
  readonly citation: string;
  readonly gamma: number;
  /** The baseline that the page begins with. */
  readonly above: Baseline;
  /** The γ of finished comparisons, null for evidence that can be taken to any γ. */
  readonly comparedAt: number | null;
  readonly ramps: Ramps;
  /** Traits that a reviewer can give to a region. */
  readonly traits: readonly { readonly name: string; readonly uberon: string }[];
  /** Names of the parts of specimens, where the collection has masks of them. */
  readonly parts: Readonly<Record<string, string>>;
  readonly specimens: Readonly<Record<string, SpecimenPlace>>;
  /** The pooled difference of a pair on its mean specimen; null elsewhere. */
  readonly pooled: PooledFacts | null;
}

/** Evidence of a pair in one frame: the map is own - γ other. Values are base64 of float16. */
export interface PooledFacts {
  readonly photo: string;
  readonly size: readonly [number, number];
  readonly window: Window;
  readonly grid: readonly [number, number];
  readonly own: string;
  readonly other: string;
  readonly n: readonly [number, number];
}

const VERSION = 3;

/** Facts of this page; null on pages without maps. Throws where another version of the atlas wrote them. */
export function readFacts(page: Document): PageFacts | null {
  const block = page.getElementById("finercam-facts");
  if (!block?.textContent) return null;
  const facts = JSON.parse(block.textContent) as PageFacts;
  if (facts.version !== VERSION) throw new Error(`this page needs version ${facts.version} of the atlas script, this is ${VERSION}`);
  return facts;
}
