/** Every form in which programs write logs, with random numbers: told from every other, and read to the last number. */

import { describe, expect, it } from 'vitest';
import { type Log, readLog } from '../../../src/diagnose/index.js';
import { Random } from '../../../src/index.js';
import { type Form, forms, type Step } from './forms.js';

/** A made-up run; the norms are such that thousandths of them need no more than three digits. */
function stepsOf(random: Random, count = 24): Step[] {
  const [first, every] = [random.integer(3) * 100, 1 + random.integer(20)];
  return Array.from({ length: count }, (_, i) => ({
    step: first + every * i,
    loss: Number((9.5 * Math.exp(-i / 20) + random.uniform(0, 0.4)).toFixed(4)),
    norm: Number((1.2 + random.uniform(0, 8)).toFixed(2)),
    lr: Number((1e-4 * (1 + random.integer(9))).toFixed(6)),
    epoch: Number(((i + 1) / 10).toFixed(2)),
  }));
}

/** Lines that say nothing, before what says something. */
const noise = (random: Random): string =>
  Array.from(
    { length: 5 + random.integer(30) },
    () =>
      `${['loading checkpoint shards', 'WARNING: falling back', 'using 8 workers, seed 17', 'compiling the model... (takes a ~minute)'][random.integer(4)]}\n`,
  ).join('');

async function readForm(form: Form, seed: number): Promise<{ log: Log; steps: readonly Step[] }> {
  const random = new Random(seed);
  const steps = stepsOf(random);
  const written = form.write(steps, random);
  const bytes =
    typeof written === 'string'
      ? new TextEncoder().encode((form.noise ? noise(random) : '') + written)
      : written;
  // In pieces of any size: what is read must not depend on where they end.
  const size = 1 + random.integer(bytes.length);
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return { log: await readLog({ name: 'log', chunks }), steps };
}

it('there are at least 80 of them', () => {
  expect(new Set(forms.map(({ name }) => name)).size).toBeGreaterThanOrEqual(80);
});

describe.each(forms.map((form) => [form.name, form] as const))('%s', (_, form) => {
  it.each([1, 2])('is told as what it is, and its numbers are found (seed %i)', async (seed) => {
    const { log, steps } = await readForm(form, seed);
    expect(log.form).toBe(form.form);
    expect(log.runs).toHaveLength(1);
    const { columns, rows } = log.runs[0];
    expect([rows, columns.length]).toEqual([steps.length, steps.length]);
    // A column of thousandths is read in thousandths.
    const unit = form.name.includes('thousands') ? 1000 : 1;
    const close = (values: ArrayLike<number>, expected: readonly number[]): void => {
      for (const [i, value] of expected.entries())
        expect(Math.abs(values[i] - value)).toBeLessThanOrEqual(6e-3 * Math.max(1e-4, Math.abs(value)));
    };
    if (form.has.includes('step'))
      close(
        columns.column('step'),
        steps.map(({ step }) => step),
      );
    if (form.has.includes('loss'))
      close(
        columns.column('loss'),
        steps.map(({ loss }) => loss),
      );
    if (form.has.includes('norm'))
      close(
        columns.column('norm'),
        steps.map(({ norm }) => unit * norm),
      );
    if (form.has.includes('lr'))
      close(
        columns.column('lr'),
        steps.map(({ lr }) => lr),
      );
    for (const role of ['norm', 'loss'] as const) {
      if (!form.has.includes(role) && form.name !== 'verl')
        expect([...columns.column(role)].every(Number.isNaN), role).toBe(true);
    }
    expect(log.broken.count).toBe(0);
  });
});
