/** A review in the browser: which specimen is current, what is kept of it, and every command by its name. */

import { WEIGHTINGS } from "../finer";
import type { DeskView, Sentences } from "./desk_view";
import { Marking, type Settings } from "./marking";
import type { Snapshot } from "./regions";
import { DECISIONS, Refused, type Decision, type Keeper, type QueueFacts, type ReviewFacts, type Selection, type VerdictForm } from "./types";

const AGAIN = 1000; // milliseconds until what could not be kept is tried again
const POLLED = 3000;
const LIMIT = 300;

type Change =
  | { readonly kind: "regions"; readonly imageId: string; readonly before: Snapshot; readonly after: Snapshot }
  | { readonly kind: "verdict"; readonly imageId: string; readonly before: VerdictForm | null; readonly after: VerdictForm };

/** A key that no other verdict has; also where a page without TLS has no `crypto.randomUUID`. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Desk {
  marking!: Marking;
  queue: QueueFacts = { ids: [], mine: "", position: 0, pending: 0 };
  selection: Selection = { taxon: "", only: "all", text: "", order: "" };
  mine: Decision[] = [];
  position = 0;
  readonly settings: Settings;
  private readonly done: Change[] = [];
  private readonly undone: Change[] = [];
  private busy = false;
  private drafts: Promise<void> = Promise.resolve();
  private turn: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private readonly kept = new Map<string, VerdictForm>();

  constructor(readonly review: ReviewFacts, readonly keeper: Keeper, private readonly view: DeskView, private readonly words: Sentences) {
    this.settings = { gamma: review.comparedAt ?? review.gamma, weighting: "mean", signed: false, heat: true, top: 0.05, without: new Map() };
    this.selection = { ...this.selection, only: review.filters[0] ?? "all", order: review.orders[0] ?? "" };
  }

  /** Take the whole queue, and show a specimen or the first without a verdict. */
  async start(imageId = ""): Promise<void> {
    await this.keeper.changes(); // whatever comes after this is news
    this.takeQueue(await this.keeper.queue(this.selection));
    const at = this.queue.ids.indexOf(imageId);
    if (at >= 0) this.position = at;
    if (!this.queue.ids.length) throw new Refused(this.words.nothing);
    await this.load();
    void this.poll();
  }

  stop(): void {
    this.stopped = true;
  }

  private takeQueue(queue: QueueFacts): void {
    this.queue = queue;
    this.mine = [...queue.mine].map((digit) => DECISIONS[Number(digit)] ?? "");
    this.position = queue.position;
  }

  /** Go through another selection; where nothing fits, nothing changes. */
  async select(part: Partial<Selection>): Promise<void> {
    const selection = { ...this.selection, ...part };
    const queue = await this.keeper.queue(selection);
    if (!queue.ids.length) {
      this.view.say(this.words.nothing, "trouble");
      return;
    }
    this.selection = selection;
    this.takeQueue(queue);
    await this.load();
  }

  private async load(): Promise<void> {
    const imageId = this.queue.ids[this.position] as string;
    const specimen = await this.keeper.specimen(imageId);
    this.marking = new Marking(specimen, this.review, this.settings);
    this.view.say(specimen.problem, "trouble");
    this.view.show(this);
    const next = this.queue.ids[this.position + 1];
    if (next) void this.keeper.specimen(next).catch(() => undefined); // so that its photograph is there
  }

  /** Do one thing after the other: moves, verdicts and undoing wait for what was begun before. */
  private inTurn<Result>(act: () => Promise<Result>, otherwise: Result): Promise<Result> {
    const turn = this.turn.then(act);
    this.turn = turn.catch((error: unknown) => this.view.say(error instanceof Error ? error.message : String(error), "trouble"));
    return turn.catch(() => otherwise);
  }

  /** Go on by some steps; false at the end of the queue. */
  move(step: number): Promise<boolean> {
    return this.inTurn(() => this.step(step), false);
  }

  private async step(step: number): Promise<boolean> {
    this.view.collect(this);
    const position = this.position + step;
    if (position < 0 || position >= this.queue.ids.length) {
      this.view.say(step > 0 ? this.words.end : this.words.begin, "plain");
      return false;
    }
    await this.drafts;
    this.position = position;
    await this.load();
    return true;
  }

  private async goTo(imageId: string): Promise<void> {
    if (this.marking.specimen.image_id === imageId) return;
    let at = this.queue.ids.indexOf(imageId);
    if (at < 0) {
      this.selection = { ...this.selection, taxon: "", only: "all", text: "" };
      this.takeQueue(await this.keeper.queue(this.selection));
      at = this.queue.ids.indexOf(imageId);
    }
    this.position = Math.max(0, at);
    await this.load();
  }

  /** Note a change of regions, and keep the draft. */
  changed(change: { before: Snapshot; after: Snapshot } | null): void {
    if (!change) return;
    this.push({ kind: "regions", imageId: this.marking.specimen.image_id, ...change });
    this.keepDraft();
    this.view.regionsChanged(this);
  }

  private push(change: Change): void {
    this.done.push(change);
    this.done.splice(0, this.done.length - LIMIT);
    this.undone.length = 0;
  }

  /** Keep the draft once those before it are kept; a verdict waits for it. */
  keepDraft(): void {
    const form = this.marking.form();
    this.drafts = this.drafts.then(() => this.keeper.draft(form)).catch((error: unknown) => {
      this.view.say(error instanceof Refused ? error.message : this.words.away, "trouble");
    });
  }

  /** Cut the region anew after the map or the threshold changed. */
  recut(): void {
    if (this.marking.cut() && (this.marking.specimen.decision || this.marking.edited)) this.marking.edited = true;
    this.view.regionsChanged(this);
  }

  /** Keep a verdict and go on. A second key meanwhile is not taken: nobody judges what was not seen. */
  async decide(decision: Decision): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    await this.inTurn(() => this.decided(decision), undefined);
    this.busy = false;
  }

  private async decided(decision: Decision): Promise<void> {
    this.view.collect(this);
    const { specimen } = this.marking;
    if (decision === "accept" && !specimen.photographed) {
      this.view.say(this.words.noPhotograph, "trouble");
      return;
    }
    const form = this.verdict(decision);
    const before = this.kept.get(specimen.image_id) ?? this.earlier();
    if (!(await this.keep(form))) return this.lookAgain();
    this.push({ kind: "verdict", imageId: specimen.image_id, before, after: form });
    if (!(await this.step(1))) {
      await this.load();
      this.view.say(this.words.end, "good");
    }
  }

  /** After a refusal, show what others say by now: it may be why, and what is being painted stays. */
  private async lookAgain(): Promise<void> {
    const { opinions } = await this.keeper.specimen(this.marking.specimen.image_id);
    this.marking.opinions = opinions;
    this.view.show(this);
  }

  private verdict(decision: Decision): VerdictForm {
    const { specimen } = this.marking;
    const { reviewer } = this.review;
    const seconds = Math.round(performance.now() - this.marking.opened) / 1000;
    const time = new Date().toISOString();
    const between = this.marking.opinions.map(({ reviewer: whose, revision }) => ({ reviewer: whose, revision }));
    return { ...this.marking.form(), between, key: newKey(), scientificName: specimen.scientificName, reviewer, decision, time, seconds };
  }

  /** The verdict that was there when the specimen was opened. */
  private earlier(): VerdictForm | null {
    const { specimen } = this.marking;
    if (!specimen.decision || !specimen.comparison) return null;
    const regions = specimen.regions.map(({ shown: _, whole, ...region }) => ({ ...region, rle: region.source === "threshold" ? null : whole }));
    return { ...this.verdict(specimen.decision), comparison: specimen.comparison, note: specimen.note, regions };
  }

  /** Keep a verdict: true once it is on the disk. Where the server is away it is tried again until it answers. */
  private async keep(form: VerdictForm): Promise<boolean> {
    this.view.say(this.words.saving, "plain");
    await this.drafts;
    for (;;) {
      try {
        const { decision } = await this.keeper.verdict(form);
        this.kept.set(form.image_id, form);
        const at = this.queue.ids.indexOf(form.image_id);
        if (at >= 0) this.mine[at] = decision;
        document.dispatchEvent(new CustomEvent<string>("finercam:kept", { detail: form.key }));
        this.view.say(this.words.saved, "good");
        return true;
      } catch (error) {
        if (error instanceof Refused || this.stopped) {
          this.view.say(`${this.words.refused}: ${error instanceof Error ? error.message : ""}`, "trouble");
          return false;
        }
        this.view.say(this.words.away, "trouble");
        await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
      }
    }
  }

  /** Undo the last stroke or verdict, and show its specimen. */
  undo(): Promise<void> {
    const back = (change: Change) => (change.kind === "regions" ? change.before : this.retracted(change));
    return this.inTurn(() => this.through(this.done, this.undone, back, true), undefined);
  }

  /** Do again what was undone. */
  redo(): Promise<void> {
    const again = (change: Change) => (change.kind === "regions" ? change.after : { ...change.after, key: newKey() });
    return this.inTurn(() => this.through(this.undone, this.done, again, false), undefined);
  }

  private async through(from: Change[], into: Change[], to: (change: Change) => Snapshot | VerdictForm, back: boolean): Promise<void> {
    if (back) this.view.collect(this);
    const change = from.pop();
    if (!change) this.view.say(this.words.nothingToUndo, "plain");
    else (await this.apply(change, to(change), back) ? into : from).push(change);
  }

  private retracted({ before, after }: Extract<Change, { kind: "verdict" }>): VerdictForm {
    const [key, time] = [newKey(), new Date().toISOString()];
    return { ...(before ?? { ...after, decision: "" }), key, time, seconds: null };
  }

  private async apply(change: Change, to: Snapshot | VerdictForm, back: boolean): Promise<boolean> {
    if ("packed" in to) {
      await this.goTo(change.imageId);
      this.marking.regions.restore(to);
      this.marking.edited = true;
      this.keepDraft();
      this.view.show(this);
      return true;
    }
    if (!(await this.keep(to))) return false;
    if (back && change.kind === "verdict") { // what was judged becomes a draft again
      const { image_id, comparison, regions, note, run } = change.after;
      await this.keeper.draft({ image_id, comparison, regions, note, run }).catch(() => undefined);
    }
    await this.goTo(change.imageId);
    await this.load();
    return true;
  }

  /** Read what others have done; the current specimen is shown anew where that concerns it and nothing is lost. */
  private async poll(): Promise<void> {
    while (!this.stopped) {
      await new Promise((resolve) => { setTimeout(resolve, POLLED); });
      try {
        const { ids, mine } = await this.keeper.changes();
        ids.forEach((id, i) => {
          const at = this.queue.ids.indexOf(id);
          if (at >= 0) this.mine[at] = DECISIONS[Number(mine[i])] ?? "";
        });
        const { specimen, edited } = this.marking;
        if (ids.includes(specimen.image_id) && !edited && !this.busy) await this.load();
      } catch { /* said when something is to be kept */ }
    }
  }

  redraw(): void {
    this.recut();
    this.view.show(this);
  }

  setWeighting(name: string): void {
    this.settings.weighting = WEIGHTINGS.find((known) => known === name) ?? "mean";
    this.redraw();
  }
}
