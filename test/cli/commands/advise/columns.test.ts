/** What columns are taken for by their names, and what their cells mean, as other programs write them. */

import { describe, expect, it } from 'vitest';
import { chooseColumns } from '../../../../cli/commands/advise/columns.js';
import { flagOf, numberOf } from '../../../../cli/commands/advise/values.js';

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
    [[1], null],
  ])('%j is %j', (cell, value) => {
    expect(numberOf(cell)).toBe(value);
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
  const numbers = (names: string) => names.split(' ').map((name) => ({ name, kind: 'number' as const }));

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
    const { columns } = chooseColumns(numbers(names), {});
    expect([columns.step, columns.loss, columns.norm, columns.lr]).toEqual([step, loss, norm, lr]);
  });

  it('as named, whatever their case; none does without; a column is used once', () => {
    const { columns } = chooseColumns(numbers('step loss other grad_norm batch_id'), {
      loss: 'Other',
      norm: 'loss',
      batch: 'none',
    });
    expect(columns).toMatchObject({ loss: 'other', norm: 'loss', step: 'step' });
    expect(columns.batch).toBeUndefined();
  });

  it('an unknown name is told with the nearest', () => {
    expect(() => chooseColumns(numbers('step loss grad_norm'), { norm: 'gradnrom' })).toThrow(
      /--norm: .*no column 'gradnrom'; did you mean 'grad_norm'\?/,
    );
  });
});
