import { expect, it } from 'vitest';
import { LogColumns, type LoggedStep } from '../../src/diagnose/index.js';
import { Random } from '../../src/index.js';

function clippedOf(rows: readonly Omit<LoggedStep, 'step'>[]): number[] {
  return [...LogColumns.from(rows.map((row, step) => ({ step, ...row }))).column('clipped')];
}

it('tells by the norms whether a step was clipped, where the row does not say', () => {
  const silent = clippedOf([{ norm: 2 }, { normAfter: 2 }, { norm: Number.NaN, normAfter: 1 }]);
  expect(silent).toEqual([Number.NaN, Number.NaN, 0]);
  expect(
    clippedOf([
      { norm: 2, normAfter: 1.99 },
      { norm: 2, normAfter: 1, clipped: false },
    ]),
  ).toEqual([1, 0]);
});

it('takes no rounding for clipping: a norm measured twice in float32', () => {
  const random = new Random(1);
  const rows = Array.from({ length: 200 }, () => {
    const norm = Math.fround(random.uniform(1, 2));
    return { norm, normAfter: Math.fround(norm * (1 + random.uniform(-2e-6, 2e-6))) };
  });
  expect(rows.some(({ norm, normAfter }) => normAfter < norm)).toBe(true);
  expect(clippedOf(rows)).not.toContain(1);
});
