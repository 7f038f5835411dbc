import assert from "node:assert/strict";
import { test } from "node:test";
import { chordOf } from "../src/review/keys";
import { Regions } from "../src/review/regions";
import { reviewWords } from "../src/words/review_words";
import { fillRuns, packed, runsOf, unpack } from "../src/review/runs";
import { brush, polygon } from "../src/review/strokes";

const MADE = { gamma: 0.6, weighting: "mean", method: "gradcam", references: ["Aus cus"] };

test("a mask comes back from its run lengths, also one that begins in the corner", () => {
  const labels = Uint8Array.from([2, 0, 2, 0, 2, 0]);
  const runs = runsOf(labels, 2, 3, 2);
  assert.deepEqual(runs, { size: [2, 3], counts: [0, 1, 2, 2, 1] });
  const back = new Uint8Array(6);
  fillRuns(runs, 2, back, 3, 2);
  assert.deepEqual([...back], [...labels]);
  assert.throws(() => fillRuns(runs, 2, back, 2, 3), /another size/);
  const whole = new Uint8Array(6);
  unpack(packed(labels), whole);
  assert.deepEqual([...whole], [...labels]);
});

test("a brush is round, a line has no gap, and both stay in the picture", () => {
  const labels = new Uint8Array(100);
  brush(labels, 10, [5, 5], [5, 5], 2, 1);
  assert.equal(labels.reduce((sum, label) => sum + label, 0), 12);
  brush(labels, 10, [-3, 0.5], [30, 0.5], 0.6, 3);
  assert.deepEqual([...labels.slice(0, 10)], Array(10).fill(3));
});

test("a polygon holds the pixels whose centres lie inside", () => {
  const labels = new Uint8Array(36);
  polygon(labels, 6, [[1, 1], [5, 1], [5, 4], [1, 4]], 1);
  assert.equal(labels.reduce((sum, label) => sum + label, 0), 12);
  assert.equal(labels[7], 1);
  assert.equal(labels[0], 0);
});

test("the first region follows the threshold until it is painted, and others keep their pixels", () => {
  const regions = new Regions(4, 1);
  regions.cut(Uint8Array.from([1, 1, 0, 0]), 0.5, MADE);
  assert.deepEqual(regions.forms().map(({ source, top, rle }) => [source, top, rle]), [["threshold", 0.5, null]]);
  const before = regions.labels.slice();
  regions.labels[3] = regions.add();
  assert.equal(regions.painted(before, MADE), true);
  assert.equal(regions.follows, true);
  regions.cut(Uint8Array.from([0, 0, 1, 1]), 0.5, MADE);
  assert.deepEqual([...regions.labels], [0, 0, 1, 2]);
  const again = regions.labels.slice();
  regions.labels[0] = 1;
  regions.painted(again, MADE);
  assert.equal(regions.follows, false);
  assert.equal(regions.of(1).paintedShare, 0.5);
  regions.cut(Uint8Array.from([1, 1, 1, 1]), 1, MADE);
  assert.deepEqual([...regions.labels], [1, 0, 1, 2]);
});

test("a region that nobody changed goes back as it came, at the photograph's own size", () => {
  const regions = new Regions(2, 2);
  const whole = { size: [4, 4], counts: [0, 2, 14] } as const;
  const shown = { size: [2, 2], counts: [0, 1, 3] } as const;
  regions.take([{ number: 1, trait: "Head", uberon: "", source: "painted", top: 0, painted_share: 1, comparison: null, shown, whole }]);
  assert.deepEqual(regions.forms()[0]?.rle, whole);
  const before = regions.labels.slice();
  regions.labels[1] = 1;
  regions.painted(before, MADE);
  assert.deepEqual(regions.forms()[0]?.rle?.size, [2, 2]);
});

test("undo brings labels and properties back; parts become regions of their own", () => {
  const regions = new Regions(5, 1);
  regions.cut(Uint8Array.from([1, 1, 0, 1, 0]), 0.6, MADE);
  const before = regions.snapshot();
  assert.equal(regions.divide(), 2);
  assert.deepEqual([...regions.labels], [1, 1, 0, 2, 0]);
  regions.restore(before);
  assert.deepEqual([...regions.labels], [1, 1, 0, 1, 0]);
  assert.deepEqual(regions.numbers, [1]);
  regions.remove(1);
  assert.equal(regions.forms().length, 0);
});

test("keys are named by their place and modifiers", () => {
  const press = { code: "KeyZ", shiftKey: true, ctrlKey: false, metaKey: true, altKey: false };
  assert.equal(chordOf(press), "Mod+Shift+KeyZ");
  assert.equal(chordOf({ ...press, altKey: true }), "");
});

test("every language has every word of the review", () => {
  const english = Object.keys(reviewWords("en"));
  for (const language of ["de", "es", "pt"]) {
    const words = reviewWords(language) as Record<string, string>;
    assert.deepEqual(Object.keys(words).sort(), [...english].sort());
    assert.ok(english.every((name) => words[name]));
  }
});
