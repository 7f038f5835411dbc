/** A canvas on which maps are drawn again and again, in memory that is taken once. */

import { paint, type Palettes } from "./colours";
import type { Placement } from "./placement";

export class Surface {
  private readonly values: Float32Array<ArrayBuffer>;
  private readonly picture: ImageData;
  private readonly pixels: Uint32Array;
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly placement: Placement, private readonly colours: Palettes, readonly canvas = document.createElement("canvas")) {
    const { width, height } = placement;
    Object.assign(canvas, { width, height });
    this.context = canvas.getContext("2d") as CanvasRenderingContext2D;
    this.values = new Float32Array(width * height);
    this.picture = new ImageData(width, height);
    this.pixels = new Uint32Array(this.picture.data.buffer);
  }

  /** Draw a map on the model's grid, scaled to its own largest value. */
  draw(map: Float32Array, signed: boolean): void {
    this.placement.place(map, this.values);
    paint(this.values, signed ? this.colours.difference : this.colours.heat, signed, this.pixels);
    this.context.putImageData(this.picture, 0, 0);
  }
}
