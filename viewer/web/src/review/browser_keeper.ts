/** A review without a server: verdicts stay in this browser until they are saved as a file for `finercam review import`. */

import { SpeciesEvidence, type ChunkSource } from "../evidence/evidence";
import type { PageFacts } from "../page";
import { Photograph } from "../photograph";
import { download } from "../saving";
import {
  DECISIONS, type Acknowledged, type Changes, type DraftForm, type Keeper, type QueueFacts, type RegionFacts, type RegionForm,
  type ReviewFacts, type Runs, type Selection, type SpecimenFacts, type VerdictForm,
} from "./types";

type Kept = IDBObjectStore;
const NAME = "finercam-review";
const FILTERS = ["all", "unreviewed", "unsure"] as const;

/** Verdicts by key and drafts by reviewer and specimen, of one run of one atlas. */
export class BrowserKeeper implements Keeper {
  private readonly species = new Map<string, Promise<SpeciesEvidence>>();
  private base: Promise<IDBDatabase> | null = null;

  constructor(private readonly facts: PageFacts, private readonly source: ChunkSource, readonly reviewer: string) {}

  async session(): Promise<ReviewFacts> {
    const { collection, run, method, gamma, comparedAt, ramps, traits } = this.facts;
    return {
      reviewer: this.reviewer, collection, run, method, gamma, comparedAt, ramps, traits, taxa: [],
      filters: FILTERS, orders: ["as stored"], atlas: false,
    };
  }

  async queue({ only, text }: Selection): Promise<QueueFacts> {
    const last = await this.lastVerdicts();
    const decision = (id: string) => last.get(id)?.decision ?? "";
    const wanted = text.trim().toLowerCase();
    const ids = Object.entries(this.facts.specimens).filter(([id, { species }]) => {
      if (wanted && !`${id} ${species}`.toLowerCase().includes(wanted)) return false;
      return only === "unreviewed" ? !decision(id) : only === "unsure" ? decision(id) === "unsure" : true;
    }).map(([id]) => id);
    const mine = ids.map((id) => DECISIONS.indexOf(decision(id))).join("");
    return { ids, mine, position: Math.max(0, mine.indexOf("0")), pending: 0 };
  }

  async specimen(imageId: string): Promise<SpecimenFacts> {
    const place = this.facts.specimens[imageId];
    const figure = [...document.querySelectorAll<HTMLElement>("figure[data-specimen]")].find((one) => one.dataset["specimen"] === imageId);
    const photograph = Photograph.of(figure);
    if (!place || !photograph) throw new Error(`${imageId} is not on this page`);
    const opened = this.species.get(place.group) ?? SpeciesEvidence.open(this.source, place.group);
    this.species.set(place.group, opened);
    const species = await opened;
    const own = await species.specimen(place.slot, imageId);
    const verdict = (await this.lastVerdicts()).get(imageId);
    const draft = await this.kept<DraftForm | undefined>("drafts", (kept) => kept.get(this.draftKey(imageId)));
    const shown = [photograph.width, photograph.height] as const;
    const classes = place.classes.length ? place.classes : species.classes;
    return {
      image_id: imageId, scientificName: place.species, vernacularName: "", family: "", classes, tiers: [],
      evidence: own?.evidence ?? new Float32Array(), grid: species.grid, logit: own?.logit ?? [], logSumExp: own?.logSumExp ?? 0,
      window: place.window, size: place.size, shown, photographed: true, photo: await photograph.address(), predicted: "", probability: 0,
      credit: place.credit, problem: "", decision: verdict?.decision ?? "", note: (draft ?? verdict)?.note ?? "",
      comparison: verdict?.comparison ?? null, regions: ((draft ?? verdict)?.regions ?? []).map((form) => taken(form, shown)),
      drafted: draft !== undefined, others: [], opinions: [],
    };
  }

  async draft(form: DraftForm): Promise<void> {
    await this.kept("drafts", (kept) => kept.put(form, this.draftKey(form.image_id)), "readwrite");
  }

  async verdict(form: VerdictForm): Promise<Acknowledged> {
    await this.kept("verdicts", (kept) => kept.put(form, form.key), "readwrite");
    await this.kept("drafts", (kept) => kept.delete(this.draftKey(form.image_id)), "readwrite");
    return { image_id: form.image_id, decision: form.decision, others: [] };
  }

  changes = async (): Promise<Changes> => ({ ids: [], mine: "" });

  /** Save all verdicts of this reviewer on this run as one file, a verdict a line. */
  save = async (): Promise<void> => {
    const lines = (await this.verdicts()).map((form) => `${JSON.stringify(form)}\n`);
    download("verdicts.jsonl", new Blob(lines, { type: "application/jsonl" }));
  };

  private async verdicts(): Promise<VerdictForm[]> {
    const all = await this.kept<VerdictForm[]>("verdicts", (kept) => kept.getAll());
    const own = all.filter(({ run, reviewer }) => run === this.facts.run && reviewer === this.reviewer);
    return own.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  private async lastVerdicts(): Promise<ReadonlyMap<string, VerdictForm>> {
    return new Map((await this.verdicts()).map((form) => [form.image_id, form]));
  }

  private draftKey(imageId: string): string[] {
    return [this.facts.run, this.reviewer, imageId];
  }

  /** Ask the browser's database; what is written is on its disk when this resolves. */
  private async kept<Found>(store: "verdicts" | "drafts", ask: (kept: Kept) => IDBRequest, mode: IDBTransactionMode = "readonly"): Promise<Found> {
    this.base ??= opened();
    const transaction = (await this.base).transaction(store, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(store));
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve(request.result as Found));
      transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("this browser keeps nothing")));
    });
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.addEventListener("upgradeneeded", () => ["verdicts", "drafts"].forEach((store) => request.result.createObjectStore(store)));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("this browser keeps nothing")));
  });
}

/** A region of one's own verdict; one that follows the threshold is cut again when it is shown. */
function taken(form: RegionForm, [width, height]: readonly [number, number]): RegionFacts {
  const nothing: Runs = { size: [height, width], counts: [width * height] };
  const { rle, ...rest } = form;
  return { ...rest, shown: rle ?? nothing, whole: rle ?? nothing };
}
