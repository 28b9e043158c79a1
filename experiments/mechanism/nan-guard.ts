import { clipByGlobalNorm, clipByValue, clipGradNorm, Parameter, SGD, tensor } from '../../src/index.js';
import { exactly } from '../checks.js';
import type { Check, Experiment } from '../experiment.js';
import { clipped } from './clipped.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** What PyTorch's function makes of a gradient. */
async function asInPyTorch(gradient: readonly number[]): Promise<readonly number[]> {
  const parameter = parameterWith(gradient);
  await clipGradNorm([parameter], 1);
  return [...parameter.grad!.data()];
}

function parameterWith(gradient: readonly number[]): Parameter {
  const parameter = new Parameter(tensor([1, 2], { backend: 'reference' }), 'weight');
  parameter.grad = tensor([...gradient], { backend: 'reference' });
  return parameter;
}

/** A step under `nonFinite: 'skip'`: how many values moved, and whether the parameter was named. */
async function skipped(
  gradient: readonly number[],
): Promise<{ readonly moved: number; readonly named: boolean }> {
  const parameter = parameterWith(gradient);
  const hooks = [clipByGlobalNorm(1, { nonFinite: 'skip' })];
  const { nonFinite } = await new SGD([parameter], { lr: 1, hooks }).step();
  const moved = [...parameter.value.data()].filter((value, i) => !Object.is(value, i + 1)).length;
  return { moved, named: nonFinite.includes('weight') };
}

/** NaN passes through a clamp, and a norm spreads it. */
export const nanGuard: Experiment = {
  number: 18,
  name: 'nan-guard',
  group: 'mechanism',
  claim: 'blunt NaN guard',
  source: 'circuit breaker',
  setUp:
    'Gradients that hold an infinity or a NaN beside an ordinary number, clipped by value and by norm as PyTorch does it; then a step with `nonFinite: skip`.',
  criterion:
    'By value ∞ becomes the limit and NaN stays NaN; by norm ∞ becomes NaN and NaN spreads to every element. A skipped step changes not a bit and names the parameter.',
  verdict: 'does not hold as written',
  explanation:
    'Comparing with NaN is always false, so a clamp, which asks whether an element is too large or too small, lets it through. The norm of a gradient with an infinity is infinite, its factor 0, and 0 times infinity is NaN; a NaN makes the norm NaN and with it everything that is multiplied by it. Clipping guards against large numbers only. Against NaN helps to look for it: skip the step, leave everything as it was, and say whose gradient it came from.',
  run: async () => {
    const byValue = await clipped(clipByValue(1), [infinity, nan], 'float32');
    const infinite = await asInPyTorch([infinity, 1]);
    const spread = await asInPyTorch([nan, 1]);
    const skips = [await skipped([infinity, 1]), await skipped([nan, 1])];
    const nans = (vector: readonly number[]) => vector.filter(Number.isNaN).length;
    const checks: Check[] = [
      exactly('NaN left by value clipping, of one', nans(byValue), 1),
      exactly('∞ by value', byValue[0], 1),
      exactly('NaN made of one ∞ by norm', nans(infinite), 1),
      exactly('NaN made of one NaN by norm', nans(spread), 2),
      exactly('values moved by a skipped step', skips[0].moved + skips[1].moved, 0),
      exactly('skipped steps that name the parameter', skips.filter(({ named }) => named).length, 2),
    ];
    return {
      checks,
      figure: {
        kind: 'bars',
        title: 'Elements that are NaN after clipping',
        caption: 'Each gradient has two elements, of which one is not finite.',
        x: { label: 'elements that are NaN', scale: 'linear' },
        bars: [
          { label: 'value clipping, of ∞', value: nans(byValue.slice(0, 1)) },
          { label: 'value clipping, of NaN', value: nans(byValue.slice(1)) },
          { label: 'norm clipping, of ∞', value: nans(infinite) },
          { label: 'norm clipping, of NaN', value: nans(spread) },
        ],
      },
    };
  },
};
