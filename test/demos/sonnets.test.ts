import { describe, expect, it } from 'vitest';
import { compare, type Watcher } from '../../demos/compare.js';
import { loadSonnets } from '../../demos/data.js';
import type { DemoConfig } from '../../demos/demo.js';
import { sonnets } from '../../demos/sonnets/sonnets.js';
import { baselines } from '../../demos/sonnets/story.js';

const nobody: Watcher = { begin: () => {}, step: () => {}, end: () => {} };

function run(changes: Partial<DemoConfig> = {}) {
  const { lr } = sonnets.defaults;
  const clips = ['norm:1'];
  const own = { cell: 'rnn', rho: 1.5, temperature: 0.6 };
  const config = { seed: 1, steps: 2, lr, optimizer: 'sgd', backend: 'reference', clips, own };
  return compare(sonnets, { ...config, ...changes } as DemoConfig, nobody);
}

describe('sonnets', () => {
  it('starts near a guess: ln 61 nats a character', async () => {
    const { outcomes } = await run({ steps: 1 });
    expect(outcomes[0].summary.firstLoss).toBeGreaterThan(Math.log(61) - 0.1);
    expect(outcomes[0].summary.firstLoss).toBeLessThan(Math.log(61) + 0.3);
  });

  it('gives the same losses and writes the same lines for a seed', async () => {
    const told = async (seed: number) => {
      const { outcomes, setup } = await run({ seed });
      return [outcomes[0].result.records.map(({ loss }) => loss), setup.epilogue!(outcomes)];
    };
    const first = await told(3);
    expect(await told(3)).toEqual(first);
    expect(await told(4)).not.toEqual(first);
  });

  it('writes lines of the text’s own characters, none longer than a line', async () => {
    const { outcomes, setup } = await run();
    const { vocabulary } = loadSonnets();
    const [head, ...lines] = setup.epilogue!(outcomes).split('\n');
    expect(head).toBe('Written under norm:1, at temperature 0.6:');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(72);
      expect([...line].every((character) => vocabulary.includes(character))).toBe(true);
    }
  });

  it('has nothing to write with when every run diverged', async () => {
    const { outcomes, setup } = await run({ clips: ['none'], lr: 1e38 });
    expect(outcomes[0].summary.diverged).toBe(true);
    expect(setup.epilogue!(outcomes)).toBe('No run is left that could write a line.');
    expect(setup.sections!(outcomes).length).toBe(3);
  });

  it('says when a run is worse than guessing', async () => {
    const { outcomes, setup } = await run({ steps: 3, clips: ['none'], lr: 60 });
    expect(outcomes[0].summary.finalLoss).toBeGreaterThan(Math.log(61));
    expect(setup.verdict(outcomes)).toMatch(
      /^Without clipping \(`none`\) the network stayed finite and ended worse than guessing/,
    );
  });
});

describe('other readers', () => {
  it.each(['lstm', 'gru', 'transformer'])('%s learns, beside the vanilla RNN', async (cell) => {
    const own = { cell, rho: 1.5, temperature: 0.6 };
    const { outcomes, setup } = await run({ steps: 12, backend: 'simd', own });
    const [first, rnn] = outcomes.map(({ summary, result }) => ({
      ...summary,
      last: result.records[11].loss,
    }));
    expect([first.clip, rnn.clip]).toEqual(['norm:1', 'rnn, norm:1']);
    expect(first.last).toBeLessThan(first.firstLoss - 0.5);
    expect(setup.verdict(outcomes)).toContain('Under `rnn, norm:1` it');
  });
});

describe('baselines', () => {
  it('is exact on a text that can be counted by hand', () => {
    // a b a b …: each letter is half the text, and the next one is certain.
    const ids = Int32Array.from({ length: 101 }, (_, k) => k % 2);
    const { single, pair } = baselines({ text: '', vocabulary: ['a', 'b'], ids });
    expect(single).toBeCloseTo(Math.log(2), 12);
    expect(pair).toBeCloseTo(0, 12);
  });

  it('orders the sonnets: pairs below single characters below a guess', () => {
    const { single, pair } = baselines(loadSonnets());
    expect(pair).toBeLessThan(single);
    expect(single).toBeLessThan(Math.log(61));
    expect(pair).toBeGreaterThan(2);
  });
});
