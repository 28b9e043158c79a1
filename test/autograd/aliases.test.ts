/** Tensors that share a parameter's memory: writes must read the numbers as they were, and stale graphs be noticed. */

import { describe, expect, it } from 'vitest';
import { packParameters } from '../../src/autograd/parameter.js';
import {
  allBackends,
  exp,
  mul,
  noGrad,
  Parameter,
  scope,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../src/index.js';

const backends = allBackends().map(({ name }) => name);

describe.each(backends)('on %s, written from a view of itself,', (backend) => {
  const square = (): Tensor =>
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend },
    );
  const packed = (): Parameter => {
    const w = new Parameter(square(), 'w');
    packParameters([w]);
    return w;
  };
  const turned = [
    [1, 3],
    [2, 4],
  ];

  it.each([
    ['memory of its own', () => new Parameter(square())],
    ['a block', packed],
  ])('a value in %s becomes what the view showed', (_, make) => {
    const w = make();
    w.assign(w.value.T);
    expect(w.value.toArray()).toEqual(turned);
    w.assign(w.value.T.slice([[null, null, -1]]));
    expect(w.value.toArray()).toEqual([
      [3, 4],
      [1, 2],
    ]);
    w.assign(w.value);
    w.assign(w.value.slice([[1, 2]]).broadcastTo([2, 2]));
    expect(w.value.toArray()).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('a gradient too, set or accumulated', () => {
    const w = packed();
    w.grad = square();
    w.grad = w.grad.T;
    expect(w.grad!.toArray()).toEqual(turned);
    w.accumulateGrad(w.grad!.T);
    expect(w.grad!.toArray()).toEqual([
      [2, 5],
      [5, 8],
    ]);
    w.grad = w.grad!.slice([null]);
    expect(w.grad!.toArray()).toEqual([
      [2, 5],
      [5, 8],
    ]);
  });

  it('a tensor in its scope', () => {
    scope(() => {
      const x = square();
      x.addInPlace(x.T);
      expect(x.toArray()).toEqual([
        [2, 5],
        [5, 8],
      ]);
      x.addInPlace(x);
      expect(x.toArray()).toEqual([
        [4, 10],
        [10, 16],
      ]);
      x.scatterAddRows(x, Int32Array.of(1, 0));
      expect(x.toArray()).toEqual([
        [14, 26],
        [14, 26],
      ]);
    });
  });
});

describe('a graph that used a parameter by another name cannot be walked after it changed:', () => {
  const setup = () => {
    const w = new Parameter(tensor([3]), 'w');
    return { w, x: variable(tensor([2])) };
  };
  type Use = (x: Variable, w: Parameter) => Variable;
  const uses: Readonly<Record<string, Use>> = {
    'detach()': (x, w) => mul(x, w.detach()),
    'detach() twice': (x, w) => mul(x, w.detach().detach()),
    'the value': (x, w) => mul(x, w.value),
    'a view of the value': (x, w) => mul(x, w.value.reshape([1, 1]).slice([[0, 1]])),
    'a view made by an op': (x, w) =>
      mul(
        x,
        noGrad(() => w.reshape([1])),
      ),
    'a recorded view': (x, w) => mul(x, exp(w.reshape([1]))),
  };
  const changes: Readonly<Record<string, (w: Parameter) => void>> = {
    assign: (w) => w.assign(tensor([100])),
    markChanged: (w) => w.markChanged(),
    'assign after packing': (w) => {
      packParameters([w]);
      w.assign(tensor([100]));
    },
  };

  describe.each(Object.entries(uses))('%s', (_, use) => {
    it.each(Object.entries(changes))('%s', (_name, change) => {
      const { w, x } = setup();
      const loss = use(x, w).sum();
      change(w);
      expect(() => loss.backward()).toThrow(/was changed in place after '\w+' used it/);
      expect(x.grad).toBeNull();
      use(x, w).sum().backward();
      expect(x.grad).not.toBeNull();
    });
  });

  it('an accumulated gradient that a graph used', () => {
    const { w, x } = setup();
    w.grad = tensor([7]);
    const loss = mul(x, w.grad!).sum();
    w.assign(tensor([4]));
    w.accumulateGrad(tensor([1]));
    expect(() => loss.backward()).toThrow('was changed in place');
    const again = mul(x, w.grad!).sum();
    w.grad = tensor([2]);
    expect(() => again.backward()).toThrow('was changed in place');
  });

  it('a copy is free of it', () => {
    const { w, x } = setup();
    const loss = mul(x, w.value.copy()).sum();
    w.assign(tensor([100]));
    loss.backward();
    expect(x.grad!.toArray()).toEqual([3]);
  });
});
