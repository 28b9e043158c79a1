import { describe, it } from 'vitest';
import { OPTIM } from '../../../kernels/simd/kernels.js';
import { Arena, expectClose, expectSameBits } from './arena.js';

describe('sgd', () => {
  for (const [momentum, dampening, nesterov] of [
    [0, 0, false],
    [0.9, 0, false],
    [0.9, 0.3, false],
    [0.8, 0, true],
  ] as const) {
    for (const weightDecay of [0, 0.1]) {
      for (const maximize of [false, true]) {
        it(`momentum ${momentum}, dampening ${dampening}, nesterov ${nesterov}, decay ${weightDecay}, maximize ${maximize}`, () => {
          const arena = new Arena(1);
          const n = 52;
          const [values, grads, velocity] = [arena.block(n), arena.block(n), arena.block(n)];
          const wanted = Float64Array.from(values.data);
          const v = new Float64Array(n);
          for (let step = 0; step < 4; step++) {
            for (let i = 0; i < n; i++) {
              const g = (maximize ? -grads.data[i]! : grads.data[i]!) + weightDecay * wanted[i]!;
              v[i] = momentum * v[i]! + (step === 0 ? 1 : 1 - dampening) * g;
              wanted[i]! -= 0.05 * (momentum === 0 ? g : nesterov ? g + momentum * v[i]! : v[i]!);
            }
            if (step === 0) velocity.data.fill(0);
            const flags =
              (maximize ? OPTIM.maximize : 0) |
              (nesterov ? OPTIM.nesterov : 0) |
              (step === 0 ? OPTIM.first : 0);
            const cut = 4 * arena.integer(0, n / 4);
            for (const [from, to] of [
              [0, cut],
              [cut, n],
            ] as const) {
              arena.kernels.sgd(
                ...([
                  values.at + 4 * from,
                  grads.at + 4 * from,
                  momentum === 0 ? 0 : velocity.at + 4 * from,
                ] as const),
                ...([to - from, flags, 0.05, momentum, dampening, weightDecay] as const),
              );
            }
          }
          expectClose(values.data, wanted, 1e-6);
          arena.checkGuards();
        });
      }
    }
  }
});

describe('adam', () => {
  for (const amsgrad of [false, true]) {
    for (const [weightDecay, decoupled, maximize] of [
      [0, false, false],
      [0.1, false, false],
      [0.1, true, false],
      [0.1, false, true],
      [0.1, true, true],
    ] as const) {
      const flags = (decoupled ? OPTIM.decoupled : 0) | (maximize ? OPTIM.maximize : 0);
      it(`amsgrad ${amsgrad}, decay ${weightDecay}, flags ${flags}`, () => {
        const arena = new Arena(2);
        const n = 44;
        const [lr, beta1, beta2, eps] = [0.01, 0.9, 0.95, 1e-8];
        const values = arena.block(n);
        const [first, second, largest] = [0, 1, 2].map(() => arena.of(new Float32Array(n))) as [
          ...{ at: number; data: Float32Array }[],
        ];
        const wanted = Float64Array.from(values.data);
        const [m, v, most] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
        for (let step = 1; step <= 5; step++) {
          const grads = arena.block(n, 1 / step);
          const stepSize = lr / (1 - beta1 ** step);
          const correction = Math.sqrt(1 - beta2 ** step);
          for (let i = 0; i < n; i++) {
            let g = maximize ? -grads.data[i]! : grads.data[i]!;
            if (decoupled) wanted[i]! *= 1 - lr * weightDecay;
            else g += weightDecay * wanted[i]!;
            m[i] = beta1 * m[i]! + (1 - beta1) * g;
            v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
            most[i] = Math.max(most[i]!, v[i]!);
            wanted[i]! -= (stepSize * m[i]!) / (Math.sqrt(amsgrad ? most[i]! : v[i]!) / correction + eps);
          }
          arena.kernels.adam(
            ...([values.at, grads.at, first!.at, second!.at, amsgrad ? largest!.at : 0, n] as const),
            ...([flags, stepSize, beta1, beta2, eps, correction, lr, weightDecay] as const),
          );
        }
        expectClose(values.data, wanted, 2e-6);
        arena.checkGuards();
      });
    }
  }

  it('gives the same bits over a block and over its parts', () => {
    const arena = new Arena(3);
    const run = (parts: [number, number][]): Float32Array => {
      const own = new Arena(4);
      const blocks = [0, 1, 2, 3].map(() => own.block(64));
      for (const [from, to] of parts) {
        const [a, b, c, d] = blocks.map((block) => block.at + 4 * from) as [number, number, number, number];
        own.kernels.adam(a, b, c, d, 0, to - from, OPTIM.maximize, 0.01, 0.9, 0.99, 1e-8, 0.5, 0.01, 0.1);
      }
      return blocks[0]!.data;
    };
    const cut = 4 * arena.integer(1, 15);
    expectSameBits(
      run([
        [cut, 64],
        [0, cut],
      ]),
      run([[0, 64]]),
    );
  });
});
