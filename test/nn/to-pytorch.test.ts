import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  noGrad,
  Random,
  type Tensor,
  tensor,
} from '../../src/index.js';
import {
  BatchNorm1d,
  type Counter,
  fromPyTorch,
  GRU,
  type LayerInput,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  RecurrentStack,
  RNN,
  Sequential,
  TransformerBlock,
  toPyTorch,
} from '../../src/nn/index.js';
import { golden } from './golden.js';

const random = new Random(1);

/** The model of pytorch.py. */
class Net extends Module {
  readonly rnn = new RecurrentStack([3, 5].map((size) => new LSTM(size, 5, { random })));
  readonly gate = new GRU(5, 4, { random });
  readonly batchNorm = new BatchNorm1d(4);
  readonly outHead = new Sequential(
    new Linear(4, 6, { random }),
    new LayerNorm(6),
    new Linear(6, 2, { random }),
  );

  forward(x: LayerInput) {
    return this.outHead.forward(this.batchNorm.forward(this.gate.forward(this.rnn.forward(x).output).last));
  }
}

describe('toPyTorch', () => {
  it.each([
    ['rnn/tanh', () => new RNN(4, 5, { random })],
    ['lstm', () => new LSTM(4, 5, { random })],
    ['gru', () => new GRU(4, 5, { random })],
    ['rnn/2layers', () => new RecurrentStack([4, 5].map((size) => new RNN(size, 5, { random })))],
  ] as const)('gives %s the names and shapes that PyTorch gave it', (name, make) => {
    const shapes = Object.entries(golden(name).state!).map(([key, { shape }]) => [key, shape]);
    const state = toPyTorch(make());
    expect(
      Object.entries(state)
        .map(([key, { shape }]) => [key, [...shape]])
        .sort(),
    ).toEqual(shapes.sort());
  });

  it('has tied weights under each of their names, as PyTorch has, and takes them back under one or all', () => {
    class Tied extends Module {
      readonly encoder = new LSTM(3, 4, { random });
      readonly tokEmbed = new Linear(4, 4, { random });
      readonly head = new Linear(4, 4, { random });
      readonly decoder = this.encoder;
    }
    const model = new Tied();
    Object.assign(model.head, { weight: model.tokEmbed.weight });
    const state = toPyTorch(model);
    const lstm = ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'];
    expect(Object.keys(state).sort()).toEqual(
      [
        ...lstm.flatMap((name) => [`encoder.${name}`, `decoder.${name}`]),
        ...['tok_embed.weight', 'tok_embed.bias', 'head.weight', 'head.bias'],
      ].sort(),
    );
    for (const name of lstm) expect(state[`decoder.${name}`]).toBe(state[`encoder.${name}`]);
    expect(state['head.weight']).toBe(state['tok_embed.weight']);
    expect(toPyTorch(model, Object.keys(state).reverse())).toEqual(state);
    const own = model.stateDict();
    const numbers = (tensors: Record<string, Tensor>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.data()]));
    expect(numbers(fromPyTorch(model, state))).toEqual(numbers(own));
    for (const left of ['head.weight', 'tok_embed.weight']) {
      const { [left]: _, ...rest } = state;
      expect(numbers(fromPyTorch(model, rest))).toEqual(numbers(own));
    }
    const other = tensor(new Float32Array(16), { shape: [4, 4] });
    expect(() => fromPyTorch(model, { ...state, 'head.weight': other })).toThrow(
      "fromPyTorch: 'tok_embed.weight' and 'head.weight' are one parameter of the model, got numbers that differ; leave one out, or untie them in the model",
    );
  });

  it('is the way back of fromPyTorch: every number as it was, a bias of two in the first of them', () => {
    for (const model of [new Net(), new TransformerBlock(8, 2, { random })]) {
      const state = toPyTorch(model);
      const back = fromPyTorch(model, state);
      const own = model.stateDict();
      expect(Object.keys(back)).toEqual(Object.keys(own));
      for (const name of Object.keys(own))
        expect([name, back[name].data()]).toEqual([name, own[name].data()]);
      expect(toPyTorch(model, Object.keys(state))).toEqual(state);
    }
    const { 'rnn.bias_ih_l1': first, 'rnn.bias_hh_l1': second } = toPyTorch(new Net());
    expect(new Set((second as Tensor).data())).toEqual(new Set([0]));
    expect(first.shape).toEqual(second.shape);
  });

  it('counters of BatchNorm are int64 in PyTorch and numbers here, and may be missing', () => {
    const norm = new BatchNorm1d(2);
    norm.numBatchesTracked!.assign(tensor(9));
    const state = toPyTorch(norm);
    expect(state.num_batches_tracked).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(9n) });
    const { tensors, raw } = decodeSafetensors(encodeSafetensors(state));
    const other = new BatchNorm1d(2);
    other.loadStateDict(fromPyTorch(other, { ...tensors, ...raw }));
    expect(other.numBatchesTracked!.value.item()).toBe(9);
    other.loadStateDict(fromPyTorch(other, tensors));
    expect(other.numBatchesTracked!.value.item()).toBe(0);
    expect(() => fromPyTorch(norm, { ...tensors, mask: raw.num_batches_tracked })).toThrow("unknown 'mask'");
    expect(() => fromPyTorch(norm, { ...tensors, weight: [1] as unknown as Counter })).toThrow(
      "fromPyTorch: 'weight' must be a Tensor, got an array",
    );
  });

  it('a list of recurrent layers is no stack', () => {
    class Listed extends Module {
      readonly layers = [new RNN(2, 2, { random }), new RNN(2, 2, { random })];
    }
    expect(Object.keys(toPyTorch(new Listed())).filter((name) => name.includes('weight_hh'))).toEqual([
      'layers.0.weight_hh_l0',
      'layers.1.weight_hh_l0',
    ]);
  });

  it('takes the names of a class that is written another way, in its order, and says what does not fit', () => {
    class Odd extends Module {
      readonly firstLayer = new Linear(2, 2, { random });
    }
    const names = ['firstLayer.bias', 'firstLayer.weight'];
    expect(Object.keys(toPyTorch(new Odd(), names))).toEqual(names);
    expect(() => toPyTorch(new Odd(), ['firstLayer.weight', 'head.bias'])).toThrow(
      "toPyTorch: the tensors must fit the model, got nothing for 'firstLayer.bias'; unknown 'head.bias'; build",
    );
  });
});

/** Runs `meanwhile` between the writing and the reading of a PyTorch program; null where there is no PyTorch. */
async function withPyTorch(folder: string, meanwhile: () => void): Promise<string[] | null> {
  const script = fileURLToPath(new URL('pytorch.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(3));
    child.on('close', resolve);
  });
  const lines: string[] = [];
  let failure: unknown;
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line !== 'written') return;
    try {
      meanwhile();
      child.stdin.end('\n');
    } catch (error) {
      failure = error;
      child.kill();
    }
  });
  const code = await ended;
  if (failure) throw failure;
  if (code === 3) return null;
  expect(code).toBe(0);
  return lines;
}

it('a PyTorch model goes in and comes back: PyTorch loads it strictly, outputs are equal to 1e-6', async ({
  skip,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'tamegrad-pytorch-'));
  const result = await withPyTorch(folder, () => {
    const { tensors, raw } = decodeSafetensors(readFileSync(join(folder, 'theirs.safetensors')));
    expect(raw['batch_norm.num_batches_tracked']).toEqual({
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(5n),
    });
    const { x, y } = JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')) as Record<
      string,
      number[]
    >;
    const model = new Net();
    model.loadStateDict(fromPyTorch(model, { ...tensors, ...raw }));
    model.eval();
    const out: Tensor = noGrad(() => model.forward(tensor(x)).value);
    const wanted = tensor(y).data();
    for (const [i, value] of out.data().entries()) expect(Math.abs(value - wanted[i])).toBeLessThan(1e-6);
    writeFileSync(join(folder, 'ours.safetensors'), encodeSafetensors(toPyTorch(model)));
  });
  rmSync(folder, { recursive: true });
  if (result === null) return skip('no PyTorch at /usr/bin/python3');
  expect(Number(result[1])).toBeLessThan(1e-6);
  expect(result[2]).toBe('torch.int64 5');
}, 120_000);
