/** What the keys and buttons of a review do, by the names of the table of keys. */

import { GAMMA_RANGE } from "../view";
import type { Desk } from "./desk";

const FACTOR = 1.25;
const TOP = { min: 0.002, max: 0.6 } as const;
const GAMMA_STEP = 0.1;

/** Commands of the desk itself; those that lead to a field or a sheet are the view's. */
export function deskCommands(desk: Desk): Readonly<Record<string, () => void>> {
  const { settings } = desk;
  return {
    accept: () => void desk.decide("accept"), reject: () => void desk.decide("reject"), unsure: () => void desk.decide("unsure"),
    undo: () => void desk.undo(), redo: () => void desk.redo(),
    next: () => void desk.move(1), back: () => void desk.move(-1),
    toggle_gamma: () => setGamma(desk, settings.gamma ? 0 : desk.review.comparedAt ?? desk.review.gamma),
    more_gamma: () => setGamma(desk, settings.gamma + GAMMA_STEP), less_gamma: () => setGamma(desk, settings.gamma - GAMMA_STEP),
    next_reference: () => nextReference(desk),
    toggle_difference: () => { settings.signed = !settings.signed; desk.redraw(); },
    toggle_heat: () => { settings.heat = !settings.heat; desk.redraw(); },
    more_region: () => setTop(desk, settings.top * FACTOR), less_region: () => setTop(desk, settings.top / FACTOR),
    divide: () => desk.changed(desk.marking.change((regions) => regions.divide())),
    follow: () => desk.changed(desk.marking.change((regions) => regions.follow())),
  };
}

/** Finished comparisons have their own γ and 0 alone. */
export function setGamma(desk: Desk, to: number): void {
  const { comparedAt } = desk.review;
  const gamma = Math.min(GAMMA_RANGE.max, Math.max(0, Math.round(100 * to) / 100));
  desk.settings.gamma = comparedAt === null ? gamma : gamma > 0 ? comparedAt : 0;
  desk.redraw();
}

export function setTop(desk: Desk, to: number): void {
  desk.settings.top = Math.min(TOP.max, Math.max(TOP.min, Math.round(1000 * to) / 1000));
  desk.redraw();
}

/** Compare with one species after another, then with all. */
function nextReference(desk: Desk): void {
  const all = desk.marking.specimen.classes.slice(1);
  const { references } = desk.marking;
  const at = references.length === 1 && all.length > 1 ? all.indexOf(references[0] as string) : -1;
  const only = all[at + 1];
  const without = new Set(only === undefined ? [] : all.filter((name) => name !== only));
  desk.settings.without.set(desk.marking.specimen.scientificName, without);
  desk.redraw();
}
