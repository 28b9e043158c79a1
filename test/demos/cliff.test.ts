import { describe, expect, it } from 'vitest';
import { cliff } from '../../demos/cliff/cliff.js';
import { cliffError } from '../../demos/cliff/model.js';
import { compare, type Watcher } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { tensor, variable } from '../../src/index.js';

const EXACT = { dtype: 'float64', backend: 'reference' } as const;
const nobody: Watcher = { begin: () => {}, step: () => {}, end: () => {} };

function configOf(changes: Partial<DemoConfig> = {}): DemoConfig {
  const { steps, lr } = cliff.defaults;
  const clips = ['none', 'norm:1'];
  const own = { start: '5,-2.3' };
  return { seed: 1, steps, lr, optimizer: 'sgd', backend: 'reference', clips, own, ...changes };
}

function sigma(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** E₅₀ and its gradient, written out by hand. */
function byHand(w: number, b: number) {
  const states = [0.5];
  for (let t = 0; t < 50; t++) states.push(w * sigma(states[t]) + b);
  const output = sigma(states[50]);
  let back = 2 * (output - 0.7) * output * (1 - output);
  let byW = 0;
  let byB = 0;
  for (let t = 49; t >= 0; t--) {
    const s = sigma(states[t]);
    byW += back * s;
    byB += back;
    back *= w * s * (1 - s);
  }
  return { error: (output - 0.7) ** 2, byW, byB };
}

/** Descends on hand-written gradients. */
function descend(start: string, threshold: number, steps = 2000) {
  let [w, b] = start.split(',').map(Number);
  let [longest, clips] = [0, 0];
  const errors: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { error, byW, byB } = byHand(w, b);
    const norm = Math.hypot(byW, byB);
    const scale = norm > threshold ? threshold / norm : 1;
    if (scale < 1) clips++;
    longest = Math.max(longest, 0.1 * norm * scale);
    errors.push(error);
    w -= 0.1 * scale * byW;
    b -= 0.1 * scale * byB;
  }
  return { longest, clips, errors, final: errors[steps - 1] };
}

describe('cliffError', () => {
  it.each([
    [5, -2.3],
    [5, -2.2],
    [6, -2.8],
    [4.4, -2.2],
  ])('has the gradient that central differences give, at (%d, %d)', (atW, atB) => {
    const [w, b] = [atW, atB].map((value) => variable(tensor(value, EXACT)));
    cliffError(w, b).backward();
    const error = (dw: number, db: number) =>
      cliffError(tensor(atW + dw, EXACT), tensor(atB + db, EXACT)).item();
    const h = 1e-6;
    expect(w.grad!.item()).toBeCloseTo((error(h, 0) - error(-h, 0)) / (2 * h), 7);
    expect(b.grad!.item()).toBeCloseTo((error(0, h) - error(0, -h)) / (2 * h), 7);
  });

  it('computes a whole grid as it computes each point', () => {
    const w = tensor([[4.5, 5, 7]], EXACT);
    const b = tensor([[-3], [-2]], EXACT);
    const grid = cliffError(w, b).value.toArray();
    const points = [-3, -2].map((atB) => [4.5, 5, 7].map((atW) => byHand(atW, atB).error));
    (grid as number[][]).flat().forEach((error, k) => {
      expect(error).toBeCloseTo(points.flat()[k], 10);
    });
  });
});

describe('the descents of Fig. 6', () => {
  const published = [
    { start: '5,-2.3', longest: 15.7, stuck: 0.09, within: 100 },
    { start: '5,-2.2', longest: 39.1, stuck: 0.09, within: 100 },
    { start: '6,-2.8', longest: 34.8, stuck: 0.49, within: 220 },
  ];

  it.each(published)('from $start: 2,000 steps by hand', ({ start, longest, stuck }) => {
    const plain = descend(start, Infinity);
    expect(plain.longest).toBeCloseTo(longest, 1);
    expect(plain.final).toBeCloseTo(stuck, 2);
    const clipped = descend(start, 1);
    expect(clipped.final).toBeGreaterThan(1e-6);
    expect(clipped.final).toBeLessThan(1e-5);
    // Which steps are clipped hangs on the last bit of exp: the published counts are 9 to 13, and 1,334 to 1,753.
    expect(clipped.clips).toBeGreaterThanOrEqual(9);
    expect(clipped.clips).toBeLessThanOrEqual(15);
    const slow = descend(start, 0.1);
    expect(slow.final).toBeLessThan(1e-3);
    expect(slow.clips).toBeGreaterThan(1300);
    expect(slow.clips).toBeLessThan(1800);
  });

  it.each(published)(
    'from $start: the demo goes where the hand goes',
    async ({ start, longest, stuck, within }) => {
      const { outcomes, setup } = await compare(cliff, configOf({ steps: within, own: { start } }), nobody);
      const [none, one] = outcomes;
      expect(none.measured.largestStep).toBeCloseTo(longest, 1);
      expect(none.summary.finalLoss).toBeCloseTo(stuck, 2);
      expect(none.summary.diverged).toBe(false);
      expect(one.measured.largestStep).toBeCloseTo(0.1, 9);
      for (const { result, spec } of outcomes) {
        const { errors } = descend(start, spec.threshold ?? Infinity, 40);
        const measured = result.records.slice(0, 40).map(({ loss }) => loss);
        measured.forEach((loss, step) => {
          expect(loss).toBeCloseTo(errors[step], 6);
        });
      }
      expect(setup.verdict(outcomes)).toMatch(
        /^Without clipping \(`none`\) the descent is stuck on a plateau at E = 0.[04]9/,
      );
    },
  );

  it('are the same for every seed, bit for bit', async () => {
    const losses = async (seed: number) => {
      const { outcomes } = await compare(cliff, configOf({ seed, steps: 60, clips: ['norm:1'] }), nobody);
      return outcomes[0].result.records.map(({ loss }) => loss);
    };
    expect(await losses(2)).toEqual(await losses(1));
  });
});

describe('the report of the cliff', () => {
  it('draws both descents on the surface, from the start to where they ended', async () => {
    const { outcomes, setup } = await compare(
      cliff,
      configOf({ steps: 100, clips: ['none', 'norm:1'] }),
      nobody,
    );
    const [map] = setup.sections!(outcomes)[0].figures;
    if (map.kind !== 'heat') throw new Error('the first figure is the map');
    expect(map.values.length).toBe(map.columns * map.rows);
    expect(map.paths!.map(({ x, y }) => [x[0], y[0], x.length])).toEqual([
      [5, -2.3, 101],
      [5, -2.3, 101],
      expect.anything(),
    ]);
    expect(map.paths![0].ends).toMatch(/left the map in step 52/);
    expect(map.paths![1].ends).toBeUndefined();
  });

  const paragraphs = async (changes: Partial<DemoConfig>) => {
    const { outcomes, setup } = await compare(cliff, configOf({ steps: 60, ...changes }), nobody);
    return setup.sections!(outcomes)[2].paragraphs.join(' ');
  };

  it('says of clipping only what its kind, the optimizer and the outcome bear out', async () => {
    const both = await paragraphs({});
    expect(both).toContain(
      '`norm:1` bounds the length of the gradient as a whole and keeps its direction: no step',
    );
    expect(both).toContain('deaf');
    const value = await paragraphs({ clips: ['value:0.5'] });
    expect(value).toContain('turns a long gradient towards a diagonal');
    expect(value).not.toMatch(/keeps its direction|deaf|`none`/);
    const adam = await paragraphs({ optimizer: 'adam' });
    expect(adam).toContain('the step itself is not bounded');
    expect(adam).not.toMatch(/plain gradient descent|no step is longer/);
    expect(await paragraphs({ clips: ['none'] })).not.toMatch(/[Cc]lipping does/);
  });

  it('says what happened in a run of one step', async () => {
    const { outcomes, setup } = await compare(cliff, configOf({ steps: 1, clips: ['value:0.5'] }), nobody);
    expect(setup.verdict(outcomes)).toBe(
      'Under `value:0.5` the descent has got nowhere, at E = 0.0402 after 1 step; its longest step was 0.00876.',
    );
    expect(setup.sections!(outcomes).length).toBe(3);
  });
});
