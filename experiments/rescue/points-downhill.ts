import type { Training } from '../../demos/demo.js';
import {
  clipByGlobalNorm,
  noGrad,
  type Optimizer,
  type OptimizerOptions,
  SGD,
  scope,
} from '../../src/index.js';
import { atLeast, atMost } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, type Batch } from '../training-tasks.js';

const STEPS = 200;
const LR = 0.01;
/** The training that visits the points: steps of at most LR. */
const THRESHOLD = 1;
/** Lengths of the steps tried from each, shortest first. */
const LENGTHS = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
const SHORT = 1e-4;
const LONG = 1e-2;

/** The loss of a batch, its gradients left in the parameters. */
function backward({ model, loss }: Training<Batch>, batch: Batch): number {
  for (const parameter of model.parameters()) parameter.grad = null;
  return scope(() => {
    const value = loss(batch, 0);
    value.backward();
    return value.item();
  });
}

/** Shares of steps that lower the loss of the very batch whose gradient they take. */
async function sharesDownhill(seed: number) {
  const task = adding(seed);
  const walker = new SGD(task.model.parameters(), { lr: LR, hooks: [clipByGlobalNorm(THRESHOLD)] });
  const probe = adding(seed);
  const probed = (threshold: number) =>
    new SGD(probe.model.parameters(), { lr: LR, hooks: [clipByGlobalNorm(threshold)] });
  // Without a threshold last.
  const tries: readonly Optimizer<OptimizerOptions>[] = [
    ...LENGTHS.map((length) => length / LR),
    Infinity,
  ].map(probed);
  const lowered = tries.map(() => 0);
  let points = 0;
  let taken = 0;
  for (const batch of task.batches) {
    const before = backward(task, batch);
    const state = task.model.stateDict();
    const { clipped } = await walker.step();
    if (clipped) {
      points++;
      for (const [k, optimizer] of tries.entries()) {
        probe.model.loadStateDict(state);
        backward(probe, batch);
        await optimizer.step();
        if (noGrad(() => scope(() => probe.loss(batch, 0).item())) < before) lowered[k]++;
      }
    }
    if (++taken === STEPS) break;
  }
  for (const optimizer of [walker, ...tries]) optimizer.release();
  const shares = lowered.map((count) => count / points);
  return { points, byLength: shares.slice(0, -1), unclipped: shares[LENGTHS.length] };
}

/** A direction is right only so far. */
export const pointsDownhill: Experiment = {
  number: 24,
  name: 'points-downhill',
  group: 'rescue',
  claim: 'still points downhill',
  source: 'circuit breaker',
  setUp: `A clipped training of the ReLU RNN from 1.05·I on the adding task of 50 steps, ${STEPS} steps; from each point at which it clipped, steps clipped to lengths (rate × threshold) from ${LENGTHS[0]} to ${LENGTHS[LENGTHS.length - 1]} and one not clipped at all.`,
  criterion: `Share of the steps that lower the loss of the same batch: at least 0.95 at length ${SHORT}, at most 0.85 at length ${LONG}, at most 0.25 unclipped (seventy pilot seeds: 0.98 to 1.00, 0.45 to 0.75, 0.00 to 0.12); at least 100 points.`,
  verdict: 'holds under conditions',
  condition: `the step must be short against the curvature. The direction is downhill always; a step of ${SHORT} along it lowers the loss, one of ${LONG} about every second time.`,
  explanation:
    'Clipping by norm keeps the direction of the gradient, and along it the loss falls: at first. How far is decided by the curvature, and where gradients explode the curvature does, too. The threshold makes the step shorter than it was, from hopeless to a coin toss here, but only a step short enough for the valley really goes down. A training whose every step is clipped often hovers like that: it jumps from wall to wall at a distance that the threshold sets.',
  run: async (seed) => {
    const { points, byLength, unclipped } = await sharesDownhill(seed);
    const at = (length: number) => byLength[LENGTHS.indexOf(length)];
    return {
      checks: [
        atLeast(`share lowered by steps of ${SHORT}`, at(SHORT), 0.95),
        atMost(`share lowered by steps of ${LONG}`, at(LONG), 0.85),
        atMost('share lowered by unclipped steps', unclipped, 0.25),
        atLeast('points tried from', points, 100),
      ],
      figure: {
        kind: 'lines',
        title: 'Steps that lower the loss of their own batch',
        caption: `Share of ${points} points of one training, by the length that steps are clipped to.`,
        x: { label: 'length of the step', scale: 'log' },
        y: { label: 'share of steps that lower the loss', scale: 'linear' },
        series: [{ label: 'clipped', x: LENGTHS, y: byLength }],
        levels: [
          { label: 'unclipped', y: unclipped },
          { label: 'a coin toss', y: 0.5 },
        ],
      },
    };
  },
};
