/** Every gradient has memory of its own. */

import { describe, expect, it } from 'vitest';
import {
  add,
  allBackends,
  backward,
  defineOp,
  mul,
  Parameter,
  SGD,
  scope,
  stack,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../src/index.js';
import { overlaps } from '../../src/tensor/overlap.js';
import { drawInputs, table } from './samples.js';

describe.each(allBackends().map(({ name }) => name))('on %s', (backend) => {
  const vector = (...values: number[]): Tensor => tensor(values, { backend });
  const numbers = (...variables: Variable[]) => variables.map(({ grad }) => grad!.toArray());

  it('what is written into the gradient of one operand does not reach the other', () => {
    const [a, b] = [variable(vector(1, 2)), variable(vector(3, 4))];
    add(a, b).sum().backward();
    a.grad!.addInPlace(vector(10, 20));
    expect(numbers(a, b)).toEqual([
      [11, 21],
      [1, 1],
    ]);
    const [c, d] = [variable(vector(1, 2)), variable(vector(3, 4))];
    const sum = add(c, d);
    mul(sum, vector(5, 6)).sum().backward();
    sum.grad!.addInPlace(vector(1, 1));
    c.grad!.addInPlace(vector(10, 20));
    expect(numbers(sum, c, d)).toEqual([
      [6, 7],
      [15, 26],
      [5, 6],
    ]);
  });

  describe('no gradient overlaps another or a value, and none is a broadcast view:', () => {
    it.each(table)('$name', ({ rule, call }) => {
      const dtype = backend === 'reference' ? 'float64' : 'float32';
      rule.samples.forEach((sample, k) => {
        scope(() => {
          // Its operands are the results of other ops, so that there are gradients in between, too.
          const leaves = drawInputs(sample, k, dtype, backend).map((x) => variable(x));
          const operands = leaves.map((leaf) => leaf.reshape(leaf.shape));
          const outputs = call(operands, sample.params);
          stack(outputs.map((output) => output.add(output).sum()))
            .sum()
            .backward();
          const all = [...leaves, ...operands, ...outputs];
          const grads = all.map(({ grad }) => grad!);
          const others = [...grads, ...all.map(({ value }) => value), ...outputs[0].node!.saved];
          for (const [i, grad] of grads.entries()) {
            const { shape, stride } = grad.view();
            expect(shape.every((length, axis) => length < 2 || stride[axis] !== 0)).toBe(true);
            const shared = others.findIndex((other, j) => j !== i && overlaps(grad.view(), other.view()));
            expect(shared, `gradient ${i}`).toBe(-1);
          }
        });
      });
    });
  });

  it('nor the gradient that backward starts from, nor what onNode is shown', () => {
    const seed = vector(1, 2);
    const x = variable(vector(3, 4));
    const shown: Tensor[] = [];
    const y = x.mul(1);
    y.backward({ grad: seed, onNode: (_, grad) => shown.push(grad) });
    for (const other of [seed, ...shown]) other.addInPlace(vector(100, 100));
    expect(numbers(x, y)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    x.grad = seed;
    seed.addInPlace(vector(1, 1));
    expect(numbers(x)).toEqual([[101, 102]]);
  });

  it('a gradient in between is copied when it is first read, and refuses if its numbers are gone by then', () => {
    const factor = vector(2, 3);
    const handsOn = defineOp<readonly [x: Tensor, y: Tensor]>({
      name: 'handsOn',
      forward: ([x, y]) => x.mul(y).sum(),
      backward: (_, { inputs: [x, y] }) => [() => y, () => x],
      samples: [{ shapes: [[2], [2]] }],
    });
    const make = () => variable(vector(1, 1)).mul(1);
    const [early, late, leaf] = [make(), make(), variable(vector(1, 1))];
    for (const x of [early, late, leaf]) handsOn(x, factor).backward();
    expect(numbers(early)).toEqual([[2, 3]]);
    factor.overwrite(vector(7, 7));
    expect(numbers(early, leaf)).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(() => late.grad).toThrow(
      'Variable.grad: the gradient of Variable([2], mul) shares memory with a tensor that was changed in place after backward; read it before that',
    );
  });

  it('a gradient that is held keeps its numbers over the next pass', () => {
    const x = variable(vector(1, 2));
    x.square().sum().backward();
    const held = x.grad!;
    x.square().sum().backward();
    expect([held.toArray(), ...numbers(x)]).toEqual([
      [2, 4],
      [4, 8],
    ]);
  });

  it('that of a Parameter is live: a copy keeps its numbers', async () => {
    const w = new Parameter(vector(1, 2));
    const optimizer = new SGD([w], { lr: 0.5 });
    w.square().sum().backward();
    const [live, copy] = [w.grad!, w.grad!.copy()];
    await optimizer.step();
    optimizer.zeroGrad();
    w.mul(3).sum().backward();
    expect([live.toArray(), copy.toArray()]).toEqual([
      [3, 3],
      [2, 4],
    ]);
  });
});

describe('two losses over one graph', () => {
  const setup = () => {
    const x = variable(tensor([1, 2, 3], { dtype: 'float64' }));
    const trunk = x.square();
    return { x, trunk, first: trunk.sum(), second: trunk.mul(trunk).sum() };
  };

  it('one after the other, give gradients that can be set side by side', () => {
    const { x, trunk, first, second } = setup();
    first.backward({ retainGraph: true });
    const ofFirst = x.grad!;
    x.grad = null;
    second.backward();
    expect([ofFirst.toArray(), x.grad!.toArray()]).toEqual([
      [2, 4, 6],
      [4, 32, 108],
    ]);
    expect(trunk.grad!.toArray()).toEqual([1 + 2, 1 + 8, 1 + 18]);
  });

  it('add up, in scopes of their own, too', () => {
    const { x, trunk, first, second } = setup();
    scope(() => first.backward({ retainGraph: true }));
    scope(() => second.backward());
    expect([x.grad!.toArray(), trunk.grad!.toArray()]).toEqual([
      [6, 36, 114],
      [3, 9, 19],
    ]);
  });

  it('need { retainGraph: true } on all passes but the last', () => {
    const { first, second, x } = setup();
    first.backward({ retainGraph: true });
    first.backward({ retainGraph: false });
    expect(() => second.backward()).toThrow(
      "backward: this graph was walked before (at 'square'); run the forward pass again first, or pass { retainGraph: true } the first time",
    );
    expect(x.grad!.toArray()).toEqual([4, 8, 12]);
  });

  it('do not outlive a change of what they read', () => {
    const w = new Parameter(tensor([1, 2]));
    const loss = w.square().sum();
    backward(loss, { retainGraph: true });
    w.assign(tensor([3, 4]));
    expect(() => backward(loss)).toThrow('was changed in place');
  });
});
