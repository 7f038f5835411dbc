/** The live map of one specimen: read when its figure comes near the screen, drawn again when the view changes. */

import { nearest, type AboveBaseline } from "./baselines";
import type { Palettes } from "./drawing/colours";
import type { SpecimenEvidence, SpeciesEvidence } from "./evidence/evidence";
import { coefficients, combine } from "./finer";
import type { SpecimenPlace } from "./page";
import { Placement } from "./drawing/placement";
import { outline, topRegion } from "./drawing/region";
import { Surface } from "./drawing/surface";
import { Photograph } from "./photograph";
import type { View } from "./view";
import { aboveInWords, whereStrongest, type Words } from "./words/atlas_words";

const SVG = "http://www.w3.org/2000/svg";
/** Longer side of the map as drawn while a slider moves, in pixels: several for each cell, and the browser enlarges it. */
const DRAWN = 160;

/** What a drawn map holds, for exports. */
export interface DrawnMap {
  readonly map: Float32Array;
  readonly grid: readonly [number, number];
  readonly references: readonly string[];
  /** What it is above, and why it is not above more. */
  readonly above: AboveBaseline;
}

export class SpecimenMap {
  /** Set once the evidence was read. */
  private read: { species: SpeciesEvidence; own: SpecimenEvidence; placement: Placement; surface: Surface } | null = null;
  private readonly canvas = document.createElement("canvas");
  private readonly path = document.createElementNS(SVG, "path");
  private readonly note: HTMLElement;
  private drawn: DrawnMap | null = null;
  private signed = false;

  constructor(
    readonly imageId: string,
    readonly figure: HTMLElement,
    readonly place: SpecimenPlace,
    /** The one reference of a pair's page, "" where the reader chooses. */
    private readonly against: string,
    private readonly words: Words,
    private readonly colours: Palettes,
    readonly comparedAt: number | null,
    /** Names of parts by the numbers in the place's cells. */
    private readonly parts: Readonly<Record<string, string>>,
  ) {
    this.note = document.createElement("span");
    this.note.className = "map-note soft";
  }

  get photograph(): Photograph | null {
    return Photograph.of(this.figure);
  }

  get last(): DrawnMap | null {
    return this.drawn;
  }

  /** Take the evidence in and put the canvas where the printed map was. */
  async load(species: SpeciesEvidence): Promise<void> {
    const own = await species.specimen(this.place.slot, this.imageId);
    const photograph = this.photograph;
    if (!own || !photograph) {
      this.say(this.words.unfinished);
      return;
    }
    const size = [photograph.width, photograph.height] as const;
    const scale = Math.min(1, DRAWN / Math.max(...size));
    const [across, down] = size.map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    const placed = (wide: number, high: number) => new Placement(species.grid, this.place.window, wide, high);
    this.read = { species, own, placement: placed(...size), surface: new Surface(placed(across, down), this.colours, this.canvas) };
    this.insert(photograph);
  }

  private insert({ stack, width, height }: Photograph): void {
    this.canvas.className = "map live";
    this.canvas.setAttribute("role", "img");
    const overlay = document.createElementNS(SVG, "svg");
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    overlay.setAttribute("class", "map outline");
    overlay.setAttribute("aria-hidden", "true");
    overlay.append(this.path);
    stack.querySelectorAll("img.map").forEach((printed) => printed.remove());
    stack.append(this.canvas, overlay);
    this.figure.querySelector("figcaption")?.append(this.note);
  }

  /** Say under the photograph why there is no live map; the printed one stays. */
  say(sentence: string): void {
    this.note.textContent = sentence;
    this.figure.querySelector("figcaption")?.append(this.note);
  }

  /** Draw the map of a view. The outline is left for when the reader pauses, since it takes longer. */
  draw(view: View, withOutline: boolean): void {
    if (!this.read) return;
    const { species, own, surface } = this.read;
    const classes = this.place.classes.length ? this.place.classes : species.classes;
    const use = classes.map((name) => (this.against ? name === this.against : !view.without.includes(name)));
    const comparison = { gamma: view.gamma, use, weighting: view.weighting, comparedAt: this.comparedAt };
    const weights = coefficients(own.logit, own.logSumExp, comparison);
    const compared = { weights, gamma: view.gamma, classes, finished: this.comparedAt !== null };
    const above = nearest(combine(own.evidence, weights, true), view.above, compared, species.backgrounds);
    const map = view.signed ? above.map : above.map.map((value) => Math.max(value, 0));
    this.drawn = { map, grid: species.grid, references: classes.filter((_, k) => k > 0 && use[k]), above };
    this.signed = view.signed;
    surface.draw(map, view.signed);
    if (withOutline) this.describe(view);
  }

  /** Outline, its share, and the words for those who cannot see the map. */
  private describe(view: View): void {
    const { map, grid, above } = this.drawn as DrawnMap;
    const said = aboveInWords(above, this.words);
    this.canvas.setAttribute("aria-label", `Finer-CAM, ${this.imageId}: ${whereStrongest(map, grid, this.words, (cell) => this.parts[String(this.place.parts[cell])] ?? "")}${said && `; ${said}`}`);
    const { placement } = this.read as NonNullable<typeof this.read>;
    const region = view.region ? topRegion(placement.place(map), view.region) : null;
    this.path.setAttribute("d", region ? outline(region.mask, placement.width, placement.height) : "");
    this.figure.dispatchEvent(new CustomEvent<DrawnMap>("finercam:map", { bubbles: true, detail: this.drawn as DrawnMap }));
    const holds = region?.pixels ? `${(100 * region.share).toFixed(0)} % ${this.words.holds}` : "";
    this.note.textContent = [holds, said].filter(Boolean).join("; ");
  }

  /** The map as last drawn, at the size of the photograph shown. */
  private whole(): HTMLCanvasElement {
    if (!this.read || !this.drawn) return document.createElement("canvas");
    const surface = new Surface(this.read.placement, this.colours);
    surface.draw(this.drawn.map, this.signed);
    return surface.canvas;
  }

  /** The photograph with the map and the outline on it, as a canvas of its own. */
  flattened(flat = document.createElement("canvas")): HTMLCanvasElement {
    [flat.width, flat.height] = this.shownSize;
    const context = flat.getContext("2d") as CanvasRenderingContext2D;
    const photograph = this.photograph?.shown;
    if (photograph) context.drawImage(photograph, 0, 0, flat.width, flat.height);
    context.drawImage(this.whole(), 0, 0);
    context.lineWidth = 1.5;
    context.strokeStyle = "#0072b2";
    context.stroke(new Path2D(this.outline));
    return flat;
  }

  get outline(): string {
    return this.path.getAttribute("d") ?? "";
  }

  /** Width and height of the photograph as shown, in pixels. */
  get shownSize(): readonly [number, number] {
    return this.read ? [this.read.placement.width, this.read.placement.height] : [0, 0];
  }

  get transparentMap(): string {
    return this.whole().toDataURL("image/png");
  }
}
