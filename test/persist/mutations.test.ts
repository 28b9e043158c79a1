/**
 * Damaged and forged files: whatever is done to one, reading it ends in a result or in one line of ours. The suite tries a
 * few hundred; `MUTATIONS=100000 npx vitest run test/persist/mutations.test.ts` tries that many and prints the slowest.
 */

import { beforeAll, expect, it } from 'vitest';
import {
  Adam,
  autoClip,
  ClipMonitor,
  clipByGlobalNorm,
  decodeSafetensors,
  dynamicLossScale,
  encodeCheckpoint,
  encodeSafetensors,
  Linear,
  Random,
  restoreCheckpoint,
  scope,
  tensor,
} from '../../src/index.js';
import { signed } from './signed.js';

const count = Number(process.env.MUTATIONS ?? 600);
const random = new Random(1);
const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];

/** Values that stand where others are expected. */
const junk: readonly (() => unknown)[] = [
  () => null,
  () => pick([0, -1, -3, 0.5, 1e300, 2 ** 53, 2 ** 31, 4294967296]),
  () => pick(['', '7', 'toString', '__proto__', 'F32', 'I64', '\u001b[31m\n\u2028', 'x'.repeat(20_000)]),
  () => pick([true, false]),
  () => [],
  () => ({}),
  () => new Array(pick([1, 33, 65, 1000, 20_000])).fill(1),
  () => ({ toString: 1, length: 3, constructor: 2 }),
  () => deep(pick([3, 50, 99, 3000])),
];

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value };
  return value;
}

/** JSON with one to three of its values replaced, left out, doubled or renamed. */
function mutated(json: unknown): unknown {
  const copy = structuredClone(json);
  for (let times = 1 + random.integer(3); times > 0; times--) {
    const places: [object: Record<string, unknown>, key: string][] = [];
    const walk = (value: unknown, levels: number) => {
      if (typeof value !== 'object' || value === null || levels === 0) return;
      for (const [key, item] of Object.entries(value)) {
        places.push([value as Record<string, unknown>, key]);
        walk(item, levels - 1);
      }
    };
    walk(copy, 8);
    if (places.length === 0) break;
    const [object, key] = pick(places);
    const kind = random.integer(10);
    if (kind === 0) delete object[key];
    else if (kind === 1) object[pick(['', 'toString', '__metadata__', 'more', '0', `${key}x`])] = object[key];
    else if (kind === 2 && typeof object[key] === 'number') object[key] += pick([-1, 1, 8]);
    else object[key] = pick(junk)();
  }
  return copy;
}

/** Bytes with some of them changed, cut, doubled or swapped for others. */
function damaged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let times = 1 + random.integer(4); times > 0; times--) {
    const at = random.integer(copy.length);
    copy[at] = random.integer(4) === 0 ? random.integer(256) : copy[at] ^ (1 << random.integer(8));
  }
  const cut = random.integer(copy.length);
  return pick([
    copy,
    copy,
    copy.subarray(0, cut),
    Uint8Array.from([...copy.subarray(0, cut), ...copy.subarray(random.integer(copy.length))]),
  ]);
}

/** A file from the text of its header and its numbers. */
function fileOf(text: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

const OURS =
  /^(decodeSafetensors|restoreCheckpoint|restore|loadStateDict|Optimizer\.restore|Adam|autoClip|ClipMonitor|dynamicLossScale\.restore|dynamicLossScale|Random\.restore): [^\p{Cc}\u2028\u2029]{1,1500}$/u;

let [slowest, read] = [0, 0];

/** Runs a reader: what it throws must be one line of ours. Its time is the processor's, whatever else the machine does. */
function tried(run: () => void): void {
  const start = process.cpuUsage();
  try {
    scope(run);
    read++;
  } catch (error) {
    expect((error as Error).message).toMatch(OURS);
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
  }
  slowest = Math.max(slowest, process.cpuUsage(start).user / 1000);
}

const tensors = {
  'layer.weight': tensor([
    [1, 2],
    [3, 4],
  ]),
  'layer.bias': tensor([5, 6]),
  wide: tensor([7], { dtype: 'float64' }),
  batches: { dtype: 'I64', shape: [], data: BigInt64Array.of(9n) },
  mask: { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
};

function training(seed: number) {
  const model = new Linear(2, 2, { random: new Random(seed) });
  const hooks = [autoClip(10, { window: 5 }), clipByGlobalNorm(1)];
  const options = { lr: 0.1, hooks, lossScale: dynamicLossScale(), normDevice: 'simd' } as const;
  const optimizer = new Adam(model.parameters(), options);
  const others = { random: new Random(seed), monitor: new ClipMonitor() };
  return { model, optimizer, others };
}

let checkpoint: Uint8Array;
beforeAll(async () => {
  const parts = training(1);
  for (let step = 0; step < 3; step++) {
    parts.optimizer.zeroGrad();
    scope(() => parts.optimizer.backward(parts.model.forward(tensor([[step, 1]])).sum()));
    parts.others.monitor.observe(await parts.optimizer.step());
  }
  checkpoint = encodeCheckpoint(parts, { step: 3, data: { best: 1 } });
});

it('safetensors', () => {
  const whole = encodeSafetensors(tensors, { note: 'é' });
  const end = 8 + whole[0] + 256 * whole[1];
  const header: unknown = JSON.parse(new TextDecoder().decode(whole.subarray(8, end)));
  for (let i = 0; i < count / 2; i++) {
    const bytes = i % 2 ? damaged(whole) : fileOf(JSON.stringify(mutated(header)), whole.subarray(end));
    tried(() => decodeSafetensors(bytes));
  }
  expect(read).toBeGreaterThan(0);
});

it('checkpoints, their checksum right or wrong, and a training that takes none of it halfway', () => {
  const parts = training(2);
  const file = decodeSafetensors(checkpoint);
  const state: unknown = JSON.parse(file.metadata.state);
  const names = Object.keys(file.tensors);
  const before = encodeCheckpoint(parts, { step: 0 });
  let restored = 0;
  for (let i = 0; i < count / 2; i++) {
    const own = { ...file.tensors };
    if (i % 5 === 0) {
      const name = pick(names);
      own[pick(['stray', 'model/more', 'optimizer/x/y', pick(names)])] = own[name];
      if (i % 10 === 0) delete own[name];
    }
    const bytes = i % 3 === 0 ? damaged(checkpoint) : signed(own, JSON.stringify(mutated(state)));
    const had = read;
    tried(() => restoreCheckpoint(bytes, parts));
    if (read > had) {
      restored++;
      restoreCheckpoint(before, parts);
    } else if (i % 20 === 0) expect(encodeCheckpoint(parts, { step: 0 })).toEqual(before);
  }
  expect(restored).toBeLessThan(count / 2);
  restoreCheckpoint(checkpoint, parts);
  if (process.env.MUTATIONS) {
    const memory = Math.round(process.memoryUsage().rss / 1e6);
    console.log(
      `${count} files: ${read} read, the others refused; the slowest ${slowest.toFixed(0)} ms; ${memory} MB`,
    );
  }
});
