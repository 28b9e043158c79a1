/**
 * The training loop: batch, forward, backward, hooks and step, until the steps are done, the batches are used up, the
 * signal says stop, or a number stops being finite. It records every step and yields to the event loop.
 */

import { type Parameter, type ParameterBlock, Variable } from '../autograd/index.js';
import type { MeterDevice } from '../clip/index.js';
import type { Optimizer, OptimizerOptions, StepReport } from '../optim/index.js';
import { scope, type Tensor } from '../tensor/index.js';
import type { Divergence, StepRecord } from './record.js';
import { isLarger } from './summary.js';

/** What `train` takes. */
export interface TrainOptions<Model, Batch> {
  readonly model: Model;
  /** The loss of a batch, one element; called inside the memory scope of the step. */
  readonly loss: (model: Model, batch: Batch, step: number) => Variable;
  readonly batches: Iterable<Batch>;
  readonly optimizer: Optimizer<OptimizerOptions>;
  /** Most steps to take; default: until the batches are used up. */
  readonly steps?: number;
  /** Called after every step with its record: progress bars, logs, early stopping by `signal`. */
  readonly onStep?: (record: StepRecord) => void;
  /** Ends the training after the step that runs when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What a training left behind. */
export interface TrainResult {
  readonly records: readonly StepRecord[];
  /** The first non-finite loss, gradient or parameter, at which the training stopped; null if there was none. */
  readonly divergence: Divergence | null;
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** The backend that computed. */
  readonly backend: string;
  /** Where gradient norms were measured. */
  readonly normDevice: MeterDevice;
  readonly wallMs: number;
}

/** Longest time, in ms, for which the loop keeps the event loop waiting, one step apart. */
const YIELD_AFTER = 50;

/**
 * Trains: for each batch computes the loss, walks back, and lets the optimizer run its hooks and step. Stops at the
 * first non-finite loss, gradient (after the hooks, unless one skipped the step) or parameter, and says which it was.
 */
export async function train<Model, Batch>(options: TrainOptions<Model, Batch>): Promise<TrainResult> {
  const { optimizer, batches, steps = Number.POSITIVE_INFINITY, onStep, signal } = options;
  if (!(steps >= 0)) throw new Error(`train: steps must be a number ≥ 0, got ${steps}`);
  const records: StepRecord[] = [];
  let divergence: Divergence | null = null;
  let normDevice: MeterDevice = 'host';
  const started = performance.now();
  let yielded = started;
  const isOver = (): boolean => records.length >= steps || divergence !== null || signal?.aborted === true;
  // A batch is drawn only for a step that is taken, and the batches are closed on every way out.
  for (const batch of isOver() ? [] : batches) {
    const step = records.length;
    optimizer.zeroGrad();
    const loss = lossAndGradients(options, batch, step);
    // A non-finite loss is not stepped on: its gradients only tell whose went first.
    const report = await (Number.isFinite(loss)
      ? optimizer.step({ loss })
      : optimizer.skipStep('the loss is not finite'));
    normDevice = report.normDevice;
    divergence = findDivergence(step, loss, report, optimizer);
    const record = recordOf(step, loss, report);
    records.push(record);
    onStep?.(record);
    if (performance.now() - yielded > YIELD_AFTER) {
      await new Promise((resolve) => setTimeout(resolve));
      yielded = performance.now();
    }
    if (isOver()) break;
  }
  const interrupted = signal?.aborted ?? false;
  const backend = optimizer.parameters[0].value.backend.name;
  return { records, divergence, interrupted, backend, normDevice, wallMs: performance.now() - started };
}

/** The loss of a batch, with its gradients left in the parameters. */
function lossAndGradients<Model, Batch>(
  { model, loss }: TrainOptions<Model, Batch>,
  batch: Batch,
  step: number,
): number {
  return scope(() => {
    const value = loss(model, batch, step);
    if (!(value instanceof Variable))
      throw new Error('train: loss must return a Variable; compute it with ops');
    value.backward();
    return value.item();
  });
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

/** The name with the largest norm; empty where there is none. */
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
