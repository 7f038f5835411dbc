/** One specimen under review: its map for the present settings, its regions, and what can be undone. */

import { paint } from "../drawing/colours";
import { coefficients, combine, type Weighting } from "../finer";
import { Placement } from "../drawing/placement";
import { topRegion } from "../drawing/region";
import { FIRST, Regions, type Snapshot } from "./regions";
import type { DraftForm, Made, OpinionFacts, ReviewFacts, SpecimenFacts } from "./types";

const HEAT_SIDE = 384;

/** How maps are made and cut; the same for every specimen until changed. */
export interface Settings {
  gamma: number;
  weighting: Weighting;
  signed: boolean;
  heat: boolean;
  /** Share of the pixels that the first region has. */
  top: number;
  /** References that are not ticked, by species. */
  readonly without: Map<string, ReadonlySet<string>>;
}

export class Marking {
  readonly regions: Regions;
  note: string;
  /** What an adjudicator decides between. */
  opinions: readonly OpinionFacts[];
  /** Whether regions or note differ from what is kept as a verdict. */
  edited: boolean;
  /** When it was opened, by a clock that is never put right, in milliseconds. */
  readonly opened = performance.now();
  private before: { labels: Uint8Array; snapshot: Snapshot } | null = null;

  constructor(readonly specimen: SpecimenFacts, private readonly review: ReviewFacts, private readonly settings: Settings) {
    const [width, height] = specimen.shown;
    this.regions = new Regions(width, height);
    this.note = specimen.note;
    this.opinions = specimen.opinions;
    this.edited = specimen.drafted;
    const begun = specimen.regions.length > 0 || specimen.decision === "accept";
    if (begun) this.regions.take(specimen.regions);
    const own = specimen.regions.find(({ source }) => source === "threshold");
    if (own?.top) settings.top = own.top;
    // What is kept was cut from its own map, perhaps for another γ: it is cut anew when the reader moves something.
    if (!begun || !this.regions.pixels(FIRST)) this.cut();
  }

  get mapped(): boolean {
    return this.specimen.evidence.length > 0;
  }

  get references(): readonly string[] {
    const without = this.settings.without.get(this.specimen.scientificName);
    return this.specimen.classes.slice(1).filter((name) => !without?.has(name));
  }

  made(): Made {
    const { references } = this;
    return { gamma: references.length ? this.settings.gamma : 0, weighting: this.settings.weighting, method: this.review.method, references };
  }

  /** The map on the model's grid. */
  map(signed = false): Float32Array {
    const { classes, logit, logSumExp, evidence } = this.specimen;
    const chosen = new Set(this.references);
    const comparison = {
      gamma: this.settings.gamma, weighting: this.settings.weighting, comparedAt: this.review.comparedAt, use: classes.map((name) => chosen.has(name)),
    };
    return combine(evidence, coefficients(logit, logSumExp, comparison), signed);
  }

  /** Draw the heat map; smaller than the photograph, as the browser enlarges it. */
  drawHeat(canvas: HTMLCanvasElement, colours: Uint32Array): void {
    const scale = Math.min(1, HEAT_SIDE / Math.max(...this.specimen.shown));
    const [width, height] = this.specimen.shown.map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    if (!context || !this.mapped) return;
    const values = new Placement(this.specimen.grid, this.specimen.window, width, height).place(this.map(this.settings.signed));
    const picture = context.createImageData(width, height);
    paint(values, colours, this.settings.signed, new Uint32Array(picture.data.buffer));
    context.putImageData(picture, 0, 0);
  }

  /** Cut the first region from the map, if it follows the threshold. */
  cut(): boolean {
    if (!this.mapped || !this.specimen.photographed || !this.regions.follows) return false;
    const { width, height } = this.regions;
    const values = new Placement(this.specimen.grid, this.specimen.window, width, height).place(this.map());
    return this.regions.cut(topRegion(values, this.settings.top).mask, this.settings.top, this.made());
  }

  /** A stroke begins: what was there before it can come back. */
  begin(): boolean {
    if (!this.specimen.photographed) return false;
    this.before ??= { labels: this.regions.labels.slice(), snapshot: this.regions.snapshot() };
    return true;
  }

  /** A stroke ends; what it changed, null for nothing. */
  end(): { before: Snapshot; after: Snapshot } | null {
    const before = this.before;
    this.before = null;
    if (!before || !this.regions.painted(before.labels, this.made())) return null;
    this.edited = true;
    return { before: before.snapshot, after: this.regions.snapshot() };
  }

  /** Change the regions otherwise than by a stroke. */
  change(act: (regions: Regions) => void): { before: Snapshot; after: Snapshot } {
    const before = this.regions.snapshot();
    act(this.regions);
    this.cut();
    this.edited = true;
    return { before, after: this.regions.snapshot() };
  }

  form(): DraftForm {
    return { image_id: this.specimen.image_id, comparison: this.made(), regions: this.regions.forms(), note: this.note, run: this.review.run };
  }
}
