/** The summary of a run: the handful of numbers that tables, JSON output and verdicts compare. */

import type { MeterDevice } from '../clip/index.js';
import { mean, median } from '../statistics/quantile.js';
import { shareOf } from '../statistics/share.js';
import { checkArray, checkObject } from '../tensor/arguments.js';
import type { TrainResult } from './record.js';

/** One run in numbers; the shape of an entry of `runs` in `--json` output. */
export interface RunSummary {
  /** The clip spec it ran under. */
  readonly clip: string;
  readonly diverged: boolean;
  /** Step of the first non-finite loss, gradient or parameter; null without one. */
  readonly divergedAtStep: number | null;
  /** Steps taken. */
  readonly steps: number;
  readonly firstLoss: number;
  /** Mean loss of the last 20 steps. */
  readonly finalLoss: number;
  readonly maxGradNorm: number;
  readonly medianGradNorm: number;
  /** Share of the steps in which a hook changed the gradients. */
  readonly clippedFraction: number;
  readonly backend: string;
  readonly normDevice: MeterDevice;
  readonly wallMs: number;
}

const FINAL_STEPS = 20;

/** Summarises a training. Non-finite norms count as larger than all others. */
export function summarize(clip: string, result: TrainResult): RunSummary {
  checkObject('summarize', 'result', result, 'what train gives');
  checkArray('summarize', 'the records', result.records, 'records, as train gives them');
  const { records, divergence, backend, normDevice, wallMs } = result;
  const norms = records.map(({ normBefore }) => normBefore);
  const last = records.slice(-FINAL_STEPS);
  return {
    clip,
    diverged: divergence !== null,
    divergedAtStep: divergence?.step ?? null,
    steps: records.length,
    firstLoss: records[0]?.loss ?? Number.NaN,
    finalLoss: mean(last.map(({ loss }) => loss)),
    maxGradNorm: norms.reduce((a, b) => (isLarger(b, a) ? b : a), 0),
    medianGradNorm: median(norms, 'largest'),
    clippedFraction: shareOf(records.filter(({ clipped }) => clipped).length, records.length),
    backend,
    normDevice,
    wallMs: Math.round(wallMs * 10) / 10,
  };
}

/** Orders norms, NaN above all numbers. */
export function isLarger(a: number, b: number): boolean {
  return Number.isNaN(a) ? !Number.isNaN(b) : a > b;
}
