import { Adam, clipByGlobalNorm, type GradientHook, SGD } from '../../src/index.js';
import { above, below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { stepLengths, visited } from './prescribed.js';

/** Enough that Adam has forgotten its start: 0.999 to this power is below 1e-3. */
const BEFORE = 8000;
const AFTER = 3000;
const SPIKE = 100;
const LR = 1e-3;
const LATER = [100, 1000, 3000];
const DRAWN = 20;

function* spiked(before: number): Generator<readonly [number]> {
  for (let step = -before; step <= AFTER; step++) yield [step === 0 ? SPIKE : 1];
}

/** The length of each step from the spike on, in steps of the rate. */
async function adamFrom(before: number, hooks: readonly GradientHook[]): Promise<readonly number[]> {
  const places = await visited((p) => new Adam([p], { lr: LR, hooks }), spiked(before));
  return stepLengths(places.slice(before)).map((length) => length / LR);
}

/** Adam bounds the step of a spike, and pays for it afterwards. */
export const adamAfterASpike: Experiment = {
  number: 38,
  name: 'adam-after-a-spike',
  group: 'plumbing',
  claim: 'Adam… can reduce the need for clipping',
  source: 'handbook',
  setUp: `Adam under a gradient of 1 that is ${SPIKE} at one single step, without clipping and clipped to norm 1; the steps are counted in those of an undisturbed training.`,
  criterion:
    'The step of the spike is 3.29 usual steps, against 100 under plain descent; but 1000 steps later steps are still shorter than half, and clipped before Adam always longer than 0.95.',
  verdict: 'holds under conditions',
  condition:
    'for the step of the spike itself, of which Adam makes 3.3 usual steps instead of 100; not for the thousands of steps after it, which clipping alone keeps at their length.',
  explanation:
    'Adam divides each gradient by a running root mean square of past gradients. A gradient a hundred times too large enters that mean too, so its own step stays short: so far Adam does spare us clipping. But the mean forgets slowly, over a thousand steps, and all that time it divides ordinary gradients by a size that only the spike had. Training crawls, and nothing in the loss says why. A clipper in front of Adam keeps the spike out of its memory.',
  run: async () => {
    const steps = await adamFrom(BEFORE, []);
    const clipped = await adamFrom(1, [clipByGlobalNorm(1)]);
    const plain = stepLengths(await visited((p) => new SGD([p], { lr: LR }), spiked(1)));
    const shown = Array.from({ length: AFTER / DRAWN + 1 }, (_, i) => i * DRAWN);
    const series = (label: string, y: readonly number[]) => ({ label, x: shown, y: shown.map((i) => y[i]) });
    const [soon, later, last] = LATER.map((step) => steps[step]);
    return {
      checks: [
        below('length of a step 1000 steps after the spike', later, 0.5),
        near('100 steps after', soon, 0.32, 0.01),
        near('3000 steps after', last, 0.82, 0.01),
        near('length of the step of the spike', steps[0], 3.29, 0.005),
        near('the same under plain descent', plain[1] / LR, SPIKE, 1e-9),
        above('shortest step, clipped before Adam', Math.min(...clipped), 0.95),
      ],
      figure: {
        kind: 'lines',
        title: 'What one spike leaves in Adam',
        caption: `The gradient is ${SPIKE} at step 0 and 1 at all others.`,
        x: { label: 'steps after the spike', symbol: 'step', whole: true },
        y: { label: 'length of the step, in usual steps', scale: 'linear' },
        series: [series('Adam', steps), series('clipped, then Adam', clipped)],
        levels: [{ label: 'half a usual step', y: 0.5 }],
      },
    };
  },
};
