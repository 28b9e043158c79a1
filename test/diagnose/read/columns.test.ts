/** What columns are taken for by their names, and what their cells mean, as other programs write them. */

import { describe, expect, it } from 'vitest';
import { chooseColumns } from '../../../src/diagnose/read/columns.js';
import { Table } from '../../../src/diagnose/read/table.js';
import { commaIn, flagOf, numberOf, stepOf } from '../../../src/diagnose/read/values.js';

describe('cells', () => {
  it.each<[cell: unknown, value: number | undefined | null]>([
    ['1e-5', 1e-5],
    [' 0.5 ', 0.5],
    ['0', 0],
    ['-inf', -Infinity],
    ['Infinity', Infinity],
    ['1.#INF', Infinity],
    ['nan', Number.NaN],
    ['-NaN', Number.NaN],
    ['1.#QNAN', Number.NaN],
    ["tensor(0.25, device='cuda:0')", 0.25],
    ['tensor(nan)', Number.NaN],
    ['tensor([0.5])', 0.5],
    ['tensor(0,9822)', null],
    ["tensor(12,5, device='cuda:0')", null],
    ['', undefined],
    ['  ', undefined],
    ['None', undefined],
    ['N/A', undefined],
    ['-', undefined],
    [null, undefined],
    ['abc', null],
    ['1 2', null],
    [[1], 1],
    [[1, 2], null],
    ['[2.5]', 2.5],
    ['np.float64(1.1)', 1.1],
    ['1_000', 1000],
    ['1k', 1000],
    ['2.5 nats', 2.5],
    ['45%', 45],
    ['12,345.5', 12345.5],
    ['0,5', 0.5],
    ['2023-01-01', null],
    ['a'.repeat(5000), null],
  ])('%.40j is %j', (cell, value) => {
    expect(numberOf(cell)).toBe(value);
  });

  it('a step may be told as n/N', () => {
    expect(['78/176', ' 5 / 10 ', '7', 'x/y', '1/2/3'].map(stepOf)).toEqual([78, 5, 7, null, null]);
  });

  it('a comma is of a decimal, of thousands, or of either', () => {
    expect(['0,5', '1,010', '1,010.5', '1,010,000', '12', '0,500'].map(commaIn)).toEqual([
      'decimal',
      'either',
      'thousands',
      'thousands',
      null,
      'decimal',
    ]);
  });

  it('flags', () => {
    expect(['True', 'yes', '1', 1, true].map(flagOf)).toEqual([true, true, true, true, true]);
    expect(['False', '0', 0, false, '', 'x'].map(flagOf)).toEqual([
      false,
      false,
      false,
      false,
      undefined,
      undefined,
    ]);
  });
});

describe('columns', () => {
  /** Columns of these names, of two rows of numbers. */
  const numbers = (names: string, ...wanted: string[]) => {
    const table = new Table('CSV', new Map(wanted.map((name) => [name.toLowerCase(), 'number'])));
    const columns = names.split(' ').map((name) => table.column(name)!);
    for (const value of [1, 2]) {
      for (const column of columns) table.put(column, value, value);
      table.endRow();
    }
    return columns.map((column) => ({ name: column.name, column }));
  };
  const namesOf = (names: string, named = {}): Record<string, string | undefined> => {
    const { columns } = chooseColumns(numbers(names, ...(Object.values(named) as string[])), named, 2);
    return Object.fromEntries(Object.entries(columns).map(([role, { name }]) => [role, name]));
  };

  it.each([
    ['step loss grad_norm lr', 'step', 'loss', 'grad_norm', 'lr'],
    ['epoch accuracy loss val_accuracy val_loss', 'epoch', 'loss', undefined, undefined],
    [
      'val_loss train_loss epoch iteration gradient_norm',
      'iteration',
      'train_loss',
      'gradient_norm',
      undefined,
    ],
    ['loss grad_norm learning_rate epoch step', 'step', 'loss', 'grad_norm', 'learning_rate'],
    [
      'epoch lr-Adam step train_loss_epoch train_loss_step grad_2.0_norm_total',
      'step',
      'train_loss_step',
      'grad_2.0_norm_total',
      'lr-Adam',
    ],
    [
      'Step run-a/train/loss run-a/train/loss__MIN run-a/train/grad_norm',
      'Step',
      'run-a/train/loss',
      'run-a/train/grad_norm',
      undefined,
    ],
    [
      'global_step eval/loss train/loss train/total_norm optim/total_grad_norm',
      'global_step',
      'train/loss',
      'optim/total_grad_norm',
      undefined,
    ],
    ['num_updates nll gnorm lr', 'num_updates', 'nll', 'gnorm', 'lr'],
    ['step loss gradNorm learningRate', 'step', 'loss', 'gradNorm', 'learningRate'],
    ['step loss normBefore normAfter', 'step', 'loss', 'normBefore', undefined],
    ['step eval_loss loss_test best_loss model_loss', 'step', 'model_loss', undefined, undefined],
    ['step loss weight_norm clipped_grad_norm', 'step', 'loss', undefined, undefined],
  ])('%s', (names, step, loss, norm, lr) => {
    const columns = namesOf(names);
    expect([columns.step, columns.loss, columns.norm, columns.lr]).toEqual([step, loss, norm, lr]);
  });

  it('as named, whatever their case; none does without; a column is used once', () => {
    const columns = namesOf('step loss other grad_norm batch_id', {
      loss: 'other',
      norm: 'loss',
      batch: 'none',
    });
    expect(columns).toMatchObject({ loss: 'other', norm: 'loss', step: 'step' });
    expect(columns.batch).toBeUndefined();
  });

  it('an unknown name is told with the nearest', () => {
    expect(() => namesOf('step loss grad_norm', { norm: 'gradnrom' })).toThrow(
      /^readLog: norm: .*no column 'gradnrom'; did you mean grad_norm\?/,
    );
  });
});
