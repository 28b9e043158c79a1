import type { Training } from '../../demos/demo.js';
import { clipByGlobalNorm, summarize } from '../../src/index.js';
import { above, atLeast, below } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, regression, spiral, temporalOrder, trainTask } from '../training-tasks.js';

/** Twelve thresholds, three a decade, from 0.0215 to 100; the sixth is 1. */
const THRESHOLDS = Array.from({ length: 12 }, (_, i) => 10 ** ((i - 5) / 3));
const COMMON = 5;
/** The handbook's healthy rates. */
const HEALTHY = [0.05, 0.2] as const;

interface Task {
  readonly name: string;
  readonly lr: number;
  readonly steps: number;
  start(seed: number): Training;
}

const tasks = {
  spiral: { name: 'spiral, MLP', lr: 0.3, steps: 250, start: (seed) => spiral(seed, { units: 16 }) },
  order: {
    name: 'temporal order, RNN',
    lr: 0.2,
    steps: 200,
    start: (seed) => temporalOrder(seed, { units: 16, batch: 10 }),
  },
  outliers: {
    name: 'line with outliers',
    lr: 0.05,
    steps: 300,
    start: (seed) => regression(seed, { outliers: 0.05 }),
  },
  adding: { name: 'adding, ReLU RNN', lr: 0.01, steps: 300, start: adding },
} as const satisfies Record<string, Task>;

interface Point {
  /** Share of steps clipped. */
  readonly rate: number;
  readonly loss: number;
}

/** A task under every threshold. */
async function sweep({ start, lr, steps }: Task, seed: number): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (const threshold of THRESHOLDS) {
    const hooks = [clipByGlobalNorm(threshold, { nonFinite: 'propagate' })];
    const { clippedFraction, diverged, finalLoss } = summarize(
      `norm:${threshold}`,
      await trainTask(start(seed), { lr, steps, hooks }),
    );
    points.push({ rate: clippedFraction, loss: diverged ? Number.POSITIVE_INFINITY : finalLoss });
  }
  return points;
}

/** The first of those with the least loss. */
function best(points: readonly Point[]): Point {
  return points.reduce((least, point) => (point.loss < least.loss ? point : least));
}

/** At which clip rate each task does best. */
function words(points: Readonly<Record<keyof typeof tasks, readonly Point[]>>): string {
  const names = Object.keys(tasks) as readonly (keyof typeof tasks)[];
  return names
    .map((name) => `${Number((100 * best(points[name]).rate).toPrecision(2))} % (${tasks[name].name})`)
    .join(', ');
}

/** Three articles name three healthy clip rates. */
export const healthyRate: Experiment = {
  number: 28,
  name: 'healthy-rate',
  group: 'threshold',
  claim: 'clipping on 5-20% of batches',
  source: 'handbook',
  setUp:
    'Four small trainings by plain gradient descent, each from the same weights and data under twelve thresholds from 0.02 to 100.',
  criterion:
    'The threshold with the least final loss clips outside 5–20 % of the steps on at least three of the four tasks: under 5 % on the spiral, over 20 % on the temporal order, where no clipping at all ends at least 1.5 times as high; on the adding task c = 1 clips over 85 % (pilot on seeds 1–20: ≤ 0.4 %, ≥ 27 %, ≥ 1.67 times, 92–99 %).',
  verdict: 'does not hold as written',
  explanation:
    'One article calls 5–20 % of clipped steps healthy, another well under 1 %, a third wants typical gradients well below the threshold. They cannot all be right, and no single rate is. The spiral needs no clipping, and ends lowest where none takes place. The recurrent network learns the order of two symbols best where a quarter of all steps or more are clipped, and does not learn it without. The line through points with outliers ends lowest at high rates, too, because a clipped batch cannot pull the line far away. The clip rate says what a threshold does, not whether that is good: look at the loss. What the articles say does hold as a warning: a rate near 100 % means that the threshold, not the gradient, sets the length of every step.',
  run: async (seed) => {
    const points = {
      spiral: await sweep(tasks.spiral, seed),
      order: await sweep(tasks.order, seed),
      outliers: await sweep(tasks.outliers, seed),
      adding: await sweep(tasks.adding, seed),
    };
    const all = Object.values(points);
    const outside = all.filter((each) => best(each).rate < HEALTHY[0] || best(each).rate > HEALTHY[1]).length;
    const unclipped = points.order[THRESHOLDS.length - 1].loss;
    return {
      checks: [
        atLeast('tasks of four at their best outside 5–20 %', outside, 3),
        below('share clipped at the best threshold: spiral', best(points.spiral).rate, HEALTHY[0]),
        above('the same: temporal order', best(points.order).rate, HEALTHY[1]),
        above('loss there at c = 100 over the best', unclipped / best(points.order).loss, 1.5),
        above('share clipped at c = 1: adding', points.adding[COMMON].rate, 0.85),
      ],
      figure: {
        kind: 'lines',
        title: 'How often clipped, how well learned',
        caption:
          'Each line is a task, each point one of twelve thresholds: the highest threshold on the left, the lowest on the right. The dashed lines enclose the rates that the handbook calls healthy.',
        x: { label: 'share of steps clipped', unit: '%', scale: 'linear' },
        y: { label: 'final loss over the best of the task', scale: 'log' },
        series: [
          ...Object.entries(points).map(([name, each]) => ({
            label: tasks[name as keyof typeof tasks].name,
            x: each.map(({ rate }) => 100 * rate),
            y: each.map(({ loss }) => loss / best(each).loss),
          })),
          ...HEALTHY.map((rate) => ({
            label: `${100 * rate} %`,
            x: [100 * rate, 100 * rate],
            y: [1, Math.max(...all.flatMap((each) => each.map(({ loss }) => loss / best(each).loss)))],
            reference: true,
          })),
        ],
        summary: `The loss is least where the threshold clips ${words(points)} of the steps.`,
      },
    };
  },
};
