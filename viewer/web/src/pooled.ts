/** The pooled difference of a pair on its mean specimen, drawn anew with every γ as the specimens are. */

import type { Palettes } from "./drawing/colours";
import { element } from "./controls";
import { combine } from "./finer";
import { halvesFromBase64 } from "./evidence/half";
import type { PooledFacts } from "./page";
import { Placement } from "./drawing/placement";
import { Surface } from "./drawing/surface";
import type { View } from "./view";
import { whereStrongest, type Words } from "./words/atlas_words";

/** The map is drawn in so many times fewer pixels than the photograph, still several for each cell. */
const SHRUNK = 2;

export class PooledMap {
  readonly figure: HTMLElement;
  private readonly evidence: Float32Array;
  private readonly surface: Surface;
  private readonly canvas: HTMLCanvasElement;
  private readonly note = element("span", { class: "soft" });

  constructor(
    private readonly facts: PooledFacts,
    private readonly words: Words,
    colours: Palettes,
  ) {
    const [width, height] = facts.size;
    this.evidence = Float32Array.from([...halvesFromBase64(facts.own), ...halvesFromBase64(facts.other)]);
    this.canvas = element("canvas", { class: "map live", role: "img" });
    this.surface = new Surface(new Placement(facts.grid, facts.window, Math.ceil(width / SHRUNK), Math.ceil(height / SHRUNK)), colours, this.canvas);
    const photo = element("img", { class: "photo", src: facts.photo, width: String(width), height: String(height), alt: words.meanSpecimen });
    this.figure = element("figure", { class: "pooled", id: "pooled" }, element("span", { class: "stack" }, photo, this.canvas),
      element("figcaption", {}, `${words.meanSpecimen}, n\u00a0=\u00a0${facts.n[0]}\u00a0+\u00a0${facts.n[1]}`, this.note));
  }

  /** The map of a view on the frame's grid, float32. */
  map(view: View): Float32Array {
    return combine(this.evidence, Float64Array.from([1, -view.gamma]), view.signed);
  }

  /** Draw the map of a view; its words are left for when the reader pauses. */
  draw(view: View, withWords: boolean): void {
    const map = this.map(view);
    this.surface.draw(map, view.signed);
    if (withWords) this.describe(map, view);
  }

  private describe(map: Float32Array, view: View): void {
    this.note.textContent = view.above === "none" ? "" : `; ${this.words.plainPooled}`;
    this.canvas.setAttribute("aria-label", `${this.words.meanSpecimen}: ${whereStrongest(map, this.facts.grid, this.words)}`);
    this.figure.dispatchEvent(new CustomEvent<Float32Array>("finercam:pooled", { bubbles: true, detail: map }));
  }
}
