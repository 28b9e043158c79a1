import { expect, it } from 'vitest';
import { RateWatch } from '../../src/clip/rate-watch.js';
import { Random } from '../../src/index.js';

it('at a constant rate gives at most the false alarms it promises: one window in a thousand', () => {
  let alarms = 0;
  for (const [seed, rate] of [0, 0.01, 0.1, 0.5, 0.9, 1].entries()) {
    const random = new Random(seed);
    const watch = new RateWatch(50);
    for (let step = 0; step < 100_000; step++) if (watch.add(random.uniform() < rate)) alarms++;
  }
  // 12,000 windows: 12 expected at most, σ = 3.5.
  expect(alarms).toBeLessThan(22);
});

it('notices a rate that triples within two windows, in 95 of 100 runs, and says what it was', () => {
  let noticed = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed);
    const watch = new RateWatch(200);
    for (let step = 0; step < 1000; step++) watch.add(random.uniform() < 0.1);
    const shifts = Array.from({ length: 400 }, () => watch.add(random.uniform() < 0.3)).filter(
      (s) => s !== null,
    );
    if (shifts.length === 0) continue;
    noticed++;
    expect(shifts[0].before).toBeCloseTo(0.1, 1);
    expect(shifts[0].after).toBeGreaterThan(shifts[0].before);
    expect(shifts[0].p).toBeLessThan(1e-3);
  }
  expect(noticed).toBeGreaterThanOrEqual(95);
});

it('notices a rate that leaps from almost none to almost all, after a long run too', () => {
  const watch = new RateWatch(200);
  const clipped = (i: number): boolean => (i < 100_000 ? i % 1000 === 5 : i % 200 !== 7);
  const shifts = Array.from({ length: 100_200 }, (_, i) => watch.add(clipped(i))).filter((s) => s !== null);
  expect(shifts).toEqual([{ step: 100_200, before: 0.001, after: 0.995, p: 0 }]);
});

it('says it once, for a fall as for a rise, and then compares with what came after', () => {
  const watch = new RateWatch(100);
  const found = Array.from({ length: 3000 }, (_, i) => watch.add(i < 1000 || i >= 2000)).filter(
    (s) => s !== null,
  );
  expect(found.map(({ step, before, after }) => [step, before, after])).toEqual([
    [1100, 1, 0],
    [2100, 0, 1],
  ]);
});

it('continues from its state as if nothing had happened', () => {
  const random = new Random(3);
  const steps = Array.from({ length: 900 }, (_, i) => random.uniform() < (i < 450 ? 0.1 : 0.6));
  const [whole, first, second] = [new RateWatch(60), new RateWatch(60), new RateWatch(60)];
  const expected = steps.map((clipped) => whole.add(clipped));
  const start = steps.slice(0, 437).map((clipped) => first.add(clipped));
  second.restore('test', JSON.parse(JSON.stringify(first.state())));
  expect([...start, ...steps.slice(437).map((clipped) => second.add(clipped))]).toEqual(expected);
  expect(expected.some((shift) => shift !== null)).toBe(true);
});
