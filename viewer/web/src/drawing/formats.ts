/** A region in the forms that other people's tools read: COCO, GeoJSON, Web Annotation. */

import { rings, type Region } from "./region";

/** What the files say of the region beside its pixels. */
export interface RegionStory {
  readonly imageId: string;
  readonly species: string;
  readonly caption: string;
  readonly run: string;
  /** Width and height of the photograph, in pixels. */
  readonly size: readonly [number, number];
}

type Ring = readonly [number, number][];

// As `finercam export` writes them, so that its files and a page's are of one form.
const DISCRIMINATIVE = "discriminative region";
const UNNAMED = 255;
const PIXELS = 'ENGCRS["image pixels",EDATUM["upper left corner of the image"],CS[Cartesian,2],AXIS["x",east],AXIS["y",south],LENGTHUNIT["pixel",1]]';

/** COCO's file of one image and one annotation; the mask as run lengths, which hold holes where polygons cannot. */
export function coco(story: RegionStory, region: Region): object {
  const [width, height] = story.size;
  return {
    info: { description: story.caption, version: story.run },
    images: [{ id: 1, file_name: story.imageId, width, height }],
    categories: [{ id: UNNAMED, name: DISCRIMINATIVE, supercategory: "region" }],
    annotations: [{
      id: 1, image_id: 1, category_id: UNNAMED, iscrowd: 0, area: region.pixels,
      segmentation: { size: [height, width], counts: runLengths(region.mask, width, height) },
      bbox: box(rings(region.mask, width, height).flat()),
    }],
  };
}

/** COCO's uncompressed run lengths: column by column, beginning with the pixels outside. */
export function runLengths(mask: Uint8Array, width: number, height: number): number[] {
  const counts: number[] = [];
  let value = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (mask[y * width + x] !== value) {
        counts.push(run);
        run = 0;
        value = 1 - value;
      }
      run += 1;
    }
  }
  return [...counts, run];
}

function box(corners: readonly (readonly [number, number])[]): number[] {
  const least = (i: 0 | 1) => corners.reduce((found, corner) => Math.min(found, corner[i]), Infinity);
  const most = (i: 0 | 1) => corners.reduce((found, corner) => Math.max(found, corner[i]), -Infinity);
  return corners.length ? [least(0), least(1), most(0) - least(0), most(1) - least(1)] : [0, 0, 0, 0];
}

/** GeoJSON in pixels, y downwards: one feature for each connected part, with its holes. */
export function geojson(story: RegionStory, region: Region): object {
  const [width, height] = story.size;
  const found = parts(rings(region.mask, width, height));
  const kind = { objectType: "annotation", name: DISCRIMINATIVE, classification: { name: DISCRIMINATIVE, color: [148, 103, 189] } };
  const about = { image_id: story.imageId, width, height, parts: found.length, scientificName: story.species, run: story.run, note: story.caption };
  const features = found.map((coordinates, number) => ({
    type: "Feature",
    properties: { ...kind, ...about, part: number + 1 },
    geometry: { type: "Polygon", coordinates: coordinates.map((ring) => [...ring, ring[0]]) },
  }));
  return { type: "FeatureCollection", crs: { type: "name", properties: { name: PIXELS } }, features };
}

/** Outer rings, each with the holes inside it. */
export function parts(found: readonly Ring[]): Ring[][] {
  const outer = found.filter((ring) => signedArea(ring) > 0).map((ring) => [ring]);
  for (const hole of found.filter((ring) => signedArea(ring) < 0)) {
    const around = outer.filter(([ring]) => contains(ring as Ring, middleOfFirstEdge(hole)));
    around.sort(([a], [b]) => signedArea(a as Ring) - signedArea(b as Ring))[0]?.push(hole);
  }
  return outer;
}

function signedArea(ring: Ring): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] as [number, number];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

function middleOfFirstEdge(ring: Ring): [number, number] {
  const [[x, y], [nextX, nextY]] = [ring[0], ring[1]] as [[number, number], [number, number]];
  // A little to the left of the edge, which is inside a hole's surroundings: holes run anticlockwise.
  const [across, down] = [Math.sign(nextX - x), Math.sign(nextY - y)];
  return [(x + nextX) / 2 - 0.5 * down, (y + nextY) / 2 + 0.5 * across];
}

/** Whether a point lies inside a ring, by the number of edges to its right. */
function contains(ring: Ring, [px, py]: readonly [number, number]): boolean {
  return ring.reduce((inside, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] as [number, number];
    const crosses = y > py !== nextY > py && px < ((nextX - x) * (py - y)) / (nextY - y) + x;
    return crosses ? !inside : inside;
  }, false);
}

/**
 * W3C Web Annotation of the region: every pixel as an SVG selector, the box around them, and IIIF's region of that box.
 * Its source is the specimen's id, since a page knows no address of the photograph itself.
 */
export function webAnnotation(story: RegionStory, region: Region): object {
  return {
    "@context": "http://www.w3.org/ns/anno.jsonld",
    type: "Annotation",
    motivation: ["commenting", "identifying"],
    generator: { type: "Software", name: `finercam, run ${story.run}` },
    body: [{ type: "TextualBody", value: story.caption, format: "text/plain", purpose: "describing" }],
    target: { type: "SpecificResource", source: story.imageId, selector: selectors(region, story.size) },
  };
}

/** Three ways to say the same part of a picture; of a region without pixels the boxes are left out. */
function selectors(region: Region, [width, height]: readonly [number, number]): object[] {
  const found = rings(region.mask, width, height);
  const d = found.map((ring) => `M${ring.map((corner) => corner.join(" ")).join("L")}Z`).join("");
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
  const drawing = { type: "SvgSelector", value: `${open}<path fill-rule="evenodd" d="${d}"/></svg>` };
  if (!found.length) return [drawing];
  const sides = box(found.flat()).join(",");
  const fragment = { type: "FragmentSelector", conformsTo: "http://www.w3.org/TR/media-frags/", value: `xywh=pixel:${sides}` };
  return [drawing, fragment, { type: "ImageApiSelector", region: sides }];
}
