import { describe, expect, it } from 'vitest';
import {
  gradcheck,
  noGrad,
  Random,
  stack,
  tensor,
  uniform,
  unstack,
  type Variable,
  variable,
} from '../../../src/index.js';
import { EXACT } from '../../nn/golden.js';

describe('unstack', () => {
  const x = uniform([4, 2, 3], new Random(1), -1, 1, EXACT);

  it('gives the rows, and stack undoes it', () => {
    expect(unstack(x).map((row) => row.shape)).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    expect(stack(unstack(x)).value.data()).toEqual(x.data());
    expect(unstack(x.transpose([2, 1, 0])).map((row) => row.value.data())[1]).toEqual(
      x
        .transpose([2, 1, 0])
        .slice([[1, 2]])
        .data(),
    );
  });

  it('passes gradcheck: every row used, some unused, one used twice, x used elsewhere, rows broadcast', () => {
    const product = (rows: Variable[]) => rows.reduce((all, row) => all.mul(row));
    const uses: ((v: Variable) => Variable)[] = [
      (v) => product(unstack(v)),
      (v) => unstack(v)[2].square(),
      (v) => product(unstack(v).slice(1, 3)).add(unstack(v)[0].exp()),
      (v) => product(unstack(v.tanh())).mul(v.sum()),
      (v) => unstack(v)[1].add(v),
      (v) => product(unstack(v.transpose([1, 0, 2]))),
    ];
    for (const use of uses) expect(gradcheck(use, [x])).toBeLessThan(1e-8);
  });

  it('records nothing for a Tensor or without recording, and refuses a second walk', () => {
    expect(unstack(x)[0].requiresGrad).toBe(false);
    expect(noGrad(() => unstack(variable(x)))[0].requiresGrad).toBe(false);
    const [first, second] = unstack(variable(x));
    first.sum().backward();
    expect(() => second.sum().backward()).toThrow('this graph was walked before');
  });

  it('can be walked again after a pass that threw, and never mixes in what that pass left', () => {
    const stop = (failing: number) => {
      let visited = 0;
      return () => {
        if (visited++ === failing) throw new Error('stopped');
      };
    };
    const leaf = variable(x);
    const rows = unstack(leaf);
    const loss = rows[3].add(rows[2]).add(rows[1]).sum();
    for (const failing of [2, 4, 5, 6]) {
      expect(() => loss.backward({ onNode: stop(failing) })).toThrow('stopped');
    }
    loss.backward();
    expect([...leaf.grad!.data()]).toEqual(Array.from({ length: 24 }, (_, i) => (i < 6 ? 0 : 1)));

    const others = unstack(variable(x));
    const [wide, narrow] = [others[3].add(others[2]).sum(), others[0].sum()];
    expect(() => wide.backward({ onNode: stop(3) })).toThrow('stopped');
    narrow.backward();
    expect([...others[0].node!.inputs[0].grad!.data()]).toEqual(
      Array.from({ length: 24 }, (_, i) => (i < 6 ? 1 : 0)),
    );
  });

  it('refuses a scalar', () => {
    expect(() => unstack(tensor(1))).toThrow('unstack: needs at least one axis, got []');
  });
});
