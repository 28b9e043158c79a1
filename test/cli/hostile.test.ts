/** Words and documents that somebody meant badly, or that broke on their way. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inProcess } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'tamegrad-hostile-'));
const wrong = join(folder, 'wrong.json');
afterAll(() => rmSync(folder, { recursive: true }));

describe('what somebody else wrote is shown in one bounded line, and never obeyed', () => {
  const long = 'x'.repeat(100_000);
  it.each([
    [['demo', '--clip', `\u001b[31m${long}`]],
    [['demo', `\u001b]0;title\u0007${long}`]],
    [[`\u001b[2J\n\nerror: all is well${long}`]],
    [['demo', 'latch', `--\u001b[31m${long}`]],
    [['demo', 'latch', '--seed', `1\u001b[31m\n${long}`]],
    [['demo', 'latch', '--optimizer', `\u001b[31m${long}`]],
    [['demo', '--report', `no/\u001b[31m\n${long}`]],
    [['demo', '--log', `\u009b31m${long}`]],
    [['experiment', `\u001b[31m\n${long}`]],
    [['experiment', '1', '--shard', `\u001b[31m${long}`]],
    [['experiment', 'join', `\u001b[31m\n${long}`]],
    [['sweep', 'latch', '--lr', `\u001b[31m${long}`]],
    [['sweep', 'latch', '--clip', `norm:\u001b[31m..${long}`]],
    [['sweep', 'latch', '--out', `no/\u001b[31m${long}`]],
    [['demo', 'latch', 'one', `\u001b[31m${long}`]],
  ])('%#', async (words) => {
    const { code, out, err } = await inProcess(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: [^\p{Cc}\p{Cf}]+\n$/u);
    expect(err.length).toBeLessThan(2500);
  });

  it.each(['toString', '__proto__', 'constructor', 'hasOwnProperty'])(
    '%s is a word like any other',
    async (word) => {
      for (const words of [
        [word],
        ['demo', word],
        ['demo', '--clip', word],
        ['demo', '--clip', `${word}:1`],
        ['demo', '--optimizer', word],
        ['demo', '--backend', word],
        ['experiment', word],
        ['sweep', word],
      ]) {
        const { code, err } = await inProcess(words);
        expect([words, code]).toEqual([words, 2]);
        expect(err).toMatch(/^error: [^\n]+\n$/);
      }
    },
  );
});

describe('a document that is not one of ours', () => {
  const check = { what: 'w', value: 1, rule: '< 2', holds: true };
  const outcome = { number: 1, seed: 1, held: true, checks: [check] };
  const withOutcome = (more: object) => ({
    experiments: [{ number: 1, outcomes: [{ ...outcome, ...more }] }],
  });
  it.each<[document: unknown, said: string]>([
    [{}, 'experiments must be a list'],
    [null, 'the document must be an object'],
    [[], 'the document must be an object'],
    [{ experiments: [null] }, 'experiments[0] must be an object'],
    [{ experiments: [{}] }, 'experiments[0].number must be the number of an experiment'],
    [{ experiments: [{ number: 'toString' }] }, 'experiments[0].number must be the number of an experiment'],
    [{ experiments: [{ number: 1 }] }, 'experiments[0].outcomes must be a list'],
    [{ experiments: [{ number: 1, outcomes: [{}] }] }, 'outcomes[0].number must be 1'],
    [withOutcome({ number: 2 }), 'outcomes[0].number must be 1'],
    [withOutcome({ seed: '1' }), 'outcomes[0].seed must be an integer ≥ 0'],
    [withOutcome({ held: 1 }), 'outcomes[0].held must be true or false'],
    [withOutcome({ checks: {} }), 'outcomes[0].checks must be a list'],
    [withOutcome({ checks: [{}] }), 'outcomes[0].checks[0].what must be text'],
    [withOutcome({ checks: [{ ...check, value: '1' }] }), 'checks[0].value must be a number'],
    [withOutcome({ error: {} }), 'outcomes[0].error must be text'],
    [withOutcome({ figure: { kind: 'toString' } }), 'outcomes[0].figure.kind must be one of lines'],
    [{ experiments: [], interrupted: 'yes' }, 'interrupted must be true or false'],
  ])('%j', async (document, said) => {
    writeFileSync(wrong, JSON.stringify(document));
    const { code, out, err } = await inProcess(['experiment', 'join', wrong]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: experiment join: '.*wrong.json' is not the output of [^\n]+\n$/);
    expect(err).toContain(said);
  });

  it.runIf(existsSync('/dev/full'))('nor is a device', async () => {
    const { code, err } = await inProcess(['experiment', 'join', '/dev/full']);
    expect([code, err]).toEqual([
      2,
      "error: experiment join: '/dev/full' cannot be read (it is a device, not a file)\n",
    ]);
  });
});
