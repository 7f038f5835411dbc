import assert from "node:assert/strict";
import { test } from "node:test";
import { colourAt, paint, palette, type Ramp } from "../src/drawing/colours";
import { escaped } from "../src/saving";
import { defaultView, viewFromAddress, viewToAddress } from "../src/view";
import { whereStrongest, wordsFor } from "../src/words/atlas_words";

const START = defaultView(0.6);

test("a view comes back from its address, whatever the names are", () => {
  const view = {
    gamma: 1.05, weighting: "softmax" as const, above: "look-alike" as const, without: ["Aus bus & cus", "Ä#ö=ü"], signed: true, region: 0.05, shown: false, large: "a/b?c",
  };
  assert.deepEqual(viewFromAddress(`#${viewToAddress(view, START)}`, START), view);
  assert.equal(viewToAddress(START, START), "");
});

test("what an address cannot mean is as in the default view", () => {
  for (const address of ["#gamma=7", "#gamma=", "#gamma=x", "#weighting=evil", "#above=the-clouds", "#region=-1", "#nonsense"]) {
    assert.deepEqual(viewFromAddress(address, START), START);
  }
});

test("words exist in each language and say where a map is strongest", () => {
  const map = Float32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 3]);
  const said = ["en-GB", "de", "es-MX", "pt-BR"].map((tag) => whereStrongest(map, [3, 3], wordsFor([tag]).words));
  assert.equal(new Set(said).size, 4);
  assert.equal(said[0], "strongest at the bottom, right");
  assert.equal(whereStrongest(map, [3, 3], wordsFor(["en"]).words, (cell) => (cell === 8 ? "caudal $& fin" : "")), "strongest at the caudal $& fin (bottom, right)");
  assert.equal(wordsFor(["fr", "pt-PT", "de"]).language, "pt");
  assert.equal(wordsFor(["fr"]).language, "en");
  assert.equal(whereStrongest(new Float32Array(9), [3, 3], wordsFor([]).words), "the map shows nothing");
});

test("colours: ends of the ramp, the middle of a signed map, nothing where there is nothing", () => {
  const ramp: Ramp = [[0, [0, 0, 0, 0]], [0.5, [1, 1, 1, 0]], [1, [1, 0, 0, 1]]];
  assert.deepEqual(colourAt(ramp, 0.75), [1, 0.5, 0.5, 0.5]);
  const colours = palette(ramp);
  const pixels = new Uint32Array(3);
  paint(Float32Array.from([0, 2, 4]), colours, false, pixels);
  assert.equal(pixels[2], 0xff0000ff);
  paint(Float32Array.from([-4, 0, 4]), colours, true, pixels);
  assert.deepEqual([pixels[0], (pixels[1] as number) >>> 24], [0, 1]);
  paint(new Float32Array(3), colours, false, pixels);
  assert.deepEqual([...pixels], [0, 0, 0]);
});

test("names are text in a drawing", () => {
  assert.equal(escaped(`<b onload='x'>&"\u0007`), "&lt;b onload=&#39;x&#39;&gt;&amp;&quot; ");
});
