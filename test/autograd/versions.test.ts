/** Whatever backward may read again must still hold the numbers of the forward pass: else an error, never a wrong number. */

import { describe, expect, it } from 'vitest';
import {
  allBackends,
  crossEntropy,
  exp,
  gelu,
  mul,
  noGrad,
  scope,
  type Tensor,
  tensor,
  Variable,
  variable,
} from '../../src/index.js';
import { drawInputs, table } from './samples.js';

const CHANGED = /was changed in place after '\w+' used it; run the forward pass again first/;

describe.each(allBackends().map(({ name }) => name))('on %s, backward refuses', (backend) => {
  const vector = (...values: number[]): Tensor => tensor(values, { backend });

  /** What an op reads, in every guise; `memory` is what is written. */
  const reads: Readonly<Record<string, () => { readonly read: Tensor | Variable; readonly memory: Tensor }>> =
    {
      'a Tensor': () => {
        const x = vector(1, 2);
        return { read: x, memory: x };
      },
      'a Variable': () => {
        const x = new Variable(vector(1, 2));
        return { read: x, memory: x.value };
      },
      'a leaf that needs a gradient': () => {
        const x = variable(vector(1, 2));
        return { read: x, memory: x.value };
      },
      'the result of another op': () => {
        const y = variable(vector(1, 2)).mul(3);
        return { read: y, memory: y.value };
      },
      'a slice of a batch buffer': () => {
        const buffer = vector(9, 1, 2, 9);
        return { read: buffer.slice([[1, 3]]), memory: buffer };
      },
      'memory that is written through a slice': () => {
        const x = vector(1, 2);
        return { read: x, memory: x.slice([[0, 2]]) };
      },
      'a view of a view': () => {
        const buffer = vector(1, 2);
        return { read: buffer.reshape([1, 2]).T.reshape([2]), memory: buffer.reshape([2, 1]).reshape([2]) };
      },
      'a view that an op made': () => {
        const buffer = vector(1, 2);
        return { read: noGrad(() => new Variable(buffer).reshape([2])), memory: buffer };
      },
      'a detached Variable': () => {
        const y = variable(vector(1, 2)).exp();
        return { read: y.detach(), memory: y.value };
      },
    };

  const writes: Readonly<Record<string, (memory: Tensor) => void>> = {
    overwrite: (memory) => memory.overwrite(memory.add(1)),
    addInPlace: (memory) => memory.addInPlace(memory),
    scatterAddRows: (memory) => memory.scatterAddRows(vector(5), Int32Array.of(0)),
  };

  describe.each(Object.entries(reads))('%s', (_, make) => {
    it.each(Object.entries(writes))('after %s', (_name, write) => {
      const w = variable(vector(3, 4));
      const run = () =>
        scope(() => {
          const { read, memory } = make();
          const loss = mul(w, read).sum();
          write(memory);
          loss.backward();
        });
      expect(run).toThrow(CHANGED);
      expect(w.grad).toBeNull();
    });
  });

  it('an output that its op needs again', () => {
    const x = variable(vector(1, 2));
    const y = exp(x);
    const loss = y.add(1).sum();
    y.value.addInPlace(vector(1, 1));
    expect(() => loss.backward()).toThrow(CHANGED);
    expect(x.grad).toBeNull();
  });

  it('what an op saved', () => {
    const x = variable(vector(1, 2));
    const y = gelu(x);
    y.node!.saved[0].addInPlace(vector(1, 1));
    expect(() => y.sum().backward()).toThrow(
      "backward: a tensor [2] that it saved was changed in place after 'gelu' used it",
    );
    const logits = variable(tensor([[1, 2]], { backend }));
    const loss = crossEntropy(logits, [1]);
    const { saved } = loss.node!.op.name === 'crossEntropyRows' ? loss.node! : loss.node!.inputs[0].node!;
    saved[0].overwrite(saved[0].mul(2));
    expect(() => loss.backward()).toThrow(CHANGED);
  });

  it('what was written before the forward pass is no change', () => {
    const buffer = vector(9, 9);
    buffer.overwrite(vector(1, 2));
    const w = variable(vector(3, 4));
    mul(w, buffer).sum().backward();
    buffer.overwrite(vector(5, 6));
    mul(w, buffer).sum().backward();
    expect(w.grad!.toArray()).toEqual([6, 8]);
  });
});

it.each(table)(
  'every tensor of a call of $name is watched: inputs, outputs, what it saved',
  ({ rule, call }) => {
    const fresh = () =>
      call(
        drawInputs(rule.samples[0], 1, 'float64').map((x) => variable(x.copy())),
        rule.samples[0].params,
      );
    const { values, outputs, saved } = fresh()[0].node!;
    const count = values.length + outputs.length + saved.length;
    for (let k = 0; k < count; k++) {
      const [first] = fresh();
      const node = first.node!;
      const tensors = [...node.values, ...node.outputs.map(({ value }) => value), ...node.saved];
      const target = withoutRepeats(tensors[k]);
      target.addInPlace(target);
      expect(() => first.sum().backward(), `tensor ${k}`).toThrow('was changed in place');
    }
  },
);

/** A part of a tensor in which no element lies in two places. */
function withoutRepeats(x: Tensor): Tensor {
  return x.slice(x.view().stride.map((step) => (step === 0 ? [0, 1] : null)));
}
