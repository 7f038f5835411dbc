/** Masks as run lengths: COCO's plain ones, column by column, and packed labels for undo. */

import { runLengths } from "../drawing/formats";
import type { Runs } from "./types";

/** Run lengths of the pixels that have a number. */
export function runsOf(labels: Uint8Array, number: number, width: number, height: number): Runs {
  const mask = Uint8Array.from(labels, (label) => (label === number ? 1 : 0));
  return { size: [height, width], counts: runLengths(mask, width, height) };
}

/** Give the pixels of a mask a number; throws where the mask has another size. */
export function fillRuns(runs: Runs, number: number, labels: Uint8Array, width: number, height: number): void {
  if (runs.size[0] !== height || runs.size[1] !== width) throw new Error("a mask has another size than its photograph");
  let at = 0;
  runs.counts.forEach((length, i) => {
    if (i % 2) for (let place = at; place < at + length; place++) labels[(place % height) * width + Math.floor(place / height)] = number;
    at += length;
  });
}

/** Labels as pairs of length and value. */
export function packed(labels: Uint8Array): Uint32Array {
  const pairs: number[] = [];
  for (let start = 0; start < labels.length;) {
    let end = start + 1;
    while (end < labels.length && labels[end] === labels[start]) end++;
    pairs.push(end - start, labels[start] as number);
    start = end;
  }
  return Uint32Array.from(pairs);
}

export function unpack(pairs: Uint32Array, labels: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    labels.fill(pairs[i + 1] as number, at, at + (pairs[i] as number));
    at += pairs[i] as number;
  }
}
