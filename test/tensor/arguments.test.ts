/** What a beginner writes by mistake: each is one line that says what to write instead. */

import { describe, expect, it } from 'vitest';
import {
  configureSimd,
  eye,
  full,
  normal,
  ones,
  Random,
  type SliceRange as Range,
  Tensor,
  tensor,
  uniform,
  variable,
  zeros,
} from '../../src/index.js';

const x = tensor([
  [1, 2],
  [3, 4],
]);
/** A call as JavaScript allows it. */
// biome-ignore lint/suspicious/noExplicitAny: the wrong types are what is tested
const loose = (value: unknown): any => value;

describe('the wrong kind of argument', () => {
  it.each<[string, () => unknown, string]>([
    [
      'X.mul(w)',
      () => x.mul(loose(variable(x))),
      'mul: an operand must be a Tensor or a number, got a Variable; take its .value',
    ],
    [
      'X.add([1, 2])',
      () => x.add(loose([1, 2])),
      'add: an operand must be a Tensor or a number, got an array; write tensor(…) around it',
    ],
    [
      'X.add([[1]])',
      () => x.add(loose([[1]])),
      'add: an operand must be a Tensor or a number, got an array of arrays',
    ],
    [
      'X.mul(undefined)',
      () => x.mul(loose(undefined)),
      'mul: an operand must be a Tensor or a number, got undefined',
    ],
    ['X.add(promise)', () => x.add(loose(Promise.resolve(x))), 'got a Promise; await it first'],
    ['X.matmul(2)', () => x.matmul(loose(2)), 'matmul: the operand must be a Tensor, got the number 2'],
    ['X.reshape(4, 1)', () => loose(x).reshape(4, 1), 'reshape: takes one argument, got 2'],
    [
      'X.reshape(4)',
      () => x.reshape(loose(4)),
      'reshape: the shape must be an array of lengths, got the number 4; write reshape([4, …])',
    ],
    ['X.transpose(1, 0)', () => loose(x).transpose(1, 0), 'transpose: takes one argument, got 2'],
    ['X.slice(0, 1)', () => loose(x).slice(0, 1), 'slice: takes one argument, got 2'],
    [
      'X.slice(1)',
      () => x.slice(loose(1)),
      'slice: ranges must be an array with [start, stop, step] or null for each axis, got the number 1; write [[1, …]]',
    ],
    ['X.slice([0, 1])', () => x.slice(loose([0, 1]) as Range[]), 'got the number 0; write [[0, 1]]'],
    [
      'X.gatherRows(1)',
      () => x.gatherRows(loose(1)),
      'gatherRows: rows must be an Int32Array or an array of numbers, got the number 1',
    ],
    [
      'zeros(2, 3)',
      () => loose(zeros)(2, 3),
      'zeros: options must be an object with any of dtype, backend, got the number 3',
    ],
    [
      'zeros(2)',
      () => zeros(loose(2)),
      'zeros: the shape must be an array of lengths, got the number 2; write zeros([2, …])',
    ],
    ['full([2], "1")', () => full([2], loose('1')), "full: value must be a number, got the string '1'"],
    [
      'uniform([2], 7)',
      () => uniform([2], loose(7)),
      'uniform: random must be a Random, got the number 7; write new Random(seed)',
    ],
    ['normal([2], r, "0")', () => normal([2], new Random(1), loose('0')), "got the string '0'"],
    [
      'new Random("a")',
      () => new Random(loose('a')),
      "Random: seed must be an integer in 0 … 4294967295, got the string 'a'",
    ],
    [
      'Tensor.from([1])',
      () => Tensor.from(loose([1])),
      'Tensor.from: the first argument must be a scijs ndarray, got an array',
    ],
    [
      'new Tensor([1])',
      () => new Tensor(loose([1]), x.backend, null),
      'Tensor: view must be a scijs ndarray of floats, got an array',
    ],
    [
      'tensor(X)',
      () => tensor(loose(x)),
      'tensor: elements must be numbers or arrays of numbers, got a Tensor',
    ],
    ['X.to("int8")', () => x.to(loose('int8')), "Tensor.to: dtype must be float32 or float64, got 'int8'"],
    ['X.unary("cbrt")', () => x.unary(loose('cbrt')), "Tensor.unary: there is no function 'cbrt'"],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('options', () => {
  it.each<[string, () => unknown, string]>([
    [
      'X.sum(0)',
      () => x.sum(loose(0)),
      'sum: options must be an object with any of axis, keepDims, got the number 0; write { axis: 0 }',
    ],
    [
      'X.sum({ dim: 0 })',
      () => x.sum(loose({ dim: 0 })),
      "sum: there is no option 'dim'; the nearest is 'axis' of axis, keepDims",
    ],
    [
      'X.max({ keepdim: true })',
      () => x.max(loose({ axis: 0, keepdim: true })),
      "max: there is no option 'keepdim'; the nearest is 'keepDims'",
    ],
    [
      'X.sum({ keepDims: 1 })',
      () => x.sum(loose({ keepDims: 1 })),
      'sum: keepDims must be true or false, got the number 1',
    ],
    [
      'X.sum({ axis: "0" })',
      () => x.sum(loose({ axis: '0' })),
      "sum: axis must be a number or an array of numbers, got the string '0'",
    ],
    [
      'eye(2, 3)',
      () => eye(2, loose(3)),
      'eye: options must be an object with any of dtype, backend, got the number 3',
    ],
    [
      'ones([2], { device: "cpu" })',
      () => ones([2], loose({ device: 'cpu' })),
      "ones: there is no option 'device'; the nearest is 'backend'",
    ],
    [
      'tensor([1], [1])',
      () => tensor([1], loose([1])),
      'tensor: options must be an object with any of shape, dtype, backend, got an array',
    ],
    ['tensor([1], x)', () => tensor([1], loose(x)), 'got a Tensor'],
    [
      'configureSimd({ nope: 1 })',
      () => configureSimd(loose({ nope: 1 })),
      "configureSimd: there is no option 'nope'",
    ],
    ['configureSimd(2)', () => configureSimd(loose(2)), 'configureSimd: options must be an object'],
    ['zeros([1], { backend: 3 })', () => zeros([1], loose({ backend: 3 })), 'got the number 3'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('one argument too many', () => {
  it.each<[string, () => unknown]>([
    ['add', () => loose(x).add(x, x)],
    ['exp', () => loose(x).exp(1)],
    ['square', () => loose(x).square(1)],
    ['Tensor.item', () => loose(tensor([1])).item(0)],
    ['zeros', () => loose(zeros)([1], {}, 1)],
    ['tensor', () => loose(tensor)([1], {}, 1)],
  ])('%s', (name, call) => {
    expect(call).toThrow(new RegExp(`^${name}: takes .*, got \\d; leave out the rest`));
  });

  it('from a map says how to write it', () => {
    expect(() => [x].map(loose(x.like.bind(x)))).toThrow(
      'as the function of a map, write (x) => Tensor.like(x)',
    );
  });
});

describe('a Tensor in an expression of JavaScript', () => {
  it.each<[string, () => unknown]>([
    ['total += x', () => 0 + loose(x)],
    ['x * 2', () => loose(x) * 2],
    ['x < 1', () => loose(x) < 1],
  ])('%s is refused', (_, call) => {
    expect(call).toThrow('Tensor: a Tensor is not a number of JavaScript; write .item()');
  });

  it('can be printed, and saved as JSON that tensor() reads', () => {
    expect(`${tensor([1, 2])}`).toBe('Tensor [2] float32 on simd: 1, 2');
    expect(tensor(JSON.parse(JSON.stringify({ x })).x).toArray()).toEqual(x.toArray());
  });
});

describe('a write into a broadcast view is refused on every backend', () => {
  it.each(['reference', 'simd'])('%s', (backend) => {
    const one = zeros([1, 2], { backend });
    const stretched = one.broadcastTo([3, 2]);
    const message =
      'cannot write into a broadcast view, shape [3, 2], whose elements share memory along axis 0';
    expect(() => stretched.scatterAddRows(ones([1, 2], { backend }), Int32Array.of(0))).toThrow(message);
    expect(() => stretched.addInPlace(ones([3, 2], { backend }))).toThrow(message);
    expect(() => stretched.overwrite(ones([3, 2], { backend }))).toThrow(message);
    expect(one.toArray()).toEqual([[0, 0]]);
    stretched.slice([[0, 1]]).addInPlace(ones([1, 2], { backend }));
    expect(one.toArray()).toEqual([[1, 1]]);
  });
});
