import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { coco, geojson, parts, runLengths, webAnnotation } from "../src/drawing/formats";
import { outline, rings, topRegion } from "../src/drawing/region";

const drawn = (...lines: string[]): [Uint8Array, number, number] => [
  Uint8Array.from(lines.join(""), (sign) => (sign === "#" ? 1 : 0)), (lines[0] as string).length, lines.length,
];
const FOLDER = join(process.cwd(), "test");
const RING = drawn("#####", "#...#", "#.#.#", "#...#", "#####");

test("the region has the largest values, at most the share asked for, and never a value that is not positive", () => {
  const values = Float32Array.from([5, 4, 3, 2, 1, 0, -1, -2, -3, -4]);
  assert.deepEqual([...topRegion(values, 0.3).mask], [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(topRegion(values, 0.3).share, 12 / 15);
  assert.equal(topRegion(values, 1).pixels, 5);
  assert.equal(topRegion(new Float32Array(9), 0.5).pixels, 0);
});

test("equal values at the limit stay out, unless they are the largest", () => {
  assert.equal(topRegion(Float32Array.from([9, 3, 3, 3, 1, 1, 1, 1]), 0.25).pixels, 1);
  assert.equal(topRegion(Float32Array.from([3, 3, 3, 1, 1, 1, 1, 1]), 0.25).pixels, 3);
});

test("rings follow the edges of the pixels: a square, a ring with an island", () => {
  assert.equal(outline(...drawn("##", "##")), "M0 0L2 0L2 2L0 2Z");
  assert.equal(rings(...RING).length, 3);
  assert.deepEqual(parts(rings(...RING)).map((part) => part.length).sort(), [1, 2]);
});

test("parts that touch at a corner alone lose no pixel", () => {
  const [mask, width, height] = drawn("#.", ".#");
  const area = parts(rings(mask, width, height)).flat().reduce((sum, ring) => sum + Math.abs(shoelace(ring)), 0);
  assert.equal(area, 2);
});

test("run lengths begin outside, go down the columns, and add up to all pixels", () => {
  assert.deepEqual(runLengths(...drawn("#.", "##")), [0, 2, 1, 1]);
  assert.equal(runLengths(...RING).reduce((sum, run) => sum + run, 0), 25);
});

test("files say the same area, the comparison and the pixels", () => {
  const [mask, width, height] = RING;
  const region = { mask, pixels: 17, share: 1 };
  const story = { imageId: "a", species: "Aus bus", caption: "made so", run: "r", size: [width, height] as const };
  const [annotation] = (coco(story, region) as { annotations: { area: number; bbox: number[] }[] }).annotations;
  assert.deepEqual([annotation?.area, annotation?.bbox], [17, [0, 0, 5, 5]]);
  const { features } = geojson(story, region) as { features: { geometry: { coordinates: [number, number][][] } }[] };
  const areas = features.flatMap(({ geometry }) => geometry.coordinates.map((ring) => shoelace(ring.slice(0, -1))));
  assert.equal(areas.reduce((sum, area) => sum + area, 0), 17);
  assert.match(JSON.stringify(webAnnotation(story, region)), /evenodd.*M0 0L5 0/);
});

test("files have the form that the export command gives them", () => {
  const sample = JSON.parse(readFileSync(join(FOLDER, "region_forms.json"), "utf8")) as Sample;
  const [mask, width, height] = drawn(...sample.drawing);
  const region = { mask, pixels: mask.reduce((sum, pixel) => sum + pixel, 0), share: 1 };
  const story = { imageId: "a", species: "Aus bus", caption: "made so", run: "r", size: [width, height] as const };
  const made = webAnnotation(story, region) as { target: { selector: { type: string; value: string }[] } };
  const [drawing, ...boxes] = made.target.selector;
  assert.deepEqual(boxes, sample.boxes);
  const [head, path, tail] = (drawing?.value ?? "").split(/ d="|"\/>/);
  assert.deepEqual([head, tail], [sample.head, sample.tail]);
  assert.deepEqual(ringsIn(path ?? ""), ringsIn(sample.path));
  const { crs, features } = geojson(story, region) as { crs: object; features: { geometry: { type: string; coordinates: [number, number][][] } }[] };
  assert.deepEqual(crs, sample.crs);
  assert.ok(features.every(({ geometry }) => geometry.type === "Polygon"));
  const corners = features.flatMap(({ geometry }) => geometry.coordinates.map((ring) => turned(ring.slice(0, -1))));
  assert.deepEqual(corners.sort(), sample.polygons.flat().map((ring) => turned(ring.slice(0, -1))).sort());
  assert.deepEqual((coco(story, region) as { annotations: { segmentation: object }[] }).annotations[0]?.segmentation, sample.run_lengths);
  assert.deepEqual((coco(story, region) as { categories: object[] }).categories, sample.categories);
});

interface Sample {
  drawing: string[];
  head: string;
  path: string;
  tail: string;
  boxes: object[];
  crs: object;
  polygons: [number, number][][][];
  run_lengths: object;
  categories: object[];
}

/** The rings of a path, each from its topmost, then leftmost corner on. */
function ringsIn(path: string): string[] {
  return path.split("Z").filter(Boolean).map((ring) => turned(ring.slice(1).split("L").map((corner) => corner.split(" ").map(Number) as [number, number]))).sort();
}

function turned(ring: [number, number][]): string {
  const first = ring.reduce((best, [x, y], i) => {
    const [bestX, bestY] = ring[best] as [number, number];
    return y < bestY || (y === bestY && x < bestX) ? i : best;
  }, 0);
  return JSON.stringify([...ring.slice(first), ...ring.slice(0, first)]);
}

function shoelace(ring: readonly (readonly [number, number])[]): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] as [number, number];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}
