import { describe, expect, it } from 'vitest';
import { type Comparison, compare, type Watcher } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { latch } from '../../demos/latch/latch.js';
import { defaultBackend } from '../../src/index.js';

const silent: Watcher = { begin: () => undefined, step: () => undefined, end: () => undefined };

function run(seed: number, { own = {}, ...changed }: Partial<DemoConfig> = {}): Promise<Comparison> {
  const { steps, lr } = latch.defaults;
  const config: DemoConfig = {
    seed,
    steps,
    lr,
    optimizer: 'sgd',
    backend: defaultBackend().name,
    clips: ['none', 'norm:1'],
    ...changed,
    own: { rho: 1.2, activation: 'tanh', ...own },
  };
  return compare(latch, config, silent);
}

interface Growth {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

function growthOf({ setup }: Comparison): Growth {
  return setup.measurements!().hiddenGradientGrowth as Growth;
}

describe('the latch', () => {
  it('explodes unclipped and learns clipped, and says which parameter went first', async () => {
    const comparison = await run(12, { steps: 100 });
    const [none, norm] = comparison.outcomes;
    expect(none!.summary.diverged).toBe(true);
    expect(none!.summary.divergedAtStep).toBeLessThan(100);
    expect([norm!.summary.diverged, norm!.summary.finalLoss < 0.05]).toEqual([false, true]);
    const divergence = none!.result.divergence!;
    const told = comparison.setup.verdict(comparison.outcomes);
    expect(told).toContain(`at step ${divergence.step}`);
    expect(told).toContain(divergence.names[0] ?? divergence.largest);
    expect(told).not.toContain('no gradient');
    // The first gradient is large, and nearly all of it belongs to the recurrent matrix.
    const [first] = none!.result.records;
    expect(first!.norms['rnn.weightHh'] / first!.normBefore).toBeGreaterThan(0.8);
  });

  it('starts both runs from the same loss, and a seed gives the same numbers again', async () => {
    const [once, again, other] = [
      await run(3, { steps: 5 }),
      await run(3, { steps: 5 }),
      await run(4, { steps: 5 }),
    ];
    const losses = ({ outcomes }: Comparison) =>
      outcomes.map(({ result }) => result.records.map(({ loss }) => loss));
    expect(losses(once)).toEqual(losses(again));
    expect(losses(once)[0][0]).toBe(losses(once)[1][0]);
    expect(losses(once)[0][0]).not.toBe(losses(other)[0][0]);
  });

  it.each([
    ['a spectral norm of 0.7', { own: { rho: 0.7 } }],
    ['a learning rate of 0.02', { lr: 0.02 }],
  ])('survives unclipped at %s', async (_, changed) => {
    const { outcomes } = await run(5, { ...changed, clips: ['none'], steps: 80 });
    expect(outcomes[0].summary.diverged).toBe(false);
  });

  it('says of a short run that it is far worse than guessing, not that it learned nothing', async () => {
    const { outcomes, setup } = await run(1, { steps: 5, clips: ['none'] });
    expect(setup.verdict(outcomes)).toMatch(
      /^Without clipping \(`none`\) the network stayed finite and is far worse than guessing \(loss \d+;/,
    );
  });

  const said = async (changes: Partial<DemoConfig>) => {
    const { outcomes, setup } = await run(1, { steps: 40, ...changes });
    const sections = setup.sections!(outcomes);
    return `${setup.verdict(outcomes)} ${sections.map((part) => part.paragraphs.join(' ')).join(' ')}`;
  };

  it('tells the growth as it was measured: bounded by ρ, nearly all of it early', async () => {
    const told = await said({});
    expect(told).toMatch(
      /With ρ = 1\.2 that is ×7584 over 49 steps; measured is ×[\d.]+, a mean of ×1\.0\d\d a step/,
    );
    expect(told).toMatch(/for ρ = 0\.7, .* for ρ = 1 and .* for ρ = 1\.2, from the same seed/);
    expect(told).toContain('length of the first update');
  });

  it.each<[string, Partial<DemoConfig>]>([
    ['adam', { optimizer: 'adam' }],
    ['a clip by value', { clips: ['value:0.1'] }],
    ['relu', { own: { activation: 'relu' } }],
    ['identity', { own: { activation: 'identity' } }],
    ['ρ = 0', { own: { rho: 0 } }],
    ['ρ = 10 without a nonlinearity', { own: { rho: 10, activation: 'identity' } }],
    ['a rate of 0', { lr: 0 }],
    ['a rate of 5 at ρ = 0.7', { lr: 5, own: { rho: 0.7 } }],
  ])('holds no number that is none and claims no limit that does not apply: %s', async (_, changes) => {
    const told = await said(changes);
    expect(told).not.toMatch(/NaN|undefined|null/);
    if (changes.optimizer === 'adam')
      expect(told).not.toMatch(/had reached|exceeded 2|length of the first update/);
    else expect(told).toContain('2·lr·‖h‖²');
  });

  it.each([0.7, 1.2, 1.5])(
    'without a nonlinearity the gradient grows by ρ = %d a step, to 1e-5',
    async (rho) => {
      const { min, mean, max } = growthOf(
        await run(6, { steps: 1, clips: ['none'], own: { rho, activation: 'identity' } }),
      );
      for (const growth of [min, mean, max]) expect(Math.abs(growth / rho - 1)).toBeLessThan(1e-5);
    },
  );
});
