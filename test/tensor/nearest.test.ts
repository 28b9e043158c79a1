import { expect, it } from 'vitest';
import { nearestOf } from '../../src/tensor/nearest.js';

it.each([
  ['momentun', ['lr', 'momentum', 'dampening'], 'momentum'],
  ['weight_decay', ['lr', 'weightDecay'], 'weightDecay'],
  ['lsos', ['step', 'loss', 'norm'], 'loss'],
  ['gradnrom', ['step', 'train/loss', 'grad_norm'], 'grad_norm'],
  ['hunderd-steps', ['ten-steps', 'hundred-steps'], 'hundred-steps'],
  ['NORM', ['value', 'norm'], 'norm'],
])('%s of %j is %s', (given, words, nearest) => {
  expect(nearestOf(words, given)).toBe(nearest);
});

it('is the first word if none is alike, even of words without a letter', () => {
  expect(nearestOf(['lr', 'betas'], 'xyz')).toBe('lr');
  expect(nearestOf(['?', '!'], '')).toBe('?');
});

it('stays quick for a file full of long words', () => {
  const words = Array.from({ length: 200_000 }, (_, i) => `${'x'.repeat(500)}${i}`);
  expect(nearestOf([...words.slice(0, 9000), 'loss'], 'lsos')).toBe('loss');
});
