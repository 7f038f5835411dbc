/** What can be saved of a view: a figure with its caption, and the region for other people's tools. */

import { coco, geojson, webAnnotation, type RegionStory } from "./drawing/formats";
import type { AboveBaseline } from "./baselines";
import type { PageFacts } from "./page";
import { Placement } from "./drawing/placement";
import { topRegion, type Region } from "./drawing/region";
import type { SpecimenMap } from "./specimen_map";
import type { View } from "./view";

export interface Saveable {
  readonly name: string;
  readonly save: () => Promise<void>;
}

/** How maps of a view were made; `references` is null where each figure names its own. */
export function howMade(references: readonly string[] | null, view: View, facts: PageFacts, above: AboveBaseline | null = null): string {
  const against = references === null ? "" : ` against ${references.join(", ") || "no reference"}`;
  const outline = view.region ? `, outlined the strongest ${Math.round(100 * view.region)} % of the pixels` : "";
  return (
    `Finer-CAM over ${facts.method}${against}, γ = ${view.gamma}, references weighted by ${view.weighting}` +
    `${aboveBaseline(above)}${view.signed ? ", both signs" : ""}${outline}. Run ${facts.run}.`
  );
}

/** What a map is above, with the mean that was taken away; "" for a plain map. */
function aboveBaseline(above: AboveBaseline | null): string {
  if (!above || above.baseline === "none") return "";
  return `, above its baseline ${above.baseline}${above.mean === null ? "" : ` (its mean, ${above.mean.toPrecision(3)} a cell)`}`;
}

/** One sentence that says what a figure shows and how it was made. */
export function caption(map: SpecimenMap, view: View, facts: PageFacts): string {
  return `${map.place.species}, specimen ${map.imageId}: ${howMade(map.last?.references ?? [], view, facts, map.last?.above)} ${map.place.credit}`.trimEnd();
}

/** Forms in which a specimen's view can be saved; those of a region only where one is outlined. */
export function saveable(map: SpecimenMap, view: View, facts: PageFacts): Saveable[] {
  const name = map.imageId.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._]+/, "");
  const words = caption(map, view, facts);
  const file = (label: string, ending: string, kind: string, content: () => string | Promise<string>): Saveable => ({
    name: label,
    save: async () => download(`${name}.${ending}`, new Blob([await content()], { type: kind })),
  });
  const figure: Saveable[] = [
    { name: "PNG", save: async () => download(`${name}.png`, await png(map)) },
    file("SVG", "svg", "image/svg+xml", () => svg(map, words)),
    file("citation", "txt", "text/plain", () => `${words}\n${facts.citation}\n`),
  ];
  if (!view.region || !map.last) return figure;
  const story = { imageId: map.imageId, species: map.place.species, caption: words, run: facts.run, size: map.place.size };
  const json = (label: string, ending: string, make: (story: RegionStory, region: Region) => object) =>
    file(label, ending, "application/json", () => JSON.stringify(make(story, fullRegion(map, view.region)), null, 1));
  return [
    ...figure,
    json("COCO", "coco.json", coco),
    json("GeoJSON", "geojson", geojson),
    json("Web Annotation", "annotation.json", webAnnotation),
  ];
}

/** The region at the photograph's own size, as `finercam export` would cut it. */
function fullRegion(map: SpecimenMap, share: number): Region {
  const last = map.last;
  if (!last) throw new Error("the map has not been drawn yet");
  const [width, height] = map.place.size;
  return topRegion(new Placement(last.grid, map.place.window, width, height).place(last.map), share);
}

/** A drawing with the photograph, the map, the outline and the caption; every name in it is escaped. */
async function svg(map: SpecimenMap, words: string): Promise<string> {
  const [width, height] = map.shownSize;
  const lines = wrapped(words, Math.max(24, Math.floor(width / 6)));
  const text = lines.map((line, i) => `<text x="4" y="${height + 14 + 13 * i}" font-size="10" font-family="sans-serif">${escaped(line)}</text>`);
  const photograph = (await map.photograph?.embedded()) ?? "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 18 + 13 * lines.length}">`,
    `<title>${escaped(map.imageId)}</title>`,
    `<image width="${width}" height="${height}" href="${escaped(photograph)}"/>`,
    `<image width="${width}" height="${height}" href="${map.transparentMap}"/>`,
    `<path d="${map.outline}" fill="none" stroke="#0072b2" stroke-width="1.5"/>`,
    ...text,
    "</svg>",
  ].join("\n");
}

function wrapped(text: string, length: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] as string;
    if (last && last.length + word.length >= length) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

/** Text as it may stand in XML; control characters, which XML forbids, become spaces. */
export function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[\u0000-\u001f]/g, " ").replace(/[&<>"']/g, (sign) => named[sign] ?? sign);
}

async function png(map: SpecimenMap): Promise<Blob> {
  await map.photograph?.loaded();
  return new Promise((resolve, reject) => {
    map.flattened().toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))), "image/png");
  });
}

export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
