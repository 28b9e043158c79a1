/** The ladder as a study: which trainings it is made of, and what of them the terminal, the page and `--json` show. */

import type { DemoConfig, Study, StudyView } from '../demo.js';
import { cellOf } from './outcome.js';
import { type Climb, type Climbed, firstStepOf, type Ladder, RATES, type Rung } from './rung.js';
import { rungsOf } from './rungs.js';
import { ladderSections } from './story.js';
import { ladderRows, ladderVerdict } from './words.js';

/** Values of ρ of the stories beside the ladder. */
const BESIDE = [0.7, 0.9, 1, 1.1, 1.2, 1.5] as const;
const LATCH = { steps: 300, own: { activation: 'tanh' } } as const;

/** The ladder of ρ. */
export const ladder: Study<Climb> = {
  options: [
    {
      name: 'seeds',
      value: 'integer',
      description: 'how many seeds of each, from --seed on',
      default: 3,
      range: [1, 100],
      integer: true,
    },
  ],
  tasks: (config, forPage) => [...climbsOf(config), ...(forPage ? besideOf(config) : [])],
  view: (config, tasks, results): StudyView => {
    const finished = tasks.flatMap((task, i) => {
      const result = results[i];
      return result ? [{ task, result }] : [];
    });
    const whole: Ladder = {
      config,
      rungs: rungsOf(config.own.rho).map((rho) => rungOf(config, rho, finished)),
      beside: finished.filter(({ task }) => task.story !== 'ladder'),
    };
    return {
      rows: ladderRows(whole),
      verdict: ladderVerdict(whole),
      sections: () => ladderSections(whole),
      document: { ladder: whole.rungs.map(documentOf) },
    };
  },
};

/**
 * Every ρ under every clip spec, with every seed; the longest trainings first, so that none is waited for at the end,
 * and those of a seed one after another, so that its batches are drawn once.
 */
function climbsOf(config: DemoConfig): readonly Climb[] {
  const { seeds, ...own } = config.own;
  const specs = [...config.clips].sort((a, b) => Number(a === 'none') - Number(b === 'none'));
  const all = Array.from({ length: Number(seeds) }, (_, i) => config.seed + i);
  return specs.flatMap((clip) =>
    all.flatMap((seed) =>
      rungsOf(own.rho).map(
        (rho): Climb => ({
          story: 'ladder',
          demo: 'spectrum',
          label: `ρ ${rho}, ${clip}, seed ${seed}`,
          config: { ...config, seed, clips: [clip], own: { ...own, rho } },
        }),
      ),
    ),
  );
}

/** With tanh in place of what was asked for, and in the setting of `latch` at two rates. */
function besideOf(config: DemoConfig): readonly Climb[] {
  const { seeds: _, ...own } = config.own;
  const tanh = BESIDE.flatMap((rho) =>
    config.clips.map((clip): Climb => {
      const set = { ...config, clips: [clip], own: { ...own, activation: 'tanh', rho } };
      return { story: 'tanh', demo: 'spectrum', label: `tanh, ρ ${rho}, ${clip}`, config: set };
    }),
  );
  const rate = RATES.flatMap((lr) =>
    BESIDE.map((rho): Climb => {
      const { seed, backend } = config;
      const set: DemoConfig = {
        seed,
        backend,
        lr,
        optimizer: 'sgd',
        clips: ['none'],
        steps: LATCH.steps,
        own: { ...LATCH.own, rho },
      };
      return { story: 'rate', demo: 'latch', label: `latch, ρ ${rho}, rate ${lr}`, config: set };
    }),
  );
  return [...tanh, ...rate];
}

function rungOf(config: DemoConfig, rho: number, finished: readonly Climbed[]): Rung {
  const runs = finished.filter(({ task }) => task.story === 'ladder' && task.config.own.rho === rho);
  const first = firstStepOf(config, rho);
  const cells = config.clips.map((clip) =>
    cellOf(runs.filter(({ task }) => task.config.clips[0] === clip).map(({ result }) => result)),
  );
  return { rho, ...first, cells, runs };
}

function documentOf({ rho, firstNorm, predictedNorm, growthPerStep, runs }: Rung) {
  return {
    rho,
    firstNorm,
    predictedNorm,
    growthPerStep,
    runs: runs.map(({ task, result: { summary, measured, digest } }) => {
      const { clip, ...numbers } = summary;
      return { clip, seed: task.config.seed, ...numbers, ...measured, digest };
    }),
  };
}
