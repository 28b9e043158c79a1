/** The trainings of a sweep: every clip spec with every learning rate and seed, and what one training leaves behind. */

import { compare } from '../compare.js';
import type { Demo, DemoConfig, Measured } from '../demo.js';

/** One training. */
export interface SweepTask {
  readonly demo: string;
  readonly config: DemoConfig;
}

/** One line of a sweep's file; it holds no times, so that every run of a sweep writes the same file. */
export interface SweepRow {
  readonly demo: string;
  readonly clip: string;
  readonly lr: number;
  readonly seed: number;
  readonly diverged: boolean;
  readonly divergedAtStep: number | null;
  readonly steps: number;
  readonly firstLoss: number;
  readonly finalLoss: number;
  readonly maxGradNorm: number;
  readonly medianGradNorm: number;
  readonly clippedFraction: number;
  /** Whether it stayed finite and learned what the demo is about. */
  readonly learned: boolean;
  /** What the demo measures besides. */
  readonly measured: Measured;
}

/** All trainings, in the order of the file: by clip spec, then rate, then seed. */
export function tasksOf(
  demo: string,
  config: Omit<DemoConfig, 'clips' | 'lr'>,
  clips: readonly string[],
  rates: readonly number[],
  seeds: number,
): readonly SweepTask[] {
  const each = Array.from({ length: seeds }, (_, i) => config.seed + i);
  return clips.flatMap((clip) =>
    rates.flatMap((lr) => each.map((seed) => ({ demo, config: { ...config, clips: [clip], lr, seed } }))),
  );
}

const unwatched = { begin: () => undefined, step: () => undefined, end: () => undefined };

/** Trains once. */
export async function runTask(demo: Demo, { config }: SweepTask): Promise<SweepRow> {
  const { setup, outcomes } = await compare(demo, config, unwatched);
  const [outcome] = outcomes;
  const { clip, backend: _, normDevice: __, wallMs: ___, ...numbers } = outcome.summary;
  const learned = !numbers.diverged && setup.succeeded(outcome);
  return {
    demo: demo.name,
    clip,
    lr: config.lr,
    seed: config.seed,
    ...numbers,
    learned,
    measured: outcome.measured,
  };
}
