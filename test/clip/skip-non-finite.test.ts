import { expect, it } from 'vitest';
import { type GradientHook, SGD, skipNonFinite } from '../../src/index.js';
import { parameterWith } from './support.js';

const bad = [1, Number.NaN];
const good = [1, 1];

/** Takes one step of each kind with a hook; what the steps were skipped for. */
async function steps(hook: GradientHook, ...grads: (readonly number[])[]): Promise<(string | null)[]> {
  const said: (string | null)[] = [];
  for (const grad of grads) {
    const [w, b] = [parameterWith(good, { name: 'w' }), parameterWith(grad, { name: 'b' })];
    const optimizer = new SGD([w, b], { lr: 1, hooks: [hook] });
    try {
      said.push((await optimizer.step()).skipped);
    } finally {
      optimizer.release(); // the next one takes the hook
    }
  }
  return said;
}

it('skips as often as it is told in a row, and then names the parameters and the count', async () => {
  const hook = skipNonFinite(2);
  const reason = 'gradient of b is not finite';
  expect(await steps(hook, bad, bad, good, bad, bad)).toEqual([reason, reason, null, reason, reason]);
  const message =
    'skipNonFinite: gradient of b is not finite, after 2 steps skipped in a row (maxInARow 2); look for what broke the run';
  // The limit stays reached until a step is finite again.
  for (let again = 0; again < 2; again++) await expect(steps(hook, bad)).rejects.toThrow(message);
  expect(await steps(hook, good, bad)).toEqual([null, reason]);
});

it('with a limit of 0 allows none, without one any number', async () => {
  await expect(steps(skipNonFinite(0), bad)).rejects.toThrow('after 0 steps skipped');
  expect(await steps(skipNonFinite(), ...new Array<number[]>(50).fill(bad))).not.toContain(null);
});

it('goes on counting from a saved state', async () => {
  const hook = skipNonFinite(2);
  await steps(hook, bad, bad);
  const fresh = skipNonFinite(2);
  fresh.restore!(JSON.parse(JSON.stringify(hook.state!())));
  await expect(steps(fresh, bad)).rejects.toThrow('after 2 steps skipped');
});

it('reports how many parameters and how many steps', async () => {
  const hook = skipNonFinite();
  await steps(hook, bad);
  const optimizer = new SGD([parameterWith(bad), parameterWith(bad)], { lr: 1, hooks: [hook] });
  const { hooks } = await optimizer.step();
  expect(hooks).toEqual([
    { hook: 'skipNonFinite', clipped: false, values: { nonFiniteParameters: 2, inARow: 2 } },
  ]);
});
