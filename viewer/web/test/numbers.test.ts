import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedBody, crc32c } from "../src/evidence/codecs";
import { coefficients, combine, type Comparison } from "../src/finer";
import { halfToNumber } from "../src/evidence/half";
import { Placement } from "../src/drawing/placement";

const comparison = (part: Partial<Comparison> = {}): Comparison => ({
  gamma: 0.6, use: [false, true, true, true], weighting: "mean", comparedAt: null, ...part,
});
const LOGIT = [2.0, 1.5, -0.5, 0.25];
const LOG_SUM_EXP = Math.log([...LOGIT, 0.7, -1].reduce((sum, y) => sum + Math.exp(y), 0));

test("half-precision numbers: smallest, largest, signs, infinities", () => {
  const known: [number, number][] = [
    [0x0000, 0], [0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0001, 2 ** -24], [0x03ff, (1023 / 1024) * 2 ** -14],
    [0x0400, 2 ** -14], [0x3555, 0.333251953125], [0x7c00, Infinity], [0xfc00, -Infinity],
  ];
  for (const [bits, value] of known) assert.equal(halfToNumber(bits), value);
  assert.ok(Number.isNaN(halfToNumber(0x7e00)));
  assert.ok(Object.is(halfToNumber(0x8000), -0));
});

test("the checksum is that of the standard, and a changed bit is an error", () => {
  const body = new TextEncoder().encode("123456789");
  assert.equal(crc32c(body), 0xe3069283);
  const chunk = new Uint8Array([...body, 0x83, 0x92, 0x06, 0xe3]);
  assert.deepEqual(checkedBody(chunk), body);
  for (let bit = 0; bit < 8 * chunk.length; bit++) {
    const damaged = chunk.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => checkedBody(damaged), /damaged/);
  }
  assert.throws(() => checkedBody(chunk.slice(0, 3)), /damaged/);
});

test("coefficients: 1 and -γ shares that sum to -γ; γ = 0 and no reference give the base method", () => {
  for (const weighting of ["mean", "softmax"] as const) {
    const found = coefficients(LOGIT, LOG_SUM_EXP, comparison({ weighting }));
    assert.equal(found[0], 1);
    assert.ok(Math.abs(found.slice(1).reduce((sum, c) => sum + c, 0) + 0.6) < 1e-15);
  }
  assert.deepEqual([...coefficients(LOGIT, LOG_SUM_EXP, comparison({ use: [true, false, false, false] }))], [1, 0, 0, 0]);
  assert.deepEqual([...coefficients(LOGIT, LOG_SUM_EXP, comparison({ gamma: 0 }))].map(Math.abs), [1, 0, 0, 0]);
});

test("finished comparisons are averaged at their own γ and left out at γ = 0", () => {
  const at = comparison({ comparedAt: 0.6, use: [false, true, false, true] });
  assert.deepEqual([...coefficients(LOGIT, LOG_SUM_EXP, at)], [0, 0.5, 0, 0.5]);
  assert.deepEqual([...coefficients(LOGIT, LOG_SUM_EXP, { ...at, gamma: 0 })].map(Math.abs), [1, 0, 0, 0]);
});

test("released weights are the derivative of the released objective", () => {
  const gamma = 0.7;
  const rest = Math.exp(LOG_SUM_EXP) - LOGIT.reduce((sum, y) => sum + Math.exp(y), 0);
  const objective = (y: readonly number[]) => {
    const all = y.reduce((sum, score) => sum + Math.exp(score), rest);
    const p = y.map((score) => Math.exp(score) / all);
    const total = p.slice(1).reduce((sum, value) => sum + value, 0) + 1e-9;
    return y.slice(1).reduce((sum, score, i) => sum + ((p[i + 1] as number) / total) * ((y[0] as number) - gamma * score), 0);
  };
  const found = coefficients(LOGIT, LOG_SUM_EXP, comparison({ gamma, weighting: "released" }));
  LOGIT.forEach((_, k) => {
    const moved = (by: number) => objective(LOGIT.map((y, j) => (j === k ? y + by : y)));
    const derivative = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    assert.ok(Math.abs((found[k] as number) - derivative) < 1e-8, `class ${k}: ${found[k]} and ${derivative}`);
  });
});

test("a map is the sum of the weighted evidence, without its negative part unless signed", () => {
  const evidence = new Float32Array([1, 2, 3, -4, 2, 1, 0.5, -1]);
  const weights = new Float64Array([1, -0.5]);
  assert.deepEqual([...combine(evidence, weights, true)], [0, 1.5, 2.75, -3.5]);
  assert.deepEqual([...combine(evidence, weights)], [0, 1.5, 2.75, 0]);
});

test("a placed map keeps a plane, and is 0 where the model saw nothing", () => {
  const plane = Float32Array.from({ length: 12 }, (_, i) => (i % 4) + 10 * Math.floor(i / 4));
  const whole = new Placement([3, 4], { left: 0, top: 0, right: 1, bottom: 1 }, 40, 30).place(plane);
  assert.ok(Math.abs((whole[15 * 40 + 20] as number) - ((20.5 / 10 - 0.5) + 10 * (15.5 / 10 - 0.5))) < 1e-5);
  const part = new Placement([3, 4], { left: 0.25, top: 0.5, right: 0.75, bottom: 1 }, 40, 30).place(plane.map(() => 1));
  assert.equal(part.reduce((sum, value) => sum + value, 0), 20 * 15);
  assert.equal(part[0], 0);
});
