/**
 * The training loop: batch, forward, backward, hooks and step, until the steps are done, the batches are used up, the
 * signal says stop, or a number stops being finite. It records every step and yields to the event loop.
 */

import { detectAnomaly, type Parameter, type ParameterBlock, Variable } from '../autograd/index.js';
import type { MeterDevice } from '../clip/index.js';
import type { Optimizer, OptimizerOptions, StepReport } from '../optim/index.js';
import { mean } from '../statistics/quantile.js';
import { checkObject } from '../tensor/arguments.js';
import { scope, type Tensor } from '../tensor/index.js';
import type { Divergence, StepRecord, TrainResult } from './record.js';
import { isLarger } from './summary.js';

/** What `train` takes. */
export interface TrainOptions<Model, Batch> {
  readonly model: Model;
  /** The loss of a batch, one element; called inside the memory scope of the step. */
  readonly loss: (model: Model, batch: Batch, step: number) => Variable;
  readonly batches: Iterable<Batch>;
  readonly optimizer: Optimizer<OptimizerOptions>;
  /** Most steps to take, those before `startStep` among them; default: until the batches are used up. */
  readonly steps?: number;
  /** Steps taken before, where a training goes on: numbers continue there, `batches` must too. Default 0. */
  readonly startStep?: number;
  /**
   * Saves the training, with the number of steps taken: called between steps, after each `saveEvery` of them (default
   * Infinity) and at the end, but not where the training diverged: what was saved before stays.
   */
  readonly save?: (step: number) => void | Promise<void>;
  readonly saveEvery?: number;
  /** Called after every step with its record; a promise is awaited: progress bars, logs, early stopping by `signal`. */
  readonly onStep?: (record: StepRecord) => unknown;
  /** An AbortSignal: ends the training after the step that runs when it is aborted. */
  readonly signal?: { readonly aborted: boolean };
  /** Throws at the first non-finite number, naming the op that made it, instead of stopping: see `detectAnomaly`. */
  readonly detectAnomaly?: boolean;
}

/** Longest time, in ms, for which the loop keeps the event loop waiting, one step apart. */
const YIELD_AFTER = 50;

/**
 * Trains: for each batch computes the loss, walks back, and lets the optimizer run its hooks and step; one that
 * accumulates takes so many batches for a step, the last perhaps fewer, and the loss of the step is their mean. Stops at
 * the first non-finite loss, gradient (after the hooks, unless one skipped the step) or parameter, and says which it was.
 */
export async function train<Model, Batch>(options: TrainOptions<Model, Batch>): Promise<TrainResult> {
  checkObject('train', 'the argument', options, 'an object { model, optimizer, batches, loss, … }');
  checkObject('train', 'optimizer', options.optimizer, 'an optimizer');
  const steps = trainSteps(options);
  let yielded = performance.now();
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) return next.value;
      await options.onStep?.(next.value);
      if (performance.now() - yielded > YIELD_AFTER) {
        await new Promise((resolve) => setTimeout(resolve));
        yielded = performance.now();
      }
    }
  } finally {
    // Where `onStep` threw, the batches are still open.
    await steps.return(undefined as never);
  }
}

/**
 * The training of `train`, a step at a time: yields the record of every step, takes the next when it is asked for, and
 * returns what `train` returns. Not asking is a pause; leaving the loop ends the training, with nothing saved after the
 * last step that was asked for. `onStep` is not called, and it never waits for the event loop: that is its user's to do.
 */
export async function* trainSteps<Model, Batch>(
  options: Omit<TrainOptions<Model, Batch>, 'onStep'>,
): AsyncGenerator<StepRecord, TrainResult, void> {
  const { optimizer, batches, save, signal } = options;
  const { startStep, steps, saveEvery } = checkedCounts(options);
  const records: StepRecord[] = [];
  let taken = startStep;
  let saved = startStep;
  let divergence: Divergence | null = null;
  let normDevice: MeterDevice = 'host';
  const started = performance.now();
  const isOver = (): boolean => taken >= steps || divergence !== null || signal?.aborted === true;
  // A batch is drawn only for a step that is taken, and the batches are closed on every way out.
  for (const group of isOver() ? [] : grouped(batches, optimizer.accumulate)) {
    const step = taken;
    optimizer.zeroGrad();
    const loss = mean(group.map((batch) => lossAndGradients(options, batch, step)));
    // A non-finite loss is not stepped on: its gradients only tell whose went first.
    const report = await (Number.isFinite(loss)
      ? optimizer.step({ loss, partial: true })
      : optimizer.skipStep('the loss is not finite'));
    normDevice = report.normDevice;
    divergence = findDivergence(step, loss, report, optimizer);
    const record = recordOf(step, loss, report);
    records.push(record);
    taken++;
    yield record;
    if (taken % saveEvery === 0 && divergence === null) {
      await save?.(taken);
      saved = taken;
    }
    if (isOver()) break;
  }
  if (taken > saved && divergence === null) await save?.(taken);
  const interrupted = signal?.aborted ?? false;
  const backend = optimizer.parameters[0].value.backend.name;
  return { records, divergence, interrupted, backend, normDevice, wallMs: performance.now() - started };
}

/** The numbers of steps among the options. Throws if one is out of range. */
function checkedCounts(options: {
  readonly steps?: number;
  readonly startStep?: number;
  readonly saveEvery?: number;
}) {
  const { steps = Number.POSITIVE_INFINITY, startStep = 0, saveEvery = Number.POSITIVE_INFINITY } = options;
  if (!(steps >= 0)) throw new Error(`train: steps must be a number ≥ 0, got ${steps}`);
  if (!(Number.isInteger(startStep) && startStep >= 0)) {
    throw new Error(`train: startStep must be an integer ≥ 0, got ${startStep}`);
  }
  if (!(saveEvery === Number.POSITIVE_INFINITY || (Number.isInteger(saveEvery) && saveEvery >= 1))) {
    throw new Error(`train: saveEvery must be an integer ≥ 1, got ${saveEvery}`);
  }
  return { steps, startStep, saveEvery };
}

/** Batches in groups of `size`, the last perhaps smaller. */
function* grouped<Batch>(batches: Iterable<Batch>, size: number): Generator<readonly Batch[]> {
  let group: Batch[] = [];
  for (const batch of batches) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** The loss of a batch, with its gradients left in the parameters. */
function lossAndGradients<Model, Batch>(
  {
    model,
    loss,
    optimizer,
    detectAnomaly: detecting = false,
  }: Pick<TrainOptions<Model, Batch>, 'model' | 'loss' | 'optimizer' | 'detectAnomaly'>,
  batch: Batch,
  step: number,
): number {
  const compute = (): number => {
    const value = loss(model, batch, step);
    if (!(value instanceof Variable))
      throw new Error('train: loss must return a Variable; compute it with ops');
    optimizer.backward(value);
    return value.item();
  };
  return scope(detecting ? () => detectAnomaly(compute) : compute);
}

function findDivergence(
  step: number,
  loss: number,
  report: StepReport,
  { parameters, names: all }: Optimizer<OptimizerOptions>,
): Divergence | null {
  const found = (what: Divergence['what'], names: readonly string[]): Divergence => {
    return { step, what, names, largest: largestOf(report.norms) };
  };
  if (!Number.isFinite(loss)) return found('loss', report.nonFinite);
  if (report.skipped !== null) return null;
  const nonFiniteOf = (pick: (parameter: Parameter) => Tensor | null): string[] =>
    all.filter((_, i) => hasNonFinite(pick(parameters[i])));
  const gradients = Number.isFinite(report.normAfter) ? [] : nonFiniteOf(({ grad }) => grad);
  if (gradients.length > 0) {
    // Clipping spreads a NaN to all: whose gradient went first is known from before the hooks.
    return found('gradient', report.nonFinite.length > 0 ? report.nonFinite : gradients);
  }
  if (areFinite(parameters)) return null;
  const names = nonFiniteOf(({ value }) => value);
  return names.length > 0 ? found('parameter', names) : null;
}

/** The name with the largest norm; empty without norms. */
function largestOf(norms: Readonly<Record<string, number>>): string {
  const [first = ['', 0], ...others] = Object.entries(norms);
  return others.reduce((largest, entry) => (isLarger(entry[1], largest[1]) ? entry : largest), first)[0];
}

/**
 * Whether all values are finite, by one reduction of a whole block where its backend has a kernel for that. A block may
 * hold more than these parameters, so that `false` only means: look.
 */
function areFinite(parameters: readonly Parameter[]): boolean {
  let checked: ParameterBlock | null = null;
  for (const { place, value } of parameters) {
    const block = place?.block;
    if (block && block === checked) continue;
    const maxAbs = block?.backend.fused.maxAbs;
    if (block && maxAbs) {
      if (!Number.isFinite(maxAbs(block.values, 0, block.values.length))) return false;
      checked = block;
    } else if (hasNonFinite(value)) return false;
  }
  return true;
}

/** Whether a parameter's tensor (value, gradient), one run of memory, holds a NaN or an infinity. */
function hasNonFinite(tensor: Tensor | null): boolean {
  if (!tensor) return false;
  const { data, offset } = tensor.view();
  for (let i = offset; i < offset + tensor.size; i++) if (!Number.isFinite(data[i])) return true;
  return false;
}

function recordOf(step: number, loss: number, report: StepReport): StepRecord {
  const { normBefore, normAfter, scale, clipped, norms, lr, skipped } = report;
  return { step, loss, normBefore, normAfter, scale, clipped, norms, lr, skipped };
}
