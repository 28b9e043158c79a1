import {
  ClipMonitor,
  clipByGlobalNorm,
  type RateShift,
  type Schedule,
  SGD,
  type StepRecord,
  train,
} from '../../src/index.js';
import { above, atLeast, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { regression } from '../training-tasks.js';

/** Steps by which the training has settled; then the monitor starts, then the inputs change. */
const SETTLED = 200;
const SHIFT = 700;
const STEPS = 900;
const WINDOW = 100;
const RATE = 0.02;
const FACTOR = 5;
/** The threshold is the norm that so many of the settled steps of a first, unclipped training exceed. */
const EXCEEDED = 0.05;
const FAR = 100;

/** What the monitor is shown: which threshold, which inputs, which rate. */
interface Watch {
  readonly threshold: number;
  readonly factor?: number;
  readonly lr?: Schedule;
}

/** What it saw: the share of clipped steps before and after, window by window, and the alarms. */
interface Watched {
  readonly records: readonly StepRecord[];
  readonly before: number;
  readonly after: number;
  readonly alarms: readonly RateShift[];
}

const rateOf = (records: readonly StepRecord[]): number =>
  records.filter(({ clipped }) => clipped).length / records.length;

/** Trains on, and multiplies all inputs by the factor from `SHIFT` on. */
async function watched(seed: number, { threshold, factor = 1, lr = () => RATE }: Watch): Promise<Watched> {
  const { model, batches, loss } = regression(seed);
  const hooks = [clipByGlobalNorm(threshold)];
  const optimizer = new SGD(model.parameters(), { lr, hooks, normDevice: 'simd' });
  const alarms: RateShift[] = [];
  const monitor = new ClipMonitor({ window: WINDOW, onShift: (shift) => alarms.push(shift) });
  const { records } = await train({
    model,
    batches,
    optimizer,
    steps: STEPS,
    loss: (_, { x, y }, step) => loss({ x: step < SHIFT ? x : x.mul(factor), y }, step),
    onStep: (record) => record.step >= SETTLED && monitor.observe(record),
  });
  optimizer.release();
  const [before, after] = [records.slice(SETTLED, SHIFT), records.slice(SHIFT)].map(rateOf);
  return { records, before, after, alarms };
}

/** Shares of clipped steps in windows of a run, in percent, at the step where each ends. */
function inWindows(label: string, { records }: Watched) {
  const ends = Array.from({ length: (STEPS - SETTLED) / WINDOW }, (_, i) => SETTLED + (i + 1) * WINDOW);
  return { label, x: ends, y: ends.map((end) => 100 * rateOf(records.slice(end - WINDOW, end))) };
}

/** A clip rate that jumps says that something changed. */
export const clipRateAlarm: Experiment = {
  number: 46,
  name: 'clip-rate-alarm',
  group: 'plumbing',
  claim: 'sudden increase in clipping frequency… distribution shift',
  source: 'handbook',
  setUp: `A linear regression, clipped at the norm that ${100 * EXCEEDED} % of the settled steps exceed; from step ${SHIFT} on all inputs are ${FACTOR} times as large. A monitor compares windows of ${WINDOW} steps. The same without the change, with a ${FAR} times smaller threshold, and with a rate 25 times as high instead of other inputs.`,
  criterion: `With the change the clip rate at least triples, and the monitor says so after the first window; before, and without the change, it is silent. At the smaller threshold the rate is 100 % before and after, and it is silent too. The higher rate sets it off as well.`,
  verdict: 'holds under conditions',
  condition:
    'where the threshold clips some steps and not most: a threshold that clips all of them has nothing left to show. And the alarm says that something changed, not that it was the data.',
  explanation:
    'With a threshold near the largest usual norms, the share of clipped steps is a cheap and sensitive sign: data in another unit push nearly every gradient over it at once. But it is one number with many causes. A learning rate that is too high sets off the same alarm, and so would a bug. And the sign needs room: who clips every step anyway will never see it rise. In between, a test against chance tells a shift from the ups and downs of a rate.',
  run: async (seed) => {
    const unclipped = await watched(seed, { threshold: Number.POSITIVE_INFINITY });
    const usual = unclipped.records
      .slice(SETTLED, SHIFT)
      .map(({ normBefore }) => normBefore)
      .sort((a, b) => b - a);
    const threshold = usual[Math.floor(EXCEEDED * usual.length)];
    const shifted = await watched(seed, { threshold, factor: FACTOR });
    const same = await watched(seed, { threshold });
    const tight = await watched(seed, { threshold: threshold / FAR, factor: FACTOR });
    const faster = await watched(seed, { threshold, lr: (step) => (step < SHIFT ? RATE : 25 * RATE) });
    const early = shifted.alarms.filter(({ step }) => SETTLED + step <= SHIFT);
    const prompt = shifted.alarms.filter(({ step }) => SETTLED + step === SHIFT + WINDOW);
    return {
      checks: [
        atLeast('clip rate after the change over before', shifted.after / shifted.before, 3),
        exactly('alarms one window after the change', prompt.length, 1),
        exactly('alarms before it', early.length, 0),
        exactly('alarms without a change', same.alarms.length, 0),
        above('clip rate before the change, small threshold', tight.before, 0.99),
        exactly('alarms at the small threshold', tight.alarms.length, 0),
        atLeast('alarms where the rate was raised instead', faster.alarms.length, 1),
        below('clip rate before the change', shifted.before, 0.2),
      ],
      figure: {
        kind: 'lines',
        title: 'The share of clipped steps, and what moves it',
        caption: `In windows of ${WINDOW} steps; the change comes at step ${SHIFT}.`,
        x: { label: 'step', whole: true },
        y: { label: 'clipped steps', unit: '%', scale: 'linear' },
        series: [
          inWindows('inputs times 5', shifted),
          inWindows('no change', same),
          inWindows('inputs times 5, small threshold', tight),
          inWindows('rate times 25', faster),
        ],
      },
    };
  },
};
