import { describe, expect, it } from 'vitest';
import * as tg from '../../src/index.js';
import { type GoldenCase, goldenTensor, loadGolden, worstError } from '../golden/load.js';

type Params = Readonly<Record<string, never>>;
type Call = (inputs: tg.Variable[], params: Params) => tg.Variable;

/** Kinds whose golden parameters are not simply our operands. */
const special: Readonly<Record<string, Call>> = {
  pow: ([x], { exponent }) => tg.pow(x!, exponent),
  var: ([x], params) => tg.variance(x!, params),
  reshape: ([x], { shape }) => tg.reshape(x!, shape),
  'reshape/ofTranspose': ([x], { shape }) => x!.transpose().reshape(shape),
  transpose: ([x], { axes }) => tg.transpose(x!, axes),
  slice: ([x], { slices }) => tg.slice(x!, slices),
  broadcastTo: ([x], { shape }) => tg.broadcastTo(x!, shape),
  concat: (inputs, { axis }) => tg.concat(inputs, axis),
  stack: (inputs, { axis }) => tg.stack(inputs, axis),
  where: ([a, b]) => tg.where(a!.value.binary('greater', 0), a!.mul(2), b!),
  gatherRows: ([x], { indices }) => tg.gatherRows(x!, indices),
  'matmul/transposed': ([a, b]) => a!.transpose().matmul(b!.transpose()),
};

function run({ name, kind, params }: GoldenCase, inputs: tg.Variable[]): tg.Variable {
  const call = special[name] ?? special[kind];
  if (call) return call(inputs, params as Params);
  const op = (tg as unknown as Record<string, (...args: unknown[]) => tg.Variable>)[kind];
  return Object.keys(params).length > 0 ? op(...inputs, params) : op(...inputs);
}

describe('ops agree with PyTorch in float64', () => {
  const { cases } = loadGolden<{ cases: GoldenCase[] }>('ops');
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
    const names = Object.keys(golden.inputs).filter((key) => key !== 'cotangent');
    const inputs = names.map((key) => tg.variable(goldenTensor(golden.inputs[key])));
    const output = run(golden, inputs);
    expect(output.shape).toEqual(golden.outputs.y!.shape);
    expect(worstError(output.value.data(), golden.outputs.y!.data)).toBeLessThan(1e-9);
    output.backward({ grad: goldenTensor(golden.inputs.cotangent!) });
    names.forEach((key, i) => {
      expect(worstError(inputs[i].grad!.data(), golden.grads[key].data)).toBeLessThan(1e-9);
    });
  });
});
