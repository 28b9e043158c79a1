/** The expressions of lesson 1, and the graphs that are made of them. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkExpression,
  checkValues,
  FUNCTIONS,
  inputsOf,
  parseExpression,
} from '../../lab/lessons/01-chain-rule/expression.js';
import { layOut } from '../../lab/lessons/01-chain-rule/layout.js';
import { ruleOf } from '../../lab/lessons/01-chain-rule/rules.js';
import session from '../../lab/lessons/01-chain-rule/session.js';

const { trace, slope } = session.calls;
const resultOf = (f: string, at = {}): number => trace({ f, at }).values.at(-1)!;

describe('an expression', () => {
  it.each([
    ['x + 2 * 3', 7],
    ['(x + 2) * 3', 9],
    ['-x^2', -1],
    ['(-x)^2', 1],
    ['2^3^2 * x', 512],
    ['8 / 4 / 2 * x', 1],
    ['1 - 2 - x', -2],
    ['x * -2', -2],
    ['a = x + 1; b = a * a; b - a', 2],
    ['a = 3; a * x', 3],
    ['relu(-x) + exp(0) * x', 1],
    ['2·x − 1', 1],
    ['x * 1e2 + .5', 100.5],
  ])('%s is %d where x is 1', (f, value) => {
    expect(resultOf(f, { x: 1 })).toBe(value);
  });

  it.each([
    ['', 'ends where a number, a name or a ( should stand'],
    ['x +', 'ends where a number, a name or a ( should stand'],
    ['(x * y', 'has no ) for the ( at character 1'],
    ['2x', 'has x where an operator should stand (character 2)'],
    ['x y', 'has y where an operator should stand (character 3)'],
    ['x ** 2', 'has * where a number, a name or a ( should stand (character 4)'],
    ['sin(x)', 'has no function sin; there are tanh, exp, log, relu, sigmoid'],
    ['tanh x', 'needs a ( after tanh (character 1)'],
    ['x^y', 'must have a number as exponent of ^, such as x^2'],
    ['1 + 2', 'must have a variable, such as x'],
    ['x', 'must do something with its variables'],
    ['a = x*x; x + 1', 'defines a and never uses it'],
    ['b = a*x; a = 2; a*b', 'uses a before it defines it'],
    ['a = x*x; a = x; a', 'defines a twice'],
    ['tanh = x*x; x', 'cannot define tanh, which is a function'],
    ['x*x; x', 'must give every part before the last a name: s = …; (character 6)'],
    ['x # y', 'must not have # (character 3)'],
    ['constructor(x)', 'must have names of at most 7 letters, not constructor'],
    ['x'.padEnd(201, '+x'), 'must not be longer than 200 characters'],
    [`${'x+'.repeat(30)}x`, 'must not have more than 24 nodes, it has 31'],
    ['('.repeat(60), 'must not be nested deeper than 40'],
  ])('is refused in words: %s', (f, why) => {
    expect(checkExpression(f)).toBe(why);
  });

  it('is read or refused whatever it is, and nothing of it is run', () => {
    const pieces = fc.constantFrom(
      ...'xyzs0129.+-*/^()=; ',
      'tanh',
      'e9',
      '__proto__',
      '\n',
      '💥',
      'L',
      'v1',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
        ),
        (f) => {
          expect(checkExpression(f)).toSatisfy((why) => why === null || typeof why === 'string');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has values that are refused in words, too', () => {
    expect(checkValues('x=2, y = -1e-1')).toBe(null);
    expect(checkValues('x=2,y')).toBe('must be like x=2,y=-1, not y');
    expect(checkValues('x=NaN')).toBe('must be like x=2,y=-1, not x=NaN');
    expect(checkValues('x=1e9')).toBe('must have values from -100 to 100, not x=1e9');
  });
});

/** Expressions that can be differentiated wherever they are asked. */
const smooth = fc.letrec<{ f: string }>((tie) => ({
  f: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('x', 'y', 'z', '0.5', '2'),
    fc.tuple(tie('f'), fc.constantFrom('+', '-', '*'), tie('f')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom('tanh', 'sigmoid'), tie('f')).map(([name, a]) => `${name}(${a})`),
    tie('f').map((a) => `(${a})^2`),
    tie('f').map((a) => `-${a}`),
    tie('f').map((a) => `1 / (1 + (${a})^2)`),
  ),
})).f;

describe('a graph', () => {
  const some = fc.record({
    f: smooth.map((f) => `s = x*y; tanh(s) + s * z + sigmoid(${f})`),
    at: fc.record({
      x: fc.double({ min: -1, max: 1, noNaN: true }),
      y: fc.constant(0.7),
      z: fc.constant(-0.4),
    }),
  });

  it('hands on parts whose sums are the gradients of the engine, which are difference quotients', () => {
    fc.assert(
      fc.property(some, ({ f, at }) => {
        fc.pre(checkExpression(f) === null);
        const graph = parseExpression(f);
        const { gradients, back } = trace({ f, at });
        const sums = graph.map((_, place) => (place === graph.length - 1 ? 1 : 0));
        for (const { parts } of back)
          for (const { to, part, before, after } of parts) {
            expect(sums[to]).toBeCloseTo(before, 12);
            sums[to] += part;
            expect(sums[to]).toBeCloseTo(after, 12);
          }
        for (const [place, sum] of sums.entries()) expect(sum).toBeCloseTo(gradients[place], 10);
        for (const by of inputsOf(graph)) {
          const gradient = gradients[graph.findIndex(({ name }) => name === by)];
          expect(slope({ f, at, by })).toBeCloseTo(gradient, 5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('writes each rule in numbers that give the part', () => {
    const at = { x: 1.25, y: -0.5 };
    const all = [
      'x+y',
      'x-y',
      'x*y',
      'x/y',
      'x^3',
      'x^2',
      'x^0.5',
      '-x',
      ...FUNCTIONS.map((name) => `${name}(x)`),
    ];
    for (const f of all) {
      const graph = parseExpression(`(${f}) * 3`);
      const traced = trace({ f: `(${f}) * 3`, at });
      const { node, parts } = traced.back[1];
      for (const [input, { part }] of parts.entries()) {
        const { numbers } = ruleOf(graph, traced, node, input);
        const told = numbers
          .replaceAll('−', '-')
          .replaceAll('·', '*')
          .replace(/\[(.*?)\]/, '($1 ? 1 : 0)')
          .replaceAll('²', '**2')
          .replaceAll('^', '**')
          .replace(/^-\((-.*?)\)/, '0-($1)');
        // Four digits of each number are shown.
        expect(new Function(`return ${told}`)(), `${f}: ${numbers}`).toBeCloseTo(part, 2);
      }
    }
  });

  it('is laid out without nodes upon each other, within the width where it can be', () => {
    fc.assert(
      fc.property(some, fc.constantFrom(300, 800), ({ f }, width) => {
        fc.pre(checkExpression(f) === null);
        const graph = parseExpression(f);
        const { places, lines, width: wide, height } = layOut(graph, width);
        for (const [k, a] of places.entries()) {
          expect(a.x > 0 && a.x < wide && a.y > 0 && a.y < height).toBe(true);
          for (const b of places.slice(k + 1))
            expect(Math.abs(a.x - b.x) >= 120 || Math.abs(a.y - b.y) >= 70).toBe(true);
        }
        expect(lines).toHaveLength(
          graph.flatMap(({ reads }) => reads.filter((read) => 'node' in read)).length,
        );
      }),
      { numRuns: 40 },
    );
  });
});
