/** The panel above the specimens: γ, references, weighting, signs, outline, link. */

import { BASELINES, withoutBackground, type Baseline } from "./baselines";
import { WEIGHTINGS, type Weighting } from "./finer";
import { GAMMA_RANGE, REGION_RANGE, type View } from "./view";
import type { Words } from "./words/atlas_words";

type Change = (part: Partial<View>) => void;

export interface PanelChoices {
  /** References to tick; none on a pair's page. */
  readonly references: readonly string[];
  /** Whether γ can be moved. */
  readonly movable: boolean;
}

/** An element with attributes and children; text is always text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Readonly<Record<string, string>> = {}, ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The panel for a view; `change` is called with what the reader set. */
export function panel(view: View, choices: PanelChoices, words: Words, change: Change): HTMLElement {
  const status = element("p", { class: "small soft", role: "status" });
  const box = element("section", { class: "live-tools", "aria-label": words.strength });
  box.append(strength(view, choices, words, change), above(view, choices, words, change), tick(words.signed, view.signed, (signed) => change({ signed })));
  if (choices.references.length > 1) box.append(weighting(view, words, change));
  box.append(region(view, words, change), tick(words.shown, view.shown, (shown) => change({ shown }), "maps"), link(words));
  if (choices.references.length) box.append(references(view, choices.references, words, change, status));
  box.append(status);
  if (!choices.movable) status.textContent = words.finished;
  return box;
}

function strength(view: View, { movable }: PanelChoices, words: Words, change: Change): HTMLElement {
  const output = element("output", {}, view.gamma.toFixed(2));
  const slider = range(GAMMA_RANGE, view.gamma, (gamma) => {
    output.textContent = gamma.toFixed(2);
    change({ gamma });
  });
  slider.id = "gamma";
  slider.disabled = !movable;
  return element("label", {}, words.strength, " ", slider, " ", output);
}

function region(view: View, words: Words, change: Change): HTMLElement {
  const say = (share: number) => (share ? `${Math.round(100 * share)} %` : words.none);
  const output = element("output", {}, say(view.region));
  const slider = range(REGION_RANGE, view.region, (share) => {
    output.textContent = say(share);
    change({ region: share });
  });
  slider.id = "region";
  return element("label", {}, words.region, " ", slider, " ", output);
}

function range(limits: { min: number; max: number; step: number }, value: number, act: (value: number) => void): HTMLInputElement {
  const { min, max, step } = limits;
  const slider = element("input", { type: "range", min: String(min), max: String(max), step: String(step) });
  slider.value = String(value);
  slider.addEventListener("input", () => act(Number(slider.value)));
  return slider;
}

function tick(label: string, value: boolean, act: (value: boolean) => void, id = ""): HTMLElement {
  const box = element("input", id ? { type: "checkbox", id } : { type: "checkbox" });
  box.checked = value;
  box.addEventListener("change", () => act(box.checked));
  return element("label", {}, box, ` ${label}`);
}

/** Baselines; finished comparisons have no background, so that those which need one are not offered. */
function above(view: View, { movable }: PanelChoices, words: Words, change: Change): HTMLElement {
  const offered = BASELINES.filter((name) => movable || withoutBackground(name) === name);
  const select = element("select", { id: "above" }, ...offered.map((name) => element("option", { value: name }, words[`above ${name}`])));
  select.value = view.above;
  select.addEventListener("change", () => change({ above: select.value as Baseline }));
  return element("label", {}, `${words.above} `, select);
}

function weighting(view: View, words: Words, change: Change): HTMLElement {
  const options = WEIGHTINGS.map((name) => element("option", { value: name }, words[name]));
  const select = element("select", { id: "weighting" }, ...options);
  select.value = view.weighting;
  select.addEventListener("change", () => change({ weighting: select.value as Weighting }));
  return element("label", {}, `${words.weighting} `, select);
}

function references(view: View, names: readonly string[], words: Words, change: Change, status: HTMLElement): HTMLElement {
  const without = new Set(view.without);
  const tell = () => { status.textContent = names.every((name) => without.has(name)) ? words.noReference : ""; };
  const boxes = names.map((name) =>
    tick(name, !without.has(name), (ticked) => {
      if (ticked) without.delete(name);
      else without.add(name);
      tell();
      change({ without: names.filter((other) => without.has(other)) });
    }),
  );
  tell();
  return element("fieldset", { class: "references" }, element("legend", {}, words.references), ...boxes);
}

function link(words: Words): HTMLElement {
  const button = element("button", { type: "button" }, words.link);
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(location.href).then(() => { button.textContent = words.copied; });
  });
  return button;
}
