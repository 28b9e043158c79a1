/** The way back of three operations. */

import { type Check, defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const MUL = 'return [g * b, g * a];';
const DIV = 'return [g / b, (-g * a) / (b * b)];';
const TANH = 'const y = Math.tanh(x);\n  return g * (1 - y * y);';

const program = ({ mul = MUL, div = DIV, tanh = TANH }): string => `/** y = a * b: what a and b get. */
export function mul(a: number, b: number, g: number): [number, number] {
  ${mul}
}

/** y = a / b: what a and b get. */
export function div(a: number, b: number, g: number): [number, number] {
  ${div}
}

/** y = tanh(x): what x gets. */
export function tanh(x: number, g: number): number {
  ${tanh}
}
`;

/** Compared with g times the difference quotient of the engine's forward pass, to a millionth. */
function differs(
  name: string,
  call: 'mul' | 'div' | 'tanh',
  given: readonly number[],
): Check<typeof session> {
  const f = { mul: 'a*b', div: 'a/b', tanh: 'tanh(x)' }[call];
  const names = call === 'tanh' ? ['x'] : ['a', 'b'];
  const g = given[given.length - 1];
  return {
    ...{ name, call, given },
    async judge(value, lab) {
      const own = call === 'tanh' ? [value] : value;
      if (!Array.isArray(own) || own.length !== names.length || own.some((part) => typeof part !== 'number'))
        return `${call}(${given.join(', ')}) must return ${names.length === 1 ? 'a number' : 'two numbers'}`;
      const at = Object.fromEntries(names.map((name, k) => [name, given[k]]));
      for (const [k, by] of names.entries()) {
        const slope = g * (await lab.call('slope', { f, at, by }));
        if (Math.abs(own[k] - slope) > 1e-6 * Math.max(1, Math.abs(slope)))
          return `${call}(${given.join(', ')}) gives ${by} ${Number(own[k].toPrecision(6))}; the difference quotient times g is ${Number(slope.toPrecision(6))}`;
      }
      return null;
    },
  };
}

export default defineExercise<typeof session>({
  starter: program({ mul: 'return [0, 0];', div: 'return [0, 0];', tanh: 'return 0;' }),
  reference: program({}),
  checks: [
    differs('mul agrees with the difference quotient at a = 3, b = −2, g = 1.5', 'mul', [3, -2, 1.5]),
    differs('div agrees with it at a = 3, b = −2, g = 1.5', 'div', [3, -2, 1.5]),
    differs('tanh agrees with it at x = 0.7, g = 1.5', 'tanh', [0.7, 1.5]),
    { name: 'mul, elsewhere', call: 'mul', given: [0.5, 4, -3], hidden: true },
    { name: 'div, elsewhere', call: 'div', given: [0.5, 4, -3], hidden: true },
    { name: 'tanh, elsewhere', call: 'tanh', given: [-1.2, -3], hidden: true },
  ],
  mistakes: [
    {
      source: program({ mul: 'return [g * a, g * b];' }),
      hint: 'In mul each input got its own value as the factor. The derivative of a · b by a is b: each gets the other one.',
    },
    {
      source: program({ mul: 'return [b, a];' }),
      hint: 'In mul the gradient that arrives, g, is missing: this is the derivative of the product alone. The chain rule multiplies.',
    },
    {
      source: program({ div: 'return [g / b, (g * a) / (b * b)];' }),
      hint: 'In div the sign of what b gets is wrong: a larger b makes a / b smaller.',
    },
    {
      source: program({ div: 'return [g / b, (-g * a) / b];' }),
      hint: 'In div a square is missing: the derivative of 1 / b is −1 / b².',
    },
    {
      source: program({ div: 'return [g / b, g / a];' }),
      hint: 'In div the two inputs are not alike: a is above the line, b is below it. Write a / b as a · b⁻¹.',
    },
    {
      source: program({ tanh: 'return g * (1 - x * x);' }),
      hint: 'The derivative of tanh is 1 − y², with the output y = tanh(x), not the input x.',
    },
    {
      source: program({ tanh: 'return g * (1 - Math.tanh(x));' }),
      hint: 'In tanh a square is missing: the derivative is 1 − y².',
    },
    {
      source: program({ tanh: 'const y = Math.tanh(x);\n  return 1 - y * y;' }),
      hint: 'In tanh the gradient that arrives, g, is missing: multiply by it.',
    },
  ],
});
