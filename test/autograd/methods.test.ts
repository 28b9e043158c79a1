import { describe, expect, it } from 'vitest';
import { Variable, variable } from '../../src/index.js';
import { drawInputs, publicTable } from './samples.js';

type Methods = Readonly<Record<string, ((...args: unknown[]) => Variable | readonly Variable[]) | undefined>>;

/** Ops that do not start from one operand, or are layers: functions only. */
const functionsOnly = ['concat', 'stack', 'where', 'affine', 'recurrence'];

describe('ops as methods', () => {
  it('every op that starts from one operand is a method', () => {
    const names = publicTable.map(({ name }) => name);
    const missing = names.filter((name) => !(name in Variable.prototype) && !functionsOnly.includes(name));
    expect(missing).toEqual([]);
  });

  it.each(publicTable.filter(({ name }) => !functionsOnly.includes(name)))(
    '$name equals its function',
    ({ name, rule, call }) => {
      rule.samples.forEach((sample, k) => {
        const inputs = drawInputs(sample, k, 'float64');
        const [self, ...rest] = inputs;
        const first = variable(self!);
        const second = variable(self!);
        const byMethod = [(first as unknown as Methods)[name]!(...rest, sample.params)].flat();
        const byFunction = call([second, ...rest], sample.params);
        expect(byMethod.map(({ value }) => value.toArray())).toEqual(
          byFunction.map(({ value }) => value.toArray()),
        );
        expect(byMethod[0].node!.op).toBe(rule);
        byMethod[0].sum().backward();
        byFunction[0].sum().backward();
        expect(first.grad!.toArray()).toEqual(second.grad!.toArray());
      });
    },
  );
});
