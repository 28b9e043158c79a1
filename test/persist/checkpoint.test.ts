import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Adam,
  AdamW,
  type CheckpointParts,
  clipByGlobalNorm,
  Dropout,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  Linear,
  Module,
  mseLoss,
  Parameter,
  Random,
  restoreCheckpoint,
  SGD,
  type Stateful,
  scope,
  skipSpikes,
  type Tensor,
  tensor,
  uniform,
  type Variable,
} from '../../src/index.js';
import { crc32 } from '../../src/persist/crc32.js';
import { signed } from './signed.js';

class Model extends Module {
  readonly first: Linear;
  readonly dropout: Dropout;
  readonly second: Linear;
  constructor(random: Random, dropout: Random) {
    super();
    this.first = new Linear(3, 8, { random });
    this.dropout = new Dropout(0.3, { random: dropout });
    this.second = new Linear(8, 1, { random });
  }
  forward(x: Tensor): Variable {
    return this.second.forward(this.dropout.forward(this.first.forward(x).tanh()));
  }
}

/** A training whose every random choice comes from `others`. */
function training(seed: number) {
  const others = { batches: new Random(seed + 1), dropout: new Random(seed + 2) };
  const model = new Model(new Random(seed), others.dropout);
  const hooks = [skipSpikes(1, { window: 20 }), clipByGlobalNorm(0.5)];
  const optimizer = new Adam(model.parameters(), { lr: 0.01, hooks, normDevice: 'simd' });
  const parts = { model, optimizer, others };
  const take = async (steps: number) => {
    for (let step = 0; step < steps; step++) {
      optimizer.zeroGrad();
      const loss = scope(() => {
        const x = uniform([4, 3], others.batches, -1, 1);
        const error = mseLoss(model.forward(x), x.sum({ axis: 1, keepDims: true }));
        error.backward();
        return error.item();
      });
      await optimizer.step({ loss });
    }
  };
  return { parts, take };
}

/** All that is remembered, as a short text. */
const printOf = ({ parts }: { parts: CheckpointParts }) =>
  createHash('sha256')
    .update(encodeCheckpoint(parts, { step: 0 }))
    .digest('hex');

describe('a checkpoint', () => {
  it('put back into another training, it goes on bit for bit', async () => {
    const [whole, first, second] = [training(1), training(1), training(50)];
    await whole.take(40);
    await first.take(25);
    await second.take(3);
    const bytes = encodeCheckpoint(first.parts, { step: 25, data: { best: [0.5, null, 'x'] } });
    expect(restoreCheckpoint(bytes, second.parts)).toEqual({ step: 25, data: { best: [0.5, null, 'x'] } });
    expect(printOf(second)).toEqual(printOf(first));
    await second.take(15);
    expect(printOf(second)).toEqual(printOf(whole));
    expect(whole.parts.optimizer.steps).toBeLessThan(40); // the hook that remembers had something to skip
  });

  it('is a safetensors file that others can read, its tensors by part', async () => {
    const { parts, take } = training(1);
    await take(1);
    const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(parts, { step: 1 }));
    const names = ['first.weight', 'first.bias', 'second.weight', 'second.bias'];
    expect(Object.keys(tensors).sort()).toEqual(
      ['model', 'optimizer/firstMoment', 'optimizer/secondMoment']
        .flatMap((part) => names.map((name) => `${part}/${name}`))
        .sort(),
    );
    expect(tensors['model/first.weight'].data()).toEqual(parts.model.first.weight.value.data());
    expect(JSON.parse(metadata.state)).toMatchObject({ step: 1, data: null, optimizer: { steps: 1 } });
  });

  it('gives the model alone to whoever only uses it, and its notes to whoever has nothing yet', async () => {
    const { parts, take } = training(1);
    await take(2);
    const bytes = encodeCheckpoint(parts, { step: 2, data: { hidden: 8 } });
    expect(restoreCheckpoint(bytes)).toEqual({ step: 2, data: { hidden: 8 } });
    const other = training(9);
    const before = other.parts.optimizer.state();
    restoreCheckpoint(bytes, { model: other.parts.model });
    expect(other.parts.model.stateDict()).toEqual(parts.model.stateDict());
    expect(other.parts.optimizer.state()).toEqual(before);
  });
});

describe('what cannot be saved is said, with where it stands', () => {
  it.each([
    [Number.NaN, 'NaN at data.a.0'],
    [Number.NEGATIVE_INFINITY, '-Infinity at data.a.0'],
    [undefined, 'undefined at data.a.0'],
    [() => 1, '() => 1 at data.a.0'],
    [Float32Array.of(1), 'Float32Array at data.a.0'],
    [new Map(), 'Map at data.a.0'],
    [10n, '10 at data.a.0'],
  ])('%s', (value, text) => {
    expect(() => encodeCheckpoint({}, { step: 0, data: { a: [value] } })).toThrow(
      `encodeCheckpoint: all but tensors must be plain JSON, got ${text}; convert it, or leave it out`,
    );
  });

  it('a state that JSON cannot hold, and a step that is none', () => {
    const bad: Stateful = { state: () => ({ best: Number.POSITIVE_INFINITY }), restore: () => undefined };
    expect(() => encodeCheckpoint({ others: { scaler: bad } }, { step: 1 })).toThrow(
      'got Infinity at others.scaler.best;',
    );
    for (const step of [-1, 0.5, Number.NaN]) {
      expect(() => encodeCheckpoint({}, { step })).toThrow(
        `encodeCheckpoint: step must be an integer ≥ 0, got ${step}`,
      );
    }
  });
});

describe('what does not fit is refused, and nothing changes', () => {
  const refused = (bytes: Uint8Array, parts: CheckpointParts, message: string | RegExp) => {
    const before = printOf({ parts });
    expect(() => restoreCheckpoint(bytes, parts)).toThrow(message);
    expect(printOf({ parts })).toBe(before);
  };

  it('parts that were not saved, or saved ones that nobody takes', async () => {
    const { parts } = training(1);
    const { model, optimizer, others } = parts;
    const all = encodeCheckpoint(parts, { step: 0 });
    const some = encodeCheckpoint({ model, others: { batches: others.batches } }, { step: 0 });
    const saved = "(model, optimizer, 'batches', 'dropout')";
    const end = '; give the same, or { model } alone';
    refused(
      all,
      { model, optimizer },
      `restoreCheckpoint: takes the parts that were saved ${saved}, got model, optimizer${end}`,
    );
    refused(
      all,
      { model, optimizer, others: { batches: others.batches } },
      `${saved}, got model, optimizer, 'batches'${end}`,
    );
    refused(
      all,
      { model, optimizer, others: { ...others, scaler: new Random(1) } },
      "got model, optimizer, 'batches', 'dropout', 'scaler'",
    );
    refused(
      some,
      parts,
      "takes the parts that were saved (model, 'batches'), got model, optimizer, 'batches', 'dropout'",
    );
    refused(
      encodeCheckpoint({ optimizer }, { step: 0 }),
      { model },
      'takes the parts that were saved (optimizer), got model',
    );
  });

  it('another model, another optimizer, a state that is none: what came before it is undone', async () => {
    const { parts, take } = training(1);
    await take(3);
    const bytes = encodeCheckpoint(parts, { step: 3 });
    const other = training(2).parts;
    const larger = new Linear(4, 8, { random: new Random(1) });
    refused(bytes, { model: larger }, /^loadStateDict: the state must fit the model/);
    const sgd = new SGD(other.model.parameters(), { lr: 1, momentum: 0.9 });
    refused(bytes, { ...other, optimizer: sgd }, /^Optimizer.restore: the state must fit the optimizer/);
    const stubborn: Stateful = {
      state: () => 0,
      restore: () => {
        throw new Error('stubborn.restore: never');
      },
    };
    refused(
      bytes,
      { ...other, others: { batches: other.others.batches, dropout: stubborn } },
      'stubborn.restore: never',
    );
  });

  it('tensors that are not a checkpoint, and a checkpoint of another time', () => {
    const one = { w: tensor([1]) };
    refused(
      encodeSafetensors(one),
      {},
      "restoreCheckpoint: the format must be 'tamegrad checkpoint 2', got none; decodeSafetensors reads any tensors",
    );
    refused(
      encodeSafetensors(one, { format: 'tamegrad checkpoint 3' }),
      {},
      "must be 'tamegrad checkpoint 2', got 'tamegrad checkpoint 3'",
    );
    refused(
      encodeSafetensors(one, { format: 'tamegrad checkpoint 2' }),
      {},
      'restoreCheckpoint: the bytes are damaged, their checksum is another; use an earlier checkpoint',
    );
  });

  it('a checkpoint of version 1 gives the model and the rest, and its optimizer is refused by name', () => {
    const { parts } = training(1);
    const { tensors } = decodeSafetensors(encodeCheckpoint({ model: parts.model }, { step: 3 }));
    const state = JSON.stringify({ step: 3, data: null, others: {} });
    const old = signed(tensors, state, 'tamegrad checkpoint 1');
    const other = training(2).parts;
    expect(restoreCheckpoint(old, { model: other.model })).toEqual({ step: 3, data: null });
    expect(other.model.stateDict()).toEqual(parts.model.stateDict());
    refused(
      old,
      parts,
      "restoreCheckpoint: the format must be 'tamegrad checkpoint 2', got 'tamegrad checkpoint 1', which does not say which optimizer it belongs to; restore { model } alone, and start with a new optimizer",
    );
  });

  it('an optimizer of another class, hooks with other settings', async () => {
    const { parts, take } = training(1);
    await take(3);
    const bytes = encodeCheckpoint(parts, { step: 3 });
    const { model, others } = training(2).parts;
    const hooks = [skipSpikes(1, { window: 20 }), clipByGlobalNorm(0.5)];
    refused(
      bytes,
      { model, others, optimizer: new AdamW(model.parameters(), { hooks, normDevice: 'simd' }) },
      'got optimizer: saved Adam, here AdamW; nothing was changed',
    );
    const wider = [skipSpikes(1, { window: 50 }), clipByGlobalNorm(5)];
    refused(
      bytes,
      { model, others, optimizer: new Adam(model.parameters(), { hooks: wider, normDevice: 'simd' }) },
      'got window of skipSpikes: saved 20, here 50; maxNorm of clipByGlobalNorm: saved 0.5, here 5; nothing',
    );
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not an object'],
    ['{"data":null,"others":{}}', 'its step is undefined'],
    ['{"step":"7","data":null,"others":{}}', 'its step is "7"'],
    ['{"step":-3,"data":null,"others":{}}', 'its step is -3'],
    ['{"step":1,"others":{}}', 'it has no data'],
    ['{"step":1,"data":null}', 'it has no others'],
    ['{"step":1,"data":null,"others":{},"optimizer":7}', 'its optimizer is not an object'],
    ['{"step":1,"data":null,"others":{},"more":7}', "it has 'more', which no checkpoint has"],
    [
      `{"step":1,"data":${'['.repeat(5000)}${']'.repeat(5000)},"others":{}}`,
      'it is nested deeper than 100 levels',
    ],
  ])('a state with a right checksum that says %.40s', (state, message) => {
    refused(
      signed({}, state),
      {},
      `restoreCheckpoint: the state must be what encodeCheckpoint writes; ${message}; use another checkpoint`,
    );
  });

  it('tensors of no part, and what others cannot take', () => {
    const state = JSON.stringify({ step: 1, data: null, others: { monitor: null, random: 'x' } });
    refused(signed({ stray: tensor([1]) }, state), {}, "the tensor 'stray' belongs to no part");
    const stumbling: Stateful = { state: () => 0, restore: (saved) => void (saved as { a: number }).a };
    refused(
      signed({}, state),
      { others: { monitor: stumbling, random: new Random(1) } },
      /^restore: a saved state must be what state\(\) returned, but reading it failed \(.+\); nothing was changed/,
    );
  });

  it('a file cut off anywhere, or with any bit changed', async () => {
    const model = new (class extends Module {
      readonly w = new Parameter(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      );
    })();
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    model.w.grad = tensor([
      [1, 2],
      [3, 4],
    ]);
    await optimizer.step();
    const parts = { model, optimizer };
    const bytes = encodeCheckpoint(parts, { step: 1, data: 'é' });
    const before = printOf({ parts });
    const ours = /^(decodeSafetensors|restoreCheckpoint): .+$/;
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(() => restoreCheckpoint(bytes.subarray(0, cut), parts)).toThrow(ours);
    }
    const end = 8 + bytes[0] + 256 * bytes[1];
    const spaces =
      new TextDecoder().decode(bytes.subarray(8, end)).length -
      new TextDecoder().decode(bytes.subarray(8, end)).trimEnd().length;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (i, bit) => {
        const padding = i >= end - spaces && i < end;
        fc.pre(!padding);
        expect(() => restoreCheckpoint(bytes.with(i, bytes[i] ^ (1 << bit)), parts)).toThrow(ours);
      }),
      { seed: 1, numRuns: 1500 },
    );
    expect(printOf({ parts })).toBe(before);
  });
});

it('the checksum is zlib’s CRC-32, in one piece or in two', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
    }),
    { seed: 1 },
  );
});
