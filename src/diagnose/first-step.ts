/** Faults of conditioning: gradients out of scale at the first step, before any learning rate has acted. */

import { formatNumber } from '../report/format.js';
import { quantile } from '../statistics/quantile.js';
import { trendOf } from '../statistics/robust.js';
import { exp, log } from '../tensor/math.js';
import { courseOf, isHigher, THROWN } from './growth.js';
import type { LogColumns } from './log-columns.js';
import type { Finding } from './verdict.js';

/**
 * The longest step that could be right at the start is loss / ‖g‖² (Polyak 1987, for a loss that can reach 0). 1e-3 is
 * the low end of the rates in ordinary use: where not even that is short enough, the model is out of scale.
 */
const SHORTEST_STEP = 1e-3;
/** Two decades further, no unit of loss or data explains it. */
const BEYOND_DOUBT = 1e-5;
/** Rows that are the first few. */
const EARLY = 10;
/** Layers of a kind from which a growth with depth can be told, and the chance of one if there is none. */
const FEWEST_LAYERS = 4;
const ALPHA = 0.05;
/** Growth from the last layer to the first that is worth a word. */
const GROWN = 10;

/** Whether the first row is the first step of the run, counted from 0 or 1: its scale tells nothing later on. */
export function startsAtBeginning(columns: LogColumns): boolean {
  const [first] = columns.column('step');
  return first === 0 || first === 1;
}

/** Whether gradients were out of scale from the first step on, and whether they grow with depth. */
export function firstStepFinding(columns: LogColumns): Finding | null {
  const losses = columns.column('loss').subarray(0, EARLY);
  const norms = columns.column('norm').subarray(0, EARLY);
  if (!startsAtBeginning(columns) || !(losses[0] > 0) || !(norms[0] < Infinity)) return null;
  const steps = losses.map((loss, i) => loss / norms[i] ** 2).filter((step) => step >= 0);
  // What a loss that was thrown off says of its gradients is the learning rate's doing, not the model's.
  const isCalm = !isHigher(quantile(losses, 0.75), losses[0], THROWN);
  const usual = isCalm && steps.length === EARLY ? quantile(steps, 0.25) : Infinity;
  const longest = Math.min(steps[0], usual);
  if (!(longest < SHORTEST_STEP)) return null;
  const depth = growthWithDepth(columns.firstNorms ?? {});
  // Losses and norms have units; a run that learns well in units that are merely large has no fault.
  const course = courseOf(columns, 'loss');
  const learns = course !== null && isHigher(course.first, course.late);
  if (learns && longest >= BEYOND_DOUBT && !(depth > GROWN)) return null;
  const grows =
    depth > GROWN ? `; it grows ${formatNumber(depth)}-fold from the last layer to the first` : '';
  const both = steps[0] < SHORTEST_STEP && usual < SHORTEST_STEP;
  return {
    cause: 'conditioning',
    signs: 1 + Number(longest < BEYOND_DOUBT) + Number(depth > GROWN) + Number(both),
    seen:
      `Before any update the gradient norm was ${formatNumber(norms[0])} at a loss of ${formatNumber(losses[0])}, and ` +
      `${formatNumber(quantile(norms, 0.5))} over the first steps: no step longer than ${formatNumber(longest)} could be right there${grows}.`,
    evidence: { firstNorm: norms[0], firstLoss: losses[0], longestStep: longest, growthWithDepth: depth },
  };
}

/**
 * How many times larger gradients are at the first layer than at the last: along the parameters of one kind (all
 * weights, all biases), in their order, by the Theil–Sen slope of ln‖g‖; the largest of the kinds, 1 where none grows.
 */
function growthWithDepth(norms: Readonly<Record<string, number>>): number {
  const kinds = new Map<string, number[]>();
  for (const [name, norm] of Object.entries(norms)) {
    if (!(norm > 0 && norm < Infinity)) continue;
    const kind = name.slice(name.lastIndexOf('.') + 1);
    kinds.set(kind, [log(norm), ...(kinds.get(kind) ?? [])]);
  }
  const growths = [...kinds.values()].map((fromLast) => {
    const { slope, p } = trendOf(fromLast);
    return fromLast.length >= FEWEST_LAYERS && p < ALPHA ? exp(slope * (fromLast.length - 1)) : 1;
  });
  return Math.max(1, ...growths);
}
