import { describe, expect, it } from 'vitest';
import { compare, type Watcher } from '../../demos/compare.js';
import { type Demo, type DemoConfig, type Outcome, type Training, tellDivergence } from '../../demos/demo.js';
import { renderJson } from '../../demos/json.js';
import { factsOf, renderPage } from '../../demos/report-page.js';
import { Module, Parameter, tensor } from '../../src/index.js';

/** w ← w − lr·x·w: grows or shrinks by a factor known in advance. */
class Scalar extends Module {
  readonly w = new Parameter(tensor([1], { backend: 'reference' }));
}

let started = 0;
const toy: Demo = {
  name: 'toy',
  title: 'Toy',
  summary: 'a toy',
  lead: 'A toy.',
  defaults: { steps: 5, lr: 0.1 },
  options: [],
  setUp: () => ({
    start(): Training<number> {
      started++;
      const model = new Scalar();
      return {
        model,
        batches: new Array<number>(100).fill(1),
        loss: (x) =>
          model.w
            .mul(model.w)
            .mul(x / 2)
            .sum(),
        measure: () => ({ lastWeight: model.w.value.item() }),
      };
    },
    verdict: (outcomes) => outcomes.map(({ spec }) => spec.text).join(' and '),
    measurements: () => ({ answer: 42 }),
  }),
};

const config: DemoConfig = {
  seed: 3,
  steps: 5,
  lr: 0.5,
  optimizer: 'sgd',
  backend: 'reference',
  clips: ['none', 'norm:0.5', 'norm:0.5'],
  own: { rho: 2 },
};

function watcher(seen: string[] = []): Watcher & { readonly seen: string[] } {
  return {
    seen,
    begin: ({ text }) => void seen.push(`begin ${text}`),
    step: ({ text }, { step }) => void seen.push(`${text} ${step}`),
    end: ({ text }) => void seen.push(`end ${text}`),
  };
}

describe('compare', () => {
  it('trains under every spec, each from the start, and summarises', async () => {
    started = 0;
    const watch = watcher();
    const { outcomes, interrupted } = await compare(toy, { ...config, steps: 2 }, watch);
    expect([started, interrupted]).toEqual([3, false]);
    expect(outcomes.map(({ measured }) => measured.lastWeight)).toEqual([0.25, 0.5, 0.5]);
    expect(outcomes.map(({ summary }) => [summary.clip, summary.steps, summary.clippedFraction])).toEqual([
      ['none', 2, 0],
      ['norm:0.5', 2, 1],
      ['norm:0.5', 2, 1],
    ]);
    expect(watch.seen.slice(0, 5)).toEqual(['begin none', 'none 0', 'none 1', 'end none', 'begin norm:0.5']);
  });

  it('keeps what there is when aborted: the run so far, and no further run', async () => {
    const stop = new AbortController();
    const watch = watcher();
    const step: Watcher['step'] = (spec, record) => {
      watch.step(spec, record);
      if (record.step === 1) stop.abort();
    };
    const comparison = await compare(toy, config, { ...watch, step }, stop.signal);
    expect([comparison.interrupted, comparison.outcomes.length]).toEqual([true, 1]);
    expect(comparison.outcomes[0].summary.steps).toBe(2);
    expect(watch.seen.at(-1)).toBe('end none');
    expect(JSON.parse(renderJson(comparison))).toMatchObject({
      interrupted: true,
      runs: [{ clip: 'none', steps: 2 }],
    });
  });

  it('ends the progress of a run that throws', async () => {
    const watch = watcher();
    const throwing: Demo = {
      ...toy,
      setUp: (each) => ({
        ...toy.setUp(each),
        start: () => ({
          ...toy.setUp(each).start(),
          loss: () => {
            throw new Error('no loss');
          },
        }),
      }),
    };
    await expect(compare(throwing, config, watch)).rejects.toThrow('no loss');
    expect(watch.seen).toEqual(['begin none', 'end none']);
  });

  it('takes the optimizer by name', async () => {
    const { outcomes } = await compare(
      toy,
      { ...config, optimizer: 'adam', steps: 1, clips: ['none'] },
      watcher(),
    );
    expect(outcomes[0].measured.lastWeight).toBeCloseTo(0.5, 6);
  });
});

describe('what is made of a comparison', () => {
  it('JSON: demo, seed, config with the own options, runs with what the demo measured', async () => {
    const document = JSON.parse(renderJson(await compare(toy, { ...config, lr: 1e30 }, watcher())));
    expect(Object.keys(document)).toEqual(['demo', 'seed', 'config', 'runs', 'measurements']);
    expect([document.demo, document.seed, document.measurements]).toEqual(['toy', 3, { answer: 42 }]);
    expect(document.config).toEqual({
      steps: 5,
      lr: 1e30,
      optimizer: 'sgd',
      backend: 'reference',
      clips: ['none', 'norm:0.5', 'norm:0.5'],
      rho: 2,
    });
    expect(document.runs[0]).toMatchObject({
      diverged: true,
      divergedAtStep: 1,
      finalLoss: 'Infinity',
      lastWeight: Math.fround(-1e30),
    });
  });

  it('the report: title, verdict, command; the facts in words', async () => {
    const comparison = await compare(toy, config, watcher());
    const page = renderPage(comparison, 'npx tamegrad demo toy --seed 3');
    const text = page.replace(/<[^>]*>/g, '');
    for (const part of ['Toy', 'none and norm:0.5 and norm:0.5', 'npx tamegrad demo toy --seed 3'])
      expect(text.includes(part), part).toBe(true);
    const facts = factsOf(comparison.outcomes[1]);
    expect(facts).toMatchObject({
      outcome: 'stayed finite',
      steps: '5',
      'last weight': expect.any(Number),
      backend: 'reference',
      'norm computed by': 'webasm',
    });
  });
});

describe('tellDivergence', () => {
  const tell = (divergence: Outcome['result']['divergence']) =>
    tellDivergence({ result: { divergence } } as unknown as Outcome);

  it('names what went first, and claims no more than was seen', () => {
    expect(tell(null)).toBeNull();
    expect(tell({ step: 35, what: 'gradient', names: ['a', 'b'], largest: 'a' })).toBe(
      'blew up at step 35, where the gradient of a, b stopped being finite',
    );
    expect(tell({ step: 2, what: 'parameter', names: ['a', 'b', 'c', 'd'], largest: 'd' })).toBe(
      'blew up at step 2, where the value of a, b and 2 more stopped being finite',
    );
    expect(tell({ step: 3, what: 'loss', names: ['a'], largest: 'a' })).toBe(
      'lost its finite loss at step 3, where the gradient of a went with it',
    );
    expect(tell({ step: 30, what: 'loss', names: [], largest: 'head.weight' })).toBe(
      'lost its finite loss at step 30, when the largest gradient, still finite, was that of head.weight',
    );
    expect(tell({ step: 0, what: 'loss', names: [], largest: '' })).toBe('lost its finite loss at step 0');
  });
});
