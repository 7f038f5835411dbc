/** The photograph of a figure: a file beside the page, over a small one that the page carries in itself. */

export class Photograph {
  private readonly file: HTMLImageElement;
  private readonly preview: HTMLImageElement;
  readonly width: number;
  readonly height: number;

  private constructor(file: HTMLImageElement, preview: HTMLImageElement) {
    [this.file, this.preview] = [file, preview];
    [this.width, this.height] = ["width", "height"].map((side) => Number(file.getAttribute(side)) || 1) as [number, number];
  }

  /** That of a figure; null for a figure without one. */
  static of(figure: HTMLElement | undefined): Photograph | null {
    const file = figure?.querySelector<HTMLImageElement>(".stack img.photo");
    return file ? new Photograph(file, figure?.querySelector<HTMLImageElement>(".stack img.preview") ?? file) : null;
  }

  get stack(): HTMLElement {
    return this.file.parentElement as HTMLElement;
  }

  /** What can be drawn at once. */
  get shown(): HTMLImageElement {
    return this.file.complete && this.file.naturalWidth ? this.file : this.preview;
  }

  /** The picture to draw, once it is there; the small one where the file cannot be loaded. */
  async loaded(): Promise<HTMLImageElement> {
    this.file.loading = "eager"; // it may be far from the screen
    await this.file.decode().catch(() => undefined); // the small one is shown then
    return this.shown;
  }

  /** The address from which another picture can show it. */
  async address(): Promise<string> {
    return (await this.loaded()).src;
  }

  /** The picture as a data URI, for files that stand alone. */
  async embedded(): Promise<string> {
    const { src } = await this.loaded();
    return src.startsWith("data:") ? src : dataUri(await (await fetch(src)).blob());
  }
}

function dataUri(content: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result)));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("the photograph could not be read")));
    reader.readAsDataURL(content);
  });
}
