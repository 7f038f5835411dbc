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

/** COCO's file of one image and one annotation; the mask as run lengths, which hold holes where polygons cannot. */
export function coco(story: RegionStory, region: Region): object {
  const [width, height] = story.size;
  return {
    info: { description: story.caption, version: story.run },
    images: [{ id: 1, file_name: story.imageId, width, height }],
    categories: [{ id: 1, name: "discriminative region", supercategory: story.species }],
    annotations: [{
      id: 1, image_id: 1, category_id: 1, iscrowd: 0, area: region.pixels,
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
  const properties = { image_id: story.imageId, scientificName: story.species, caption: story.caption };
  const features = parts(rings(region.mask, width, height)).map((coordinates) => ({
    type: "Feature", properties, geometry: { type: "Polygon", coordinates: coordinates.map((ring) => [...ring, ring[0]]) },
  }));
  return { type: "FeatureCollection", features };
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

/** W3C Web Annotation whose target is the region of the image, as an SVG selector in pixels. */
export function webAnnotation(story: RegionStory, region: Region): object {
  const [width, height] = story.size;
  const d = rings(region.mask, width, height).map((ring) => `M${ring.map((corner) => corner.join(" ")).join("L")}Z`).join("");
  const path = `<path fill-rule="evenodd" d="${d}"/>`;
  return {
    "@context": "http://www.w3.org/ns/anno.jsonld",
    type: "Annotation",
    motivation: "identifying",
    body: { type: "TextualBody", value: story.caption, format: "text/plain" },
    target: {
      source: story.imageId,
      selector: { type: "SvgSelector", value: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">${path}</svg>` },
    },
  };
}
