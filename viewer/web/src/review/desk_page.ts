/** The page of a review: heading, picture, panels and keys around one desk. */

import { palette } from "../drawing/colours";
import { element } from "../controls";
import { whereStrongest, type Words } from "../words/atlas_words";
import { deskCommands } from "./commands";
import { decidingPanel } from "./deciding";
import { Desk } from "./desk";
import type { DeskView } from "./desk_view";
import { chordOf, commandsOf, isWriting } from "./keys";
import { button, comparisonPanel, queuePanel, regionPanel, verdictPanel } from "./panels";
import type { ReviewWords } from "../words/review_words";
import { Stage } from "./stage";
import type { Keeper, KeyGroup, ReviewFacts } from "./types";

const SIZE_STEP = 2;

export interface DeskOptions {
  readonly keeper: Keeper;
  readonly review: ReviewFacts;
  readonly keys: readonly KeyGroup[];
  readonly words: ReviewWords;
  readonly mapWords: Words;
  readonly language: string;
  /** Specimen to begin with, "" for the first without a verdict. */
  readonly first: string;
}

/** Build a review into a box, and start it; the function ends it. */
export async function openDesk(box: HTMLElement, options: DeskOptions): Promise<() => void> {
  const page = new DeskPage(options);
  box.replaceChildren(page.box);
  await page.desk.start(options.first);
  page.stage.box.focus({ preventScroll: true });
  return () => page.close();
}

class DeskPage implements DeskView {
  readonly box = element("div", { class: "desk" });
  readonly desk: Desk;
  readonly stage: Stage;
  private readonly colours: { heat: Uint32Array; difference: Uint32Array };
  private readonly heading = element("h1");
  private readonly facts = element("p", { class: "small soft", id: "facts" });
  private readonly status = element("p", { class: "desk-status", role: "status", id: "status" });
  private readonly sheet: HTMLDialogElement;
  private readonly panels;
  private readonly commands: ReadonlyMap<string, string>;
  private readonly press = (event: KeyboardEvent) => this.onKey(event);

  constructor(private readonly options: DeskOptions) {
    const { review, words, mapWords, keeper, keys, language } = options;
    this.box.lang = language;
    this.colours = { heat: palette(review.ramps.heat), difference: palette(review.ramps.difference) };
    const desk = () => this.desk;
    this.stage = new Stage({ begin: () => this.desk.marking.begin(), end: () => this.desk.changed(this.desk.marking.end()) });
    this.stage.choose("look");
    this.panels = {
      deciding: decidingPanel(words, this.stage, desk), verdict: verdictPanel(words, desk), region: regionPanel(review, words, this.stage, desk),
      comparison: comparisonPanel(review, words, mapWords, desk), queue: queuePanel(review, words, desk),
    };
    this.desk = new Desk(review, keeper, this, { ...words, begin: words.start });
    this.sheet = keySheet(keys, words);
    this.commands = commandsOf(keys);
    const { deciding, verdict, region, comparison, queue } = this.panels;
    const side = element("div", { class: "desk-side" }, deciding.box, verdict.box, region.box, comparison.box, queue.box, this.saving());
    this.box.append(element("div", { class: "desk-main" }, this.heading, this.facts, this.stage.box, this.status), side, this.sheet);
    document.addEventListener("keydown", this.press);
  }

  /** Who reviews, the keys, the atlas, and where verdicts leave as a file. */
  private saving(): HTMLElement {
    const { words, review, keeper } = this.options;
    const parts: Node[] = [element("span", { class: "soft" }, `${review.reviewer} · ${review.collection}`), button(words.keys, () => this.toggleSheet(), { id: "keys" })];
    if (review.atlas) parts.push(element("a", { href: "/atlas/index.html" }, words.atlas));
    if (keeper.save) parts.push(button(words.save, () => void keeper.save?.(), { id: "save" }), element("span", { class: "small soft" }, words.kept));
    return element("p", { class: "tools" }, ...parts);
  }

  close(): void {
    this.desk.stop();
    document.removeEventListener("keydown", this.press);
  }

  show(desk: Desk): void {
    const { specimen, edited } = desk.marking;
    const { words } = this.options;
    const state = { accept: words.accepted, reject: words.rejected, unsure: words.unsure, "": words.none }[specimen.decision];
    this.heading.replaceChildren(
      element("i", { class: "name" }, specimen.scientificName), specimen.vernacularName ? ` · ${specimen.vernacularName}` : "",
      element("span", { class: "decision", "data-decision": specimen.decision, id: "decision" }, specimen.decision && edited ? `${words.edited} ${state}` : state),
    );
    const sure = words.certain.replace("{}", (100 * specimen.probability).toFixed(0));
    const wrong = specimen.predicted && specimen.predicted !== specimen.scientificName ? ` ${words.takes} ${specimen.predicted}` : "";
    this.facts.textContent = [specimen.image_id, specimen.predicted ? `${sure}${wrong}.` : "", specimen.credit].filter(Boolean).join(" · ");
    if (this.shown !== desk.marking) {
      this.shown = desk.marking;
      this.stage.show(desk.marking.regions, specimen.photo, `${specimen.scientificName}, ${specimen.image_id}`);
    }
    this.box.dataset["specimen"] = specimen.image_id;
    for (const panel of Object.values(this.panels)) panel.show(desk);
    this.draw(desk);
  }
  private shown: unknown = null;

  regionsChanged(desk: Desk): void {
    this.panels.region.show(desk);
    this.draw(desk);
  }

  private draw(desk: Desk): void {
    const { marking, settings } = desk;
    marking.drawHeat(this.stage.heat, settings.signed ? this.colours.difference : this.colours.heat);
    this.stage.heat.hidden = !settings.heat;
    const where = marking.mapped ? whereStrongest(marking.map(), marking.specimen.grid, this.options.mapWords) : this.options.mapWords.unfinished;
    this.stage.heat.setAttribute("aria-label", `Finer-CAM: ${where}`);
    this.stage.draw();
  }

  say(sentence: string, kind: "plain" | "good" | "trouble"): void {
    this.status.textContent = sentence;
    this.status.dataset["kind"] = kind;
  }

  /** Take what is under way on the page: an open polygon, a note that is being written. */
  collect(desk: Desk): void {
    this.stage.finish();
    const note = this.box.querySelector<HTMLTextAreaElement>("#note");
    if (note && note.value !== desk.marking.note) {
      desk.marking.note = note.value;
      desk.marking.edited = true;
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      if (isWriting(event.target) || event.target === document.body) this.comeBack(event);
      else if (this.stage.finish()) event.preventDefault();
      return;
    }
    if (isWriting(event.target)) return;
    const command = this.commands.get(chordOf(event)) ?? (event.ctrlKey || event.metaKey || event.shiftKey ? "" : OWN_KEYS[event.code] ?? "");
    if (!command) return;
    event.preventDefault();
    this.run(command);
  }

  /** Run a command by its name. */
  run(command: string): void {
    const act = deskCommands(this.desk)[command] ?? this.own()[command];
    if (act) act();
    else this.say(this.options.words.elsewhere, "plain");
  }

  /** Commands that lead to a part of the page. */
  private own(): Readonly<Record<string, () => void>> {
    const tool = (name: "look" | "paint" | "erase" | "polygon") => () => { this.stage.choose(this.stage.tool === name ? "look" : name); this.desk.redraw(); };
    const size = (step: number) => () => { this.stage.radius = Math.max(2, this.stage.radius + step); this.desk.redraw(); };
    return {
      write_note: () => this.box.querySelector<HTMLElement>("#note")?.focus(), find: () => this.panels.queue.find(),
      new_region: () => this.box.querySelector<HTMLElement>("#new-region")?.click(), choose_trait: () => this.panels.region.choose(),
      to_panel: () => this.box.querySelector<HTMLElement>("#gamma")?.focus(), toggle_keys: () => this.toggleSheet(),
      export: () => (this.options.keeper.save ? void this.options.keeper.save() : this.say("finercam export", "plain")),
      paint: tool("paint"), erase: tool("erase"), polygon: tool("polygon"), smaller_brush: size(-SIZE_STEP), larger_brush: size(SIZE_STEP),
    };
  }

  private comeBack(event: KeyboardEvent): void {
    if (event.target instanceof HTMLElement && event.target !== document.body) event.preventDefault();
    if (event.target instanceof HTMLElement) event.target.blur();
    this.stage.box.focus({ preventScroll: true });
  }

  private toggleSheet(): void {
    if (this.sheet.open) this.sheet.close();
    else this.sheet.showModal();
  }
}

/** Keys of the tools, which in napari are napari's own. */
const OWN_KEYS: Readonly<Record<string, string>> = {
  KeyP: "paint", KeyE: "erase", KeyL: "polygon", BracketLeft: "smaller_brush", BracketRight: "larger_brush",
};

function keySheet(groups: readonly KeyGroup[], words: ReviewWords): HTMLDialogElement {
  const rows = groups.flatMap(({ heading, keys }) => [
    element("tr", {}, element("th", { colspan: "2", scope: "rowgroup" }, heading)),
    ...keys.filter(({ shown }) => shown).map(({ shown, text }) => element("tr", {}, element("td", {}, element("kbd", {}, shown)), element("td", {}, text))),
  ]);
  const extra = element("tr", {}, element("td", {}, element("kbd", {}, "L")), element("td", {}, words.polygon));
  const close = element("button", { type: "button" }, words.close);
  const sheet = element("dialog", { class: "large keys", "aria-label": words.keys }, element("table", {}, element("tbody", {}, ...rows, extra)), close);
  close.addEventListener("click", () => sheet.close());
  return sheet;
}
