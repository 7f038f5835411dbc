/** The picture that is worked on: photograph, heat map, regions, and the pointer that paints them. */

import { element } from "../controls";
import type { Regions } from "./regions";
import { brush, polygon, type Point } from "./strokes";

export const TOOLS = ["look", "paint", "erase", "polygon"] as const;
export type Tool = (typeof TOOLS)[number];
export const BRUSH = { min: 2, max: 80, step: 1 } as const;
const ZOOMS = [1, 1.5, 2, 3, 4, 6] as const;
// Okabe and Ito's colours, which colour-blind people tell apart, as red, green and blue.
const COLOURS = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0], [240, 228, 66]] as const;
const INSIDE = 46;
const EDGE = 255;

/** What the stage tells: a stroke is about to change the labels, and it has. */
export interface StrokeListener {
  begin(): boolean;
  end(): void;
}

export class Stage {
  readonly box = element("div", { class: "stage", tabindex: "0", role: "group" });
  tool: Tool = "look";
  radius = 12;
  /** The region that strokes belong to. */
  current = 1;
  readonly heat = element("canvas", { class: "map heat", role: "img" });
  /** Where regions of others are outlined. */
  readonly outlines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  private readonly stack = element("div", { class: "stack" });
  private readonly photograph = element("img", { class: "photo", alt: "" });
  private readonly marks = element("canvas", { class: "map marks", "aria-hidden": "true" });
  private readonly pencil = element("canvas", { class: "map", "aria-hidden": "true" });
  private regions: Regions | null = null;
  private last: Point | null = null;
  private corners: Point[] = [];
  private zoomed = 0;

  constructor(private readonly listener: StrokeListener) {
    this.outlines.setAttribute("class", "map outline theirs");
    this.outlines.setAttribute("aria-hidden", "true");
    this.stack.append(this.photograph, this.heat, this.marks, this.outlines, this.pencil);
    this.box.append(this.stack);
    this.pencil.addEventListener("pointerdown", (event) => this.down(event));
    this.pencil.addEventListener("pointermove", (event) => this.move(event));
    this.pencil.addEventListener("pointerup", () => this.up());
    this.pencil.addEventListener("pointercancel", () => this.up());
    this.pencil.addEventListener("dblclick", () => this.finish());
  }

  /** Show another specimen; without a photograph its maps lie on an empty page. */
  show(regions: Regions, photo: string, words: string): void {
    this.regions = regions;
    this.corners = [];
    this.last = null;
    const { width, height } = regions;
    for (const canvas of [this.marks, this.pencil]) Object.assign(canvas, { width, height });
    Object.assign(this.photograph, { width, height, alt: words });
    if (photo) this.photograph.src = photo;
    else this.photograph.removeAttribute("src");
    this.stack.style.aspectRatio = `${width} / ${height}`;
  }

  choose(tool: Tool): void {
    this.finish();
    this.tool = tool;
    this.box.dataset["tool"] = tool;
  }

  zoom(step: number): void {
    this.zoomed = Math.min(ZOOMS.length - 1, Math.max(0, this.zoomed + step));
    this.stack.style.width = `${100 * (ZOOMS[this.zoomed] as number)}%`;
  }

  /** Draw the regions: a faint area and a full outline in each one's colour. */
  draw(): void {
    const { regions } = this;
    const context = this.marks.getContext("2d");
    if (!regions || !context) return;
    const { width, height, labels } = regions;
    const picture = context.createImageData(width, height);
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i] as number;
      if (!label) continue;
      const x = i % width;
      const inner = x > 0 && x < width - 1 && labels[i - 1] === label && labels[i + 1] === label && labels[i - width] === label && labels[i + width] === label;
      picture.data.set([...(COLOURS[(label - 1) % COLOURS.length] as readonly number[]), inner ? INSIDE : EDGE], 4 * i);
    }
    context.putImageData(picture, 0, 0);
  }

  /** Close a polygon that is still open, and give its pixels to the current region. */
  finish(): boolean {
    const corners = this.corners;
    this.corners = [];
    this.last = null;
    this.clear();
    if (corners.length < 3 || !this.regions || !this.listener.begin()) return false;
    polygon(this.regions.labels, this.regions.width, corners, this.current);
    this.listener.end();
    return true;
  }

  private at(event: PointerEvent): Point {
    const box = this.pencil.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.pencil.width, ((event.clientY - box.top) / box.height) * this.pencil.height];
  }

  private down(event: PointerEvent): void {
    if (this.tool === "look" || event.button !== 0 || !this.regions) return;
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    if (this.tool === "polygon") {
      this.corners.push(this.at(event));
      this.sketch();
      return;
    }
    if (!this.listener.begin()) return;
    this.pencil.setPointerCapture(event.pointerId);
    this.last = this.at(event);
    this.stroke(this.last);
  }

  private move(event: PointerEvent): void {
    if (this.last) this.stroke(this.at(event));
  }

  private stroke(to: Point): void {
    const { regions } = this;
    if (!regions) return;
    const scale = regions.width / Math.max(1, this.box.clientWidth);
    brush(regions.labels, regions.width, this.last ?? to, to, this.radius * scale, this.tool === "erase" ? 0 : this.current);
    this.last = to;
    this.draw();
  }

  private up(): void {
    if (!this.last) return;
    this.last = null;
    this.listener.end();
  }

  private clear(): CanvasRenderingContext2D | null {
    const context = this.pencil.getContext("2d");
    context?.clearRect(0, 0, this.pencil.width, this.pencil.height);
    return context;
  }

  /** The corners of a polygon so far. */
  private sketch(): void {
    const context = this.clear();
    if (!context) return;
    const unit = this.pencil.width / Math.max(1, this.box.clientWidth);
    context.lineWidth = 2 * unit;
    context.strokeStyle = "#0072b2";
    context.fillStyle = "#fff";
    context.beginPath();
    this.corners.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
    for (const [x, y] of this.corners) {
      context.beginPath();
      context.arc(x, y, 4 * unit, 0, 7);
      context.fill();
      context.stroke();
    }
  }
}
