import { afterEach, describe, expect, it, vi } from 'vitest';
import { hostNorm } from '../../kernels/gpu/host.js';
import { packParameters } from '../../src/autograd/parameter.js';
import { runHook } from '../../src/clip/run-hooks.js';
import { NormMeter } from '../../src/extend.js';
import { clipByGlobalNorm, clipByTensorNorm, type Parameter, SGD, tensor } from '../../src/index.js';
import { context, countLaunches, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

const sizes = [5, 1100, 1, 64, 2500];

const grads: readonly (readonly number[])[] = sizes.map((size, t) =>
  Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i + 7 * t) * 10 ** (t - 2))),
);

function loose(backend = 'reference'): Parameter[] {
  return grads.map((grad, t) => parameterWith(grad, { name: `p${t}`, backend }));
}

/** The same five parameters, lying in different ways. */
const layouts: Readonly<Record<string, () => Parameter[]>> = {
  loose: () => loose(),
  'loose, on simd': () => loose('simd'),
  'one block on simd': () => {
    const parameters = loose('simd');
    packParameters(parameters);
    return parameters;
  },
  'two blocks on simd, by turns': () => {
    const parameters = loose('simd');
    packParameters([parameters[3], parameters[0]]);
    packParameters(parameters);
    return parameters;
  },
  'one block on simd, one on reference, and loose': () => {
    const parameters = loose('simd').with(1, loose()[1]).with(2, loose()[2]);
    packParameters(parameters.slice(0, 4));
    return parameters;
  },
  'one block': () => {
    const parameters = loose();
    packParameters(parameters);
    return parameters;
  },
  'two blocks': () => {
    const parameters = loose();
    packParameters([parameters[3], parameters[0]]);
    packParameters(parameters);
    return parameters;
  },
  'one block and loose': () => {
    const parameters = loose();
    packParameters(parameters.slice(1, 4));
    return parameters;
  },
  'float32 and float64, in blocks': () => {
    const parameters = grads.map((grad, t) =>
      parameterWith(grad, { name: `p${t}`, dtype: t % 2 ? 'float64' : 'float32' }),
    );
    packParameters(parameters);
    return parameters;
  },
  'float32 and float64, loose': () =>
    grads.map((grad, t) => parameterWith(grad, { name: `p${t}`, dtype: t % 2 ? 'float32' : 'float64' })),
};

afterEach(() => {
  vi.restoreAllMocks();
});

const cases = Object.entries(layouts).flatMap(([name, make]) =>
  ([undefined, 'simd'] as const).map((device) => ({ name, device, make })),
);

describe.each(cases)('parameters $name, norms on device $device', ({ device, make }) => {
  it('have the same norms, and clip to the same gradients', async () => {
    const parameters = make();
    const measured = () => gradientsOf(parameters, device);
    const want = grads.map((grad) => norm2(grad));
    const norms = await measured().norms();
    norms.forEach((norm, t) => {
      expect(Math.abs(norm / want[t] - 1), `p${t}`).toBeLessThan(1e-6);
    });
    const total = norm2(...grads);
    await runHook(clipByGlobalNorm(total / 7), measured(), context);
    parameters.forEach((parameter, t) => {
      gradOf(parameter).forEach((x, i) => {
        expect(Math.abs(x - grads[t][i] / 7)).toBeLessThanOrEqual(2e-7 * Math.abs(grads[t][i]));
      });
    });
    await runHook(clipByTensorNorm(want[0] / 14), measured(), context);
    const after = await measured().norms();
    for (const norm of after) expect(Math.abs(norm / (want[0] / 14) - 1)).toBeLessThan(1e-6);
  });

  it('count a missing gradient as nothing, without compiling again', async () => {
    const parameters = make();
    await gradientsOf(parameters, device).norm();
    const optimizer = new SGD(parameters, { lr: 0, normDevice: device });
    await optimizer.step();
    const count = countLaunches();
    await optimizer.step();
    const compiled = count.compiled();
    for (let missing = 0; missing < parameters.length; missing++) {
      parameters.forEach((parameter, t) => {
        const { dtype, backend } = parameter.value;
        parameter.grad = t === missing ? null : tensor(grads[t], { dtype, backend: backend.name });
      });
      const { norms, normBefore } = await optimizer.step();
      expect(Object.keys(norms)).toEqual(sizes.map((_, t) => `p${t}`).filter((_, t) => t !== missing));
      const want = norm2(...grads.filter((_, t) => t !== missing));
      expect(Math.abs(normBefore / want - 1)).toBeLessThan(1e-6);
    }
    expect(count.compiled()).toBe(compiled);
  });
});

describe('a measurement writes no memory', () => {
  it.each(Object.entries(layouts))('%s', async (_, make) => {
    for (const device of [undefined, 'simd'] as const) {
      for (const p of [2, Number.POSITIVE_INFINITY, 2.5]) {
        const parameters = make();
        const saved = parameters[1].grad!;
        parameters[1].grad = null;
        const norm = await gradientsOf(parameters, device).norm(p);
        parameters[1].grad = saved;
        expect(gradOf(parameters[1])).toEqual(grads[1]);
        expect(await gradientsOf(parameters, device).norm(p)).toBeGreaterThanOrEqual(norm);
      }
    }
  });

  it('counts what a missing gradient left as nothing: not finite, huge, tiny', async () => {
    for (const left of [Number.NaN, Number.POSITIVE_INFINITY, 3e38, 1e-40]) {
      const parameters = [parameterWith([left, 1]), parameterWith([3, 4])];
      packParameters(parameters);
      parameters[0].grad = null;
      const gradients = gradientsOf(parameters);
      expect([await gradients.norm(), await gradients.norm(1), await gradients.maxAbs()]).toEqual([5, 7, 4]);
      expect(await gradients.nonFinite()).toEqual([]);
    }
  });
});

describe('powers that no kernel has', () => {
  it.each(Object.entries(layouts))('are computed on the host, and said to be: %s', async (_, make) => {
    const parameters = make();
    parameters[2].grad = null;
    const count = countLaunches();
    for (const p of [0.7, 2.5, 100]) {
      const gradients = gradientsOf(parameters);
      const norms = await gradients.norms(p);
      const want = grads.filter((_, t) => t !== 2).map((grad) => hostNorm(grad, 0, grad.length, p));
      expect(norms).toEqual(want);
      expect(gradients.device).toBe('host');
    }
    expect(count.launches()).toBe(0);
  });
});

describe('optimizers that share parameters', () => {
  it('a second one with some of a block measures and moves these alone', async () => {
    const parameters = layouts['one block']!();
    const all = new SGD(parameters, { lr: 0.5 });
    const some = new SGD([parameters[4], parameters[1]], { lr: 1, hooks: [clipByGlobalNorm(1)] });
    expect(parameters.every(({ place }) => place!.block === parameters[0].place!.block)).toBe(true);
    const report = await some.step();
    expect(Object.keys(report.norms)).toEqual(['p4', 'p1']);
    expect(Math.abs(report.normBefore / norm2(grads[1], grads[4]) - 1)).toBeLessThan(1e-6);
    expect(report.normAfter).toBeCloseTo(1, 6);
    for (const t of [0, 2, 3]) {
      expect(gradOf(parameters[t])).toEqual(grads[t]);
      expect(parameters[t].value.data().every((x) => x === 0)).toBe(true);
    }
    expect(norm2(parameters[1].value.data(), parameters[4].value.data())).toBeCloseTo(1, 6);
    const { normBefore } = await all.step();
    expect(Math.abs(normBefore / norm2(grads[0], grads[2], grads[3], [1]) - 1)).toBeLessThan(1e-6);
  });

  it('a meter made before its parameters moved into a block follows them', async () => {
    const parameters = loose();
    const meter = new NormMeter(parameters);
    const before = await meter.norms(2);
    packParameters(parameters);
    parameters[0].grad = tensor([3, 0, 0, 0, 4], { backend: 'reference' });
    expect([...(await meter.norms(2))]).toEqual([5, ...before.slice(1)]);
    parameters[1].grad = null;
    expect([...(await meter.norms(2))]).toEqual([5, 0, ...before.slice(2)]);
  });
});
