/** What the page says about its specimens, for the script: one JSON block that `report` writes. */

import type { Ramps } from "./colours";
import type { Window } from "./placement";

/** Where a specimen's evidence lies, and which part of its photograph the maps cover. */
export interface SpecimenPlace {
  readonly group: string;
  readonly slot: number;
  readonly window: Window;
  /** Width and height of the photograph itself, in pixels. */
  readonly size: readonly [number, number];
  readonly species: string;
  readonly credit: string;
}

/** Facts of a page that carries live maps. */
export interface PageFacts {
  readonly version: 1;
  /** Address of the Zarr store with the evidence, relative to the page. */
  readonly evidence: string;
  readonly collection: string;
  readonly run: string;
  readonly method: string;
  readonly citation: string;
  readonly gamma: number;
  /** The γ of finished comparisons, null for evidence that can be taken to any γ. */
  readonly comparedAt: number | null;
  readonly ramps: Ramps;
  readonly specimens: Readonly<Record<string, SpecimenPlace>>;
}

const VERSION = 1;

/** Facts of this page; null on pages without maps. Throws where another version of the atlas wrote them. */
export function readFacts(page: Document): PageFacts | null {
  const block = page.getElementById("finercam-facts");
  if (!block?.textContent) return null;
  const facts = JSON.parse(block.textContent) as PageFacts;
  if (facts.version !== VERSION) throw new Error(`this page needs version ${facts.version} of the atlas script, this is ${VERSION}`);
  return facts;
}
