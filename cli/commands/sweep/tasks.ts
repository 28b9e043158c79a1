/** The trainings of a sweep: every clip spec with every learning rate and seed, and what one training leaves behind. */

import { compare } from '../../../demos/compare.js';
import type { Demo, DemoConfig, Measured } from '../../../demos/demo.js';
import { isTrained } from '../../../demos/tell.js';
import type { RunSummary } from '../../../src/index.js';

/** One training. */
export interface SweepTask {
  readonly demo: string;
  readonly config: DemoConfig;
}

/** What a training was asked for: by it a row is known to be of a sweep. */
interface Asked {
  readonly demo: string;
  readonly clip: string;
  readonly lr: number;
  readonly seed: number;
  /** What all trainings of a sweep share: steps at most, optimizer, backend, the demo's own options. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Where a training stands in its whole sweep: number `task` of `of`, from 0. Rows of a part of a sweep say it, to be joined. */
export interface Place {
  readonly task: number;
  readonly of: number;
  /** What tells this sweep from others. */
  readonly sweep: string;
}

/** One line of a sweep's file; it holds no times, so that every run of a sweep writes the same file. */
export interface SweepRow extends Asked, Omit<RunSummary, 'clip' | 'backend' | 'normDevice' | 'wallMs'> {
  /** Whether it stayed finite and learned what the demo is about. */
  readonly learned: boolean;
  /** What the demo measures besides. */
  readonly measured: Measured;
}

/** Values of the demo's own options that are swept, by name. */
export type OwnAxes = Readonly<Record<string, readonly number[]>>;

/** All trainings, in the order of the file: by clip spec, then rate, then the demo's own axes, then seed. */
export function tasksOf(
  demo: string,
  config: DemoConfig,
  clips: readonly string[],
  rates: readonly number[],
  axes: OwnAxes,
  seeds: number,
): readonly SweepTask[] {
  const each = Array.from({ length: seeds }, (_, i) => config.seed + i);
  const places = Object.entries(axes).reduce<readonly DemoConfig['own'][]>(
    (before, [name, values]) => before.flatMap((own) => values.map((value) => ({ ...own, [name]: value }))),
    [config.own],
  );
  return clips.flatMap((clip) =>
    rates.flatMap((lr) =>
      places.flatMap((own) =>
        each.map((seed) => ({ demo, config: { ...config, clips: [clip], lr, seed, own } })),
      ),
    ),
  );
}

/** What a task asks for, as its row says it. */
export function askedOf({ demo, config }: SweepTask): Asked {
  const { clips, lr, seed, own, ...common } = config;
  return { demo, clip: clips[0], lr, seed, settings: { ...common, ...own } };
}

/** The configuration that repeats a sweep, from its rows: what all share, and every clip spec, rate and seed among them. */
export function configFrom(rows: readonly SweepRow[]) {
  const { steps, optimizer, backend, ...first } = rows[0].settings;
  const own = Object.fromEntries(
    Object.keys(first).map((name) => [name, [...new Set(rows.map(({ settings }) => settings[name]))].join()]),
  );
  const seeds = rows.map(({ seed }) => seed);
  return {
    seed: Math.min(...seeds),
    steps,
    optimizer,
    backend,
    clips: [...new Set(rows.map(({ clip }) => clip))],
    own,
    seeds: new Set(seeds).size,
    lr: [...new Set(rows.map(({ lr }) => lr))],
  };
}

const unwatched = { begin: () => undefined, step: () => undefined, end: () => undefined };

/** Trains once. */
export async function runTask(demo: Demo, task: SweepTask): Promise<SweepRow> {
  const alone = { ...demo, setUp: (config: DemoConfig) => ({ ...demo.setUp(config), beside: undefined }) };
  const { setup, outcomes } = await compare(alone, task.config, unwatched);
  const [outcome] = outcomes;
  const { clip: _, backend: __, normDevice: ___, wallMs: ____, ...numbers } = outcome.summary;
  const learned = !numbers.diverged && isTrained(task.config, outcome) && setup.succeeded(outcome);
  return { ...askedOf(task), ...numbers, learned, measured: outcome.measured };
}
