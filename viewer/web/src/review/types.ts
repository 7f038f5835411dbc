/** What a review is told and what it tells; the twin of `viewer/napari_finercam/web/facts.py` and of the intake. */

import type { Ramps } from "../drawing/colours";
import type { Window } from "../drawing/placement";

export type Decision = "accept" | "reject" | "unsure" | "";
/** Decisions by the digit that stands for them in a queue. */
export const DECISIONS: readonly Decision[] = ["", "accept", "reject", "unsure"];

export interface Key {
  readonly shown: string;
  readonly chord: string;
  readonly command: string;
  readonly text: string;
}
export interface KeyGroup {
  readonly heading: string;
  readonly keys: readonly Key[];
}
export interface Trait {
  readonly name: string;
  readonly uberon: string;
}
export interface ReviewFacts {
  readonly reviewer: string;
  readonly collection: string;
  readonly run: string;
  readonly method: string;
  readonly gamma: number;
  readonly comparedAt: number | null;
  readonly ramps: Ramps;
  readonly traits: readonly Trait[];
  readonly taxa: readonly { readonly name: string; readonly rank: string; readonly count: number }[];
  readonly filters: readonly string[];
  readonly orders: readonly string[];
  readonly atlas: boolean;
}
export interface Selection {
  readonly taxon: string;
  readonly only: string;
  readonly text: string;
  readonly order: string;
}
export interface QueueFacts {
  readonly ids: readonly string[];
  /** A digit for each id, see `DECISIONS`. */
  readonly mine: string;
  readonly position: number;
  readonly pending: number;
}
/** A mask as COCO's plain run lengths, column by column; size is height, width. */
export interface Runs {
  readonly size: readonly [number, number];
  readonly counts: readonly number[];
}
export interface Made {
  readonly gamma: number;
  readonly weighting: string;
  readonly method: string;
  readonly references: readonly string[];
}
export interface RegionFacts {
  readonly number: number;
  readonly trait: string;
  readonly uberon: string;
  readonly source: "threshold" | "painted";
  readonly top: number;
  readonly painted_share: number;
  readonly comparison: Made | null;
  readonly shown: Runs;
  readonly whole: Runs;
}
export interface OtherVerdict {
  readonly reviewer: string;
  readonly decision: Decision;
  readonly note: string;
  readonly regions: number;
}
/** A verdict that an adjudicator decides between; its revision says which of that reviewer's it is. */
export interface OpinionFacts {
  readonly reviewer: string;
  readonly decision: Decision;
  readonly revision: number;
  readonly note: string;
  readonly regions: readonly RegionFacts[];
}
export interface SpecimenFacts {
  readonly image_id: string;
  readonly scientificName: string;
  readonly vernacularName: string;
  readonly family: string;
  /** The species itself, then its references. */
  readonly classes: readonly string[];
  readonly tiers: readonly string[];
  /** Classes × height × width; empty where there is no map. */
  readonly evidence: Float32Array;
  readonly grid: readonly [number, number];
  readonly logit: readonly number[] | Float32Array;
  readonly logSumExp: number;
  readonly window: Window;
  /** Width and height of the photograph, and of it as shown. */
  readonly size: readonly [number, number];
  readonly shown: readonly [number, number];
  readonly photographed: boolean;
  readonly photo: string;
  readonly predicted: string;
  readonly probability: number;
  readonly credit: string;
  readonly problem: string;
  readonly decision: Decision;
  readonly note: string;
  readonly comparison: Made | null;
  readonly regions: readonly RegionFacts[];
  readonly drafted: boolean;
  readonly others: readonly OtherVerdict[];
  readonly opinions: readonly OpinionFacts[];
}
export interface RegionForm {
  readonly rle: Runs | null;
  readonly trait: string;
  readonly uberon: string;
  readonly source: "threshold" | "painted";
  readonly top: number;
  readonly painted_share: number;
  readonly comparison: Made | null;
  readonly number: number;
}
export interface DraftForm {
  readonly image_id: string;
  readonly comparison: Made;
  readonly regions: readonly RegionForm[];
  readonly note: string;
  readonly run: string;
}
export interface VerdictForm extends DraftForm {
  readonly key: string;
  readonly scientificName: string;
  readonly reviewer: string;
  readonly decision: Decision;
  readonly time: string;
  /** How long the specimen was looked at before. */
  readonly seconds: number | null;
  /** The verdicts that it decides between, as the page showed them. */
  readonly between: readonly { readonly reviewer: string; readonly revision: number }[];
}
export interface Acknowledged {
  readonly image_id: string;
  readonly decision: Decision;
  readonly others: readonly OtherVerdict[];
}
export interface Changes {
  readonly ids: readonly string[];
  readonly mine: string;
}

/** Where a review's verdicts are kept: a server, or this browser. */
export interface Keeper {
  session(): Promise<ReviewFacts>;
  queue(selection: Selection): Promise<QueueFacts>;
  specimen(imageId: string): Promise<SpecimenFacts>;
  /** Resolves once the draft is kept. */
  draft(form: DraftForm): Promise<void>;
  /** Resolves once the verdict is kept; throws `Refused` if it never will be, anything else if it may be later. */
  verdict(form: VerdictForm): Promise<Acknowledged>;
  /** What others, and this reviewer elsewhere, have done since the last call. */
  changes(): Promise<Changes>;
  /** Save the verdicts as a file, where that is how they leave. */
  readonly save: (() => Promise<void>) | null;
}

/** A verdict or a draft that does not fit the store, with the sentence that says why. */
export class Refused extends Error {}
