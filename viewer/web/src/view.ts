/** The view of a page: everything that a reader can set, and its short form in the page's address. */

import { BASELINES, type Baseline } from "./baselines";
import { WEIGHTINGS, type Weighting } from "./finer";

export interface View {
  readonly gamma: number;
  readonly weighting: Weighting;
  /** What maps are looked at above. */
  readonly above: Baseline;
  /** References that are not ticked. */
  readonly without: readonly string[];
  readonly signed: boolean;
  /** Share of the photograph's pixels that the outlined region may have; 0 for no outline. */
  readonly region: number;
  readonly shown: boolean;
  /** Specimen that is looked at in large, "" for none. */
  readonly large: string;
}

export const GAMMA_RANGE = { min: 0, max: 2, step: 0.01 } as const;
export const REGION_RANGE = { min: 0, max: 0.3, step: 0.01 } as const;

/** The view before anything was set. */
export function defaultView(gamma: number, above: Baseline = "none"): View {
  return { gamma, weighting: "mean", above, without: [], signed: false, region: 0, shown: true, large: "" };
}

/** Part of the address after `#` that brings a view back; "" for the default one. */
export function viewToAddress(view: View, initial: View): string {
  const parts = new URLSearchParams();
  if (view.gamma !== initial.gamma) parts.set("gamma", String(view.gamma));
  if (view.weighting !== initial.weighting) parts.set("weighting", view.weighting);
  if (view.above !== initial.above) parts.set("above", view.above);
  for (const name of view.without) parts.append("without", name);
  if (view.signed) parts.set("signed", "1");
  if (view.region) parts.set("region", String(view.region));
  if (!view.shown) parts.set("maps", "0");
  if (view.large) parts.set("specimen", view.large);
  return parts.toString();
}

/** The view of an address; what is missing, unknown or out of range is as in the default view. */
export function viewFromAddress(address: string, initial: View): View {
  const parts = new URLSearchParams(address.replace(/^#/, ""));
  const weighting = WEIGHTINGS.find((known) => known === parts.get("weighting"));
  return {
    gamma: inRange(parts.get("gamma"), GAMMA_RANGE, initial.gamma),
    weighting: weighting ?? initial.weighting,
    above: BASELINES.find((known) => known === parts.get("above")) ?? initial.above,
    without: parts.getAll("without"),
    signed: parts.get("signed") === "1",
    region: inRange(parts.get("region"), REGION_RANGE, initial.region),
    shown: parts.get("maps") !== "0",
    large: parts.get("specimen") ?? "",
  };
}

function inRange(text: string | null, range: { min: number; max: number }, otherwise: number): number {
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  return value >= range.min && value <= range.max ? value : otherwise;
}
