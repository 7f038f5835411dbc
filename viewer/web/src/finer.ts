/**
 * Finer-CAM from stored evidence, the arithmetic of `finercam_core.finer`.
 *
 * Evidence maps E_k are linear in the class scores y_k, so that the map of any objective J of the scores
 * (Zhang et al., CVPR 2025, arXiv 2501.11309, eq. 4) is M = ReLU(Σ_k ∂J/∂y_k E_k). Class 0 is the target.
 */

export const WEIGHTINGS = ["mean", "softmax", "released"] as const;
export type Weighting = (typeof WEIGHTINGS)[number];
const EPSILON = 1e-9;

/** A comparison: how strong, with which references (entry 0 is ignored), and how they are weighted. */
export interface Comparison {
  readonly gamma: number;
  readonly use: readonly boolean[];
  readonly weighting: Weighting;
  /** The γ of finished comparisons, which cannot be taken to another one but 0; null for evidence. */
  readonly comparedAt: number | null;
}

/** Coefficient of each class's evidence, ∂J/∂y_k, in float64. The formulas of the weightings are in the Python twin. */
export function coefficients(logit: ArrayLike<number>, logSumExp: number, comparison: Comparison): Float64Array {
  const { gamma, weighting, comparedAt } = comparison;
  const used = Array.from(logit, (_, k) => k > 0 && Boolean(comparison.use[k]));
  const result = new Float64Array(logit.length);
  const any = used.includes(true);
  if (comparedAt !== null && gamma !== 0 && any) return shares(logit, used, weighting);
  result[0] = 1;
  if (!any) return result;
  if (weighting === "released") return released(logit, logSumExp, gamma, used);
  shares(logit, used, weighting).forEach((share, k) => { if (used[k]) result[k] = -gamma * share; });
  return result;
}

/** Weights of the references that sum to one: equal, or the softmax of their logits; 0 for the others. */
function shares(logit: ArrayLike<number>, used: readonly boolean[], weighting: Weighting): Float64Array {
  const chosen = used.flatMap((is, k) => (is ? [k] : []));
  const result = new Float64Array(logit.length);
  if (weighting === "mean") {
    for (const k of chosen) result[k] = 1 / chosen.length;
    return result;
  }
  const largest = Math.max(...chosen.map((k) => logit[k] as number));
  const total = chosen.reduce((sum, k) => sum + Math.exp((logit[k] as number) - largest), 0);
  for (const k of chosen) result[k] = Math.exp((logit[k] as number) - largest) / total;
  return result;
}

/** Coefficients of the authors' released code, whose weights are probabilities that are not held constant. */
function released(y: ArrayLike<number>, logSumExp: number, gamma: number, used: readonly boolean[]): Float64Array {
  const probability = Float64Array.from(y, (score) => Math.exp(score - logSumExp));
  const total = probability.reduce((sum, p, k) => sum + (used[k] ? p : 0), 0) + EPSILON;
  const weight = probability.map((p, k) => (used[k] ? p / total : 0));
  const difference = Float64Array.from(y, (score) => (y[0] as number) - gamma * score);
  const mean = weight.reduce((sum, w, k) => sum + w * (difference[k] as number), 0);
  const leak = probability.map((p) => (EPSILON / total) * p * mean);
  const result = weight.map((w, k) => (used[k] ? w * ((difference[k] as number) - mean - gamma) - (leak[k] as number) : 0));
  result[0] = weight.reduce((sum, w) => sum + w, 0) - (leak[0] as number);
  return result;
}

/** Map of a specimen, float32, height × width values: Σ_k coefficient_k E_k, without its negative part unless signed. */
export function combine(evidence: Float32Array, coefficient: Float64Array, signed = false): Float32Array {
  const cells = evidence.length / coefficient.length;
  const map = new Float32Array(cells);
  coefficient.forEach((value, k) => {
    if (value === 0) return;
    const factor = Math.fround(value);
    for (let i = 0; i < cells; i++) {
      map[i] = Math.fround((map[i] as number) + Math.fround(factor * (evidence[k * cells + i] as number)));
    }
  });
  if (!signed) for (let i = 0; i < cells; i++) if ((map[i] as number) < 0) map[i] = 0;
  return map;
}
