import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTask } from '../../../../cli/commands/sweep/tasks.js';
import type { DemoConfig } from '../../../../demos/demo.js';
import { latch } from '../../../../demos/latch/latch.js';
import { type Bundled, bundleCommandLine, finish } from '../../bundled.js';
import { inProcess } from '../../in-process.js';

const grid = [
  '--clip',
  'none',
  '--clip',
  'norm:0.1..10x3',
  '--lr',
  '0.01,3',
  '--seeds',
  '2',
  '--steps',
  '30',
];
const words = ['sweep', 'demo', 'latch', ...grid, '--quiet'];

let bundle: Bundled;
let whole: string;

function file(name: string): string {
  return join(bundle.folder, name);
}

beforeAll(async () => {
  bundle = await bundleCommandLine();
  const { code, err } = await bundle.run(...words, '--out', 'whole.jsonl', '--report', 'sweep.html');
  expect([code, err]).toEqual([0, '']);
  whole = readFileSync(file('whole.jsonl'), 'utf8');
});

afterAll(() => bundle.remove());

it('trains under every spec with every rate and seed, in order', () => {
  const rows = whole
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const clips = ['none', 'norm:0.1', 'norm:1', 'norm:10'];
  const expected = clips.flatMap((clip) => [0.01, 3].flatMap((lr) => [1, 2].map((seed) => [clip, lr, seed])));
  expect(rows.map(({ clip, lr, seed }) => [clip, lr, seed])).toEqual(expected);
  expect(rows.find(({ clip, lr }) => clip === 'none' && lr === 3).diverged).toBe(true);
  expect(rows.find(({ clip, lr }) => clip === 'norm:1' && lr === 0.01).diverged).toBe(false);
  expect(readFileSync(file('sweep.html'), 'utf8')).toContain('Share of the seeds that stayed finite');
});

it('trains nothing besides, where a demo has something to set beside its runs', async () => {
  const beside = { label: 'other', start: () => expect.fail('was not asked for') };
  const demo = { ...latch, setUp: (own: DemoConfig) => ({ ...latch.setUp(own), beside }) };
  const own = Object.fromEntries(latch.options.map((option) => [option.name, option.default]));
  const config = {
    seed: 1,
    steps: 1,
    lr: 1,
    optimizer: 'sgd',
    backend: 'simd',
    clips: ['none'],
    own,
  } as const;
  expect((await runTask(demo, { demo: latch.name, config })).steps).toBe(1);
});

it('the page repeats the sweep with every setting', () => {
  const page = readFileSync(file('sweep.html'), 'utf8').replace(/<\/?span>/g, '');
  for (const setting of ['--lr 0.01,3', '--seeds 2', '--rho ', '--backend simd', '--clip norm:0.1..10x3'])
    expect(page).toContain(setting);
});

it('is the same file with one job and with three', async () => {
  await bundle.run(...words, '--jobs', '1', '--out', 'one.jsonl');
  await bundle.run(...words, '--jobs', '3', '--out', 'three.jsonl');
  expect(readFileSync(file('one.jsonl'), 'utf8')).toBe(whole);
  expect(readFileSync(file('three.jsonl'), 'utf8')).toBe(whole);
});

it('goes on where it was killed, and ends with the same file', async () => {
  const rowsOf = () => {
    try {
      return readFileSync(file('killed.jsonl'), 'utf8');
    } catch {
      return '';
    }
  };
  let cut = 0;
  for (const rows of [1, 6, 12]) {
    const child = bundle.start([...words, '--out', 'killed.jsonl']);
    const watch = setInterval(() => {
      if (rowsOf().split('\n').length > rows) child.kill('SIGKILL');
    }, 2);
    const { code } = await finish(child);
    clearInterval(watch);
    // Whole rows alone, from the first on, but for one that is being written.
    expect(whole.startsWith(rowsOf())).toBe(true);
    if (code === null && rowsOf() !== whole) cut++;
  }
  expect(cut).toBeGreaterThan(0);
  expect((await bundle.run(...words, '--out', 'killed.jsonl')).code).toBe(0);
  expect(rowsOf()).toBe(whole);
});

describe('in parts', () => {
  const parts = ['1/2', '2/2'];

  it('that are joined is the whole sweep, row for row', async () => {
    await Promise.all(parts.map((part, i) => bundle.run(...words, '--shard', part, '--out', `${i}.jsonl`)));
    const { code, out, err } = await bundle.run(
      ...['sweep', 'join', '1.jsonl', '0.jsonl', '--out', 'joined.jsonl', '--report', 'joined.html'],
    );
    expect([code, err]).toEqual([0, '']);
    expect(readFileSync(file('joined.jsonl'), 'utf8')).toBe(whole);
    expect(out).toContain('of 16 trainings stayed finite');
    expect(readFileSync(file('joined.html'), 'utf8').replace(/<\/?span>/g, '')).toContain('--lr 0.01,3');
  });

  it('of which some are missing says how many', async () => {
    const { code, err } = await bundle.run('sweep', 'join', '1.jsonl');
    expect([code, err]).toEqual([0, 'sweep join: these files lack 8 of 16 trainings\n']);
  });

  it.each<[files: Record<string, string>, said: string]>([
    [{ 'a.jsonl': 'notes\n' }, "line 1 of 'a.jsonl' is not of a part of a sweep"],
    [{ 'a.jsonl': '{"task":0,"of":2}\n' }, "line 1 of 'a.jsonl' is not of a part of a sweep"],
    [{ 'a.jsonl': '' }, 'these files hold no row yet'],
    [{ 'none.jsonl': '' }, 'these files hold no row yet'],
  ])('refuses what is not one: %j', async (files, said) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(file(name), text);
    const { code, out, err } = await inProcess(['sweep', 'join', ...Object.keys(files).map(file)]);
    expect([code, out, err.replaceAll(`${bundle.folder}/`, '').includes(said)]).toEqual([2, '', true]);
  });

  it('refuses parts of different sweeps, and rows that contradict each other', async () => {
    const part = readFileSync(file('0.jsonl'), 'utf8');
    writeFileSync(file('other.jsonl'), part.replaceAll('"steps":30', '"steps":31'));
    writeFileSync(file('changed.jsonl'), part.replace('"finalLoss":', '"finalLoss":1'));
    for (const [name, said] of [
      ['other.jsonl', 'are of different sweeps'],
      ['changed.jsonl', 'have different rows of training 1'],
    ]) {
      const { code, err } = await inProcess(['sweep', 'join', file('0.jsonl'), file(name)]);
      expect([code, err.includes(said)]).toEqual([2, true]);
    }
  });
});

it('writes another file for another sweep or part, and the same for the same', async () => {
  const quick = ['sweep', 'latch', '--clip', 'none', '--steps', '1', '--quiet'];
  const rowsIn = async (...more: string[]) => {
    const { code, out } = await bundle.run(...quick, ...more);
    expect(code).toBe(0);
    return /^Rows: (sweep-latch-[0-9a-f]{8}(\.1-of-2)?\.jsonl)$/m.exec(out)![1];
  };
  const first = await rowsIn();
  expect(await rowsIn()).toBe(first);
  expect(new Set([first, await rowsIn('--seed', '2'), await rowsIn('--shard', '1/2')]).size).toBe(3);
});

it('says what it will do, and how long that takes', async () => {
  const { err } = await bundle.run(...words.slice(0, -1), '--out', 'told.jsonl', '--jobs', '2');
  expect(err).toMatch(/^sweep: 16 trainings, 2 at a time\n/);
  expect(err).toMatch(/^sweep {2}training \d+\/16 {2}about \d+ (s|min) left, none, lr 0\.01$/m);
});

it('goes on behind what a power cut left', async () => {
  for (const tail of ['\0'.repeat(64), `{"demo":"latch"\0\0\0`, '\0\0\n\0']) {
    writeFileSync(file('dark.jsonl'), whole.slice(0, whole.indexOf('\n', whole.length / 2) + 1) + tail);
    expect((await bundle.run(...words, '--out', 'dark.jsonl')).code).toBe(0);
    expect(readFileSync(file('dark.jsonl'), 'utf8')).toBe(whole);
  }
});

it('goes on behind the last whole line', async () => {
  writeFileSync(file('cut.jsonl'), whole.slice(0, whole.length - 40));
  const { code, out } = await bundle.run(...words, '--out', 'cut.jsonl');
  expect(code).toBe(0);
  expect(out).toContain('of 16 trainings stayed finite');
  expect(out).toContain('those that diverged: none at learning rate 3)');
  expect(out).toMatch(/^ +lr 0\.01 +lr 3\nnone +\S+ +✗ 2\/2\n/);
  expect(readFileSync(file('cut.jsonl'), 'utf8')).toBe(whole);
});

it.each(['notes without a line end', 'null\n', '{}\n', '\0\0binary'])(
  'does not write over %j',
  async (text) => {
    writeFileSync(file('notes.txt'), text);
    const { code, err } = await inProcess([...words, '--out', file('notes.txt')]);
    expect([code, err.replace(`${bundle.folder}/`, '')]).toEqual([
      2,
      "error: sweep: line 1 of 'notes.txt' is not of this sweep; name another file with --out\n",
    ]);
    expect(readFileSync(file('notes.txt'), 'utf8')).toBe(text);
  },
);

it.each([
  ['--seed', '9'],
  ['--steps', '60'],
  ['--optimizer', 'adam'],
  ['--backend', 'reference'],
  ['--rho', '1.3'],
])('does not touch the file of another sweep: %s %s', async (...other) => {
  copyFileSync(file('whole.jsonl'), file('other.jsonl'));
  const { code, err } = await inProcess([...words, ...other, '--out', file('other.jsonl')]);
  expect([code, err.replace(`${bundle.folder}/`, '')]).toEqual([
    2,
    "error: sweep: line 1 of 'other.jsonl' is not of this sweep; name another file with --out\n",
  ]);
  expect(readFileSync(file('other.jsonl'), 'utf8')).toBe(whole);
});

it.each([
  [['--clip', 'norm:1..0.1x3'], "sweep: 'norm:1..0.1x3' is not a range"],
  [['--clip', 'norm:1..10x12345678901234567890'], 'is not a range'],
  [['--clip', 'norm:1', '--clip', 'norm:0.1,1'], 'sweep: --clip: norm:1 is given twice'],
  [['--lr', '0.1,0.1'], 'sweep: --lr: 0.1 is given twice'],
  [['--out', 'missing/rows.jsonl'], "--out: 'missing/rows.jsonl' cannot be written (ENOENT: "],
  [['--clip', 'nrom:1'], "clip spec 'nrom:1'"],
  [['--lr', '1..2'], 'It must be a number, a list as 0.01,0.1 or a range as 0.01..1x5.'],
])('wrong usage: %s', async (wrong, said) => {
  const { code, err } = await inProcess(['sweep', 'demo', 'latch', '--out', file('none.jsonl'), ...wrong]);
  expect(code).toBe(2);
  expect(err).toContain(said);
});
