/** The command line as its users meet it: the bundled program in a process of its own. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demos } from '../../demos/index.js';
import { type Bundled, bundleCommandLine, finish } from './bundled.js';
import { hasEscapes } from './terminal/sink.js';

let bundle: Bundled;
let folder: string;
let outputs: Bundled['outputs'];

beforeAll(async () => {
  bundle = await bundleCommandLine();
  ({ folder, outputs } = bundle);
});

afterAll(() => bundle.remove());

const start: Bundled['start'] = (...how) => bundle.start(...how);
const cli: Bundled['run'] = (...words) => bundle.run(...words);

interface JsonRun {
  readonly [field: string]: unknown;
  wallMs: number;
}
interface JsonDocument {
  readonly demo: string;
  readonly seed: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly runs: readonly JsonRun[];
}

describe('--json', () => {
  it('prints one document and nothing else, the same for the same seed but for the time', async () => {
    const words = ['demo', 'latch', '--seed', '7', '--steps', '45', '--json'];
    const [first, second] = await Promise.all([cli(...words), cli(...words)]);
    expect([first.code, first.err]).toEqual([0, '']);
    const [document, again] = [first, second].map(({ out }) => JSON.parse(out) as JsonDocument);
    for (const run of [...document!.runs, ...again!.runs]) {
      expect(run.wallMs).toBeGreaterThan(0);
      run.wallMs = 0;
    }
    expect(document).toEqual(again);
    expect([document!.demo, document!.seed]).toEqual(['latch', 7]);
    expect(document!.config).toMatchObject({
      steps: 45,
      lr: 0.1,
      optimizer: 'sgd',
      clips: ['none', 'norm:1'],
      rho: 1.2,
    });
    const keys =
      'clip diverged divergedAtStep steps firstLoss finalLoss maxGradNorm medianGradNorm clippedFraction backend normDevice wallMs digest';
    for (const run of document!.runs) expect(Object.keys(run)).toEqual(keys.split(' '));
    const [none, norm] = document!.runs;
    expect(none).toMatchObject({ clip: 'none', diverged: true, clippedFraction: 0, normDevice: 'webasm' });
    expect(none!.steps).toBe((none!.divergedAtStep as number) + 1);
    expect(['Infinity', 'NaN']).toContain(none!.finalLoss);
    expect(norm).toMatchObject({ clip: 'norm:1', diverged: false, divergedAtStep: null, steps: 45 });
    expect(norm!.finalLoss).toBeLessThan(1);
  });

  it('keeps stdout clean beside a log and a report', async () => {
    const [log, report] = [join(folder, 'j.jsonl'), join(folder, 'j.html')];
    const { code, out } = await cli(
      'demo',
      'latch',
      '--steps',
      '3',
      '--json',
      '--log',
      log,
      '--report',
      report,
    );
    expect([code, (JSON.parse(out) as JsonDocument).runs.length]).toEqual([0, 2]);
    const lines = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ demo, clip, step }) => [demo, clip, step])).toEqual(
      ['none', 'norm:1'].flatMap((clip) => [0, 1, 2].map((step) => ['latch', clip, step])),
    );
    expect(Object.keys(lines[0])).toEqual(
      'demo clip step loss normBefore normAfter scale clipped norms lr skipped'.split(' '),
    );
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
  });
});

describe('in a pipe', () => {
  it('prints plain lines: charts, table, verdict, the report; progress goes to stderr', async () => {
    const report = join(folder, 'p.html');
    const { code, out, err } = await cli('demo', 'latch', '--steps', '3', '--report', report);
    expect([code, hasEscapes(out), hasEscapes(err)]).toEqual([0, false, false]);
    for (const part of ['latch: loss', 'latch: gradient norm', 'final loss', 'norm:1', `Report: ${report}`])
      expect(out).toContain(part);
    expect(err).toMatch(/^none {2}step 1\/3 {2}loss \S+ {2}norm \S+$/m);
    expect(
      Math.max(
        ...out
          .split('\n')
          .filter((line) => !line.startsWith('Report'))
          .map((line) => [...line].length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  it('--quiet leaves stderr empty; NO_COLOR changes nothing', async () => {
    const { code, out, err } = await finish(
      start(['demo', 'latch', '--steps', '2', '--quiet'], { NO_COLOR: '1' }),
    );
    expect([code, err, hasEscapes(out)]).toEqual([0, '', false]);
  });

  it('a reader that leaves early is no failure, on stdout or on both', async () => {
    const early = start(['demo', 'latch', '--steps', '2', '--quiet']);
    early.stdout!.destroy();
    expect(await finish(early)).toMatchObject({ code: 0, err: '' });
    const both = start(['demo', 'latch', '--steps', '40', '--report', join(folder, 'early.html')]);
    both.stdout!.destroy();
    both.stderr!.destroy();
    expect((await finish(both)).code).toBe(0);
    expect(existsSync(join(folder, 'early.html'))).toBe(true);
  });
});

/** The packages that a file of the bundle loads as soon as it is loaded itself. */
function loadedBy(output: string): string[] {
  const statics = outputs[output].imports.filter(({ kind }) => kind === 'import-statement');
  return statics.flatMap(({ path, external }) => (external ? [path] : loadedBy(path)));
}

describe('commands', () => {
  it('load what draws pages only where a page is asked for', () => {
    const entry = Object.keys(outputs).find((path) => path.endsWith('/cli.js'))!;
    expect(loadedBy(entry)).toContain('commander');
    expect(loadedBy(entry).filter((name) => /observablehq|linkedom/.test(name))).toEqual([]);
  });

  it('--version prints that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await cli('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    ['demo --steps 2 --json --quiet cliff', 'cliff'],
    ['demo --clip norm:1 cliff --steps 2 --json', 'cliff'],
    ['demo --json --steps=2 cliff', 'cliff'],
    ['demo --steps 2 --json --log latch cliff', 'cliff'],
  ])('the demo may be named anywhere: %s', async (words, name) => {
    const { code, out } = await cli(...words.split(' '));
    expect([code, (JSON.parse(out) as JsonDocument).demo]).toEqual([0, name]);
  });

  it('demo without a name runs the first', async () => {
    const { code, out } = await cli('demo', '--steps', '2', '--rho', '1', '--seeds', '1', '--json');
    expect([code, (JSON.parse(out) as JsonDocument).demo]).toEqual([0, 'spectrum']);
  });

  it('list and --help name every demo', async () => {
    const [list, help, top, latch] = await Promise.all([
      cli('list'),
      cli('demo', '--help'),
      cli('--help'),
      cli('demo', 'latch', '--help'),
    ]);
    for (const { name } of demos) {
      expect(list.out).toMatch(new RegExp(`^${name}\\b`, 'm'));
      expect(help.out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    }
    expect([list.code, help.code, top.code, latch.code]).toEqual([0, 0, 0, 0]);
    expect(list.out.trim().split('\n').length).toBe(demos.length);
    for (const text of [list.out, help.out])
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const word of ['seed', 'clip', 'report', 'json'])
      expect(help.out).toMatch(new RegExp(`^ {2}--${word}\\b`, 'm'));
    for (const word of ['demo', 'list']) expect(top.out).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'));
    for (const word of [
      'seed',
      'steps',
      'clip',
      'lr',
      'optimizer',
      'rho',
      'backend',
      'report',
      'log',
      'json',
      'quiet',
    ])
      expect(latch.out).toMatch(new RegExp(`^ {2}--${word}\\b`, 'm'));
  });
});

describe('wrong usage', () => {
  it('from the process too', async () => {
    const log = join(folder, 'none.jsonl');
    expect(await cli('demo', '--log', log, '--clip', 'norm')).toEqual({
      code: 2,
      out: '',
      err: "error: option '--clip <spec>' argument 'norm' is invalid. clip spec 'norm': needs a number, as in norm:1\n",
    });
    expect(existsSync(log)).toBe(false);
  });
});

describe('Ctrl-C', () => {
  /** Starts a long comparison, interrupts it once its log has a few lines, and reads what is left. */
  async function interrupted(name: string, more: readonly string[], flags: readonly string[] = []) {
    const [log, report] = ['jsonl', 'html'].map((end) => join(folder, `${name}.${end}`)) as [string, string];
    const words = 'demo latch --steps 100000 --clip norm:1 --clip none'.split(' ');
    const child = start([...words, '--log', log, '--report', report, ...more], {}, flags);
    const finished = finish(child);
    const deadline = Date.now() + 120_000;
    while (Date.now() < deadline && !(existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 5))
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const lines = (text: string) => text.trim().split('\n');
    const result = await finished;
    const steps = lines(readFileSync(log, 'utf8')).map((line) => (JSON.parse(line) as { step: number }).step);
    return { ...result, steps, page: readFileSync(report, 'utf8') };
  }

  it.each<[where: string, more: readonly string[], flags: readonly string[]]>([
    ['with --json', ['--json'], []],
    ['in a pipe', [], []],
    // The progress bar listens to the signal too, and passes it on where it is alone.
    ['beside a progress bar', [], ['--import', 'data:text/javascript,process.stderr.isTTY=true']],
  ])('keeps log and report, prints what was measured, exit code 130: %s', async (where, more, flags) => {
    const { code, out, err, steps, page } = await interrupted(where.replaceAll(' ', '-'), more, flags);
    expect(code).toBe(130);
    expect(err).toContain('interrupted: this is what was measured until then');
    expect(steps.length).toBeGreaterThan(4);
    expect(steps).toEqual(steps.map((_, i) => i));
    expect(page).toContain('</html>');
    expect(hasEscapes(err)).toBe(flags.length > 0);
    if (more.length === 0) expect(out).toContain('final loss');
    else
      expect(JSON.parse(out)).toMatchObject({
        interrupted: true,
        runs: [{ clip: 'norm:1', steps: steps.length }],
      });
  });
});
