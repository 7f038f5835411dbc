/** The parts of a review's page: each is built once, and shows the desk's state when it is told to. */

import { element } from "../controls";
import { WEIGHTINGS } from "../finer";
import { GAMMA_RANGE } from "../view";
import type { Words } from "../words/atlas_words";
import { deskCommands, setGamma, setTop } from "./commands";
import type { Desk } from "./desk";
import type { ReviewWords } from "../words/review_words";
import { BRUSH, TOOLS, type Stage } from "./stage";
import type { ReviewFacts } from "./types";

export interface Panel {
  readonly box: HTMLElement;
  readonly show: (desk: Desk) => void;
}
type Act = () => void;

export function button(label: string, act: Act, attributes: Readonly<Record<string, string>> = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}

function slider(label: string, id: string, limits: { min: number; max: number; step: number }, act: (value: number) => void): { box: HTMLElement; set: (value: number, said: string) => void } {
  const { min, max, step } = limits;
  const input = element("input", { type: "range", id, min: String(min), max: String(max), step: String(step) });
  const output = element("output", { for: id });
  input.addEventListener("input", () => act(Number(input.value)));
  const set = (value: number, said: string) => { input.value = String(value); output.textContent = said; };
  return { box: element("label", {}, `${label} `, input, " ", output), set };
}

function choice(label: string, id: string, options: readonly (readonly [string, string])[], act: (value: string) => void): { box: HTMLElement; select: HTMLSelectElement } {
  const select = element("select", { id }, ...options.map(([value, text]) => element("option", { value }, text)));
  select.addEventListener("change", () => act(select.value));
  return { box: element("label", {}, `${label} `, select), select };
}

function tick(label: string, act: (value: boolean) => void): { box: HTMLElement; input: HTMLInputElement } {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", () => act(input.checked));
  return { box: element("label", {}, input, ` ${label}`), input };
}

function section(heading: string, ...children: readonly Node[]): HTMLElement {
  return element("section", { class: "desk-part", "aria-label": heading }, element("h2", {}, heading), ...children);
}

/** Accept, reject, unsure, undo, the way through the queue, note, and what others said. */
export function verdictPanel(words: ReviewWords, desk: () => Desk): Panel {
  const act = (command: string) => () => deskCommands(desk())[command]?.();
  const note = element("textarea", { id: "note", rows: "2", maxlength: "10000" });
  note.addEventListener("change", () => { desk().marking.note = note.value; desk().marking.edited = true; desk().keepDraft(); });
  const others = element("ul", { class: "small words", id: "others" });
  const othersHeading = element("h3", {}, words.others);
  const buttons = (["accept", "reject", "unsure", "undo", "redo"] as const).map((name) => button(words[name], act(name), { class: name, id: name }));
  const place = element("span", { id: "place", class: "soft" });
  const way = [button(`← ${words.back}`, act("back"), { id: "back" }), button(`${words.next} →`, act("next"), { id: "next" })];
  const box = section(words.verdict, element("p", { class: "tools" }, ...buttons.slice(0, 3)), element("p", { class: "tools" }, ...way, ...buttons.slice(3)),
    place, element("label", {}, `${words.note} `, note), othersHeading, others);
  const said: Readonly<Record<string, string>> = { accept: words.accepted, reject: words.rejected, unsure: words.unsure, "": words.none };
  return {
    box,
    show: ({ marking, queue, position, mine }) => {
      const judged = mine.filter(Boolean).length;
      place.textContent = `${(position + 1).toLocaleString()} ${words.of} ${queue.ids.length.toLocaleString()}, ${judged.toLocaleString()} ${words.judged}`;
      note.value = marking.note;
      othersHeading.hidden = !marking.specimen.others.length;
      others.replaceChildren(...marking.specimen.others.map((other) =>
        element("li", {}, `${other.reviewer}: ${said[other.decision] ?? other.decision}${other.note ? `, “${other.note}”` : ""}`)));
    },
  };
}

/** γ, weighting, references, both signs, heat map. */
export function comparisonPanel(review: ReviewFacts, words: ReviewWords, mapWords: Words, desk: () => Desk): Panel {
  const gamma = slider("γ", "gamma", GAMMA_RANGE, (to) => setGamma(desk(), to));
  const weighting = choice(mapWords.weighting, "weighting", WEIGHTINGS.map((name) => [name, mapWords[name]] as const), (name) => desk().setWeighting(name));
  const signed = tick(mapWords.signed, (value) => { desk().settings.signed = value; desk().redraw(); });
  const heat = tick(words.heat, (value) => { desk().settings.heat = value; desk().redraw(); });
  const references = element("fieldset", { class: "references" });
  const box = section(words.comparison, gamma.box, ...(review.comparedAt === null ? [weighting.box] : []), signed.box, heat.box, references);
  let listed = "";
  return {
    box,
    show: ({ settings, marking }) => {
      gamma.set(settings.gamma, settings.gamma.toFixed(2));
      weighting.select.value = settings.weighting;
      [signed.input.checked, heat.input.checked] = [settings.signed, settings.heat];
      const names = marking.specimen.classes.slice(1);
      const used = new Set(marking.references);
      const list = JSON.stringify([names, [...used]]);
      if (list === listed) return;
      listed = list;
      references.replaceChildren(element("legend", {}, mapWords.references), ...names.map((name) => {
        const box = tick(name, (value) => {
          const without = new Set(settings.without.get(marking.specimen.scientificName));
          if (value) without.delete(name);
          else without.add(name);
          settings.without.set(marking.specimen.scientificName, without);
          desk().redraw();
        });
        box.input.checked = used.has(name);
        return box.box;
      }));
    },
  };
}

/** The threshold, the tools, and the list of regions with their traits. */
export function regionPanel(review: ReviewFacts, words: ReviewWords, stage: Stage, desk: () => Desk): Panel & { choose: () => void } {
  const share = slider(words.share, "top", { min: 0.2, max: 60, step: 0.1 }, (to) => setTop(desk(), to / 100));
  const tools = TOOLS.map((tool) => {
    const made = button(words[tool], () => { stage.choose(tool); desk().redraw(); }, { "aria-pressed": "false", "data-tool": tool });
    return made;
  });
  const size = slider(words.brush, "brush", BRUSH, (to) => { stage.radius = to; desk().redraw(); });
  const list = element("ul", { class: "region-list", id: "regions" });
  const change = (act: Parameters<Desk["marking"]["change"]>[0]) => desk().changed(desk().marking.change(act));
  const add = () => change((regions) => { stage.current = regions.add() || stage.current; });
  const buttons = [
    button(words.newRegion, add, { id: "new-region" }), button(words.divide, () => deskCommands(desk())["divide"]?.()),
    button(words.remove, () => { change((regions) => regions.remove(stage.current)); stage.current = 1; desk().redraw(); }),
    button(words.follow, () => deskCommands(desk())["follow"]?.()),
    button(words.zoomIn, () => stage.zoom(1)), button(words.zoomOut, () => stage.zoom(-1)),
  ];
  const box = section(words.regions, share.box, element("p", { class: "tools", role: "group", "aria-label": words.tools }, ...tools), size.box,
    element("p", { class: "tools" }, ...buttons), list);
  const row = (number: number, at: Desk): HTMLElement => {
    const { trait, source } = at.marking.regions.of(number);
    const made = choice(words.trait, `trait-${number}`, [["", words.noTrait], ...review.traits.map(({ name }) => [name, name] as const)], (name) => {
      change((regions) => regions.assign(number, review.traits.find((one) => one.name === name) ?? null));
    });
    if (trait && !review.traits.some(({ name }) => name === trait)) made.select.append(element("option", { value: trait }, trait));
    made.select.value = trait;
    const current = element("input", { type: "radio", name: "region", value: String(number), "aria-label": `${words.regions} ${number}` });
    current.checked = number === stage.current;
    current.addEventListener("change", () => { stage.current = number; });
    return element("li", {}, element("label", {}, current, ` ${number} · ${source === "threshold" ? words.follows : words.byHand} `), made.box);
  };
  return {
    box,
    choose: () => box.querySelector<HTMLSelectElement>(`#trait-${stage.current}`)?.focus(),
    show: (at) => {
      share.set(100 * at.settings.top, `${(100 * at.settings.top).toFixed(1)} %`);
      size.set(stage.radius, String(stage.radius));
      for (const made of tools) made.setAttribute("aria-pressed", String(made.dataset["tool"] === stage.tool));
      if (!at.marking.regions.numbers.includes(stage.current)) stage.current = 1;
      if (!list.contains(document.activeElement)) list.replaceChildren(...at.marking.regions.numbers.map((number) => row(number, at)));
    },
  };
}

/** Search, taxon, filter and order of the queue. */
export function queuePanel(review: ReviewFacts, words: ReviewWords, desk: () => Desk): Panel & { find: () => void } {
  const named = (names: readonly string[]) => names.map((name) => [name, name] as const);
  const search = element("input", { type: "search", id: "find", autocomplete: "off" });
  search.addEventListener("change", () => void desk().select({ text: search.value }));
  const taxa = [["", words.all] as const, ...review.taxa.map(({ name, count }) => [name, `${name} (${count})`] as const)];
  const taxon = choice(words.taxon, "taxon", taxa, (to) => void desk().select({ taxon: to }));
  const only = choice(words.only, "only", named(review.filters), (to) => void desk().select({ only: to }));
  const order = choice(words.order, "order", named(review.orders), (to) => void desk().select({ order: to }));
  const parts = [element("label", {}, `${words.search} `, search), ...(review.taxa.length ? [taxon.box] : []), only.box, ...(review.orders.length > 1 ? [order.box] : [])];
  const box = section(words.queue, ...parts);
  return {
    box,
    find: () => { search.focus(); search.select(); },
    show: ({ selection }) => {
      [taxon.select.value, only.select.value, order.select.value] = [selection.taxon, selection.only, selection.order];
    },
  };
}
