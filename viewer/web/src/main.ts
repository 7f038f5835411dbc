/** The live atlas: puts the panel and the live maps into a page that `report` has written. */

import * as zarr from "zarrita";
import { withoutBackground } from "./baselines";
import { element, panel } from "./controls";
import { palettes } from "./drawing/colours";
import { SpeciesEvidence } from "./evidence/evidence";
import { enlarge } from "./large";
import { readFacts, type PageFacts } from "./page";
import { PooledMap } from "./pooled";
import { putReviewing, startServedReview } from "./review/start";
import { howMade } from "./saving";
import { SpecimenMap } from "./specimen_map";
import { defaultView, viewFromAddress, viewToAddress, type View } from "./view";
import { wordsFor, type Words } from "./words/atlas_words";

const PAUSE = 120; // milliseconds without a change after which outlines and words follow

class LiveAtlas {
  private view: View;
  private readonly initial: View;
  private readonly species = new Map<string, Promise<SpeciesEvidence>>();
  readonly source: zarr.FetchStore;
  private frame = 0;
  private pause = 0;
  private readonly pooled: PooledMap | null;
  /** Figures on the screen or close to it: while a slider moves, these alone are drawn. */
  private readonly near = new Set<SpecimenMap>();
  private readonly loading = new Map<SpecimenMap, Promise<void>>();
  private readonly printed = element("p", { class: "in-print small", id: "how" });

  constructor(private readonly facts: PageFacts, private readonly words: Words, private readonly language: string, private readonly maps: readonly SpecimenMap[]) {
    this.initial = defaultView(facts.comparedAt ?? facts.gamma, facts.above);
    this.view = this.allowed(viewFromAddress(location.hash, this.initial));
    this.source = new zarr.FetchStore(new URL(facts.evidence, location.href).href);
    this.pooled = facts.pooled && new PooledMap(facts.pooled, words, palettes(facts.ramps));
  }

  /** Load the first species, replace the printed controls, then load each figure when it comes near the screen. */
  async start(): Promise<void> {
    const first = this.maps[0];
    if (!first) return;
    const evidence = await this.evidence(first.place.group);
    this.putPanel(document.body.dataset["page"] === "pair" ? [] : evidence.classes.slice(1));
    this.watch("600px", (map, close) => { if (close) void this.load(map); });
    this.watch("100px", (map, close) => this.follows(map, close));
    this.putEnlarging();
    this.putPooled();
    window.addEventListener("hashchange", () => this.follow(evidence.classes.slice(1)));
  }

  /** Take over the view of an address that was pasted or typed while the page is open. */
  private follow(references: readonly string[]): void {
    this.view = this.allowed(viewFromAddress(location.hash, this.initial));
    this.putPanel(document.body.dataset["page"] === "pair" ? [] : references);
    this.draw(true);
  }

  /** Finished comparisons cannot be taken to another γ, and have no background, whatever an address says. */
  private allowed(view: View): View {
    if (this.facts.comparedAt === null) return view;
    return { ...view, gamma: this.initial.gamma, above: withoutBackground(view.above) };
  }

  private evidence(group: string): Promise<SpeciesEvidence> {
    const opened = this.species.get(group) ?? SpeciesEvidence.open(this.source, group);
    this.species.set(group, opened);
    return opened;
  }

  /** Tell which figures come closer to the screen than a distance, or leave. */
  private watch(distance: string, tell: (map: SpecimenMap, close: boolean) => void): void {
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const map = this.maps.find(({ figure }) => figure === target);
        if (map) tell(map, isIntersecting);
      }
    }, { rootMargin: distance });
    this.maps.forEach((map) => observer.observe(map.figure));
  }

  /** A figure on the screen follows every move; one that comes back was not drawn of late. */
  private follows(map: SpecimenMap, close: boolean): void {
    if (!close) {
      this.near.delete(map);
      return;
    }
    this.near.add(map);
    map.draw(this.view, false);
  }

  private load(map: SpecimenMap): Promise<void> {
    const loading = this.loading.get(map) ?? this.loaded(map);
    this.loading.set(map, loading);
    return loading;
  }

  private async loaded(map: SpecimenMap): Promise<void> {
    try {
      await map.load(await this.evidence(map.place.group));
      map.draw(this.view, true);
      this.sayHow();
      map.figure.dataset["live"] = "true";
    } catch (error) {
      map.say(`${this.words.unread}: ${reason(error)}`);
    }
  }

  private putPanel(references: readonly string[]): void {
    const choices = { references, movable: this.facts.comparedAt === null };
    const made = panel(this.view, choices, this.words, (part) => this.change(part));
    made.lang = this.language;
    document.querySelector("#live-panel")?.replaceChildren(made);
    document.body.classList.toggle("nomaps", !this.view.shown);
  }

  /** Show the mean specimen under the panel, where it moves with all others. */
  private putPooled(): void {
    if (!this.pooled) return;
    this.pooled.figure.lang = this.language;
    document.querySelector("#live-panel")?.after(this.pooled.figure);
    this.pooled.draw(this.view, true);
  }

  /** Say in print, where the panel is not seen, how the maps were made. */
  private sayHow(): void {
    const last = this.maps.find(({ last }) => last)?.last;
    if (!last) return;
    this.printed.textContent = howMade(document.body.dataset["page"] === "pair" ? null : last.references, this.view, this.facts, { ...last.above, mean: null });
    if (!this.printed.isConnected) document.querySelector("#live-panel")?.after(this.printed);
  }

  private putEnlarging(): void {
    for (const map of this.maps) {
      const open = () => {
        this.change({ large: map.imageId });
        enlarge(map, this.view, this.facts, this.words, () => this.change({ large: "" }));
      };
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "enlarge", textContent: this.words.enlarge });
      button.setAttribute("aria-label", `${this.words.enlarge}: ${map.imageId}`);
      button.addEventListener("click", open);
      map.figure.querySelector("figcaption")?.prepend(button);
      if (map.imageId === this.view.large) void this.load(map).then(open);
    }
  }

  /** Take a change over, draw at the next frame, and let outlines and the address follow when the reader pauses. */
  private change(part: Partial<View>): void {
    this.view = { ...this.view, ...part };
    document.body.classList.toggle("nomaps", !this.view.shown);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw(false));
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.draw(true);
      history.replaceState(null, "", `#${viewToAddress(this.view, this.initial)}`);
    }, PAUSE) as unknown as number;
  }

  /** Draw what is on the screen, and once the reader pauses everything, with outlines and words. */
  private draw(settled: boolean): void {
    for (const map of this.maps) if (settled || this.near.has(map)) map.draw(this.view, settled);
    this.pooled?.draw(this.view, settled);
    if (settled) this.sayHow();
  }
}

/** The innermost cause of an error, in its own words. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reason(error.cause);
}

/** Figures of the page that say which specimen they show. */
function figures(facts: PageFacts, words: Words): SpecimenMap[] {
  const colours = palettes(facts.ramps);
  return [...document.querySelectorAll<HTMLElement>("figure[data-specimen]")].flatMap((figure) => {
    const imageId = figure.dataset["specimen"] ?? "";
    const place = facts.specimens[imageId];
    return place ? [new SpecimenMap(imageId, figure, place, figure.dataset["against"] ?? "", words, colours, facts.comparedAt, facts.parts)] : [];
  });
}

async function main(): Promise<void> {
  const review = document.querySelector<HTMLElement>("#review");
  if (review) return startServedReview(review);
  const facts = readFacts(document);
  if (!facts) return;
  const { language, words } = wordsFor(navigator.languages);
  const box = document.querySelector("#live-note");
  if (location.protocol === "file:") {
    if (box) Object.assign(box, { textContent: words.local, lang: language });
    return;
  }
  try {
    const atlas = new LiveAtlas(facts, words, language, figures(facts, words));
    await atlas.start();
    putReviewing(facts, atlas.source);
  } catch (error) {
    if (box) box.textContent = `${words.unread}: ${reason(error)}`;
  }
}

void main();
