import { afterEach, describe, expect, it, vi } from 'vitest';
import { packParameters } from '../../src/autograd/parameter.js';
import { backendNamed, NormMeter } from '../../src/extend.js';
import { Gradients, type Parameter, tensor } from '../../src/index.js';
import { seeded } from '../kernels/gpu/cases.js';
import { countLaunches, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

const f64 = { dtype: 'float64' } as const;

function pair(): Parameter[] {
  return [parameterWith([3, 0, -4], { name: 'a' }), parameterWith([0, 12], { name: 'b' })];
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Gradients measures', () => {
  it('norms, each and together, for any p', async () => {
    const gradients = gradientsOf(pair());
    expect(await gradients.norm()).toBe(13);
    expect(await gradients.norms()).toEqual([5, 12]);
    expect(await gradients.norm(1)).toBe(19);
    expect(await gradients.maxAbs()).toBe(12);
    expect(await gradients.norms(Number.POSITIVE_INFINITY)).toEqual([4, 12]);
    expect(await gradients.norm(3)).toBeCloseTo((27 + 64 + 1728) ** (1 / 3), 5);
    expect(await gradients.nonFinite()).toEqual([]);
  });

  it('names each parameter once, leaves out those without a gradient, and calls the unnamed by position', async () => {
    const [a, b] = pair();
    const gradients = gradientsOf([a, parameterWith(null, { name: 'none', size: 3 }), b, parameterWith([1])]);
    expect(gradients.names).toEqual(['a', 'b', 'parameter 3']);
    expect(gradients.parameters.length).toBe(3);
    expect(await gradients.norms()).toEqual([5, 12, 1]);
    for (const which of ['b', 1]) expect([...gradients.get(which).data()]).toEqual([0, 12]);
    expect(() => gradients.get('none')).toThrow(
      "Gradients.get: no parameter named 'none'; there are 3: a, b, parameter 3",
    );
    for (const wrong of [3, -1, 0.5, Number.NaN]) {
      expect(() => gradients.get(wrong)).toThrow(`Gradients.get: no parameter ${wrong}; there are 3: a, b`);
    }
  });

  it('keeps parameters apart that have one name, as two models have', async () => {
    const twins = [1, 2, 4].map((grad) => parameterWith([grad], { name: 'weight' }));
    twins[1].grad = tensor([Number.NaN], { backend: 'reference' });
    const gradients = gradientsOf(twins);
    expect(gradients.names).toEqual(['weight', 'weight (parameter 1)', 'weight (parameter 2)']);
    expect(await gradients.norms()).toEqual([1, Number.NaN, 4]);
    expect(await gradients.nonFinite()).toEqual(['weight (parameter 1)']);
    gradients.edit('weight (parameter 1)', () => tensor([7], { backend: 'reference' }));
    expect(twins.map(gradOf)).toEqual([[1], [7], [4]]);
  });

  it('names them alike whichever have a gradient, by given names for good or else by their own', () => {
    const twins = [1, 2].map((grad) => parameterWith([grad], { name: 'weight' }));
    const meter = new NormMeter(twins);
    expect(new Gradients(meter).names).toEqual(['weight', 'weight (parameter 1)']);
    twins[0].grad = null;
    expect(new Gradients(meter).names).toEqual(['weight (parameter 1)']);
    twins[1].name = 'bias';
    expect(new Gradients(meter).names).toEqual(['bias']);
    const named = new NormMeter(twins, undefined, ['first', 'second']);
    expect(new Gradients(named).names).toEqual(['second']);
  });

  it('names what is not finite, wherever it stands', async () => {
    const big = new Array<number>(3000).fill(1);
    big[2999] = Number.NEGATIVE_INFINITY;
    const gradients = gradientsOf([
      parameterWith([1, 2], { name: 'fine' }),
      parameterWith(big, { name: 'infinite' }),
      parameterWith([Number.NaN], { name: 'nan', ...f64 }),
    ]);
    expect(await gradients.nonFinite()).toEqual(['infinite', 'nan']);
    expect(await gradients.norm()).toBeNaN();
  });

  it('does not take a norm beyond float64 for a gradient that is not finite', async () => {
    const gradients = gradientsOf([parameterWith([1.5e308, -1.5e308], { name: 'huge', ...f64 })]);
    expect(await gradients.norm()).toBe(Number.POSITIVE_INFINITY);
    expect(await gradients.nonFinite()).toEqual([]);
  });

  it('has norm 0 of nothing at all', async () => {
    const gradients = gradientsOf([]);
    expect([await gradients.norm(), await gradients.maxAbs(), gradients.names]).toEqual([0, 0, []]);
  });

  it('says where it measured', async () => {
    const onHost = gradientsOf([parameterWith([1], f64)]);
    await onHost.norm();
    expect(onHost.device).toBe('host');
    for (const device of ['webasm', 'cpu'] as const) {
      const gradients = gradientsOf(pair(), device);
      await gradients.norm();
      expect(gradients.device).toBe(device);
    }
  });
});

describe('Gradients remembers what it measured', () => {
  it('measures once, and knows the norm after scaling', async () => {
    const count = countLaunches();
    const gradients = gradientsOf(pair());
    await gradients.norm();
    await gradients.norms();
    await gradients.nonFinite();
    expect(count.launches()).toBe(1);
    gradients.scale(0.5);
    expect(await gradients.norm()).toBe(6.5);
    gradients.scaleEach([2, 1]);
    expect(await gradients.norms()).toEqual([5, 6]);
    expect(count.launches()).toBe(1);
    await gradients.norm(1);
    expect(await gradients.norm(1)).toBe(13);
    expect(count.launches()).toBe(2);
    gradients.scale(-2);
    expect(await gradients.norm(1)).toBe(26);
    expect(await gradients.norm()).toBeCloseTo(norm2([6, 8, 12]), 6);
    expect(count.launches()).toBe(2);
  });

  it('measures again after a clamp that changed something and after an edit', async () => {
    const count = countLaunches();
    const gradients = gradientsOf(pair());
    await gradients.norm();
    expect(gradients.clamp(100)).toBe(0);
    expect([await gradients.norm(), count.launches(), gradients.changed]).toEqual([13, 1, false]);
    expect(gradients.clamp(3)).toBe(2);
    expect(await gradients.norm()).toBeCloseTo(norm2([3, 3, 3]), 6);
    expect([count.launches(), gradients.changed]).toEqual([2, true]);
    gradients.edit('b', (grad) => grad.mul(0));
    expect(await gradients.norm()).toBeCloseTo(norm2([3, 3]), 6);
    expect(count.launches()).toBe(3);
  });

  it('measures again where scaling left the range of float32', async () => {
    const [parameter] = [parameterWith([1e20, 1])];
    const gradients = gradientsOf([parameter]);
    await gradients.norm();
    gradients.scale(1e30);
    expect(gradOf(parameter)[0]).toBe(Number.POSITIVE_INFINITY);
    expect(await gradients.norm()).toBe(Number.POSITIVE_INFINITY);
    expect(await gradients.nonFinite()).toEqual(['parameter 0']);
    const small = gradientsOf([parameterWith(new Array<number>(100).fill(1e-30))]);
    await small.norm();
    small.scale(1e-16);
    expect(await small.norm()).toBe(0);
  });
});

describe('Gradients changes', () => {
  it('not a bit by a factor of 1', async () => {
    const [a, b] = pair();
    const gradients = gradientsOf([a, b]);
    a.grad = tensor([0.1, Number.NaN, -0], { backend: 'reference' });
    const before = [gradOf(a), gradOf(b)];
    gradients.scale(1);
    expect([gradOf(a), gradOf(b), gradients.changed]).toEqual([...before, false]);
  });

  it('by one factor each, and says how many it needs', () => {
    const [a, b] = pair();
    const gradients = gradientsOf([a, b]);
    gradients.scaleEach([10, 0.5]);
    expect([gradOf(a), gradOf(b)]).toEqual([
      [30, 0, -40],
      [0, 6],
    ]);
    expect(() => gradients.scaleEach([1])).toThrow(
      'Gradients.scaleEach: needs 2 factors, one for each gradient, got 1',
    );
  });

  it('by numbers only, and by NaN only where a norm is known to be none', async () => {
    const parameters = pair();
    const gradients = gradientsOf(parameters);
    const pending = gradients.norm() as unknown as number;
    const awaitMissing = (got: string) => `factor must be a number, got ${got}; is an await missing?`;
    expect(() => gradients.scale(pending)).toThrow(`Gradients.scale: ${awaitMissing('a Promise')}`);
    expect(() => gradients.scale(1 / pending)).toThrow(`Gradients.scale: ${awaitMissing('NaN')}`);
    await pending;
    expect(() => gradients.scale(Number.NaN)).toThrow(awaitMissing('NaN'));
    expect(() => gradients.scaleEach([1, Number.NaN])).toThrow(`Gradients.scaleEach: ${awaitMissing('NaN')}`);
    expect(parameters.map(gradOf)).toEqual([
      [3, 0, -4],
      [0, 12],
    ]);
    const broken = gradientsOf([parameterWith([Number.NaN]), ...parameters]);
    broken.scale(1 / (await broken.norm()));
    expect(gradOf(parameters[1])).toEqual([Number.NaN, Number.NaN]);
  });

  describe.each(['reference', 'simd'])('in a block on %s', (backend) => {
    const sizes = [8, 3, 1, 16, 5];
    const element = (t: number, i: number) => Math.fround(Math.sin(7 * t + i) * 10 ** (t - 2));
    const block = () => {
      const parameters = sizes.map((size, t) =>
        parameterWith(
          Array.from({ length: size }, (_, i) => element(t, i)),
          { backend },
        ),
      );
      packParameters(parameters);
      return parameters;
    };

    it.each([
      ['one for all', [0.3, 0.3, 0.3, 0.3, 0.3]],
      ['one for some neighbours', [0.3, 0.3, 1, 0.3, 0.3]],
      ['negative, zero and huge ones', [-2, 0, 0, 1e30, 1e30]],
      ['ones below what float32 holds well', [1e-40, 1e-40, 1e-40, 2, 1e-40]],
    ])('factors: %s; in any order, with any of them missing', (_, ks) => {
      const orders = [
        [0, 1, 2, 3, 4],
        [4, 3, 2, 1, 0],
        [1, 2, 0, 3, 4],
      ];
      for (let missing = 0; missing < 1 << sizes.length; missing++) {
        for (const order of orders) {
          const parameters = block();
          const has = (t: number) => (missing >> t) % 2 === 0;
          parameters.forEach((parameter, t) => {
            if (!has(t)) parameter.grad = null;
          });
          const listed = order.filter(has);
          const gradients = gradientsOf(order.map((t) => parameters[t]));
          gradients.scaleEach(listed.map((t) => ks[t]));
          const { grads } = parameters[0].place!.block;
          parameters.forEach((parameter, t) => {
            const { offset } = parameter.place!;
            for (let i = 0; i < sizes[t]; i++) {
              const want = Math.fround(element(t, i) * (has(t) ? ks[t] : 1));
              const label = `missing ${missing}, order ${order}, ${t}[${i}]`;
              expect(Math.abs(grads[offset + i] - want), label).toBeLessThanOrEqual(
                1.3e-7 * Math.abs(want), // a kernel rounds the factor too
              );
            }
          });
        }
      }
    });

    it('factors that are not finite, and leave the padding at zero', async () => {
      for (const k of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const parameters = block();
        parameters[0].grad = tensor(new Array<number>(8).fill(Number.NaN), { backend });
        const gradients = gradientsOf(parameters);
        await gradients.norm();
        gradients.scale(k);
        expect(parameters.flatMap(gradOf).every((x) => !Number.isFinite(x) || x === 0)).toBe(true);
        for (const parameter of parameters) {
          const size = parameter.value.size;
          parameter.grad = tensor(new Array<number>(size).fill(2), { backend });
        }
        const { grads } = parameters[0].place!.block;
        expect(Array.from(grads).reduce((sum, x) => sum + x, 0)).toBe(2 * 33);
        expect(await gradientsOf(parameters).norm()).toBeCloseTo(2 * Math.sqrt(33), 5);
      }
    });
  });

  it('neighbours in a block by one kernel call, where they share a factor', () => {
    const scaleBlock = vi.spyOn(backendNamed('simd').fused, 'scaleBlock');
    const parameters = [3, 5, 9, 1].map((size) =>
      parameterWith(new Array<number>(size).fill(1), { backend: 'simd' }),
    );
    packParameters(parameters);
    const { grads } = parameters[0].place!.block;
    gradientsOf(parameters).scale(0.5);
    expect(scaleBlock.mock.calls).toEqual([[grads, 0, 33, 0.5]]);
    scaleBlock.mockClear();
    gradientsOf(parameters).scale(1);
    expect(scaleBlock).not.toHaveBeenCalled();
    gradientsOf(parameters).scaleEach([0.5, 0.5, 1, 0.5]);
    expect(scaleBlock.mock.calls.map(([, start, end]) => [start, end])).toEqual([
      [0, 13],
      [32, 33],
    ]);
  });

  it.each([1e39, -1e39, 3.5e38, 2 ** 128, 1e60, 1e300])(
    'by %d, more than float32 holds, and leave the padding at zero',
    async (k) => {
      for (const backend of ['reference', 'simd']) {
        const parameters = [
          [1e-30, 0, 1e-30],
          [0, 1e-45],
        ].map((grad) => parameterWith(grad, { backend }));
        packParameters(parameters);
        const want = parameters.map((parameter) => gradOf(parameter).map((x) => Math.fround(x * k)));
        gradientsOf(parameters).scale(k);
        for (const [t, parameter] of parameters.entries()) {
          gradOf(parameter).forEach((x, i) => {
            if (Number.isFinite(want[t][i]))
              expect(Math.abs(x - want[t][i])).toBeLessThanOrEqual(1.3e-7 * Math.abs(x));
            else expect(x).toBe(want[t][i]);
          });
        }
        const { grads } = parameters[0].place!.block;
        expect([...grads.subarray(3, 8), ...grads.subarray(10, 16)].map(Math.abs)).toEqual(
          new Array(11).fill(0),
        );
      }
    },
  );

  it('to one rounding, where float32 holds the digits of the factor but not its size', () => {
    const random = seeded(5);
    const bits = new Uint32Array(3000).map(() => Math.floor(random() * 2 ** 32));
    const element = new Float32Array(bits.buffer).map((x) => (Number.isFinite(x) ? x : 1));
    const digits = Math.fround(1.3);
    for (const exponent of [
      -1074, -280, -278, -277, -276, -275, -200, -150, -149, -130, -127, 128, 129, 200, 277, 900,
    ]) {
      for (const k of [digits * 2 ** exponent, -(2 ** exponent)]) {
        const parameter = parameterWith(element, { backend: 'simd' });
        packParameters([parameter]);
        gradientsOf([parameter]).scale(k);
        expect(gradOf(parameter), `${k}`).toEqual([...element].map((x) => Math.fround(x * k)));
      }
    }
  });

  it('each alone by a factor that float32 sees as infinite, whatever a backend makes of it', () => {
    const scaleBlock = vi.spyOn(backendNamed('simd').fused, 'scaleBlock');
    const parameters = [3, 5].map((size) =>
      parameterWith(new Array<number>(size).fill(1), { backend: 'simd' }),
    );
    packParameters(parameters);
    gradientsOf(parameters).scale(1e39);
    expect(scaleBlock.mock.calls.map(([, start, end]) => [start, end])).toEqual([
      [0, 3],
      [8, 13],
    ]);
  });

  it('by a factor that float32 cannot hold, rounding once', () => {
    const parameter = parameterWith([3e38, -1e38]);
    gradientsOf([parameter]).scale(1e-60);
    expect(gradOf(parameter)).toEqual([
      Math.fround(Math.fround(3e38) * 1e-60),
      Math.fround(Math.fround(-1e38) * 1e-60),
    ]);
    const large = parameterWith([2 ** 127]);
    gradientsOf([large]).scale(2 ** -140);
    expect(gradOf(large)).toEqual([2 ** -13]);
  });

  it('by bounds: NaN stays, ±∞ is bounded, and a bound that float32 rounds is found inside afterwards', () => {
    const parameter = parameterWith([Number.NaN, Number.POSITIVE_INFINITY, -7, 0.05, 0.1]);
    const gradients = gradientsOf([parameter]);
    expect(gradients.clamp(0.1)).toBe(2);
    const bound = Math.fround(0.1);
    expect(gradOf(parameter)).toEqual([Number.NaN, bound, -bound, Math.fround(0.05), bound]);
    expect(gradients.clamp(0.1)).toBe(0);
    expect(() => gradients.clamp(-1)).toThrow('Gradients.clamp: bound must be a number ≥ 0');
    expect(() => gradients.clamp(Number.NaN)).toThrow('got NaN');
  });

  it('by editing one; a result of the wrong shape changes nothing', () => {
    const [a, b] = pair();
    const gradients = gradientsOf([a, b]);
    gradients.edit('a', (grad) => grad.add(1));
    expect([gradOf(a), gradOf(b)]).toEqual([
      [4, 1, -3],
      [0, 12],
    ]);
    expect(() => gradients.edit('b', (grad) => grad.slice([[0, 1]]))).toThrow("'b' has shape [2], got [1]");
    expect(() => gradients.edit('c', (grad) => grad)).toThrow("Gradients.edit: no parameter named 'c'");
    expect(gradOf(b)).toEqual([0, 12]);
  });

  it('nothing by skipping, but says why', () => {
    const gradients = gradientsOf(pair());
    expect(gradients.skipped).toBeNull();
    gradients.skip('too large');
    expect([gradients.skipped, gradients.changed]).toEqual(['too large', false]);
  });
});
