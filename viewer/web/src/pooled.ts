/** The pooled difference of a pair on its mean specimen, drawn anew with every γ as the specimens are. */

import { paint } from "./drawing/colours";
import { element } from "./controls";
import { combine } from "./finer";
import { halvesFromBase64 } from "./evidence/half";
import type { PooledFacts } from "./page";
import { Placement } from "./drawing/placement";
import type { View } from "./view";
import { whereStrongest, type Words } from "./words/atlas_words";

export class PooledMap {
  readonly figure: HTMLElement;
  private readonly evidence: Float32Array;
  private readonly placement: Placement;
  private readonly canvas: HTMLCanvasElement;

  constructor(
    private readonly facts: PooledFacts,
    private readonly words: Words,
    private readonly colours: { readonly heat: Uint32Array; readonly difference: Uint32Array },
  ) {
    const [width, height] = facts.size;
    this.evidence = Float32Array.from([...halvesFromBase64(facts.own), ...halvesFromBase64(facts.other)]);
    this.placement = new Placement(facts.grid, facts.window, width, height);
    this.canvas = element("canvas", { class: "map live", role: "img", width: String(width), height: String(height) });
    const photo = element("img", { class: "photo", src: facts.photo, width: String(width), height: String(height), alt: words.meanSpecimen });
    this.figure = element("figure", { class: "pooled", id: "pooled" }, element("span", { class: "stack" }, photo, this.canvas),
      element("figcaption", {}, `${words.meanSpecimen}, n\u00a0=\u00a0${facts.n[0]}\u00a0+\u00a0${facts.n[1]}`));
  }

  /** The map of a view on the frame's grid, float32. */
  map(view: View): Float32Array {
    return combine(this.evidence, Float64Array.from([1, -view.gamma]), view.signed);
  }

  draw(view: View): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const map = this.map(view);
    const picture = context.createImageData(this.canvas.width, this.canvas.height);
    paint(this.placement.place(map), view.signed ? this.colours.difference : this.colours.heat, view.signed, new Uint32Array(picture.data.buffer));
    context.putImageData(picture, 0, 0);
    this.canvas.setAttribute("aria-label", `${this.words.meanSpecimen}: ${whereStrongest(map, this.facts.grid, this.words)}`);
    this.figure.dispatchEvent(new CustomEvent<Float32Array>("finercam:pooled", { bubbles: true, detail: map }));
  }
}
