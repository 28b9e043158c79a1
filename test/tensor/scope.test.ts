import { describe, expect, it } from 'vitest';
import { longLived, registerBackend } from '../../src/extend.js';
import { noGrad, Parameter, scope, type Tensor, tensor, Variable, variable, zeros } from '../../src/index.js';
import { reference } from '../../src/tensor/backends/reference.js';
import { SimdBackend } from '../../src/tensor/backends/simd.js';

/** A tensor whose scope has ended. */
function released(): Tensor {
  let leaked: Tensor | undefined;
  scope(() => {
    leaked = tensor([[1, 2]]);
  });
  return leaked!;
}

describe('a released tensor', () => {
  const x = released();
  const gone =
    'Tensor: this [1, 2] tensor was released when its scope ended; return it from the scope, or copy what you need inside';
  const reads: Record<string, () => unknown> = {
    view: () => x.view(),
    ndarray: () => x.ndarray(),
    data: () => x.data(),
    toArray: () => x.toArray(),
    copy: () => x.copy(),
    to: () => x.to('float64', reference),
    neg: () => x.neg(),
    add: () => x.add(1),
    'as right operand': () => zeros([1, 2]).add(x),
    'broadcast right operand': () => zeros([3, 2]).add(x),
    where: () => x.where(zeros([1, 2]), 0),
    'as condition': () => zeros([1, 2]).where(x, 0),
    sum: () => x.sum(),
    max: () => x.max({ axis: 0 }),
    matmul: () => x.matmul(zeros([2, 2])),
    'as right factor': () => zeros([2, 1]).matmul(x),
    reshape: () => x.reshape([2]),
    transpose: () => x.transpose(),
    T: () => x.T,
    slice: () => x.slice([[0, 1]]),
    broadcastTo: () => x.broadcastTo([2, 2]),
    gatherRows: () => x.gatherRows(Int32Array.of(0)),
    scatterAddRows: () => x.scatterAddRows(zeros([1, 2]), Int32Array.of(0)),
    'scattered rows': () => zeros([1, 2]).scatterAddRows(x, Int32Array.of(0)),
    addInPlace: () => x.addInPlace(zeros([1, 2])),
    'added in place': () => zeros([1, 2]).addInPlace(x),
    'new Parameter': () => new Parameter(x),
    'Parameter.assign': () => new Parameter(zeros([1, 2])).assign(x),
  };
  it.each(Object.entries(reads))('cannot be read: %s', (_, read) => {
    expect(read).toThrow(gone);
  });

  it('item says so too, and shape is still known', () => {
    let scalar: Tensor | undefined;
    scope(() => {
      scalar = tensor(3);
    });
    expect(() => scalar!.item()).toThrow('this [] tensor was released');
    expect(x.shape).toEqual([1, 2]);
  });

  it('a view of a scope’s tensor is released with it, a view of an outer tensor is not', () => {
    const outer = tensor([1, 2]);
    let inside: Tensor | undefined;
    let outside: Tensor | undefined;
    scope(() => {
      inside = tensor([3, 4]).reshape([2, 1]);
      outside = outer.reshape([2, 1]);
    });
    expect(() => inside!.data()).toThrow('released');
    expect(outside!.toArray()).toEqual([[1], [2]]);
  });
});

describe('what a scope returns is copied out', () => {
  it('a tensor, a view of one', () => {
    expect(scope(() => tensor([1, 2]).add(1)).toArray()).toEqual([2, 3]);
    const turned = scope(() => tensor([[1, 2]]).T);
    expect(turned.toArray()).toEqual([[1], [2]]);
  });

  it('tensors in arrays and objects, to any depth, the rest as it is', () => {
    const when = new Date();
    const kept = scope(() => ({
      list: [tensor([1]), { deep: tensor([2]) }],
      count: 3,
      nothing: null,
      text: 'x',
      when,
      absent: undefined,
    }));
    expect((kept.list[0] as Tensor).toArray()).toEqual([1]);
    expect((kept.list[1] as { deep: Tensor }).deep.toArray()).toEqual([2]);
    expect(kept).toMatchObject({ count: 3, nothing: null, text: 'x' });
    expect(kept.when).toBe(when);
    expect(scope(() => 5)).toBe(5);
    expect(scope(() => undefined)).toBeUndefined();
  });

  it('and nothing else: plain objects and arrays without anything to keep are returned themselves', () => {
    const state = { step: 1, list: [1, { deep: 2 }], outer: tensor([1]) };
    expect(scope(() => state)).toBe(state);
    const kept = scope(() => ({ state, items: [state.list, tensor([2])] as const }));
    expect(kept.state).toBe(state);
    expect(kept.items[0]).toBe(state.list);
    expect(kept.items[1].toArray()).toEqual([2]);
  });

  it('a tensor that is reached twice is copied once; cycles stay cycles', () => {
    interface Node {
      self?: Node;
      loss?: Tensor;
      again?: Tensor;
      list?: unknown[];
    }
    const still: Node = {};
    still.self = still;
    expect(scope(() => still)).toBe(still);
    const kept = scope(() => {
      const loss = tensor([1]);
      const node: Node = { loss, again: loss };
      node.self = node;
      node.list = [node, still];
      return node;
    });
    expect(kept.loss!.toArray()).toEqual([1]);
    expect(kept.again).toBe(kept.loss);
    expect(kept.self).toBe(kept);
    expect(kept.list![0]).toBe(kept);
    expect(kept.list![1]).toBe(still);
  });

  it('what lives outside is returned itself', () => {
    const outer = tensor([1]);
    const parameter = new Parameter(tensor([2]));
    const leaf = variable(outer);
    expect(scope(() => outer)).toBe(outer);
    expect(scope(() => parameter)).toBe(parameter);
    expect(scope(() => leaf)).toBe(leaf);
  });

  it('variables with their gradients, without their history', () => {
    const [x, y] = scope(() => {
      const leaf = variable(tensor([1, 2]));
      const result = leaf.mul(leaf).sum();
      result.backward();
      return [leaf, result] as const;
    });
    expect(x).toBeInstanceOf(Variable);
    expect(x.value.toArray()).toEqual([1, 2]);
    expect(x.grad!.toArray()).toEqual([2, 4]);
    expect(x.requiresGrad).toBe(true);
    expect([y.item(), y.grad!.item(), y.node, y.requiresGrad]).toEqual([5, 1, null, false]);
  });

  it('a leaf from outside with the gradient it got inside', () => {
    const leaf = variable(tensor([3, 4]));
    const same = scope(() => {
      leaf.mul(2).sum().backward();
      return leaf;
    });
    expect(same).toBe(leaf);
    expect(leaf.grad!.toArray()).toEqual([2, 2]);
  });

  it('a leaf’s gradient lives as long as its value, returned or not', () => {
    const leaf = variable(tensor([3, 4]));
    scope(() => leaf.sum().backward());
    expect(leaf.grad!.toArray()).toEqual([1, 1]);
    let inside: Variable | undefined;
    scope(() => {
      inside = variable(tensor([3, 4]));
      inside.sum().backward();
    });
    expect(() => inside!.grad!.data()).toThrow('released');
  });

  it('a parameter’s gradient lives on without being returned', () => {
    const parameter = new Parameter(tensor([3, 4]));
    scope(() => parameter.mul(2).sum().backward());
    expect(parameter.grad!.toArray()).toEqual([2, 2]);
  });
});

describe('scopes', () => {
  it('nest: the inner result outlives the inner scope, and the outer one', () => {
    let between: Tensor | undefined;
    const out = scope(() => {
      between = tensor([1]);
      const inner = scope(() => between!.add(tensor([1])));
      expect(inner.toArray()).toEqual([2]);
      expect(between.toArray()).toEqual([1]);
      return inner;
    });
    expect(out.toArray()).toEqual([2]);
    expect(() => between!.data()).toThrow('released');
  });

  it('end when the function throws, and the outer scope stays open', () => {
    let lost: Tensor | undefined;
    scope(() => {
      const mine = tensor([1]);
      expect(() =>
        scope(() => {
          lost = tensor([2]);
          throw new Error('mine');
        }),
      ).toThrow('mine');
      expect(() => lost!.data()).toThrow('released');
      expect(mine.toArray()).toEqual([1]);
    });
    expect(tensor([1]).toArray()).toEqual([1]);
  });

  it('refuse a Promise, and what the function does later cannot crash the process', async () => {
    const message =
      'scope: takes a synchronous function, got one that returns a Promise; do the awaiting after the scope';
    expect(() =>
      scope(async () => {
        const x = tensor([1]);
        await Promise.resolve();
        x.data();
      }),
    ).toThrow(message);
    // biome-ignore lint/suspicious/noThenProperty: an object that only looks like a Promise is refused as well
    expect(() => scope(() => ({ then: () => undefined }))).toThrow(message);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('longLived allocates outside of any scope, and restores the scope even after an exception', () => {
    let kept: Tensor | undefined;
    let lost: Tensor | undefined;
    scope(() => {
      kept = longLived(() => tensor([1]));
      expect(() =>
        longLived(() => {
          throw new Error('mine');
        }),
      ).toThrow('mine');
      lost = tensor([2]);
    });
    expect(kept!.toArray()).toEqual([1]);
    expect(() => lost!.data()).toThrow('released');
  });

  it('mark and release the memory of the backends that are used, whatever happens, and no other', () => {
    const calls: string[] = [];
    const memory = {
      ...reference.memory,
      mark: () => calls.push('mark'),
      release: (mark: number) => void calls.push(`release ${mark}`),
    };
    registerBackend({ ...reference, name: 'counting', memory });
    const make = () => zeros([2], { backend: 'counting' });
    scope(() => zeros([2], { backend: 'reference' }));
    expect(calls).toEqual([]);
    scope(() => {
      make().add(tensor([1], { backend: 'reference' }).to('float32', make().backend));
      scope(() => undefined);
      scope(make);
    });
    expect(() =>
      scope(() => {
        make();
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(calls).toEqual(['mark', 'mark', 'release 2', 'release 1', 'mark', 'release 5']);
  });

  it('do not start a backend that is not used: 1 GiB would be reserved', () => {
    const idle = new SimdBackend();
    registerBackend(Object.assign(idle, { name: 'idle' }));
    scope(() => tensor([1], { backend: 'reference' }).add(1));
    expect(() => idle.configure({ mebibytes: 64 })).not.toThrow();
  });

  it('a graph recorded in a scope cannot be walked after it', () => {
    let loss: Variable | undefined;
    const leaf = variable(tensor([1, 2]));
    scope(() => {
      loss = leaf.exp().sum();
    });
    expect(() => loss!.backward()).toThrow('released');
    expect(leaf.grad).toBeNull();
  });

  it('do not touch recording', () => {
    expect(noGrad(() => scope(() => variable(tensor([1])).neg())).requiresGrad).toBe(false);
  });
});
