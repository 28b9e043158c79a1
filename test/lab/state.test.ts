/** What outlives a page: links and progress. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agree } from '../../lab/core/exercise.js';
import { formatLink, parseLink, readSettings } from '../../lab/core/link.js';
import { ProgressStore, parseProgress } from '../../lab/core/progress.js';
import { choice, flag, number, text } from '../../lab/core/settings.js';
import { parseAnswer } from '../../lab/shell/answer.js';

const settings = {
  rho: number({ label: 'ρ', default: 1, min: -10, max: 10, step: 0.1 }),
  T: number({ label: 'T', default: 5, min: 1, max: 99, step: 1, whole: true }),
  kind: choice({ label: 'Kind', default: 'a', options: { a: 'A', 'b:1': 'B' } }),
  on: flag({ label: 'On', default: true }),
  order: text({
    label: 'Order',
    default: 'x',
    check: (given) => (given === '' ? 'must not be empty' : null),
  }),
};

describe('a link', () => {
  it('says all settings, and is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({
          rho: fc.double({ min: -10, max: 10, noNaN: true }).filter((x) => !Object.is(x, -0)),
          T: fc.integer({ min: 1, max: 99 }),
          kind: fc.constantFrom('a', 'b:1'),
          on: fc.boolean(),
          order: fc.string({ minLength: 1, unit: 'grapheme' }),
        }),
        fc.option(fc.nat()),
        (values, at) => {
          const state = {
            lesson: 4,
            at,
            digests: at === null ? [] : ['309bd431', 'ab12'],
            hide: ['code', 'rho'],
            presenting: true,
          };
          const hash = formatLink(state, values);
          const { rest, sheet, ...read } = parseLink(hash);
          expect(read).toEqual(state);
          expect(sheet).toBe(false);
          expect(readSettings(settings, rest)).toEqual({ values, complaints: [] });
        },
      ),
    );
  });

  it('can be read by people', () => {
    const state = { lesson: 6, at: 31, digests: ['309bd431'], hide: ['code'], presenting: true };
    expect(formatLink(state, { rho: 1.2, c: 'none,1', f: 'x*(y+1)' })).toBe(
      '#l=6&rho=1.2&c=none,1&f=x*(y%2B1)&t=31&h=309bd431&hide=code&p=1',
    );
  });

  it.each([
    ['colour=red', 'colour is not a setting of this lesson (it has rho, T, kind, on, order)'],
    ['rho=fast', 'rho=fast: ρ must be a number from -10 to 10'],
    ['rho=', 'rho=: ρ must be a number from -10 to 10'],
    ['rho=11', 'rho=11: ρ must be a number from -10 to 10'],
    ['rho=NaN', 'rho=NaN: ρ must be a number from -10 to 10'],
    ['T=2.5', 'T=2.5: T must be a whole number from 1 to 99'],
    ['kind=toString', 'kind=toString: Kind must be one of a, b:1'],
    ['on=yes', 'on=yes: On must be 1 or 0'],
    ['order=', 'order=: Order must not be empty'],
    ['constructor=1', 'constructor is not a setting of this lesson (it has rho, T, kind, on, order)'],
  ])('tells what it cannot use: %s', (hash, complaint) => {
    expect(readSettings(settings, parseLink(`#l=4&${hash}`).rest)).toEqual({
      values: {},
      complaints: [complaint],
    });
  });
});

describe('progress', () => {
  const memory = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    } as unknown as Storage & { kept: Map<string, string> };
  };

  it('comes back in the same browser, and through a file in another', () => {
    const storage = memory();
    const store = new ProgressStore(() => storage);
    store.update('cliff', { code: 'x', tries: 2, answers: { 0: { given: 1, right: true } } });
    store.update('cliff', { solved: true });
    expect(new ProgressStore(() => storage).of('cliff')).toEqual(store.of('cliff'));
    const other = new ProgressStore(memory);
    other.import(store.export());
    expect(other.of('cliff')).toEqual({
      code: 'x',
      tries: 2,
      solved: true,
      answers: { 0: { given: 1, right: true } },
    });
  });

  it.each([
    ['no JSON', 'not JSON'],
    ['[]', 'not progress'],
    ['{"lessons":{}}', 'not progress'],
    ['{"tamegradLab":2,"lessons":{}}', 'version 2; this page reads version 1'],
    ['{"tamegradLab":1}', 'no lessons'],
    ['{"tamegradLab":1,"lessons":{"a":{"code":1}}}', 'the code of lesson a'],
    ['{"tamegradLab":1,"lessons":{"a":{"tries":-1}}}', 'number of tries of lesson a'],
    ['{"tamegradLab":1,"lessons":{"a":{"answers":{"x":1}}}}', 'the answers of lesson a'],
  ])('refuses a file that is none of its own, with nothing changed: %s', (file, reason) => {
    const store = new ProgressStore(memory);
    store.update('a', { code: 'mine' });
    expect(() => store.import(file)).toThrow(reason);
    expect(store.of('a')).toEqual({ code: 'mine' });
  });

  it('lasts as long as the page where the browser keeps nothing', () => {
    const store = new ProgressStore(() => {
      throw new Error('SecurityError');
    });
    store.update('a', { solved: true });
    expect([store.kept, store.of('a').solved]).toEqual([false, true]);
    const old = memory();
    old.setItem('tamegrad-lab', '{"tamegradLab":0}');
    expect(new ProgressStore(() => old).of('a')).toEqual({});
    expect(parseProgress(store.export()).lessons.a).toEqual({ solved: true });
  });
});

it.each([
  ['0.5', 0.5],
  ['0,5', 0.5],
  ['1/3', 1 / 3],
  ['−2', -2],
  [' 1e3 ', 1000],
  ['', null],
  ['a lot', null],
  ['1/0', null],
])('reads an answer as people write it: %s', (given, value) => {
  expect(parseAnswer(given)).toBe(value);
});

it.each([
  [1, 1 + 1e-12, true],
  [1, 1.001, false],
  [Number.NaN, Number.NaN, true],
  [Number.NaN, 1, false],
  [-21, Number.POSITIVE_INFINITY, false],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, true],
  [0, -0, true],
  [[1, [2]], [1, [2]], true],
  [[1, 2], [1], false],
  [{ a: 1 }, [1], false],
  [undefined, null, false],
])('compares what came back: %j and %j', (a, b, same) => {
  expect(agree({ value: a, given: [] }, { value: b, given: [] })).toBe(same);
});
