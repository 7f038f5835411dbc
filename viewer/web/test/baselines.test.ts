import assert from "node:assert/strict";
import { test } from "node:test";
import { BASELINES, backgroundOf, nearest, withoutBackground, type Baseline } from "../src/baselines";
import { aboveInWords, wordsFor } from "../src/words/atlas_words";

const CLASSES = ["Aus bus", "Aus cus", "Aus dus"];
const KNOWN = new Map([["Aus cus", Float32Array.of(1, 2, 3, 4, 5, 6, 7, 9)]]); // four cells for the species, four for it
const SIGNED = Float32Array.of(4, -2, 1, 5);
const at = (gamma: number, weights = [1, -gamma, 0]) => ({ weights: Float64Array.from(weights), gamma, classes: CLASSES, finished: false });

test("a background is the mean comparison of the reference's own specimens", () => {
  assert.deepEqual([...backgroundOf(at(0.5), KNOWN, 4)], [1 - 2.5, 2 - 3, 3 - 3.5, 4 - 4.5]);
  assert.deepEqual([...backgroundOf(at(0.5, [1, -0.25, -0.25]), KNOWN, 4)], [-0.75, -0.5, -0.25, -0.25], "half the weight");
});

test("each baseline is its formula", () => {
  const map = (baseline: Baseline) => [...nearest(SIGNED, baseline, at(0.5), KNOWN).map];
  assert.deepEqual(map("none"), [4, -2, 1, 5]);
  assert.deepEqual(map("mean"), [2, -4, -1, 3]);
  assert.deepEqual(map("look-alike"), [5.5, -1, 1.5, 5.5]);
  assert.deepEqual(map("both"), [2.625, -3.875, -1.375, 2.625]);
  assert.equal(nearest(SIGNED, "both", at(0.5), KNOWN).mean, 2.875);
  const sharp = map("quantile");
  assert.ok(sharp.slice(0, 3).every((value) => value === 0) && Math.abs((sharp[3] as number) - 0.3) < 1e-6, "5 - (4 + 0.7)");
});

test("what is not known is said, and what is left of the baseline is shown", () => {
  const both = nearest(SIGNED, "both", at(0.5, [1, -0.25, -0.25]), KNOWN);
  assert.deepEqual([both.baseline, both.missing, both.mean], ["mean", "Aus dus", 2]);
  assert.deepEqual([...both.map], [2, -4, -1, 3]);
  const alone = nearest(SIGNED, "look-alike", at(0), KNOWN);
  assert.deepEqual([alone.baseline, alone.missing, [...alone.map]], ["none", "", [...SIGNED]]);
  const { words } = wordsFor(["en"]);
  assert.equal(aboveInWords(both, words), "no background of Aus dus is known here: above its own mean (2.00)");
  assert.equal(aboveInWords(alone, words), "one species alone has no look-alike: as it is");
  assert.equal(aboveInWords(nearest(SIGNED, "none", at(0.5), KNOWN), words), "");
  assert.deepEqual(BASELINES.map(withoutBackground), ["none", "mean", "none", "mean", "quantile", "quantile"]);
});
