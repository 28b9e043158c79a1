/** How logs are read: formats and runs, of files as other programs write them. */

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Log, LogError, type ReadLogOptions, readLog } from '../../../src/diagnose/index.js';

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

function read(text: string | Uint8Array, options: ReadLogOptions = {}): Promise<Log> {
  return readLog({ name: 'log', chunks: [bytesOf(text)] }, options);
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

  it('a cell of quotes alone, however many, costs its number', async () => {
    const log = await read(`${table}3,2,"${'"'.repeat(100_001)}\n4,1,2\n`);
    expect(column(log, 'step')).toEqual([0, 1, 2, 3, 4]);
    expect([column(log, 'norm')[3], log.broken.lines]).toEqual([Number.NaN, [5]]);
  });

  it('nor does one among lines that are no rows either', async () => {
    const junk = 'junk\n'.repeat(100);
    const log = await read(`step,loss,note\n0,2,ok\n1,"1\n${junk}2,1,ok\n`);
    expect(log.runs[0].rows).toBe(2);
    expect(log.broken.lines).toEqual([3, 4, 5, 6, 7]);
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
        const log = await read(`note,step,loss\n${lines.join('\n')}\n`, { columns: { batch: 'note' } });
        const { batches } = log.runs[0].columns;
        const notes = column(log, 'batch').map((at) => batches[at] ?? '');
        expect(notes).toEqual(rows.map(([, text]) => text.trim()));
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

  it('between other lines that a program printed; broken objects are counted, the first few named', async () => {
    const lines = Array.from({ length: 40 }, (_, i) =>
      i % 4 === 1 ? 'epoch done' : `{"step":${i},"loss":${i}}`,
    );
    lines[39] = '{"step":39,"lo';
    const log = await read(lines.join('\n'));
    expect(log.broken).toEqual({ count: 1, lines: [40] });
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

  it('do not where a run went on from a checkpoint: the repeated steps are counted once, and told', async () => {
    const resumed = await read('step,loss\n0,5\n1,4\n2,3\n3,2.5\n2,3.1\n3,2.6\n4,2\n');
    expect(column(resumed, 'step')).toEqual([0, 1, 2, 3, 4]);
    expect(column(resumed, 'loss')).toEqual([5, 4, 3.1, 2.6, 2]);
    expect(resumed.runs[0]).toMatchObject({ rows: 5, resumedAt: [2], repeated: 2 });
  });

  it('do not where steps are not asked for, nor where there are so many that they must be epochs', async () => {
    const counted = await read('step,loss\n0,5\n1,4\n0,3\n', { columns: { step: 'none' } });
    expect(column(counted, 'step')).toEqual([0, 1, 2]);
    const epochs = await read(`step,loss\n${'0,1\n1,1\n'.repeat(40)}`);
    expect(epochs.runs.length).toBeLessThanOrEqual(32);
    expect(epochs.runs.reduce((sum, { rows }) => sum + rows, 0)).toBe(80);
  });

  it('newest first are turned round, and rows in disorder sorted', async () => {
    const newest = await read('step,loss\n3,1\n2,2\n1,3\n0,4\n');
    expect([column(newest, 'step'), column(newest, 'loss')]).toEqual([
      [0, 1, 2, 3],
      [4, 3, 2, 1],
    ]);
    expect(newest.notes.join()).toContain('newest row came first');
    const rows = Array.from({ length: 200 }, (_, i) => (i % 4 === 3 ? i - 2.5 : i));
    const mixed = await read(`step,loss\n${rows.map((step) => `${step},1`).join('\n')}\n`);
    expect(column(mixed, 'step')).toEqual([...rows].sort((a, b) => a - b));
  });

  it('of several processes that log the same step, the first is taken', async () => {
    const log = await read('step,rank,loss\n0,0,5\n0,1,6\n1,0,4\n1,1,5\n2,0,3\n2,1,4\n');
    expect(column(log, 'loss')).toEqual([5, 4, 3]);
    expect(log.runs[0].sameStep).toBe(3);
  });
});

describe('what is no log is an error in one line', () => {
  const numbers = Float64Array.from({ length: 5000 }, (_, i) => Math.sin(i));

  it.each<[what: string, content: string | Uint8Array, said: string]>([
    ['binary', new Uint8Array(numbers.buffer), 'is binary'],
    ['empty', '', 'is empty'],
    ['blank lines', '\n\n', 'is empty'],
    ['no numbers', 'name,note\na,b\nc,d\n', 'has 3 lines and no number in any'],
    ['prose', 'hello\nworld\n', 'has 2 lines and no number in any'],
    ['one row', 'step,loss\n0,1\n', 'has 1 row with a loss or a norm'],
    ['a header alone', 'step,loss\n', 'no number in any'],
    ['prose with numbers', 'chapter\npage 7 of a book, 12 lines\n', 'line 2: page 7 of a book'],
    ['compressed otherwise', new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, ...Array(100).fill(1)]), 'zstd -dc log'],
    ['a table of runs', 'name,lr,loss\na,1,2\nb,1,3\nc,2,4\n', 'is a table of runs, a row each (a, b, c)'],
  ])('%s', async (_, content, said) => {
    const error = await read(content).catch((cause) => cause);
    expect(error).toBeInstanceOf(LogError);
    expect(error.message).toMatch(/^readLog: log [^\n]+$/);
    expect(error.message).toContain(said);
  });

  it.each<[what: string, content: string, columns: ReadLogOptions['columns'], said: string]>([
    ['no name is of a loss', 'Time,Step,Frog\n1,0,5\n2,1,4\n', {}, 'tamegrad advise log --loss Frog'],
    ['no header', '1,2\n3,4\n', {}, 'tamegrad advise log --loss 2'],
    ['an unknown column', table, { loss: 'lsos' }, "no column 'lsos'; did you mean loss?"],
    ['a column of text', 'loss,note\n1,x\n2,y\n', { norm: 'note' }, "column 'note' holds no numbers"],
    ['nothing left', table, { loss: 'none', norm: 'none' }, 'neither a loss nor a gradient norm'],
  ])('wrong usage where another name would do: %s', async (_, content, columns, said) => {
    const error = await read(content, { columns }).catch((cause) => cause);
    expect(error).toBeInstanceOf(LogError);
    expect([error.isUsage, error.message]).toEqual([true, expect.stringContaining(said)]);
  });

  it('and the command that it names works', async () => {
    for (const [text, loss] of [
      ['1,2\n3,4\n', '2'],
      ['Time,Step,Frog\n1,0,2\n2,1,4\n', 'Frog'],
    ]) {
      expect(column(await read(text, { columns: { loss } }), 'loss')).toEqual([2, 4]);
    }
  });

  it('gzip is unpacked, also where it was cut off', async () => {
    const text = `step,loss\n${Array.from({ length: 20_000 }, (_, i) => `${i},${Math.sin(i)}`).join('\n')}\n`;
    const packed = gzipSync(text);
    expect((await read(packed)).runs[0].rows).toBe(20_000);
    const { rows } = (await read(packed.subarray(0, packed.length >> 1))).runs[0];
    expect(rows).toBeGreaterThan(5000);
    expect(rows).toBeLessThan(19_000);
  });
});
