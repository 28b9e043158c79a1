import { describe, expect, it } from 'vitest';
import { Tensor, tensor, Variable, variable, zeros } from '../../src/index.js';
import { drawInputs, publicTable } from './samples.js';

type Methods = Readonly<Record<string, ((...args: unknown[]) => Variable | readonly Variable[]) | undefined>>;

// biome-ignore lint/suspicious/noExplicitAny: the wrong types are what is tested
const loose = (value: unknown): any => value;

/** Ops that do not start from one operand, or are layers: functions only. */
const functionsOnly = ['concat', 'stack', 'where', 'affine', 'recurrence'];

/** Ops that say how a gradient flows, and compute nothing. */
const ofGradientsOnly = ['clipGradientAt'];

describe('Tensors answer to the methods of Variables', () => {
  it.each(publicTable.filter(({ name }) => ![...functionsOnly, ...ofGradientsOnly].includes(name)))(
    '$name gives the same numbers',
    ({ name, rule, call }) => {
      rule.samples.forEach((sample, k) => {
        const inputs = drawInputs(sample, k, 'float64');
        const [self, ...rest] = inputs;
        const args = sample.params === undefined ? rest : [...rest, sample.params];
        const made = [loose(self)[name](...args)].flat() as Tensor[];
        expect(made.every((each) => each instanceof Tensor)).toBe(true);
        expect(made.map((each) => each.toArray())).toEqual(
          call(inputs, sample.params).map(({ value }) => value.toArray()),
        );
      });
    },
  );

  it('and Variables to those of Tensors', () => {
    const names = Object.getOwnPropertyNames(Tensor.prototype);
    const ofTensorsOnly = [
      ...['constructor', 'T', 'isOuter', 'view', 'copy', 'to', 'unary', 'binary', 'like', 'toJSON'],
      ...['addInPlace', 'overwrite', 'scatterAddRows'],
    ];
    const missing = names.filter((name) => !(name in Variable.prototype) && !ofTensorsOnly.includes(name));
    expect(missing).toEqual([]);
  });

  it('a Variable where a Tensor computes would lose its history: refused', () => {
    const [x, w] = [tensor([1, 2]), variable(tensor([3, 4]))];
    expect(() => x.maximum(loose(w))).toThrow(
      'maximum: an operand must be a Tensor or a number, got a Variable',
    );
  });
});

describe('argmax', () => {
  const x = tensor([
    [1, 5, 5],
    [7, 2, Number.NaN],
  ]);

  it('finds the first largest element, and a NaN before all', () => {
    expect(x.argmax({ axis: -1 })).toEqual({ data: Int32Array.of(1, 2), shape: [2] });
    expect(x.argmax({ axis: 0, keepDims: true })).toEqual({ data: Int32Array.of(1, 0, 1), shape: [1, 3] });
    expect(variable(x).argmax()).toEqual({ data: Int32Array.of(5), shape: [] });
    expect(
      tensor([
        [
          [1, 2],
          [9, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ]).argmax({ axis: 1 }).data,
    ).toEqual(Int32Array.of(1, 1, 1, 1));
  });

  it('refuses what has no largest element', () => {
    expect(() => zeros([2, 0]).argmax({ axis: 1 })).toThrow('argmax: an empty axis has no maximum');
    expect(() => x.argmax(loose(1))).toThrow('argmax: options must be an object with any of axis, keepDims');
  });
});

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
