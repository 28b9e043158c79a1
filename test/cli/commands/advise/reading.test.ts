/** How logs are read: formats and runs, of files as other programs write them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stretchesOf } from '../../../../cli/commands/advise/figures.js';
import { type Log, type ReadOptions, readLog } from '../../../../cli/commands/advise/read.js';
import { Runs } from '../../../../cli/commands/advise/runs.js';
import { UsageError } from '../../../../cli/errors.js';
import { LogColumns } from '../../../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'tamegrad-advise-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string | Buffer, options: ReadOptions = {}): Promise<Log> {
  const path = join(folder, 'log');
  writeFileSync(path, text);
  return readLog(path, options);
}

type ColumnName = Parameters<Log['runs'][number]['columns']['column']>[0];

function column(log: Log, name: ColumnName, run = 0): number[] {
  return [...log.runs[run].columns.column(name)];
}

const table = 'step,loss,grad_norm\n0,2.5,1\n1,2.25,3\n2,2,0.5\n';

describe('tables', () => {
  it.each([
    ['as they are', table],
    ['with CRLF', table.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\ufeff${table}`],
    ['in UTF-16, as PowerShell redirects', Buffer.from(`\ufeff${table}`, 'utf16le')],
    ['with tabs', table.replaceAll(',', '\t')],
    ['with semicolons and decimal commas', table.replaceAll(',', ';').replaceAll('.', ',')],
    ['with quotes around everything', table.replace(/[^,\n]+/g, '"$&"')],
    ['with a comment sign before the header', `# ${table}`],
    ['without a last line end', table.trimEnd()],
    ['with blank lines', table.replaceAll('\n', '\n\n')],
    [
      'with the header again, as from a run that was resumed',
      table.replace('1,2.25', 'step,loss,grad_norm\n1,2.25'),
    ],
  ])('%s', async (_, text) => {
    const log = await read(text);
    expect(column(log, 'step')).toEqual([0, 1, 2]);
    expect(column(log, 'loss')).toEqual([2.5, 2.25, 2]);
    expect(column(log, 'norm')).toEqual([1, 3, 0.5]);
    expect(log.broken).toEqual({ count: 0, lines: [] });
  });

  it('cells in quotes may hold commas, quotes and line ends', async () => {
    const log = await read(
      'note,step,loss,tag\n"a, ""b""",0,1,x\n"two\nlines, here",1,2,"y"\n5" disk,2,3,z\n',
    );
    expect(column(log, 'loss')).toEqual([1, 2, 3]);
    expect(log.broken.count).toBe(0);
  });

  it('a quote that never ends costs its line, not the rest of the file', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${100 - i},ok`);
    rows[10] = '10,"90,ok';
    const log = await read(`step,loss,note\n${rows.join('\n')}\n`);
    expect(log.broken).toEqual({ count: 1, lines: [12] });
    expect(log.runs[0].rows).toBe(99);
  });

  it('nor does a cell of quotes alone, however many', async () => {
    const log = await read(`${table}3,2,"${'"'.repeat(100_001)}\n4,1,2\n`);
    expect(column(log, 'step')).toEqual([0, 1, 2, 4]);
    expect(log.broken.lines).toEqual([5]);
  });

  it('nor does one among lines that are no rows either', async () => {
    const junk = 'junk\n'.repeat(100);
    const log = await read(`step,loss,note\n0,2,ok\n1,"1\n${junk}2,1,ok\n`);
    expect(log.runs[0].rows).toBe(2);
    expect(log.broken.lines).toEqual([3, 23, 24, 25, 26]);
  });

  it('reads back what RFC 4180 writes', async () => {
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    // Not both: a line within a cell that has as many commas as a row would pass for one.
    const [inLine, overLines] = [',', '\n'].map((more) =>
      fc.string({ unit: fc.constantFrom('a', '"', 'b c', more) }),
    );
    const row = fc.tuple(fc.double({ noNaN: true }), fc.oneof(inLine, overLines));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2 }), async (rows) => {
        const lines = rows.map(([loss, text], i) => `${quoted(text)},${i},${loss}`);
        const log = await read(`note,step,loss\n${lines.join('\n')}\n`, { named: { batch: 'note' } });
        const { batches } = log.runs[0].columns;
        const notes = column(log, 'batch').map((at) => batches[at] ?? '');
        expect(notes).toEqual(rows.map(([, text]) => text));
        const finite = (value: number) => (Number.isFinite(value) ? value : Number.POSITIVE_INFINITY);
        expect(column(log, 'loss')).toEqual(rows.map(([loss]) => finite(loss) + 0));
      }),
      { numRuns: 50 },
    );
  });
});

describe('objects', () => {
  it('nested and dotted keys, NaN as Python writes it, a dict as Python prints it', async () => {
    const log = await read(
      [
        '{"step": 0, "train": {"loss": 1.5, "grad_norm": 2}, "lr": 0.1}',
        '{"step": 1, "train": {"loss": NaN, "grad_norm": Infinity}, "lr": 0.1}',
        "{'step': 2, 'train': {'loss': nan, 'grad_norm': 3}, 'lr': None}",
        '{"step": 3, "train": {"loss": "NaN", "grad_norm": -Infinity}}',
        '{"step": 4, "train": {"loss": 1}}',
      ].join('\n'),
    );
    expect(log.columns).toMatchObject({ loss: 'train.loss', norm: 'train.grad_norm', lr: 'lr' });
    const silent = Number.NaN;
    expect(column(log, 'loss')).toEqual([1.5, Infinity, Infinity, Infinity, 1]);
    expect(column(log, 'norm')).toEqual([2, Infinity, 3, Infinity, silent]);
    expect(column(log, 'lr')).toEqual([0.1, 0.1, silent, silent, silent]);
  });

  it('between other lines that a program printed; the broken ones are counted, the first few named', async () => {
    const lines = Array.from({ length: 40 }, (_, i) =>
      i % 4 === 1 ? 'epoch done' : `{"step":${i},"loss":${i}}`,
    );
    lines[39] = '{"step":39,"lo';
    const log = await read(lines.join('\n'));
    expect(log.broken).toEqual({ count: 11, lines: [2, 6, 10, 14, 18] });
    expect(log.runs[0].rows).toBe(29);
  });

  it('rows of one step that complete each other are one row; rows of validation are left out', async () => {
    const log = await read(
      [
        '{"step":0,"train_loss":2}',
        '{"step":0,"grad_norm":5}',
        '{"step":0,"val_loss":9}',
        '{"step":1,"lr-Adam":0.1}',
        '{"step":1,"train_loss":1,"grad_norm":4}',
        '{"step":2,"val_loss":8}',
      ].join('\n'),
    );
    expect([column(log, 'loss'), column(log, 'norm'), column(log, 'lr')]).toEqual([
      [2, 1],
      [5, 4],
      [Number.NaN, 0.1],
    ]);
    expect(log.silent).toBe(1);
  });
});

describe('runs', () => {
  it('start where steps start over, or where a name changes', async () => {
    const log = await read('seed,step,loss\n1,0,5\n1,1,4\n2,0,5\n1,2,3\n2,1,4\n2,0,9\n2,1,8\n');
    expect(log.runs.map(({ label }) => label)).toEqual(['seed 1', 'seed 2', 'seed 2']);
    expect([0, 1, 2].map((run) => column(log, 'loss', run))).toEqual([
      [5, 4, 3],
      [5, 4],
      [9, 8],
    ]);
  });

  it('do not where only an epoch begins: the steps are counted on', async () => {
    const log = await read('epoch,iter,loss\n1,10,5\n1,20,4\n2,10,3\n2,20,2\n3,10,1\n');
    expect(column(log, 'step')).toEqual([10, 20, 30, 40, 50]);
    expect([log.runs.length, log.runs[0].isCountedOn]).toEqual([1, true]);
  });

  it('do not where a run went on from a checkpoint, or where steps are not asked for', async () => {
    const resumed = await read('step,loss\n0,5\n1,4\n2,3\n1,4\n2,3\n');
    expect([resumed.runs.length, resumed.runs[0].rows]).toEqual([1, 5]);
    const counted = await read('step,loss\n0,5\n1,4\n0,3\n', { named: { step: 'none' } });
    expect(column(counted, 'step')).toEqual([0, 1, 2]);
  });

  it('more than anyone looks at are an error that says what to do', async () => {
    const text = `step,loss\n${'0,1\n1,1\n'.repeat(40)}`;
    await expect(read(text)).rejects.toThrow(/more than 32 runs.*--step, or none/);
  });

  it.each([1, 7, 64, 65, 100, 1000])(
    'are thinned evenly beyond a number of rows: %i rows, 64 kept',
    (count) => {
      const runs = new Runs(64);
      for (let i = 0; i < count; i++)
        runs.add({ step: i, loss: i, batch: `b${i % 3}` }, i % 2 ? 'odd' : 'even');
      runs.end();
      expect(runs.all.reduce((sum, { rows }) => sum + rows, 0)).toBe(count);
      expect(runs.all.reduce((sum, { columns }) => sum + columns.length, 0)).toBeLessThan(65);
      for (const { columns, rows } of runs.all) {
        const steps = [...columns.column('step')];
        expect(steps.length).toBe(Math.ceil(rows / runs.stride));
        expect(steps).toEqual(steps.map((_, k) => steps[0] + 2 * runs.stride * k));
        const batches = [...columns.column('batch')].map((at) => columns.batches[at]);
        expect(batches).toEqual(steps.map((step) => `b${step % 3}`));
      }
    },
  );
});

it('figures have few places, and every extreme', () => {
  const columns = LogColumns.from(
    Array.from({ length: 10_001 }, (_, step) => ({ step, norm: (step * 7) % 101 || NaN })),
  );
  const { size, steps, low, middle, high } = stretchesOf(columns, 'norm');
  expect([size, steps.length, Math.min(...low), Math.max(...high)]).toEqual([34, 295, 1, 100]);
  expect(steps.every((step, i) => step === 34 * i && low[i] <= middle[i] && middle[i] <= high[i])).toBe(true);
  const short = stretchesOf(
    LogColumns.from([
      { step: 3, loss: 2 },
      { step: 4, loss: Infinity },
    ]),
    'loss',
  );
  expect(short).toEqual({ size: 1, steps: [3], low: [2], middle: [2], high: [2] });
});

describe('what is no log is an error in one line', () => {
  const numbers = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i));

  it.each<[what: string, content: string | Buffer, said: string]>([
    ['binary', Buffer.from(numbers.buffer), 'is binary'],
    ['empty', '', 'is empty'],
    ['blank lines', '\n\n', 'is empty'],
    ['no numbers', 'name,note\na,b\nc,d\n', 'has no numeric column'],
    ['prose', 'hello\nworld\n', 'has no numeric column'],
    ['one row', 'step,loss\n0,1\n', 'has 1 row with a loss or a norm'],
    ['a header alone', 'step,loss\n', 'has no numeric column'],
    ['no header', '1,2\n3,4\n', 'has no header'],
    ['compressed', gzipSync('step,loss\n0,1\n'), 'gunzip -c'],
    ['one document', '{\n  "a": 1\n}\n', 'is one JSON document'],
    ['one array', '[{"loss": 1}, {"loss": 2}]', 'is one JSON document'],
  ])('%s', async (_, content, said) => {
    const error = await read(content).catch((cause) => cause);
    expect(error).not.toBeInstanceOf(UsageError);
    expect(error.message).toMatch(/^advise: '.*log' [^\n]+$/);
    expect(error.message).toContain(said);
  });

  it.each<[what: string, content: string, named: ReadOptions['named'], said: string]>([
    [
      'no name is of a loss',
      'Wall time,Step,Value\n1,0,5\n2,1,4\n',
      {},
      'name one of Wall time, Step, Value with',
    ],
    ['an unknown column', table, { loss: 'lsos' }, "no column 'lsos'; did you mean 'loss'?"],
    ['a column of text', 'loss,note\n1,x\n2,y\n', { norm: 'note' }, "column 'note' holds no numbers"],
    ['nothing left', table, { loss: 'none', norm: 'none' }, 'looks like a loss or a gradient norm'],
  ])('wrong usage where another name would do: %s', async (_, content, named, said) => {
    const error = await read(content, { named }).catch((cause) => cause);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(said);
  });

  it.each([
    ['missing.csv', 'cannot be read (ENOENT)'],
    ['', 'is a folder'],
  ])('so are files that are none: %j', async (name, said) => {
    const error = await readLog(join(folder, name)).catch((cause) => cause);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(said);
  });
});
