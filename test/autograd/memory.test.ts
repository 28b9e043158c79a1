import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { matmul, Parameter, Random, scope, uniform } from '../../src/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use after a full collection: objects, and the arrays that hold elements. */
function used(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('2,000 training steps leave the heap where it was after 200', () => {
  const random = new Random(1);
  const [w, v] = [
    new Parameter(uniform([4, 8], random, -1, 1)),
    new Parameter(uniform([8, 1], random, -1, 1)),
  ];
  const x = uniform([16, 4], random, -1, 1);
  const steps = (count: number) => {
    for (let k = 0; k < count; k++) {
      scope(() => {
        w.grad = null;
        v.grad = null;
        matmul(x, w).tanh().matmul(v).sub(1).square().mean().backward();
        for (const p of [w, v]) p.assign(p.value.sub(p.grad!.mul(0.01)));
      });
    }
  };
  steps(200);
  const before = used();
  steps(1800);
  // A step allocates about 40 kB; if one in ten were kept, this would be 7 MB.
  expect(used() - before).toBeLessThan(1_000_000);
});
