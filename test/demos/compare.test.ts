import { describe, expect, it } from 'vitest';
import { renderJson } from '../../cli/commands/demo/json.js';
import { briefFactsOf, factsOf, noticeOf, renderPage } from '../../cli/commands/demo/report-page.js';
import { runTask } from '../../cli/commands/sweep/tasks.js';
import { compare, type Watcher } from '../../demos/compare.js';
import type { Demo, DemoConfig, Outcome, Training } from '../../demos/demo.js';
import { tellDivergence, tellRuns } from '../../demos/tell.js';
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
  lead: ({ lr }) => `A toy at ${lr}.`,
  defaults: { steps: 5, lr: 0.1 },
  options: [],
  setUp: (each) => ({
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
    verdict: (outcomes) => tellRuns(each, outcomes, 'the toy', () => 'ended'),
    succeeded: ({ measured }) => measured.lastWeight !== null && measured.lastWeight < 0.3,
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

  it('hands the optimizer what stands behind its rule, too', async () => {
    const clips = ['update-rms:0.5'];
    const { outcomes } = await compare(toy, { ...config, optimizer: 'adam', steps: 1, clips }, watcher());
    expect(outcomes[0].measured.lastWeight).toBeCloseTo(0.75, 6);
    await expect(compare(toy, { ...config, clips }, watcher())).rejects.toThrow(
      'needs an optimizer that keeps',
    );
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
    const page = await renderPage(comparison, 'toy --seed 3');
    const text = page.replace(/<[^>]*>/g, '');
    for (const part of [
      'A toy at 0.5.',
      'Without clipping (none) the toy ended. Under norm:0.5 it ended.',
      'npm run demo -- toy --seed 3',
      'npx tamegrad demo toy --seed 3',
      '✓ 5 steps, finite',
    ])
      expect(text.includes(part), part).toBe(true);
    const facts = factsOf(comparison, comparison.outcomes[1]);
    expect(facts).toMatchObject({
      'final loss (mean of all steps)': expect.any(Number),
      outcome: 'stayed finite',
      steps: '5',
      'last weight': expect.any(Number),
      backend: 'reference',
      'norm computed by': 'gpu.js webasm',
    });
    expect(Object.keys(briefFactsOf(comparison.outcomes[1]))[0]).toBe('outcome');
    const [outcome] = comparison.outcomes;
    const records = [3, Infinity, Number.NaN].map((normBefore) => ({
      ...outcome.result.records[0],
      normBefore,
    }));
    const broken = { ...outcome, result: { ...outcome.result, records } };
    expect(factsOf(comparison, broken)).toMatchObject({ 'largest gradient norm': 3 });
  });

  it('a run that stayed finite is no success unless the demo says so', async () => {
    const page = await renderPage(await compare(toy, { ...config, steps: 1 }, watcher()), 'toy');
    expect(page).not.toContain('✓');
    expect(page).toContain('1 step, finite');
  });

  it('what was not measured is null in JSON and a dash in the table', async () => {
    const blind: Demo = {
      ...toy,
      setUp: (each) => ({
        ...toy.setUp(each),
        start: () => ({ ...toy.setUp(each).start(), measure: () => ({ testAccuracy: null }) }),
      }),
    };
    const comparison = await compare(blind, config, watcher());
    expect(JSON.parse(renderJson(comparison)).runs[0].testAccuracy).toBeNull();
    expect(factsOf(comparison, comparison.outcomes[0])['test accuracy']).toBe('–');
  });

  it('an interrupted comparison says so first, and judges nothing', async () => {
    const stop = new AbortController();
    const step = (_: unknown, record: { readonly step: number }) => {
      if (record.step === 1) stop.abort();
    };
    const comparison = await compare(toy, config, { ...watcher(), step }, stop.signal);
    expect(noticeOf(comparison)).toBe('Interrupted after 2 of 5 steps of `none`');
    const page = await renderPage(comparison, 'toy');
    expect(page).toContain('So far');
    expect(page).not.toMatch(/✓|Verdict</);
    expect(comparison.setup.verdict(comparison.outcomes)).toBe(
      'Without clipping (`none`) the toy was interrupted after 2 of 5 steps, at a loss of 0.313. `norm:0.5`, `norm:0.5` were not run.',
    );
    expect(noticeOf({ ...comparison, interrupted: false })).toBeUndefined();
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
      'blew up at step 3, where the loss stopped being finite, and with it the gradient of a',
    );
    expect(tell({ step: 30, what: 'loss', names: [], largest: 'head.weight' })).toBe(
      'blew up at step 30, where the loss stopped being finite (the largest gradient, still finite, was that of head.weight)',
    );
    expect(tell({ step: 0, what: 'loss', names: [], largest: '' })).toBe(
      'blew up at step 0, where the loss stopped being finite',
    );
  });
});

it('a rate of 0 gets no verdict: nothing moved, so nothing was learned and nothing failed', async () => {
  const won: Demo = { ...toy, setUp: (each) => ({ ...toy.setUp(each), succeeded: () => true }) };
  const still = { ...config, lr: 0, clips: ['none'] };
  const { setup, outcomes, ...rest } = await compare(won, still, watcher());
  expect(setup.verdict(outcomes)).toBe(
    'Without clipping (`none`) the toy stayed as it began: at a learning rate of 0 no step changes anything (loss 0.5).',
  );
  const page = await renderPage({ setup, outcomes, ...rest }, 'toy --lr 0');
  expect(page).toContain('stayed as it began');
  const { learned } = await runTask(won, { demo: 'toy', config: still });
  expect(learned).toBe(false);
  expect((await runTask(won, { demo: 'toy', config: { ...still, lr: 0.1 } })).learned).toBe(true);
});
