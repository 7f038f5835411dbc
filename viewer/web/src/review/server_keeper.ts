/** A review kept by the server that serves the page; the token of the link goes with each request, in no address. */

import { halvesFromBase64 } from "../evidence/half";
import {
  Refused, type Acknowledged, type Changes, type DraftForm, type Keeper, type QueueFacts, type ReviewFacts, type Selection,
  type SpecimenFacts, type VerdictForm,
} from "./types";

const TOKEN = "finercam-token";

/** The token of the link, which then leaves the address; else the one that this tab had before; null for none. */
export function takeToken(): string | null {
  const parts = new URLSearchParams(location.hash.slice(1));
  const token = parts.get("token");
  if (token) {
    sessionStorage.setItem(TOKEN, token);
    parts.delete("token");
    history.replaceState(null, "", `${location.pathname}${parts.size ? `#${parts}` : ""}`);
  }
  return token ?? sessionStorage.getItem(TOKEN);
}

export class ServerKeeper implements Keeper {
  readonly save = null;
  private boot = "";
  private count = 0;
  private readonly photographs = new Map<string, Promise<string>>();

  constructor(private readonly token: string) {}

  session = (): Promise<ReviewFacts> => this.json("session");

  queue = ({ taxon, only, text, order }: Selection): Promise<QueueFacts> =>
    this.json(`queue?${new URLSearchParams({ taxon, only, text, order })}`);

  async specimen(imageId: string): Promise<SpecimenFacts> {
    const asked = new URLSearchParams({ id: imageId });
    const facts = await this.json<SpecimenFacts & { evidence: string }>(`specimen?${asked}`);
    const photo = facts.photographed ? await this.photograph(imageId) : "";
    return { ...facts, photo, evidence: halvesFromBase64(facts.evidence) };
  }

  private photograph(imageId: string): Promise<string> {
    const known = this.photographs.get(imageId);
    if (known) return known;
    const asked = this.ask(`photo?${new URLSearchParams({ id: imageId })}`)
      .then((answer) => answer.blob()).then((blob) => URL.createObjectURL(blob));
    asked.catch(() => this.photographs.delete(imageId));
    this.photographs.set(imageId, asked);
    if (this.photographs.size > 12) this.forget(this.photographs.keys().next().value as string);
    return asked;
  }

  private forget(imageId: string): void {
    void this.photographs.get(imageId)?.then((address) => URL.revokeObjectURL(address), () => undefined);
    this.photographs.delete(imageId);
  }

  async draft(form: DraftForm): Promise<void> {
    await this.ask("draft", "PUT", form);
  }

  verdict = (form: VerdictForm): Promise<Acknowledged> => this.json("verdict", "POST", form);

  async changes(): Promise<Changes> {
    const { boot, count, ids, mine } = await this.json<Changes & { boot: string; count: number }>(
      `changes?${new URLSearchParams({ boot: this.boot, since: String(this.count) })}`,
    );
    [this.boot, this.count] = [boot, count];
    return { ids, mine };
  }

  private async json<Told>(name: string, method = "GET", body?: object): Promise<Told> {
    return (await this.ask(name, method, body)).json() as Promise<Told>;
  }

  /** Ask the server; a refusal of what was sent is `Refused`, a server that is away any other error. */
  private async ask(name: string, method = "GET", body?: object): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(`/api/${name}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => ({ problem: `the server answers ${answer.status}`, remedy: "" })) as Record<string, string>;
    const sentence = [said["problem"], said["remedy"]].filter(Boolean).join(": ");
    throw answer.status < 500 ? new Refused(sentence) : new Error(sentence);
  }
}
