/** The comparison: one training under each clip spec, from the same weights and data, and what came of each. */

import {
  Adagrad,
  Adam,
  AdamW,
  type ClipSpec,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  parseClipSpec,
  RMSprop,
  SGD,
  type StepRecord,
  summarize,
  train,
} from '../src/index.js';
import type { Demo, DemoConfig, OptimizerName, Outcome, Setup, Training } from './demo.js';
import { digestOf } from './digest.js';

/** Who watches the trainings. */
export interface Watcher {
  /** A training starts. */
  begin(spec: ClipSpec): void;
  step(spec: ClipSpec, record: StepRecord): void;
  /** It ended, finished or not. */
  end(spec: ClipSpec): void;
}

/** A finished comparison; `interrupted` where Ctrl-C ended it early. */
export interface Comparison {
  readonly demo: Demo;
  readonly config: DemoConfig;
  readonly setup: Setup;
  readonly outcomes: readonly Outcome[];
  readonly interrupted: boolean;
}

/** How each optimizer is made. */
export const optimizers: Readonly<
  Record<OptimizerName, (p: Parameter[], o: OptimizerOptions) => Optimizer<OptimizerOptions>>
> = {
  sgd: (parameters, options) => new SGD(parameters, options),
  adam: (parameters, options) => new Adam(parameters, options),
  adamw: (parameters, options) => new AdamW(parameters, options),
  rmsprop: (parameters, options) => new RMSprop(parameters, options),
  adagrad: (parameters, options) => new Adagrad(parameters, options),
};

/** Trains under every spec in turn, until done or aborted. */
export async function compare(
  demo: Demo,
  config: DemoConfig,
  watcher: Watcher,
  signal?: AbortSignal,
): Promise<Comparison> {
  const setup = demo.setUp(config);
  const outcomes: Outcome[] = [];
  for (const { spec, start } of runsOf(setup, config)) {
    if (signal?.aborted) break;
    watcher.begin(spec);
    try {
      outcomes.push(await runOne(start(), config, spec, watcher, signal));
    } finally {
      watcher.end(spec);
    }
  }
  return { demo, config, setup, outcomes, interrupted: signal?.aborted ?? false };
}

/** One run for each spec, and perhaps one beside them. */
function runsOf(
  { start, beside }: Setup,
  { clips }: DemoConfig,
): readonly { readonly spec: ClipSpec; start(): Training }[] {
  const runs = clips.map((clip) => ({ spec: parseClipSpec(clip), start }));
  const last = parseClipSpec(clips[clips.length - 1]);
  if (beside) runs.push({ spec: { ...last, text: `${beside.label}, ${last.text}` }, start: beside.start });
  return runs;
}

async function runOne(
  training: Training,
  { lr, steps, optimizer: name }: DemoConfig,
  spec: ClipSpec,
  watcher: Watcher,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const optimizer = optimizers[name](training.model.parameters(), { lr, hooks: spec.make() });
  const result = await train({
    model: training.model,
    loss: (_, batch, step) => training.loss(batch, step),
    batches: training.batches,
    optimizer,
    steps,
    onStep: (record) => watcher.step(spec, record),
    signal,
  });
  const digest = digestOf(training.model);
  // Sweeps train hundreds of models in one process.
  optimizer.release();
  const summary = summarize(spec.text, result);
  return { spec, training, result, summary, digest, measured: training.measure?.() ?? {} };
}
