import { describe, expect, it } from 'vitest';
import { compare, type Watcher } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { digits } from '../../demos/digits/digits.js';

const nobody: Watcher = { begin: () => {}, step: () => {}, end: () => {} };

function run(changes: Partial<DemoConfig> = {}) {
  const { lr } = digits.defaults;
  const clips = ['norm:1'];
  const config = { seed: 1, steps: 3, lr, optimizer: 'sgd', backend: 'reference', clips, own: { gain: 2 } };
  return compare(digits, { ...config, ...changes } as DemoConfig, nobody);
}

async function lossesOf(seed: number) {
  const { outcomes } = await run({ seed });
  return outcomes[0].result.records.map(({ loss }) => loss);
}

describe('digits', () => {
  it('gives the same losses for a seed, bit for bit, and others for another', async () => {
    const first = await lossesOf(5);
    expect(await lossesOf(5)).toEqual(first);
    expect(await lossesOf(6)).not.toEqual(first);
  });

  it('starts every clip spec from the same weights and batches', async () => {
    const { outcomes } = await run({ steps: 1, clips: ['none', 'norm:1', 'value:0.5'] });
    const first = outcomes.map(({ result }) => [result.records[0].loss, result.records[0].normBefore]);
    expect(first[1]).toEqual(first[0]);
    expect(first[2]).toEqual(first[0]);
  });

  it('follows the law of gain/√2 a layer at step 0', async () => {
    const { outcomes, setup } = await run({ steps: 1 });
    const [figure] = setup.sections!(outcomes)[0].figures;
    if (figure.kind !== 'panels') throw new Error('the first figure has panels');
    const [up, down] = figure.panels.map(({ series }) => Array.from(series[0].y));
    // Eight layers that each keep their factor of √2 only on average: 16, give or take.
    expect(up[8] / up[0]).toBeGreaterThan(8);
    expect(up[8] / up[0]).toBeLessThan(32);
    expect(down[0] / down[7]).toBeGreaterThan(11.3 / 2);
    expect(down[0] / down[7]).toBeLessThan(11.3 * 2);
  });

  it('measures its gradient as the training does', async () => {
    const { outcomes, setup } = await run({ steps: 1 });
    const { firstGradientNorm } = setup.measurements!() as { firstGradientNorm: number };
    expect(firstGradientNorm).toBeCloseTo(outcomes[0].result.records[0].normBefore, 3);
  });

  it('learns under clipping, is tested on digits it never saw, and shows what it takes for what', async () => {
    const { outcomes, setup } = await run({ steps: 40 });
    const { testAccuracy } = outcomes[0].measured;
    expect(testAccuracy).toBeGreaterThan(0.4);
    expect(testAccuracy! * 297).toBeCloseTo(Math.round(testAccuracy! * 297), 9);
    expect(setup.verdict(outcomes)).toMatch(
      /^Under `norm:1` the network reads \d\d\.\d % of the 297 unseen digits, not enough \(the mark set for this demo is 95 %\)/,
    );
    const [figure] = setup.sections!(outcomes)[1].figures;
    if (figure.kind !== 'heat') throw new Error('the confusion is a heat map');
    const counts = Array.from(figure.values);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(297);
  });

  it('blows up without clipping at this rate when it is pushed', async () => {
    const { outcomes, setup } = await run({ steps: 30, clips: ['none'], lr: 5 });
    expect(outcomes[0].summary.diverged).toBe(true);
    expect(setup.verdict(outcomes)).toMatch(/^Without clipping \(`none`\) the network blew up at step \d+/);
    expect(setup.sections!(outcomes).length).toBe(1);
  });

  it('has no accuracy where the network is not finite: it predicts nothing', async () => {
    const { outcomes } = await run({ steps: 2, clips: ['none'], lr: 1e38 });
    expect([outcomes[0].summary.diverged, outcomes[0].measured.testAccuracy]).toEqual([true, null]);
  });

  it.each([0.5, Math.SQRT2, 2])('says what depth does at a gain of %d', async (gain) => {
    const { outcomes, setup } = await run({ steps: 1, own: { gain } });
    const section = setup.sections!(outcomes)[0];
    expect(section.heading).toContain((gain / Math.SQRT2).toPrecision(2).replace(/\.?0+$/, ''));
    expect(section.paragraphs.join(' ').includes('would have kept')).toBe(gain !== Math.SQRT2);
    expect(section.paragraphs.join(' ')).not.toMatch(/NaN|undefined|null/);
  });
});
