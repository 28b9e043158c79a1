import {
  clipByGlobalNorm,
  LayerNorm,
  Linear,
  Module,
  mseLoss,
  normal,
  Random,
  SGD,
  scope,
  type Tensor,
  tanh,
  type Variable,
  xavierNormal,
} from '../../src/index.js';
import { above, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';

const LAYERS = 30;
const WIDTH = 32;
const BATCH = 32;
/** Halves a signal a layer, and its gradient with it. */
const GAIN = 0.5;
const STEPS = 5;
const LR = 0.1;

/** What is added to a plain stack. */
interface Additions {
  readonly residual: boolean;
  readonly norm: boolean;
}

const variants: Readonly<Record<string, Additions>> = {
  plain: { residual: false, norm: false },
  residual: { residual: true, norm: false },
  'layer norm': { residual: false, norm: true },
  both: { residual: true, norm: true },
};

/** hₖ₊₁ = tanh(W·hₖ), with the input normalised and the input added where asked for. */
class Stack extends Module {
  readonly layers: Linear[];
  readonly norms: LayerNorm[];

  constructor(
    random: Random,
    readonly additions: Additions,
  ) {
    super();
    this.layers = Array.from({ length: LAYERS }, () => {
      const layer = new Linear(WIDTH, WIDTH, { random });
      layer.weight.assign(xavierNormal([WIDTH, WIDTH], random, { gain: GAIN }));
      return layer;
    });
    this.norms = additions.norm ? this.layers.map(() => new LayerNorm(WIDTH)) : [];
  }

  forward(x: Tensor): Variable {
    let h: Tensor | Variable = x;
    this.layers.forEach((layer, k) => {
      const into = this.additions.norm ? this.norms[k].forward(h) : h;
      const out = tanh(layer.forward(into));
      h = this.additions.residual ? out.add(h) : out;
    });
    return h as unknown as Variable;
  }
}

function start(seed: number, additions: Additions) {
  const random = new Random(seed);
  const [x, y] = [normal([BATCH, WIDTH], random), normal([BATCH, WIDTH], random)];
  const model = new Stack(random, additions);
  const backward = () =>
    scope(() => {
      mseLoss(model.forward(x), y).backward();
    });
  return { model, backward };
}

/** Norm of the gradient of each layer's weight at the start. */
function gradientsOf(seed: number, additions: Additions): readonly number[] {
  const { model, backward } = start(seed, additions);
  backward();
  return model.layers.map(({ weight }) => Math.hypot(...weight.grad!.data()));
}

/** The parameters of the plain stack after some steps. */
async function trained(seed: number, clips: boolean): Promise<readonly number[]> {
  const { model, backward } = start(seed, variants.plain);
  const hooks = clips ? [clipByGlobalNorm(1)] : [];
  const optimizer = new SGD(model.parameters(), { lr: LR, hooks, normDevice: 'simd' });
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    backward();
    await optimizer.step();
  }
  const values = model.parameters().flatMap((parameter) => [...parameter.value.data()]);
  optimizer.release();
  return values;
}

/** Two remedies against vanishing, and one that does not help. */
export const residualAndNorm: Experiment = {
  number: 51,
  name: 'residual-and-norm',
  group: 'growth',
  claim: 'residual connections and layer normalization address vanishing gradients',
  source: 'handbook',
  setUp: `A stack of ${LAYERS} tanh layers of ${WIDTH} units, its weights drawn at half the gain that keeps lengths; the same with the input of each layer added to its output, with it normalised, and with both. The plain stack is also trained for ${STEPS} steps with and without clipping at norm 1.`,
  criterion:
    'The smallest gradient of a layer over that of the last is below 1e-6 in the plain stack and above 0.01 in each of the three others (twenty pilot seeds: at most 1.2e-8, and at least 0.13); clipping changes not one bit of any parameter.',
  verdict: 'holds',
  explanation:
    'Every plain layer halves a signal and its gradient, so thirty of them leave a billionth: the first layers do not learn, and a clip, which only ever shortens, changes nothing. A residual connection gives the gradient a way around the layer on which nothing is multiplied. Layer normalization scales what a layer gets back to unit size, and its derivative divides by the size it found: what the weights shrank, it stretches again. Either is enough here; together they do not add up to more. That holds for gradients which vanish through the scale of the weights: units that are saturated pass nothing, normalised or not, unless there is a way around them.',
  run: async (seed) => {
    const names = Object.keys(variants);
    const norms = names.map((name) => gradientsOf(seed, variants[name]));
    const [plain, ...others] = norms.map((each) => Math.min(...each) / each[LAYERS - 1]);
    const [without, clipped] = [await trained(seed, false), await trained(seed, true)];
    const layers = Array.from({ length: LAYERS }, (_, k) => k + 1);
    return {
      checks: [
        below('smallest over last, plain', plain, 1e-6),
        ...others.map((ratio, k) => above(`the same with ${names[k + 1]}`, ratio, 0.01)),
        exactly(
          'numbers that clipping changed',
          without.filter((x, i) => !Object.is(x, clipped[i])).length,
          0,
        ),
      ],
      figure: {
        kind: 'lines',
        title: 'The gradient of every layer',
        caption:
          'Norm of the gradient of each layer’s weights, before any update; the last layer is nearest to the loss.',
        x: { label: 'layer', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: names.map((label, k) => ({ label, x: layers, y: norms[k] })),
      },
    };
  },
};
