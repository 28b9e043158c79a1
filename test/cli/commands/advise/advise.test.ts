/** `tamegrad advise` as its users meet it: what it prints and writes, and that long logs stream through. */

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../../src/index.js';
import { type Bundled, bundleCommandLine, finish } from '../../bundled.js';
import { widest } from '../../terminal/sink.js';

// Each test starts processes, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let bundle: Bundled;
const at = (name: string): string => join(bundle.folder, name);
const advise: Bundled['run'] = (...words) => bundle.run('advise', ...words);

beforeAll(async () => {
  bundle = await bundleCommandLine();
});

afterAll(() => bundle.remove());

interface Document {
  readonly format: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly stride: number;
  readonly broken: { readonly count: number; readonly lines: readonly number[] };
  readonly interrupted?: boolean;
  readonly runs: readonly {
    readonly run: string;
    readonly rows: number;
    readonly clippedAlreadyAt: number | null;
    readonly keepThreshold: number | null;
    readonly threshold: {
      readonly lacking?: string;
      readonly recommended: { readonly name: string; readonly threshold: number };
      readonly candidates: readonly {
        readonly threshold: number;
        readonly inSample: { readonly rate: number };
      }[];
    };
    readonly diagnosis: { readonly steps: number; readonly headline: { readonly cause: string } };
  }[];
}

async function judged(...words: string[]): Promise<Document> {
  const { code, out, err } = await advise(...words, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Document;
}

/** A healthy run with lognormal norms, as a table; `spoilt` may change a line. */
function healthyTable(count: number, spoilt: (line: string, i: number) => string = (line) => line): string {
  const random = new Random(7);
  const lines = Array.from({ length: count }, (_, i) => {
    const loss = 0.5 + 2 * Math.exp((-3 * i) / count) + random.normal(0, 0.05);
    return spoilt(`${i},${loss},${Math.exp(random.normal(0, 0.5))},${i % 50}`, i);
  });
  return `step,loss,grad_norm,batch\n${lines.join('\n')}\n`;
}

describe('advice', () => {
  it('has the percentiles of the norms and a diagnosis, within 80 columns; broken lines are named', async () => {
    writeFileSync(
      at('healthy.csv'),
      healthyTable(2000, (line, i) => (i === 100 ? 'oops' : i === 500 ? '500,1.5' : line)),
    );
    const { code, out, err } = await advise('healthy.csv');
    expect([code, err]).toEqual([0, '']);
    expect(widest(out)).toBeLessThanOrEqual(80);
    for (const part of [
      '1998 rows of CSV. Columns: step, loss, gradient norm grad_norm, batch.',
      '2 broken lines',
      'lines 102, 502',
      'Diagnosis: healthy (confidence 95 %)',
      'the 90th percentile',
      'steps clipped out of sample',
      'step length lost',
    ])
      expect(out.replace(/\s+/g, ' ')).toContain(part);
    const { runs } = await judged('healthy.csv');
    const [{ threshold, diagnosis }] = runs;
    // The 90th percentile of exp(N(0, 0.5²))
    expect(threshold.recommended.threshold).toBeGreaterThan(0.93 * Math.exp(0.5 * 1.2816));
    expect(threshold.recommended.threshold).toBeLessThan(1.07 * Math.exp(0.5 * 1.2816));
    expect(threshold.candidates.map(({ inSample }) => inSample.rate.toFixed(2))).toEqual([
      '0.50',
      '0.25',
      '0.10',
    ]);
    expect([diagnosis.headline.cause, diagnosis.steps]).toEqual(['healthy', 1998]);
  });

  it('blames the batch that spoils its steps', async () => {
    writeFileSync(
      at('spoilt.csv'),
      healthyTable(2000, (line, i) => (i % 50 === 13 ? line.replace(/,[^,]+,13$/, ',90,13') : line)),
    );
    const { out } = await advise('spoilt.csv');
    expect(out).toContain('Diagnosis: single batches are at fault');
    expect(out).toMatch(/batch 13/);
    expect((await judged('spoilt.csv', '--batch', 'none')).runs[0].diagnosis.headline.cause).toBe('data');
  });

  it('says so where norms were taken after clipping', async () => {
    const clipped = healthyTable(300, (line) =>
      line.replace(/,([^,]+),(\d+)$/, (_, norm, batch) => `,${Math.min(1, norm)},${batch}`),
    );
    writeFileSync(at('clipped.csv'), clipped);
    expect((await judged('clipped.csv')).runs[0].clippedAlreadyAt).toBe(1);
    expect((await advise('clipped.csv')).out.replace(/\s+/g, ' ')).toContain('they look clipped already');
    expect((await judged('healthy.csv')).runs[0].clippedAlreadyAt).toBeNull();
  });

  it('without norms, what the loss tells', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},0.${50 + i},${2 / (1 + i)},0.6,1.1`);
    writeFileSync(at('keras.csv'), `epoch,accuracy,loss,val_accuracy,val_loss\n${rows.join('\n')}\n`);
    const { columns, runs } = await judged('keras.csv');
    expect(columns).toEqual({ step: 'epoch', epoch: 'epoch', loss: 'loss' });
    expect(runs[0].threshold.lacking).toBe('The log has no gradient norms.');
    expect((await advise('keras.csv')).code).toBe(0);
  });

  it('tells the runs of our own log apart, with what they did', async () => {
    expect((await bundle.run('demo', 'latch', '--log', at('latch.jsonl'), '--quiet')).code).toBe(0);
    const { columns, runs, broken } = await judged('latch.jsonl');
    expect(columns).toMatchObject({
      norm: 'normBefore',
      normAfter: 'normAfter',
      clipped: 'clipped',
      lr: 'lr',
    });
    expect(broken.count).toBe(0);
    expect(runs.map(({ run }) => run)).toEqual(['demo latch, clip none', 'demo latch, clip norm:1']);
    expect(runs.map(({ diagnosis }) => diagnosis.headline.cause)).toEqual(['learning-rate', 'healthy']);
    expect(runs[0].keepThreshold).toBeNull();
    expect(runs[1].keepThreshold).toBeCloseTo(1, 4);
    const { out } = await advise('latch.jsonl', '--report', at('latch.html'));
    expect(out).toContain('Threshold: keep 1, under which the run is healthy');
    expect(out).not.toContain('insurance');
    expect(readFileSync(at('latch.html'), 'utf8')).toMatch(/Run 2 \(demo latch, clip norm:1\): healthy/);
    const records = readFileSync(at('latch.jsonl'), 'utf8').trim().split('\n');
    expect(runs[0].rows + runs[1].rows).toBe(records.length);
  });

  it('--report writes a page, whose figures stay small however long the log is', async () => {
    writeFileSync(at('long.csv'), healthyTable(20_000));
    const sizes = [];
    for (const name of ['healthy', 'long']) {
      const { code, out } = await advise(`${name}.csv`, '--report', at(`${name}.html`));
      expect([code, out.endsWith(`\nReport: ${at(`${name}.html`)}\n`)]).toEqual([0, true]);
      const page = readFileSync(at(`${name}.html`), 'utf8');
      expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
      for (const part of [`Advice on ${name}.csv`, 'Diagnosis', 'Threshold', '90th percentile', '<svg'])
        expect(page).toContain(part);
      expect(page).toContain(`npx</span> <span>tamegrad</span> <span>advise</span> <span>${name}.csv`);
      sizes.push(page.length);
    }
    expect(sizes[1]).toBeLessThan(1.5 * sizes[0]);
  });
});

it.each([
  ['empty.csv', 1, 'error: advise: empty.csv is empty; a log has a row for each step\n'],
  ['healthy.csv --loss lsos', 2, /^error: [^\n]+did you mean loss\?[^\n]+\n$/],
  ['healthy.csv --colour red', 2, "error: unknown option '--colour' (--help lists the options)\n"],
  [
    'healthy.csv --report healthy.csv',
    2,
    /^error: --report: 'healthy.csv' is the input 'healthy.csv'[^\n]+\n$/,
  ],
  [
    'healthy.csv --report missing/a.html',
    2,
    /^error: --report: [^\n]+ cannot be written \(ENOENT: [^\n]+\n$/,
  ],
  ['healthy.csv --clip none', 2, /^error: [^\n]+It must be a norm above 0, as 1.0 or norm:1.0.\n$/],
  ['healthy.csv --fail-on fire', 2, /^error: [^\n]+'fire' is not one of conditioning, data[^\n]+\n$/],
  ['--follow healthy.csv empty.csv', 2, /^error: --follow: follows one file, got 2[^\n]+\n$/],
  ['', 2, "error: missing required argument 'file'\n"],
])('what cannot be done is one line and an exit code: %s', async (words, expected, said) => {
  writeFileSync(at('empty.csv'), '');
  const { code, out, err } = await advise(...words.split(' ').filter(Boolean));
  expect([code, out]).toEqual([expected, '']);
  expect(err).toMatch(said);
});

describe('a run that is going on', () => {
  const rows = (from: number, to: number, of: (i: number) => string): string =>
    Array.from({ length: to - from }, (_, i) => `step=${from + i} ${of(from + i)}\n`).join('');
  const calm = (i: number): string => `loss=${1 + 3 * Math.exp(-i / 9)} grad_norm=${1 + (i % 7) / 10}`;

  it('is followed: a line for each change of the verdict, and exit code 3 on an alarm', async () => {
    const path = at('growing.log');
    writeFileSync(path, rows(0, 40, calm));
    const child = bundle.start(['advise', '--follow', path, '--fail-on', 'numerics,learning-rate']);
    const finished = finish(child);
    const said = new Promise<string>((resolve) =>
      child.stdout!.once('data', (data) => resolve(String(data))),
    );
    expect(await said).toMatch(/^step 3\d: healthy \(confidence 75 %\)\n$/);
    appendFileSync(
      path,
      rows(40, 60, () => 'loss=nan grad_norm=nan'),
    );
    const { code, out } = await finished;
    expect(code).toBe(3);
    expect(out).toMatch(
      /^step 3\d: healthy[^\n]*\nstep \d+: the arithmetic fails[^\n]*\n60 rows of console text/,
    );
  });

  it('may come through a pipe, and ends with it', async () => {
    const child = bundle.start(['advise', '--follow', '-', '--json', '--fail-on', 'data']);
    const finished = finish(child);
    child.stdin!.end(rows(0, 60, calm));
    const { code, out } = await finished;
    const { runs } = JSON.parse(out) as Document;
    expect([code, runs[0].rows, runs[0].diagnosis.headline.cause]).toEqual([0, 60, 'healthy']);
  });
});

it('the folder of a run: whatever in it is a log, each run once, from the file that tells most', async () => {
  for (const name of ['', '/checkpoint-30', '/tb']) mkdirSync(at(`out${name}`), { recursive: true });
  const history = (count: number, fields: (i: number) => object) =>
    JSON.stringify({
      log_history: Array.from({ length: count }, (_, step) => ({
        step,
        loss: 3 / (1 + step),
        ...fields(step),
      })),
    });
  writeFileSync(
    at('out/trainer_state.json'),
    history(60, (i) => ({ grad_norm: 1 + (i % 5) })),
  );
  writeFileSync(
    at('out/checkpoint-30/trainer_state.json'),
    history(30, (i) => ({ grad_norm: 1 + (i % 5) })),
  );
  writeFileSync(
    at('out/metrics.csv'),
    `step,loss\n${Array.from({ length: 60 }, (_, i) => `${i},${3 / (1 + i)}`).join('\n')}\n`,
  );
  writeFileSync(at('out/config.json'), '{"hidden": 3, "layers": [1, 2]}');
  writeFileSync(at('out/model.safetensors'), 'not a log');
  const { runs, columns } = await judged('out');
  expect(runs.map(({ rows }) => rows)).toEqual([60]);
  expect(columns.norm).toBe('grad_norm');
  expect((await advise('out')).out.replace(/\s+/g, ' ')).toContain(
    'Read in the folder: trainer_state.json. Not needed: checkpoint-30/trainer_state.json, metrics.csv',
  );
});

it('control characters of a log and of its columns never reach the terminal', async () => {
  const name = '\u001b[31mgrad_norm\u0007 extra\u202e';
  writeFileSync(
    at('wild.csv'),
    `step,loss,${name}\n${Array.from({ length: 30 }, (_, i) => `${i},${3 / (1 + i)},1\u001b[2J`).join('\n')}\n`,
  );
  for (const words of [['wild.csv'], ['wild.csv', '--norm', 'nothing'], ['wild.csv', '--json']]) {
    const { out, err } = await advise(...words);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  }
});

/** Ends what is written to stderr with the most memory that the process took, in KiB. */
const WATCH = [
  '--import',
  'data:text/javascript,process.on("exit",()=>process.stderr.write(String(process.resourceUsage().maxRSS)))',
];

describe('streaming', () => {
  it('a hundred thousand rows, as wide as 120 megabytes, leave no more than 200 behind', async () => {
    const child = bundle.start(['advise', '-', '--json'], {}, WATCH);
    const finished = finish(child);
    // Batches by name, each of them another: a name must not keep the text around it in memory.
    const named = healthyTable(99_999, (line, i) => line.replace(/\d+$/, `examples/part-${i}.tar`));
    const [head, ...rows] = named.trimEnd().split('\n');
    const wide = ',text '.padEnd(1200, 'of no use ');
    child.stdin!.write(`${head},note\n`);
    for (let i = 0; i < rows.length; i += 1000) {
      const text = `${rows.slice(i, i + 1000).join(`${wide}\n`)}${wide}\n`;
      if (!child.stdin!.write(text)) await new Promise((resolve) => child.stdin!.once('drain', resolve));
    }
    child.stdin!.end();
    const { code, out, err } = await finished;
    expect(code).toBe(0);
    const { runs, broken, stride } = JSON.parse(out) as Document;
    expect([runs[0].rows, broken.count, stride]).toEqual([99_999, 0, 1]);
    expect(runs[0].diagnosis.headline.cause).toBe('healthy');
    expect(Number(err)).toBeGreaterThan(0);
    expect(Number(err)).toBeLessThan(200 * 1024);
  });

  it('Ctrl-C ends the reading: what was read is judged, exit code 130', async () => {
    const child = bundle.start(['advise', '-', '--json']);
    const finished = finish(child);
    child.stdin!.on('error', () => {});
    // More than a pipe holds: once all of it is written, most of it was read.
    await new Promise((resolve) => child.stdin!.write(healthyTable(5000), resolve));
    child.kill('SIGINT');
    const { code, out, err } = await finished;
    expect([code, err]).toEqual([130, 'interrupted: this is what the log says until then\n']);
    const { runs, interrupted } = JSON.parse(out) as Document;
    expect(interrupted).toBe(true);
    expect(runs[0].rows).toBeGreaterThan(100);
    expect(runs[0].rows).toBeLessThanOrEqual(5000);
  });

  it('a reader that leaves early is no failure', async () => {
    const child = bundle.start(['advise', 'healthy.csv']);
    child.stdout!.destroy();
    expect(await finish(child)).toMatchObject({ code: 0, err: '' });
  });
});
