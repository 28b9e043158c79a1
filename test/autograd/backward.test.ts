import { describe, expect, it } from 'vitest';
import {
  add,
  defineOp,
  mul,
  ones,
  Parameter,
  scope,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from '../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const leaf = (values: Parameters<typeof tensor>[0]) => variable(tensor(values, double));
const gradOf = (x: Variable) => x.grad?.toArray();

describe('gradients reach every path', () => {
  it('of a variable used three times', () => {
    const x = leaf([2, 3]);
    x.mul(x).mul(x).sum().backward();
    expect(gradOf(x)).toEqual([12, 27]);
    const y = leaf([5]);
    y.add(y).add(y).sum().backward();
    expect(gradOf(y)).toEqual([3]);
  });

  it('of a diamond: two branches that meet again', () => {
    const x = leaf([0.5]);
    const trunk = x.mul(3);
    const meet = trunk.exp().add(trunk.square());
    meet.mul(trunk).sum().backward();
    const t = 1.5;
    const slope = 3 * (Math.exp(t) * (1 + t) + 3 * t * t);
    expect(x.grad!.item()).toBeCloseTo(slope, 12);
  });

  it('and sum over the axes along which an operand was broadcast', () => {
    const [row, column, scalar] = [leaf([1, 2, 3]), leaf([[1], [2]]), leaf(2)];
    row.mul(column).mul(scalar).sum().backward();
    expect(gradOf(row)).toEqual([6, 6, 6]);
    expect(gradOf(column)).toEqual([[12], [12]]);
    expect(gradOf(scalar)).toBe(18);
    expect([row, column, scalar].map((x) => x.grad!.shape)).toEqual([[3], [2, 1], []]);
  });

  it('accumulate over two graphs until set to null', () => {
    const x = leaf([1, 2]);
    x.mul(2).sum().backward();
    x.mul(3).sum().backward();
    expect(gradOf(x)).toEqual([5, 5]);
    x.grad = null;
    x.mul(4).sum().backward();
    expect(gradOf(x)).toEqual([4, 4]);
  });

  it('do not change one another: sums never write into a gradient someone else holds', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const sum = x.add(y);
    const seed = tensor([1, 10], double);
    sum.add(sum).add(x).backward({ grad: seed });
    expect([gradOf(x), gradOf(y), gradOf(sum)]).toEqual([
      [3, 30],
      [2, 20],
      [2, 20],
    ]);
    expect(seed.toArray()).toEqual([1, 10]);
    x.mul(5).sum().backward();
    expect(gradOf(y)).toEqual([2, 20]);
  });

  it('are kept on every Variable in between, and only on those that need one', () => {
    const x = leaf([1, 2]);
    const constant = tensor([3, 4], double);
    const product = x.mul(constant);
    const loss = product.square().sum();
    loss.backward();
    expect(gradOf(product)).toEqual([6, 16]);
    expect(gradOf(loss)).toBe(1);
    expect(x.node).toBeNull();
    expect(product.node!.inputs[1].grad).toBeNull();
  });

  it('start from a given gradient where the value is no scalar', () => {
    const x = leaf([1, 2]);
    x.square().backward({ grad: tensor([1, -1], double) });
    expect(gradOf(x)).toEqual([2, -4]);
  });

  it('of a leaf with respect to itself is 1', () => {
    const x = leaf(3);
    x.backward();
    expect(gradOf(x)).toBe(1);
  });
});

describe('onNode', () => {
  it('sees every Variable once, latest first, with its whole gradient', () => {
    const x = leaf([1, 2]);
    const a = x.mul(2);
    const b = a.exp();
    const loss = a.add(b).sum();
    const seen: [Variable, Tensor][] = [];
    loss.backward({ onNode: (node, grad) => seen.push([node, grad]) });
    expect(seen.map(([node]) => node.node?.op.name ?? 'leaf')).toEqual(['sum', 'add', 'exp', 'mul', 'leaf']);
    expect(seen.at(-1)![0]).toBe(x);
    for (const [node, grad] of seen) expect(grad.toArray()).toEqual(node.grad!.toArray());
    expect(seen.map(([node]) => node.id)).toEqual(seen.map(([node]) => node.id).toSorted((p, q) => q - p));
  });

  it('runs before any gradient is written, and an exception from it leaves all as it was', () => {
    const x = leaf([1]);
    const loss = x.mul(2).sum();
    const stop = () => {
      expect(x.grad).toBeNull();
      throw new Error('stop');
    };
    expect(() => loss.backward({ onNode: stop })).toThrow('stop');
    expect(x.grad).toBeNull();
    loss.backward();
    expect(gradOf(x)).toEqual([2]);
  });
});

describe('a pass inside a pass, from onNode,', () => {
  it('over a graph that shares variables is refused: its gradients would be lost', () => {
    const x = leaf([1, 2]);
    const [loss, other] = [x.exp().sum(), x.square().sum()];
    const nested = () => loss.backward({ onNode: () => other.backward() });
    expect(nested).toThrow('backward: this graph shares Variable([2], leaf) with one that is being walked');
    expect(x.grad).toBeNull();
    loss.backward();
    other.backward();
    expect(x.grad!.data()[0]).toBeCloseTo(Math.E + 2, 12);
    expect(x.grad!.data()[1]).toBeCloseTo(Math.exp(2) + 4, 12);
  });

  it('over another graph is a pass like any other', () => {
    const [x, y] = [leaf([1, 2]), leaf([3])];
    x.mul(2)
      .sum()
      .backward({ onNode: (node) => node === x && y.square().sum().backward() });
    expect([gradOf(x), gradOf(y)]).toEqual([[2, 2], [6]]);
  });
});

describe('a leaf that outlives the scope of its loss', () => {
  it.each(['simd', 'reference'])('keeps and sums its gradient over scopes, on %s', (backend) => {
    const x = variable(tensor([1, 2], { backend }));
    const w = new Parameter(tensor([3, 4], { backend }));
    for (const k of [1, 2, 3]) {
      scope(() => mul(x, w).sum().backward());
      expect(x.grad!.toArray()).toEqual([3 * k, 4 * k]);
      expect(w.grad!.toArray()).toEqual([k, 2 * k]);
    }
    scope(() => {
      const inner = variable(tensor([5, 6], { backend }));
      for (let k = 1; k <= 2; k++) {
        scope(() => mul(inner, w).sum().backward());
        expect(inner.grad!.toArray()).toEqual([3 * k, 4 * k]);
      }
    });
  });

  it('copies a gradient that is set in a scope, and keeps it after its end', () => {
    const [x, w] = [leaf([1, 2]), new Parameter(tensor([3, 4], double))];
    scope(() => {
      x.grad = ones([2], double).mul(1);
    });
    scope(() => mul(x, w).sum().backward());
    expect([gradOf(x), gradOf(w)]).toEqual([
      [4, 5],
      [1, 2],
    ]);
  });
});

describe('backward refuses, before any gradient is changed,', () => {
  const untouched = (x: Variable, call: () => void, message: string) => {
    const before = gradOf(x);
    expect(call).toThrow(message);
    expect(gradOf(x)).toEqual(before);
  };

  it('a value without history', () => {
    expect(() => new Parameter(zeros([1])).detach().mul(2).backward()).toThrow(
      'backward: nothing to differentiate: no Parameter or variable() led to this value',
    );
  });

  it('a value of many elements without { grad }', () => {
    const x = leaf([1, 2]);
    untouched(
      x,
      () => x.mul(2).backward(),
      'backward: a loss has one element, got shape [2]; reduce it, or pass { grad }',
    );
  });

  it('a { grad } of another shape or dtype', () => {
    const x = leaf([1, 2]);
    untouched(
      x,
      () => x.mul(2).backward({ grad: ones([3], double) }),
      'backward: shapes must be equal, got [2] and [3]',
    );
    untouched(
      x,
      () => x.backward({ grad: ones([2], { backend: 'reference' }) }),
      'backward: operands must share dtype and backend, got float64 on reference and float32 on reference',
    );
  });

  it('a graph that was walked before, wholly or in part', () => {
    const x = leaf([1, 2]);
    const shared = x.exp();
    const loss = shared.sum();
    const other = shared.mul(2).sum();
    loss.backward();
    const again = "backward: this graph was walked before (at 'sum'); run the forward pass again first";
    untouched(x, () => loss.backward(), again);
    untouched(x, () => other.backward(), again.replace("'sum'", "'exp'"));
  });

  it('a graph whose parameter was changed in place', () => {
    const w = new Parameter(tensor([1, 2], double), 'w');
    const x = leaf([3, 4]);
    const loss = w.mul(x).sum();
    w.assign(tensor([5, 6], double));
    untouched(
      x,
      () => loss.backward(),
      "backward: Parameter('w', [2]) was changed in place after 'mul' used it; run the forward pass again first",
    );
    expect(w.grad).toBeNull();
    w.mul(x).sum().backward();
    expect(gradOf(x)).toEqual([5, 6]);
  });

  it.each([
    ['fewer elements', (grad: Tensor) => grad.slice([[0, 1]]), '[1, 3]'],
    ['swapped axes', (grad: Tensor) => grad.T, '[3, 2]'],
    ['a lower rank', (grad: Tensor) => grad.reshape([6]), '[6]'],
  ])('a rule whose result has %s', (_, rule, got) => {
    const bad = defineOp<readonly [x: Tensor]>({
      name: 'bad',
      forward: ([x]) => x.mul(2),
      backward: (grad) => [() => rule(grad)],
      samples: [{ shapes: [[2, 3]] }],
    });
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    untouched(
      x,
      () => bad(x).sum().backward(),
      `backward: 'bad' gave a gradient of shape ${got} for an input of shape [2, 3]`,
    );
  });

  it('a rule whose result has another dtype', () => {
    const bad = defineOp<readonly [x: Tensor]>({
      name: 'bad',
      forward: ([x]) => x.mul(2),
      backward: (grad) => [() => grad.to('float32')],
      samples: [{ shapes: [[1]] }],
    });
    const x = leaf([1]);
    untouched(x, () => bad(x).sum().backward(), 'bad: operands must share dtype and backend');
  });
});

describe('deep graphs', () => {
  it('10,000 unrolled steps do not overflow the stack', () => {
    const w = new Parameter(
      tensor(
        [
          [0.5, 0],
          [0, 0.999],
        ],
        double,
      ),
    );
    let h: Variable = variable(ones([1, 2], double));
    const first = h;
    for (let t = 0; t < 10_000; t++) h = h.matmul(w).tanh();
    h.sum().backward();
    expect(first.grad!.shape).toEqual([1, 2]);
    expect(w.grad!.data().every(Number.isFinite)).toBe(true);
  });

  it('cost one rule a node: a chain in which every node is used twice is linear, not exponential', () => {
    let calls = 0;
    const counted = defineOp<readonly [a: Tensor, b: Tensor]>({
      name: 'counted',
      forward: ([a, b]) => a.add(b).mul(0.5),
      backward: (grad) => {
        calls++;
        return [() => grad.mul(0.5), () => grad.mul(0.5)];
      },
      samples: [{ shapes: [[1], [1]] }],
    });
    const x = leaf([1]);
    let h: Variable = x;
    for (let k = 0; k < 3000; k++) h = counted(h, h);
    let visited = 0;
    h.sum().backward({ onNode: () => visited++ });
    expect([calls, visited]).toEqual([3000, 3002]);
    expect(gradOf(x)).toEqual([1]);
  });

  it('a leaf used 3,000 times sums in place: no tensor is added twice', () => {
    const x = leaf([1]);
    let sum: Variable = mul(x, 0);
    for (let k = 0; k < 3000; k++) sum = add(sum, mul(x, 2));
    sum.sum().backward();
    expect(gradOf(x)).toEqual([6000]);
  });
});
