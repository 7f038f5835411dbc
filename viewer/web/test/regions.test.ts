import assert from "node:assert/strict";
import { test } from "node:test";
import { coco, geojson, parts, runLengths, webAnnotation } from "../src/formats";
import { outline, rings, topRegion } from "../src/region";

const drawn = (...lines: string[]): [Uint8Array, number, number] => [
  Uint8Array.from(lines.join(""), (sign) => (sign === "#" ? 1 : 0)), (lines[0] as string).length, lines.length,
];
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

function shoelace(ring: readonly (readonly [number, number])[]): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] as [number, number];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}
