/** What the command line says to words that it cannot use. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { demos } from '../../demos/index.js';
import { clipSpecForms } from '../../src/clip/index.js';
import { inProcess } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'tamegrad-usage-'));
mkdirSync(join(folder, 'dist'));
writeFileSync(join(folder, 'package.json'), '{}');
afterAll(() => rmSync(folder, { recursive: true }));

describe('wrong usage is one line on stderr that names the fix, exit code 2, and nothing is written', () => {
  const names = demos.map(({ name }) => name).join(', ');
  const forms = `no clipper is called 'nrom'; did you mean norm (clipByGlobalNorm)? It must be one of ${clipSpecForms().join(', ')}`;
  it.each<[words: string, said: string]>([
    ['dmeo', "unknown command 'dmeo' (Did you mean demo?)"],
    ['train', "unknown command 'train' (known: demo, list"],
    ['demo lacth', "unknown command 'lacth' (Did you mean latch?)"],
    ['demo zzzzzzzz', `unknown command 'zzzzzzzz' (known: ${names})`],
    ['demo latch more', "too many arguments for 'latch'"],
    ['demo latch --sed 1', "unknown option '--sed' (Did you mean --seed?)"],
    ['demo latch --frobnicate', "unknown option '--frobnicate' (--help lists the options)"],
    ['demo --clip nrom:1', `clip spec 'nrom:1': ${forms}`],
    [
      'demo --clip norm:-1',
      "clip spec 'norm:-1': maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1",
    ],
    ['demo --clip norm:NaN', "clip spec 'norm:NaN': needs a number, as in norm:1"],
    ['demo --clip none --clip value:1:p=2', "clip spec 'value:1:p=2': takes no options, not 'p=2'"],
    ['demo --clip', "option '--clip <spec>' argument missing"],
    ['demo --seed 1.5', "argument '1.5' is invalid. It must be a whole number from 0 to 2147483647."],
    ['demo --seed -1', "argument '-1' is invalid. It must be a whole number from 0 to 2147483647."],
    ['demo --steps 0', "argument '0' is invalid. It must be a whole number of at least 1."],
    ['demo --steps many', "argument 'many' is invalid. It must be a whole number of at least 1."],
    ['demo --lr fast', "argument 'fast' is invalid. It must be a finite number of at least 0."],
    ['demo --lr 1e400', "argument '1e400' is invalid. It must be a finite number of at least 0."],
    ['demo --lr Infinity', "argument 'Infinity' is invalid. It must be a finite number of at least 0."],
    ['demo latch --rho 11', "argument '11' is invalid. It must be a number from 0 to 10."],
    ['demo latch --activation sine', 'Allowed choices are tanh, relu, identity.'],
    [
      'demo spectrum --link',
      '--link opens the trainings of a comparison in the lab, and spectrum is a study of many: leave it out',
    ],
    ['demo --optimizer adma', 'Allowed choices are sgd, adam'],
    ['demo --backend cuda', 'Allowed choices are'],
    ['demo --log {}/missing/run.jsonl', "missing/run.jsonl' cannot be written (ENOENT"],
    ['demo --log {}/dist', "dist' cannot be written (EISDIR"],
    [
      'demo --report {}/missing/a.html',
      "missing/a.html' cannot be written (ENOENT: there is no such folder); name a file in an existing folder",
    ],
    [
      'demo --report {}/dist',
      "dist' cannot be written (EISDIR: it is a folder); name a file in an existing folder",
    ],
    ['demo --report {}/package.json/a.html', "package.json/a.html' cannot be written"],
    ['demo --log {}/one --report {}/dist/../one', '--log and --report: both name one file'],
    ['demo --steps 2 lacth', "unknown command 'lacth' (Did you mean latch?)"],
    ['demo --steps latch', "argument 'latch' is invalid. It must be a whole number of at least 1."],
    ['demo --clip norm:1 --clip norm:1', "argument 'norm:1' is invalid. It is given twice"],
    ['demo --report ', "--report: '' cannot be written"],
    ['demo --log ', "--log: '' cannot be written"],
  ])('%s', async (words, said) => {
    const given = words.replaceAll('{}', folder).split(' ');
    const [log, report] = ['wrong.jsonl', 'wrong.html'].map((name) => join(folder, name));
    if (!given.includes('--log') && given.includes('--report')) given.push('--log', log!);
    if (!given.includes('--report') && given.includes('--log')) given.push('--report', report!);
    const { code, out, err } = await inProcess(given);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: [^\n]+\n$/);
    expect(err).toContain(said);
    for (const file of [log!, report!]) expect(existsSync(file)).toBe(false);
  });

  it.runIf(existsSync('/dev/full'))(
    'a failure that is not wrong usage is one line too, exit code 1',
    async () => {
      const { code, out, err } = await inProcess([
        'demo',
        'latch',
        '--steps',
        '2',
        '--quiet',
        '--log',
        '/dev/full',
      ]);
      expect([code, out]).toEqual([1, '']);
      expect(err).toBe(
        "error: run log: '/dev/full' cannot be written (ENOSPC: no space left on the device); free some space, or name a file on another disk\n",
      );
    },
  );
});
