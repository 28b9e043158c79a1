/**
 * Damaged logs of every form: whatever is done to one, reading and judging it ends in a result or in one line of ours. The
 * suite tries a few hundred; `MUTATIONS=100000 npx vitest run test/diagnose/read/mutations.test.ts` tries that many and
 * prints the slowest.
 */

import { expect, it } from 'vitest';
import { judgeLog, LogError, readLog } from '../../../src/diagnose/index.js';
import { Random } from '../../../src/index.js';
import { forms, type Step } from './forms.js';

const count = Number(process.env.MUTATIONS ?? 300);
const random = new Random(Number(process.env.SEED ?? 1));
const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
const encoder = new TextEncoder();

const steps = Array.from(
  { length: 24 },
  (_, i): Step => ({ step: i, loss: 9 / (i + 1), norm: 1 + random.uniform(0, 8), lr: 1e-3, epoch: i / 10 }),
);
const logs = forms.map((form) => {
  const written = form.write(steps, random);
  return typeof written === 'string' ? encoder.encode(written) : written;
});

/** What is set in somewhere: what readers stumble over. */
const junk: readonly (() => string)[] = [
  () =>
    pick([' ', '\t', '[', '{', '{"a":', '"', "'", ',', ';', '|', '\\', '\0', '-', '1', 'e']).repeat(
      pick([1, 3, 200, 20_000]),
    ),
  () =>
    pick([
      'NaN',
      'inf',
      '-1e999',
      '1e',
      '0x1f',
      '1,234.5',
      '９',
      '--',
      'null',
      'toString',
      '__proto__',
      'constructor',
    ]),
  () => pick(['\n', '\r\n', '\r', '\u2028', '\u0085', '\f', '\n\n\n', '\uFEFF']),
  () => pick(['\u001b[31m\u001b]0;x\u0007', '\u202e', '\ud800', '\u0000\u0001\u0002']),
  () => `[{${' '.repeat(pick([10, 5000]))}\u2028`,
  () => `"k"${' '.repeat(pick([10, 5000]))}:`,
  () => `step,loss,${Array.from({ length: pick([3, 3000]) }, (_, i) => `c${i}`).join()}\n`,
  () => `${'loss=1 '.repeat(pick([2, 2000]))}\n`,
];

/** Bytes with some changed, cut, doubled, set in, or followed by those of another log. */
function damaged(bytes: Uint8Array): Uint8Array {
  let copy = Uint8Array.from(bytes);
  for (let times = 1 + random.integer(3); times > 0; times--) {
    const at = random.integer(copy.length + 1);
    const kind = random.integer(6);
    if (kind === 0) copy[Math.min(at, copy.length - 1)] = random.integer(256);
    else if (kind === 1) copy = copy.slice(0, at);
    else if (kind === 2) copy = joined(copy.subarray(0, at), copy.subarray(random.integer(copy.length + 1)));
    else if (kind === 3) copy = joined(copy.subarray(0, at), pick(logs).subarray(random.integer(200)));
    else copy = joined(copy.subarray(0, at), encoder.encode(pick(junk)()), copy.subarray(at));
  }
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

it(`${count} damaged logs are read and judged, or refused in one line`, async () => {
  let [slowest, read, which] = [0, 0, -1];
  for (let i = 0; i < count; i++) {
    const bytes = damaged(pick(logs));
    const half = random.integer(bytes.length + 1);
    // The processor's time, whatever else the machine does.
    const start = process.cpuUsage();
    try {
      const log = await readLog({ name: 'log', chunks: [bytes.subarray(0, half), bytes.subarray(half)] });
      judgeLog(log);
      read++;
    } catch (error) {
      expect(error, `log ${i}`).toBeInstanceOf(LogError);
      expect((error as Error).message, `log ${i}`).toMatch(/^[^\p{Cc}\u2028\u2029]{1,1500}$/u);
    }
    const taken = process.cpuUsage(start).user / 1000;
    if (taken > slowest) [slowest, which] = [taken, i];
  }
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(count);
  if (process.env.MUTATIONS) {
    const memory = Math.round(process.memoryUsage().rss / 1e6);
    console.log(
      `${count} logs: ${read} read, the others refused; the slowest, log ${which}, ${slowest.toFixed(0)} ms; ${memory} MB`,
    );
    expect(slowest).toBeLessThan(2000);
  }
});

it.each<[what: string, text: (n: number) => string]>([
  ['spaces behind a key that is not closed', (n) => `{"loss"${' '.repeat(n)}`],
  ['spaces in an array that is none', (n) => `[{${' '.repeat(n)}\u2028`],
  ['brackets', (n) => '['.repeat(n)],
  ['quotes', (n) => '"'.repeat(n)],
  ['columns', (n) => `${Array.from({ length: n / 8 }, (_, i) => `column${i}`).join()}\n`.repeat(2)],
  ['pairs in a line', (n) => `${'loss: 1 '.repeat(n / 8)}\n`],
])('time grows with the length, not with its square: %s', async (_, text) => {
  const bytes = encoder.encode(text(400_000));
  const start = process.cpuUsage();
  await readLog({ name: 'log', chunks: [bytes] }).then(judgeLog, (error: unknown) => {
    expect(error).toBeInstanceOf(LogError);
  });
  // Milliseconds where it is linear, minutes where it is not.
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
});
