import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../demos/compare.js';
import type { DemoConfig, StudyResult } from '../../demos/demo.js';
import { firstGradients, growthOf } from '../../demos/latch/model.js';
import { ladder } from '../../demos/spectrum/ladder.js';
import { predictedNorm } from '../../demos/spectrum/law.js';
import { startSpectrum } from '../../demos/spectrum/model.js';
import { cellOf } from '../../demos/spectrum/outcome.js';
import { parseRungs } from '../../demos/spectrum/rungs.js';
import { spectrum } from '../../demos/spectrum/spectrum.js';
import { defaultBackend } from '../../src/index.js';

const silent = { begin: () => undefined, step: () => undefined, end: () => undefined };

function configOf(own: DemoConfig['own'], changed: Partial<DemoConfig> = {}): DemoConfig {
  return {
    seed: 101,
    ...spectrum.defaults,
    optimizer: 'sgd',
    backend: defaultBackend().name,
    clips: ['none', 'norm:1'],
    ...changed,
    own: { rho: 1, init: 'identity', activation: 'relu', ...own },
  };
}

const first = (own: DemoConfig['own'], seed = 101) => firstGradients(startSpectrum(configOf(own, { seed })));

describe('the law', () => {
  it.each([
    ['relu', 0.7],
    ['relu', 1],
    ['relu', 1.5],
    ['identity', 0.7],
    ['identity', 1],
    ['identity', 1.5],
  ])('%s at ρ = %d: predicts the first gradient to 1e-5, on any seed', (activation, rho) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const training = startSpectrum(configOf({ activation, rho }, { seed }));
        const predicted = predictedNorm(training, rho, activation);
        expect(first({ activation, rho }, seed).total / predicted).toBeCloseTo(1, 5);
      }),
      { numRuns: 5, seed: 1 },
    );
  });

  it('with tanh measures less and less of it', () => {
    const shares = [1, 1.1, 1.5].map((rho) => {
      const own = { activation: 'tanh', rho };
      return first(own).total / predictedNorm(startSpectrum(configOf(own)), rho, 'tanh');
    });
    expect(shares[0]).toBeLessThan(1);
    expect(shares[1]).toBeLessThan(shares[0]);
    expect(shares[2]).toBeLessThan(1e-6);
  });

  it.each(['identity', 'orthogonal'])(
    'of a linear recurrence that starts %s: growth per step is ρ, to 1e-5',
    (init) => {
      for (const rho of [0.7, 1, 1.5]) {
        const { min, mean, max } = growthOf(first({ activation: 'identity', init, rho }).hidden);
        for (const growth of [min, mean, max]) expect(Math.abs(growth / rho - 1)).toBeLessThan(1e-5);
      }
    },
  );
});

async function run(rho: number, clip: string, steps: number, seed = 101): Promise<StudyResult> {
  const { outcomes } = await compare(spectrum, configOf({ rho }, { clips: [clip], steps, seed }), silent);
  const [{ summary, measured, digest, result, training }] = outcomes;
  return { summary, measured, digest, traces: training.traces ?? {}, records: result.records };
}

describe('the ladder', () => {
  it('unclipped diverges within 10 steps from ρ = 1.05 on, and stays finite up to 0.9', async () => {
    for (const rho of [1.05, 1.2]) {
      const { summary, measured } = await run(rho, 'none', 10);
      expect(summary.diverged).toBe(true);
      expect(measured.spectralNormFirst).toBeCloseTo(rho, 5);
    }
    expect((await run(0.9, 'none', 30)).summary.diverged).toBe(false);
  });

  it('is told with its edges, its document and every part of its page', async () => {
    const config = configOf({ rho: '0.7,1.2', seeds: 1 }, { steps: 3 });
    const tasks = ladder.tasks(config, true);
    expect(tasks.filter(({ story }) => story === 'ladder').length).toBe(4);
    expect(new Set(tasks.map(({ label }) => label)).size).toBe(tasks.length);
    const results = await Promise.all(
      tasks.map(({ story, config: { own, clips } }) =>
        story === 'ladder' ? run(Number(own.rho), clips[0], 3) : run(0.7, 'none', 2),
      ),
    );
    const view = ladder.view(config, tasks, results);
    expect(view.verdict).toMatch(
      /^Without clipping \(`none`\) every training with ρ ≥ 1\.2 diverged by step \d, and every one with ρ ≤ 0\.7 stayed finite: the spectral norm decides\. Under `norm:1` /,
    );
    expect(view.rows.map(({ label }) => label)).toEqual(['ρ = 0.7', 'ρ = 1.2']);
    expect(view.rows[1].cells.none).toMatch(/^✗ diverged step \d$/);
    const { ladder: rungs } = view.document as {
      ladder: {
        rho: number;
        firstNorm: number;
        predictedNorm: number;
        runs: { clip: string; spectralNormLast: number | null }[];
      }[];
    };
    expect(rungs.map(({ rho }) => rho)).toEqual([0.7, 1.2]);
    expect(rungs[1].firstNorm / rungs[1].predictedNorm).toBeCloseTo(1, 5);
    expect(rungs[0].runs.map(({ clip }) => clip).sort()).toEqual(['none', 'norm:1']);
    const sections = view.sections();
    expect(sections.map(({ figures }) => figures.length)).toEqual([1, 2, 1, 2, 1]);
    expect(JSON.stringify(sections)).not.toMatch(/NaN|undefined/);
  });

  it('shows what was not finished as not run', () => {
    const config = configOf({ rho: '0.9,1.1', seeds: 1 });
    const tasks = ladder.tasks(config, false);
    const { rows, verdict, sections } = ladder.view(
      config,
      tasks,
      tasks.map(() => undefined),
    );
    expect(rows[0].cells.none).toBe('–');
    expect(verdict).toBe('Without clipping (`none`) nothing was run. Under `norm:1` nothing was run.');
    expect(JSON.stringify(sections())).not.toMatch(/NaN|undefined/);
  });

  it('counts the seeds that ended as most did, and the worse of two halves', () => {
    const ended = (finalLoss: number, divergedAtStep: number | null = null) =>
      ({ summary: { finalLoss, divergedAtStep, diverged: divergedAtStep !== null } }) as StudyResult;
    expect(cellOf([ended(0.02), ended(0.04), ended(1)])).toMatchObject({
      fate: 'learned',
      count: 2,
      of: 3,
      finalLoss: 0.03,
    });
    expect(cellOf([ended(0.02), ended(1, 7)])).toMatchObject({
      fate: 'diverged',
      count: 1,
      divergedAtStep: 7,
    });
    expect(cellOf([ended(0.5), ended(99), ended(50)])).toMatchObject({ fate: 'lost', finalLoss: 74.5 });
    expect(cellOf([])).toBeNull();
  });
});

describe('the rungs', () => {
  it.each([
    ['1', [1]],
    ['1.1,0.9,1.1', [0.9, 1.1]],
    ['0.9..1.1', [0.9, 0.95, 1, 1.05, 1.1]],
    ['0.92..0.97', [0.92, 0.95, 0.97]],
  ])('%s', (text, rungs) => {
    expect(parseRungs(text)).toEqual(rungs);
  });

  it('of the default are a dozen', () => {
    expect(parseRungs('0.7..1.5')).toHaveLength(12);
  });

  it.each(['', 'a', '1.1..0.9', '-1', '2.1', '1,', '1..', '0.5..1..2', '1x3'])('%s is none', (text) => {
    expect(parseRungs(text)).toBeNull();
  });
});
