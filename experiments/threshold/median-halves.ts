import { Random } from '../../src/index.js';
import { atMost, below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { clippedStream, lognormal, percentile, share } from './numbers.js';

const STEPS = 3000;
/** Standard deviations of ln‖g‖. */
const SPREADS = [0.25, 0.5, 1, 2, 4];

/** Clips norms of a spread at their median: the share of gradients changed, and of those at least halved. */
async function clipAtMedian(spread: number, random: Random) {
  const norms = lognormal(STEPS, spread, random);
  const reports = await clippedStream(percentile(norms, 'median'), norms);
  return {
    changed: share(reports, ({ clipped }) => clipped),
    halved: share(reports, ({ scale }) => scale <= 0.5),
  };
}

/** Half of all gradients lie below their median. */
export const medianHalves: Experiment = {
  number: 32,
  name: 'median-halves',
  group: 'threshold',
  claim: 'median. Halves most gradient magnitudes',
  source: 'handbook',
  setUp: `Five series of ${STEPS} gradients with lognormal norms (standard deviation of ln‖g‖ from 0.25 to 4), each clipped at its own median by an ordinary step.`,
  criterion:
    'In no series are half of the gradients halved, and in none are more than half changed at all; halved are 24.4 ± 3 % at the spread 1 and 8.3 ± 2 % at 0.5 (the shares above twice the median).',
  verdict: 'does not hold as written',
  explanation:
    'Half of all gradients are smaller than the median, and clipping does not touch them. Of the others only those are halved that are at least twice as long as the median, and how many these are depends on how widely the norms spread: a quarter where the logarithm of the norm has a standard deviation of 1, one in twelve where it is 0.5. However wide the spread, it stays less than half. What the claim may mean is that the median as a threshold changes half of all gradients, and that is true.',
  run: async (seed) => {
    const random = new Random(seed);
    const found: Awaited<ReturnType<typeof clipAtMedian>>[] = [];
    for (const spread of SPREADS) found.push(await clipAtMedian(spread, random));
    const halved = found.map((each) => each.halved);
    return {
      checks: [
        below('largest share of gradients halved', Math.max(...halved), 0.5),
        atMost('largest share changed at all', Math.max(...found.map(({ changed }) => changed)), 0.5),
        near('share halved at the spread 1', halved[SPREADS.indexOf(1)], 0.2441, 0.03),
        near('share halved at the spread 0.5', halved[SPREADS.indexOf(0.5)], 0.0828, 0.02),
      ],
      figure: {
        kind: 'lines',
        title: 'What a threshold at the median does',
        caption: 'Share of gradients that it changes, and that it at least halves.',
        x: { label: 'standard deviation of ln‖g‖' },
        y: { label: 'share of gradients', unit: '%', scale: 'linear' },
        series: [
          { label: 'at least halved', x: SPREADS, y: halved.map((each) => 100 * each) },
          { label: 'changed at all', x: SPREADS, y: found.map(({ changed }) => 100 * changed) },
        ],
        levels: [{ label: 'half', y: 50 }],
      },
    };
  },
};
