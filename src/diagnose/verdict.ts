/** What a diagnosis is made of: verdicts, the findings they rest on, and what each means and asks for. */

/** What may be the matter with a run, and what else may be said of it. */
export type Cause =
  | 'conditioning'
  | 'data'
  | 'learning-rate'
  | 'numerics'
  | 'threshold'
  | 'healthy'
  | 'insurance'
  | 'unknown';

/** Numbers, steps and batches that a verdict rests on, by name. */
export type Evidence = Readonly<Record<string, number | readonly (number | string)[]>>;

/** One thing that a log says. */
export interface Verdict {
  readonly cause: Cause;
  /** 0 … 1: how far to rely on it. */
  readonly confidence: number;
  /** What was seen, with its numbers. */
  readonly seen: string;
  /** What that means. */
  readonly means: string;
  /** What to do next. */
  readonly next: string;
  readonly evidence: Evidence;
}

/** A verdict before it is weighed against the others: how many independent signs speak for it. */
export interface Finding {
  readonly cause: Cause;
  /** 0: a suspicion, which alone is no verdict. */
  readonly signs: number;
  readonly seen: string;
  readonly evidence: Evidence;
  /** What it means and what to do next, where the cause alone does not say. */
  readonly means?: string;
  readonly next?: string;
}

/** Three levels, no finer: such evidence supports no more. A suspicion, one clear sign, two that are independent. */
const CONFIDENCE = [0.4, 0.75, 0.95] as const;

/** From here on a verdict may be the headline. */
export const ENOUGH = CONFIDENCE[1];

/** How far to rely on a number of signs. */
export function confidenceOf(signs: number): number {
  return CONFIDENCE[Math.max(0, Math.min(2, signs))];
}

/** What each cause means, and what to do next. */
const words: Readonly<Record<Cause, readonly [means: string, next: string]>> = {
  conditioning: [
    'The model amplifies gradients before training has begun; clipping bounds the steps and leaves the cause.',
    'Lower the gain of the initial weights (orthogonal, or scaled to the layer), add normalisation or residual connections, or shorten the sequences; keep clipping as a guard.',
  ],
  data: [
    'Single batches produce gradients out of all proportion; clipping bounds the harm each of them does.',
    'Look at the examples of these steps: units, labels, outliers, broken files. Repair or drop them, and keep clipping.',
  ],
  'learning-rate': [
    'The steps are too long for the loss surface: training undoes what it learnt.',
    'Divide the learning rate by 3 to 10, or warm it up and let it decay. That removes the cause; clipping bounds the steps, and may be enough.',
  ],
  numerics: [
    'A computation left the range of its number format; no threshold repairs a NaN.',
    'Find the operation: logarithm or root of 0, division by 0, overflow of exp or of half precision. Skip such steps meanwhile, and judge overflow before clipping.',
  ],
  threshold: [
    'Nearly every step has the length of the threshold: it replaces the learning rate, and the gradient gives the direction only.',
    'Raise the threshold to a high percentile of the norms and lower the learning rate instead, or say that normalised steps are what you want.',
  ],
  healthy: [
    'No sign of spikes, growth, numbers that are not finite, or a first step out of scale.',
    'Leave it as it is.',
  ],
  insurance: [
    'Either there is no clipping, or its threshold lies above every norm: an insurance that was not needed so far.',
    'Where there is one, keep it: it costs next to nothing. It had no part in how this run went.',
  ],
  unknown: ['The log does not tell.', 'Compare it with a run at a third of the learning rate.'],
};

/** A finding as a verdict. */
export function verdictOf(
  { cause, signs, seen, evidence, ...own }: Finding,
  confidence = confidenceOf(signs),
): Verdict {
  const [means, next] = [own.means ?? words[cause][0], own.next ?? words[cause][1]];
  return { cause, confidence, seen, means, next, evidence };
}

/** The first few of a list for a sentence. */
export function listed(items: readonly (number | string)[], most = 5): string {
  return items.slice(0, most).join(', ') + (items.length > most ? `, … (${items.length} in all)` : '');
}
