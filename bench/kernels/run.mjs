/*
 * Kernel benchmark: matmul against the machine's own multiply-add peak, functions per element, the recurrent kernels,
 * the norm against a plain loop and memcpy, optimizers; the relaxed build beside the plain one where there is one.
 *
 *   node bench/kernels/run.mjs [matmul | functions | recurrent | blocks] [--json]
 */

import os from 'node:os';
import { ACTIVATION, BINARY, peakJobs, relaxedSimd, time, UNARY, variant } from './harness.mjs';

const json = process.argv.includes('--json');
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const variants = [await variant(false), ...(relaxedSimd() ? [await variant(true)] : [])];

/** Shapes m × n × k with the layouts of A and B: N as written, T transposed. */
const cubes = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024].map((n) => [
  n,
  n,
  n,
  'NN',
  'cube',
]);
const shapes = [
  [32, 16, 2, 'NT', 'tiny forward'],
  [32, 16, 16, 'NT', 'tiny forward'],
  [64, 256, 64, 'NT', 'mlp forward'],
  [64, 256, 256, 'NT', 'mlp forward'],
  [64, 10, 256, 'NT', 'mlp head'],
  [64, 256, 256, 'NN', 'mlp ∂x'],
  [256, 256, 64, 'TN', 'mlp ∂W'],
  [256, 64, 64, 'TN', 'mlp ∂W'],
  [128, 1024, 784, 'NT', 'mlp-large forward'],
  [128, 1024, 1024, 'NN', 'mlp-large ∂x'],
  [1024, 1024, 128, 'TN', 'mlp-large ∂W'],
  [16, 16, 16, 'NT', 'rnn-small step'],
  [32, 64, 64, 'NN', 'rnn step'],
  [32, 64, 64, 'NT', 'rnn step'],
  [32, 128, 128, 'NN', 'rnn-long step'],
  [3200, 64, 8, 'NT', 'rnn input'],
  [64, 64, 3168, 'TN', 'rnn ∂W'],
  [128, 128, 12768, 'TN', 'rnn-long ∂W'],
  [1, 256, 256, 'NN', 'one row'],
  [1, 256, 256, 'NT', 'one row'],
  [256, 1, 256, 'NN', 'one column'],
  [67, 67, 67, 'NT', 'odd sizes'],
];

/** A call of matmul for one shape over fresh operands. */
function matmulJob({ kernels, allocate }, [m, n, k, layout]) {
  const [out, a, b] = [allocate(m * n), allocate(m * k), allocate(k * n)];
  const scratch = allocate(kernels.matmulScratchBytes() / 4);
  const [aRow, aCol] = layout[0] === 'N' ? [k, 1] : [1, m];
  const [bRow, bCol] = layout[1] === 'N' ? [n, 1] : [1, k];
  return () => kernels.matmul(out, n, 0, 0, a, aRow, aCol, b, bRow, bCol, 0, m, n, k, 0, scratch);
}

function matmul() {
  const rows = [];
  for (const shape of [...cubes, ...shapes]) {
    const [m, n, k, layout, use] = shape;
    const row = { shape: `${m}×${n}×${k}`, layout, use };
    for (const v of variants) {
      v.reset();
      const peaks = peakJobs(v);
      const large = m * n * k > 5e7;
      const times = time(
        { ...peaks.jobs, matmul: matmulJob(v, shape) },
        { rounds: large ? 9 : 21, slice: 3 },
      );
      const speed = (name, flops) => flops / times[name] / 1e6;
      const peak = Math.max(...Object.entries(peaks.flops).map(([name, flops]) => speed(name, flops)));
      const got = speed('matmul', 2 * m * n * k);
      row[`${v.name} GFLOP/s`] = +got.toFixed(1);
      row[`${v.name} peak`] = +peak.toFixed(1);
      row[`${v.name} % of peak`] = Math.round((100 * got) / peak);
    }
    rows.push(row);
  }
  return rows;
}

/** Nanoseconds per element over 4,096 elements, and a plain JavaScript loop over the same. */
function functions() {
  const n = 4096;
  const math = {
    exp: Math.exp,
    log: Math.log,
    log1p: Math.log1p,
    tanh: Math.tanh,
    sin: Math.sin,
    cos: Math.cos,
  };
  const rows = [];
  for (const name of Object.keys(UNARY)) {
    const row = { function: name };
    for (const v of variants) {
      v.reset();
      const [x, out] = [v.allocate(n), v.allocate(n)];
      const jobs = { simd: () => v.kernels.unary(UNARY[name], out, x, n) };
      const [from, to] = [v.floats.subarray(x / 4, x / 4 + n), v.floats.subarray(out / 4, out / 4 + n)];
      const f = math[name];
      if (f && v.name === 'plain') {
        jobs.js = () => {
          for (let i = 0; i < n; i++) to[i] = f(from[i]);
        };
      }
      const times = time(jobs, { rounds: 15, slice: 2 });
      row[`${v.name} ns`] = +((times.simd * 1e6) / n).toFixed(2);
      if (times.js) row['js ns'] = +((times.js * 1e6) / n).toFixed(2);
    }
    rows.push(row);
  }
  for (const name of ['add', 'mul', 'div', 'max', 'pow']) {
    const row = { function: `${name} (two operands)` };
    for (const v of variants) {
      v.reset();
      const [a, b, out] = [v.allocate(n), v.allocate(n), v.allocate(n)];
      const job = () => v.kernels.binary(BINARY[name], out, n, 1, a, n, 1, b, n, 1, 1, n);
      row[`${v.name} ns`] = +((time({ job }, { rounds: 15, slice: 2 }).job * 1e6) / n).toFixed(2);
    }
    rows.push(row);
  }
  return rows;
}

/** The recurrent kernels: microseconds, and the share of the time that their multiply-adds take at the peak. */
function recurrent() {
  const rows = [];
  for (const [name, steps, batch, hidden] of [
    ['rnn-small', 50, 16, 16],
    ['rnn', 100, 32, 64],
    ['rnn-long', 400, 32, 128],
  ]) {
    const row = { workload: name };
    for (const v of variants) {
      v.reset();
      const size = steps * batch * hidden;
      const [h, dh, dpre, up] = [
        v.allocate(size),
        v.allocate(size),
        v.allocate(size),
        v.allocate(batch * hidden),
      ];
      const [w, scratch] = [
        v.allocate(hidden * hidden),
        v.allocate(v.kernels.recurrentScratchBytes(hidden) / 4),
      ];
      for (let i = 0; i < hidden * hidden; i++) v.floats[w / 4 + i] /= Math.sqrt(hidden);
      const f = ACTIVATION.tanh;
      const peaks = peakJobs(v);
      const times = time(
        {
          ...peaks.jobs,
          forward: () => v.kernels.recurrentForward(h, 0, w, steps, batch, hidden, 0, batch, f, scratch),
          backward: () =>
            v.kernels.recurrentBackward(dh, dpre, up, 1, h, w, steps, batch, hidden, 0, batch, f, scratch),
        },
        { rounds: 15, slice: 4 },
      );
      const peak = Math.max(...Object.entries(peaks.flops).map(([job, flops]) => flops / times[job]));
      const ideal = (2 * (steps - 1) * batch * hidden * hidden) / peak;
      for (const job of ['forward', 'backward']) {
        row[`${v.name} ${job} µs`] = Math.round(times[job] * 1000);
        row[`${v.name} ${job} % of peak`] = Math.round((100 * ideal) / times[job]);
      }
    }
    rows.push(row);
  }
  return rows;
}

/** Work on long blocks against a plain loop (eight sums) and memcpy: nanoseconds per element. */
function blocks() {
  const rows = [];
  const v = variants[0];
  for (const n of [5120, 86_016, 1_048_576, 8_388_608]) {
    v.reset();
    const [x, y, m, s] = [v.allocate(n), v.allocate(n), v.allocate(n), v.allocate(n)];
    v.floats.fill(0, m / 4, s / 4 + n);
    const view = v.floats.subarray(x / 4, x / 4 + n);
    const target = v.floats.subarray(y / 4, y / 4 + n);
    const times = time(
      {
        sumSquares: () => v.kernels.sumSquares(x, n),
        'plain loop': () => plainSquares(view),
        memcpy: () => target.set(view),
        maxAbs: () => v.kernels.maxAbs(x, n),
        scale: () => v.kernels.scaleBlock(y, n, 0.9999),
        sum: () => v.kernels.sum(x, n),
        sgd: () => v.kernels.sgd(y, x, 0, n, 0, 1e-9, 0, 0, 0),
        adam: () => v.kernels.adam(y, x, m, s, 0, n, 0, 1e-9, 0.9, 0.999, 1e-8, 0.5, 0, 0),
      },
      { rounds: n > 1e6 ? 9 : 15, slice: 3 },
    );
    const perElement = Object.entries(times).map(([name, ms]) => [
      `${name} ns`,
      +((ms * 1e6) / n).toFixed(3),
    ]);
    rows.push({ elements: n, ...Object.fromEntries(perElement) });
  }
  return rows;
}

function plainSquares(x) {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < x.length; i += 8) {
    a += x[i] * x[i];
    b += x[i + 1] * x[i + 1];
    c += x[i + 2] * x[i + 2];
    d += x[i + 3] * x[i + 3];
    e += x[i + 4] * x[i + 4];
    f += x[i + 5] * x[i + 5];
    g += x[i + 6] * x[i + 6];
    h += x[i + 7] * x[i + 7];
  }
  return a + b + c + d + e + f + g + h;
}

const parts = { matmul, functions, recurrent, blocks };
if (!json) console.log(`${os.cpus()[0]?.model}, ${os.cpus().length} cores, Node ${process.version}`);
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const rows = part();
  if (json) console.log(JSON.stringify({ part: name, rows }));
  else console.table(rows);
}
