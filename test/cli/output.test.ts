/** Where results go, and what becomes of them there: full disks, readers that leave, inputs of the same command, signals. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundled, bundleCommandLine, type Finished, finish } from './bundled.js';

let bundle: Bundled;
const file = (name: string) => join(bundle.folder, name);

beforeAll(async () => {
  bundle = await bundleCommandLine();
});
afterAll(() => bundle.remove());

/** Runs a line of the shell in which `tamegrad` is the program. */
function shell(line: string): Promise<Finished> {
  const program = `tamegrad() { "${process.execPath}" "${file('dist/cli.js')}" "$@"; }; `;
  return finish(spawn('bash', ['-c', `set -o pipefail; ${program}${line}`], { cwd: bundle.folder }));
}

const demo = 'demo latch --steps 3 --clip norm:1 --quiet';
const noSpace =
  'cannot be written (ENOSPC: no space left on the device); free some space, or name a file on another disk\n';

describe.runIf(existsSync('/dev/full'))('a disk that is full', () => {
  it.each(['list', demo, 'demo --help', '--version'])(
    'under stdout is one line, exit code 1: %s',
    async (words) => {
      expect(await shell(`tamegrad ${words} > /dev/full`)).toEqual({
        code: 1,
        out: '',
        err: `error: tamegrad: 'stdout' ${noSpace}`,
      });
    },
  );

  it('under stderr takes nothing from the results, and nothing from an exit code', async () => {
    const { out } = await shell('tamegrad list');
    expect(await shell('tamegrad list 2> /dev/full')).toMatchObject({ code: 0, out });
    const { code, out: results } = await shell('tamegrad demo latch --steps 30 2> /dev/full');
    expect([code, results.includes('final loss')]).toEqual([0, true]);
    expect((await shell('tamegrad dmeo 2> /dev/full')).code).toBe(2);
    expect((await shell('tamegrad list > /dev/full 2> /dev/full')).code).toBe(1);
  });

  it.each(['--report /dev/full', '--log /dev/full'])('under %s is named', async (where) => {
    const { code, err } = await shell(`tamegrad ${demo} ${where}`);
    expect([code, err.endsWith(`'/dev/full' ${noSpace}`)]).toEqual([1, true]);
    expect(err.split('\n').length).toBe(2);
  });

  it('under the rows of a sweep is named, and does not fill the memory', async () => {
    const { code, err } = await shell('tamegrad sweep latch --steps 2 --clip none --quiet --out /dev/full');
    expect([code, err]).toEqual([1, `error: sweep: '/dev/full' ${noSpace}`]);
  });
});

it('a reader that leaves early is no failure', async () => {
  for (const words of ['experiment', demo]) {
    expect(await shell(`tamegrad ${words} | head -1 > /dev/null`)).toEqual({ code: 0, out: '', err: '' });
  }
});

it('stdout and stderr may be devices and files', async () => {
  await shell(`tamegrad ${demo} --report /dev/stdout --json > both 2> said`);
  expect(readFileSync(file('both'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*\{[\s\S]*\}\n$/i);
  expect(readFileSync(file('said'), 'utf8')).toBe('');
});

describe('no result is written over an input of the same command', () => {
  const log = Array.from({ length: 40 }, (_, i) => `${i},${1 / (i + 1)},2`);
  const csv = `step,loss,norm\n${log.join('\n')}\n`;
  beforeAll(async () => {
    writeFileSync(file('log.csv'), csv);
    symlinkSync('log.csv', file('link.csv'));
    linkSync(file('log.csv'), file('second.csv'));
    const { out } = await shell('tamegrad experiment 1 --json');
    writeFileSync(file('a.json'), out);
  });

  it.each([
    ['advise log.csv --report log.csv', "--report: 'log.csv' is the input 'log.csv'; name another file"],
    ['advise log.csv --report link.csv', "--report: 'link.csv' is the input 'log.csv'"],
    ['advise link.csv --report ./log.csv', "is the input 'link.csv'"],
    ['advise log.csv --report second.csv', "is the input 'log.csv'"],
    [
      'advise - --report log.csv < log.csv',
      "--report: 'log.csv' is what stdin reads from; name another file",
    ],
    ['advise /dev/stdin --report log.csv < log.csv', "--report: 'log.csv' is the input '/dev/stdin'"],
    ['experiment join a.json --report a.json', "--report: 'a.json' is the input 'a.json'"],
    ['experiment join a.json --claims ./a.json', "--claims: './a.json' is the input 'a.json'"],
    [`${demo} --report out.html > out.html`, "--report: 'out.html' is where stdout goes; name another file"],
  ])('%s', async (words, said) => {
    const [before, joined] = ['log.csv', 'a.json'].map((name) => readFileSync(file(name), 'utf8'));
    const { code, err } = await shell(`tamegrad ${words}`);
    expect([code, err.includes(said), err.split('\n').length]).toEqual([2, true, 2]);
    expect([readFileSync(file('log.csv'), 'utf8'), readFileSync(file('a.json'), 'utf8')]).toEqual([
      before,
      joined,
    ]);
    expect(before).toBe(csv);
  });

  it('a pipe without a reader is told', async () => {
    execFileSync('mkfifo', [file('pipe')]);
    const { code, err } = await shell(`tamegrad ${demo} --report pipe`);
    expect([code, err]).toEqual([
      1,
      "error: --report: 'pipe' cannot be written (ENXIO: nobody reads it); start the reader first\n",
    ]);
    expect((await shell(`cat pipe > page & tamegrad ${demo} --report pipe && wait`)).code).toBe(0);
    expect(readFileSync(file('page'), 'utf8')).toContain('</html>');
  });
});

describe('SIGTERM keeps what was measured, as Ctrl-C does, and ends with 143', () => {
  const page = /<\/html>\s*$/;
  const lines = /^(\{.*\}\n)+$/;
  it.each<[words: string, begun: RegExp, shown: RegExp, files: Readonly<Record<string, RegExp>>]>([
    [
      'demo latch --steps 100000 --clip norm:1 --log demo.jsonl --report demo.html',
      / step [1-9]/,
      /final loss/,
      { 'demo.jsonl': lines, 'demo.html': page },
    ],
    [
      'demo spectrum --seeds 50 --steps 50 --log study.jsonl --report study.html',
      / training [1-9]/,
      /Without clipping/,
      { 'study.jsonl': lines, 'study.html': page },
    ],
    [
      'sweep latch --steps 100 --clip norm:1 --seeds 500 --jobs 1 --out rows.jsonl --report sweep.html',
      / training [1-9]/,
      /Median final loss/,
      { 'rows.jsonl': lines, 'sweep.html': page },
    ],
    [
      'experiment all --jobs 1 --report experiments.html --claims claims.md',
      / run 1/,
      /hundred-steps/,
      { 'experiments.html': page, 'claims.md': /^# .*`hundred-steps`/s },
    ],
  ])('%s', async (words, begun, shown, files) => {
    const child = bundle.start(words.split(' '));
    let told = '';
    child.stderr!.on('data', (text) => {
      const before = begun.test(told);
      told += text;
      if (!before && begun.test(told)) child.kill('SIGTERM');
    });
    const { code, out, err } = await finish(child);
    expect([code, shown.test(out)]).toEqual([143, true]);
    expect(err).toMatch(/^interrupted: /m);
    for (const [name, form] of Object.entries(files)) expect(readFileSync(file(name), 'utf8')).toMatch(form);
  });
});
