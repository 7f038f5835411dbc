/** A map on the model's grid brought to the pixels of a photograph, the arithmetic of `finercam_core.images.preparation`. */

/** Part of the photograph that the model saw, in shares of its width and height; may reach beyond 0 and 1. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Linear interpolation along one side: for each pixel its lower cell and the share of the next one. */
interface Axis {
  readonly cell: Uint16Array;
  readonly share: Float32Array;
  /** 1 where the model saw the pixel, otherwise 0. */
  readonly seen: Uint8Array;
}

function axis(cells: number, start: number, stop: number, pixels: number): Axis {
  const cell = new Uint16Array(pixels);
  const share = new Float32Array(pixels);
  const seen = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const centre = pixel + 0.5;
    const position = Math.min(Math.max(((centre - start) / (stop - start)) * cells - 0.5, 0), cells - 1);
    const low = Math.min(Math.floor(position), Math.max(cells - 2, 0));
    cell[pixel] = low;
    share[pixel] = position - low;
    seen[pixel] = centre > start && centre < stop ? 1 : 0;
  }
  return { cell, share, seen };
}

/** Places maps of one specimen on its photograph; what depends on the sizes alone is computed once. */
export class Placement {
  private readonly rows: Axis;
  private readonly columns: Axis;
  private readonly line: Float32Array;

  constructor(
    private readonly grid: readonly [number, number],
    window: Window,
    readonly width: number,
    readonly height: number,
  ) {
    this.rows = axis(grid[0], window.top * height, window.bottom * height, height);
    this.columns = axis(grid[1], window.left * width, window.right * width, width);
    this.line = new Float32Array(grid[1]);
  }

  /** Values at the photograph's pixels, row by row; 0 where the model saw nothing. */
  place(map: Float32Array, into = new Float32Array(this.width * this.height)): Float32Array {
    const [cellsDown, cellsAcross] = this.grid;
    const { cell, share, seen } = this.columns;
    const { line } = this;
    for (let y = 0; y < this.height; y++) {
      const upper = (this.rows.cell[y] as number) * cellsAcross;
      const lower = Math.min((this.rows.cell[y] as number) + 1, cellsDown - 1) * cellsAcross;
      const down = this.rows.share[y] as number;
      for (let i = 0; i < cellsAcross; i++) line[i] = (1 - down) * (map[upper + i] as number) + down * (map[lower + i] as number);
      const visible = this.rows.seen[y] as number;
      const start = y * this.width;
      for (let x = 0; x < this.width; x++) {
        const low = cell[x] as number;
        const right = share[x] as number;
        const value = (1 - right) * (line[low] as number) + right * (line[Math.min(low + 1, cellsAcross - 1)] as number);
        into[start + x] = visible && seen[x] ? value : 0;
      }
    }
    return into;
  }
}
