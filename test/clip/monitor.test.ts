import { describe, expect, it } from 'vitest';
import {
  ClipMonitor,
  clipByGlobalNorm,
  clipByValue,
  type HookState,
  Linear,
  measureTurn,
  mseLoss,
  type ObservedStep,
  Random,
  SGD,
  type StepRecord,
  tensor,
  train,
} from '../../src/index.js';
import { toJson } from '../../src/persist/index.js';

function step(normBefore: number, normAfter = normBefore, more: Partial<ObservedStep> = {}): ObservedStep {
  const norms = { a: 0.6 * normBefore, b: 0.8 * normBefore };
  return { normBefore, normAfter, clipped: normAfter !== normBefore, norms, skipped: null, ...more };
}

describe('ClipMonitor', () => {
  it('keeps rate, step length lost, percentiles and shares', () => {
    const monitor = new ClipMonitor();
    for (let i = 1; i <= 100; i++) monitor.observe(step(i, Math.min(i, 90)));
    const { steps, clipRate, stepLengthLost, percentiles, largest, shares, turn } = monitor.summary();
    expect([steps, clipRate, largest, turn]).toEqual([100, 0.1, 100, null]);
    // Σ max(0, i − 90) = 55 of Σ i = 5050
    expect(stepLengthLost).toBeCloseTo(55 / 5050, 14);
    for (const [name, exact] of Object.entries({ p10: 10, p50: 50, p75: 75, p90: 90, p99: 99 }))
      expect(Math.abs(percentiles[name as 'p50'] / exact - 1), name).toBeLessThan(0.011);
    expect(shares.a).toBeCloseTo(0.36, 12);
    expect(shares.b).toBeCloseTo(0.64, 12);
  });

  it('counts steps that are skipped or not finite apart, and lets them spoil nothing', () => {
    const monitor = new ClipMonitor();
    monitor.observe(step(2, 1));
    monitor.observe(step(Number.NaN, Number.NaN, { skipped: 'not finite' }));
    monitor.observe(step(Infinity, Infinity, { norms: { a: Infinity, b: 1 } }));
    const summary = monitor.summary();
    expect(summary).toMatchObject({ steps: 2, skipped: 1, nonFinite: 2, clipRate: 0.5, stepLengthLost: 0.5 });
    expect(summary.shares.a).toBeCloseTo(0.36, 12);
    expect(new ClipMonitor().summary()).toMatchObject({
      steps: 0,
      clipRate: 0,
      stepLengthLost: 0,
      shares: {},
    });
  });

  it('tells a shift of the clip rate at once, and keeps it', () => {
    const heard: unknown[] = [];
    const monitor = new ClipMonitor({ window: 50, onShift: (shift) => heard.push(shift) });
    for (let i = 0; i < 400; i++) {
      const shift = monitor.observe(step(1, i < 300 ? 1 : 0.5));
      expect(shift !== null).toBe(i === 349);
    }
    expect(heard).toMatchObject([{ step: 350, before: 0, after: 1 }]);
    expect(monitor.summary().shifts).toEqual(heard);
    expect(() => new ClipMonitor({ window: 0 })).toThrow('ClipMonitor: window must be an integer ≥ 1, got 0');
  });

  it('continues from its state through JSON bit for bit', () => {
    const random = new Random(5);
    const steps = Array.from({ length: 700 }, () => {
      const norm = Math.abs(random.normal(1, 1));
      return step(norm, Math.min(norm, 1.5), random.uniform() < 0.02 ? { skipped: 'spike' } : {});
    });
    const [whole, first, second] = [new ClipMonitor(), new ClipMonitor(), new ClipMonitor()];
    for (const each of steps) whole.observe(each);
    whole.turned(3);
    for (const each of steps.slice(0, 333)) first.observe(each);
    first.turned(3);
    second.restore(JSON.parse(toJson(first.state())));
    for (const each of steps.slice(333)) second.observe(each);
    expect(second.summary()).toEqual(whole.summary());
    expect(second.state()).toEqual(whole.state());
  });

  it('restores what it saved and nothing else, with nothing changed', () => {
    const monitor = new ClipMonitor({ window: 50 });
    for (let i = 0; i < 300; i++) monitor.observe(step(1 + i / 100, 1, i < 100 ? { clipped: false } : {}));
    monitor.turned(3);
    const before = monitor.state();
    expect(monitor.summary().shifts.length).toBeGreaterThan(0);
    const paths = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
      typeof value === 'object' && value !== null
        ? [path, ...Object.entries(value).flatMap(([key, item]) => paths(item, [...path, key]))]
        : [path];
    /** The state with the value at a path replaced; undefined takes it out. */
    const with_ = (path: readonly string[], value: unknown): HookState => {
      const copy = JSON.parse(toJson({ state: before })) as Record<string, unknown>;
      const last = ['state', ...path].pop()!;
      const parent = ['state', ...path].slice(0, -1).reduce((at, key) => at[key] as never, copy);
      if (value === undefined) delete parent[last];
      else parent[last] = value;
      return copy.state as HookState;
    };
    for (const path of paths(before)) {
      for (const value of [undefined, null, 'text', -1, 0.5, 1e300, [], { extra: 1 }]) {
        const state = with_(path, value);
        const name = `${path.join('.')} = ${JSON.stringify(value)}`;
        let restored = true;
        const other = new ClipMonitor({ window: 50 });
        try {
          other.restore(state);
        } catch (error) {
          restored = false;
          expect(String(error), name).toMatch(
            /^Error: ClipMonitor: .* of a saved state must be [^\n]+; give restore/,
          );
          expect(other.state(), name).toEqual(new ClipMonitor({ window: 50 }).state());
        }
        // What is taken is taken as it is; an entry of a record by name may be missing, or another number.
        if (restored) expect(other.state(), name).toEqual(state);
      }
    }
    for (const part of ['', 'counts', 'sums', 'norms', 'watch', 'shifts.0'].map((text) => text.split('.'))) {
      const path = [...part.filter(Boolean), 'other'];
      expect(() => new ClipMonitor({ window: 50 }).restore(with_(path, 1)), path.join()).toThrow(
        'nothing else',
      );
    }
    expect(() => new ClipMonitor().restore(before)).toThrow('window of a saved state must be 200');
  });

  it('has no share in a norm of 0: those of all parameters are 1 together', () => {
    const monitor = new ClipMonitor();
    for (const norm of [0, 2, 0]) monitor.observe(step(norm));
    const { a, b } = monitor.summary().shares;
    expect([a, a + b]).toEqual([expect.closeTo(0.36, 12), expect.closeTo(1, 12)]);
  });

  it('hands out a state that later steps leave alone', () => {
    const monitor = new ClipMonitor();
    monitor.observe(step(2, 1));
    const [state, summary] = [monitor.state(), monitor.summary()];
    monitor.observe(step(5, 1));
    monitor.turned(3);
    monitor.restore(state);
    expect(monitor.summary()).toEqual(summary);
  });

  it('watches a training: what it says is what the records say', async () => {
    const random = new Random(1);
    const model = new Linear(3, 1, { random });
    const monitor = new ClipMonitor();
    const x = tensor(
      Float32Array.from({ length: 60 }, () => random.normal()),
      { shape: [20, 3] },
    );
    const y = tensor(
      Float32Array.from({ length: 20 }, () => random.normal()),
      { shape: [20, 1] },
    );
    const records: StepRecord[] = [];
    const hooks = [measureTurn(clipByValue(0.2), monitor.turned), clipByGlobalNorm(0.3)];
    await train({
      model,
      optimizer: new SGD(model.parameters(), { lr: 0.1, hooks }),
      batches: Array.from({ length: 30 }, () => x),
      loss: (each, batch) => mseLoss(each.forward(batch), y),
      onStep: (record) => {
        monitor.observe(record);
        records.push(record);
      },
    });
    const sum = (pick: (record: StepRecord) => number): number =>
      records.reduce((total, record) => total + pick(record), 0);
    const { clipRate, stepLengthLost, turn, shares } = monitor.summary();
    expect(clipRate).toBe(sum(({ clipped }) => Number(clipped)) / 30);
    expect(clipRate).toBeGreaterThan(0);
    const lost =
      sum(({ scale, normBefore }) => (1 - scale) * normBefore) / sum(({ normBefore }) => normBefore);
    expect(stepLengthLost).toBeCloseTo(lost, 12);
    expect(turn!.largest).toBeGreaterThan(1);
    expect(Object.values(shares).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  });
});
