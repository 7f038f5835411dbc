/**
 * What a comparison is looked at above, the arithmetic of `finercam_core.baselines` and `finercam_core.store.backgrounds`.
 *
 * The background of a comparison with coefficients w at γ is Σ_k -w_k/γ (S_k - γ R_k): S_k and R_k are the mean evidence
 * of the reference k's own specimens for the species and for k. All but the quantiles commute with γ.
 */

export const BASELINES = ["none", "mean", "look-alike", "both", "quantile", "sharp"] as const;
export type Baseline = (typeof BASELINES)[number];
const LOOKED_THROUGH: ReadonlySet<Baseline> = new Set<Baseline>(["look-alike", "both", "sharp"]);
const QUANTILE = 0.9;

/** Mean evidence of a reference's specimens: for the species, then for the reference; height × width values each. */
export type Background = Float32Array;

/** A map above a baseline. */
export interface AboveBaseline {
  readonly map: Float32Array;
  /** What it is above: what is left of the baseline that was asked for where the background is not known. */
  readonly baseline: Baseline;
  /** The map's own mean where the baseline takes that away. */
  readonly mean: number | null;
  /** The reference whose background is not known; "" where a single species has none, null where nothing is missing. */
  readonly missing: string | null;
}

/** A comparison with its coefficients, for its background. */
export interface Compared {
  readonly weights: Float64Array;
  readonly gamma: number;
  readonly classes: readonly string[];
  /** Finished comparisons have no background. */
  readonly finished: boolean;
}

/** A signed map above a baseline, or above what is left of it where the look-alikes' specimens are not known. */
export function nearest(
  signed: Float32Array, wanted: Baseline, compared: Compared, known: ReadonlyMap<string, Background>,
): AboveBaseline {
  if (!LOOKED_THROUGH.has(wanted)) return above(signed, wanted, null, null);
  const unknown = missingReference(compared, known);
  if (unknown !== null) return above(signed, withoutBackground(wanted), null, unknown);
  return above(signed, wanted, backgroundOf(compared, known, signed.length), null);
}

/** What is left of a baseline where the look-alike's own specimens are not known. */
export function withoutBackground(baseline: Baseline): Baseline {
  if (!LOOKED_THROUGH.has(baseline)) return baseline;
  return baseline === "both" ? "mean" : baseline === "sharp" ? "quantile" : "none";
}

/** The first reference in use without a background; "" where nothing is compared; null where all are known. */
function missingReference({ weights, gamma, classes, finished }: Compared, known: ReadonlyMap<string, Background>): string | null {
  const used = classes.filter((_, k) => k > 0 && weights[k] !== 0);
  if (finished || gamma === 0 || !used.length) return "";
  return used.find((name) => !known.has(name)) ?? null;
}

/** The background of a comparison, summed in float64. */
export function backgroundOf({ weights, gamma, classes }: Compared, known: ReadonlyMap<string, Background>, cells: number): Float32Array {
  const sum = new Float64Array(cells);
  classes.forEach((name, k) => {
    const pair = known.get(name);
    const factor = k > 0 ? -(weights[k] as number) / gamma : 0;
    if (!pair || factor === 0) return;
    for (let i = 0; i < cells; i++) sum[i] = (sum[i] as number) + factor * ((pair[i] as number) - gamma * (pair[cells + i] as number));
  });
  return Float32Array.from(sum);
}

function above(signed: Float32Array, baseline: Baseline, background: Float32Array | null, missing: string | null): AboveBaseline {
  const map = background ? signed.map((value, i) => value - (background[i] as number)) : signed;
  if (baseline === "quantile" || baseline === "sharp") {
    const limit = quantile(map);
    return { map: map.map((value) => Math.max(value - limit, 0)), baseline, mean: null, missing };
  }
  if (baseline !== "mean" && baseline !== "both") return { map, baseline, mean: null, missing };
  const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
  return { map: map.map((value) => value - mean), baseline, mean, missing };
}

/** The 90 % quantile of a map's cells, between neighbours in proportion. */
function quantile(values: Float32Array): number {
  const ordered = values.slice().sort();
  const at = QUANTILE * (ordered.length - 1);
  const low = Math.floor(at);
  const [a, b] = [ordered[low] as number, (ordered[low + 1] ?? ordered[low]) as number];
  return a + (b - a) * (at - low);
}
