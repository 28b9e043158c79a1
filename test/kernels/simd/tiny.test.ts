import { describe, expect, it } from 'vitest';
import { ACTIVATION, UNARY } from '../../../kernels/simd/kernels.js';
import { loadKernels } from '../../../kernels/simd/load.js';
import { resultsOf, SELF_CHECK_PAGES, startFrom, units } from '../../../kernels/simd/self-check.js';
import { Arena } from './arena.js';

const SMALLEST_NORMAL = 2 ** -126;
const CARRIED = 2 ** -102;

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < SMALLEST_NORMAL;

/** Of operands of these sizes, mixed. */
const decaying = [
  1e-45, 1e-41, 1e-39, 1e-38, 1.2e-38, 1e-36, 1e-33, 1e-31, 1e-28, 1e-24, 1e-20, 1e-19, 1e-12,
];

/** Every memory that the walk starts from: its operands, and what they are made of. */
const starts: readonly (readonly [what: string, start: Float32Array])[] = [
  ['all of them ±1e-39', startFrom((i) => ((i * 7919) % 2 === 0 ? 1e-39 : -1e-39))],
  ['of 1e-45 to 1e-12', startFrom((i) => decaying[(i * 31) % decaying.length]! * (i % 3 === 0 ? -1 : 1))],
  [
    'small ones among usual ones',
    startFrom((i) =>
      i % 2 === 0 ? decaying[(i * 31) % decaying.length]! : ((i * 7919) % 2017) / 1008.5 - 1,
    ),
  ],
];

/**
 * Kernels that compute with what they are given, however small: plain arithmetic, moves, products, norms and the clip's
 * scaling. All others flush.
 */
const exact: ReadonlySet<string> = new Set([
  ...[
    'matmul',
    'where',
    'copy',
    'fill',
    'gatherRows',
    'scatterAddRows',
    'sum',
    'reduceRows',
    'reduceColumns',
  ],
  ...[
    'scaleBlock',
    'sumSquares',
    'sumSquaresSegments',
    'maxAbs',
    'binary',
    'layerNormForward',
    'layerNormBackward',
  ],
  ...(['neg', 'abs', 'sign', 'log', 'log1p', 'sqrt', 'reciprocal', 'relu', 'sin', 'cos'] as const).map(
    (name) => `unary ${UNARY[name]}`,
  ),
  'matmulScratchBytes',
  'recurrentScratchBytes',
  'lstmScratchBytes',
  'gruScratchBytes',
  // Their values and the cells that they start from are given; what they carry is looked at below.
  ...['sgd', 'adam', 'activationBackward', 'recurrentForward', 'lstmForward', 'gruForward', 'logSoftmaxRows'],
]);

const flushing = units.filter((unit) => !exact.has(unit) && !exact.has(unit.split(' ')[0]!));

describe('what kernels carry and make', () => {
  it.each(flushing)('%s writes no subnormal number', (unit) => {
    const { exports, memory } = loadKernels({ pages: SELF_CHECK_PAGES });
    for (const [what, start] of starts) {
      for (const bits of resultsOf({ exports, memory }, unit, start)) {
        const written = new Float32Array(bits.buffer, 0, bits.length - 2);
        // What nobody wrote is what it was: place after place, 4,096 floats each, of which the first 1,024 are looked at.
        const before = (i: number) => start[(8 + Math.floor(i / 1024)) * 4096 + (i % 1024)];
        const wrong = written.findIndex((x, i) => isSubnormal(x) && x !== before(i));
        if (wrong >= 0) expect.fail(`with operands ${what}, float ${wrong} is ${written[wrong]}`);
      }
    }
  });

  it('is every kernel but those that compute with what they are given', () => {
    expect(flushing.length).toBeGreaterThanOrEqual(10);
    for (const name of exact)
      expect(
        units.some((unit) => unit === name || unit.startsWith(`${name} `)),
        name,
      ).toBe(true);
  });
});

describe('the borders', () => {
  it('carried is what is 2⁻¹⁰² or more, of either sign, and NaN', () => {
    const arena = new Arena(1);
    const dh = [CARRIED, CARRIED * (1 - 2 ** -24), -CARRIED, -CARRIED / 2, NaN, Infinity, 0, 1];
    const [given, pre, upstream, h, w] = [
      arena.empty(8),
      arena.empty(8),
      arena.of(dh),
      arena.of(new Array(8).fill(0.5)),
      arena.of([1]),
    ];
    const { recurrentBackward } = arena.kernels;
    recurrentBackward(
      given.at,
      pre.at,
      upstream.at,
      0,
      h.at,
      w.at,
      1,
      8,
      1,
      0,
      8,
      ACTIVATION.identity,
      arena.scratch,
    );
    for (const got of [given.data, pre.data])
      expect([...got]).toEqual([CARRIED, 0, -CARRIED, 0, NaN, Infinity, 0, 1]);
  });

  it('hold for what a saturated function leaves of a gradient, and not for what relu passes on', () => {
    const arena = new Arena(1);
    const dy = arena.of([1, 1e-30, 1e-31, -1e-39]);
    const [y, out] = [arena.of([0.5, 0.5, 0.5, 0.5]), arena.empty(4)];
    for (const f of ['tanh', 'sigmoid', 'relu'] as const) {
      arena.kernels.activationBackward(ACTIVATION[f], out.at, dy.at, y.at, 4);
      expect([...out.data].map((x) => x !== 0)).toEqual([true, true, f === 'relu', f === 'relu']);
    }
  });

  it('of e^x is the smallest normal number, and of softmax what is carried', () => {
    const arena = new Arena(1);
    const x = arena.of([-87.3, -87.4, -100, -1000, -Infinity, NaN, -70, -80]);
    const y = arena.empty(8);
    arena.kernels.unary(UNARY.exp, y.at, x.at, 8);
    expect([...y.data].map((value) => value > 0)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(y.data[5]).toBeNaN();
    const rows = arena.of([0, -70, -71, -80, -104]);
    arena.kernels.softmaxRows(rows.at, 5, rows.at, 5, 1, 5);
    expect([...rows.data].map((value) => value > 0)).toEqual([true, true, false, false, false]);
  });
});

describe('optimizers', () => {
  const gradients = [
    0, 1e-45, 1e-39, 1e-37, 1e-33, 1e-30, 1e-24, 1e-21, 1e-20, 1e-19, 3e-18, 4e-18, 1e-10, 1, -1e-39, 0,
  ];

  it.each([
    [0, 0],
    [0, 0.01],
    [1, 0],
    [2, 0],
    [4, 0.01],
    [8, 0.01],
  ])('carry no subnormal number once gradients are tiny or gone, flags %i, decay %d', (flags, decay) => {
    const arena = new Arena(1);
    const g = arena.of(gradients);
    const zeros = () => arena.of(new Array(16).fill(0));
    const [values, velocity, m, v, largest] = [zeros(), zeros(), zeros(), zeros(), zeros()];
    const { sgd, adam } = arena.kernels;
    for (let step = 1; step <= 1100; step++) {
      if (step === 5) g.data.fill(0);
      values.data.fill(0);
      sgd(values.at, g.at, velocity.at, 16, flags, 0.1, 0.9, 0, decay);
      values.data.fill(0);
      const running = step % 2 ? 0 : largest.at;
      adam(values.at, g.at, m.at, v.at, running, 16, flags, 1e-3, 0.9, 0.999, 1e-8, 0.5, 1e-3, decay);
      for (const [name, { data }] of Object.entries({ velocity, m, v, largest })) {
        const wrong = data.find(isSubnormal);
        if (wrong !== undefined) expect.fail(`${name} holds ${wrong} after step ${step}`);
      }
    }
    // 0.9¹¹⁰⁰ is 5e-51: what began as 1 is gone, and 0.999¹¹⁰⁰ is not.
    expect([velocity.data[13], m.data[13], v.data[13]! > 0]).toEqual([0, 0, true]);
  });
});
