/** What the replicas of replicas.test.ts run. */

import {
  Adam,
  clipByGlobalNorm,
  dynamicLossScale,
  type GradientHook,
  Linear,
  mseLoss,
  mul,
  Parameter,
  Random,
  SGD,
  scope,
  tensor,
  uniform,
} from '../../src/index.js';
import { joinReplicas } from '../../src/node.js';

/** What the test asks for. */
export interface Job {
  readonly kind: keyof typeof jobs;
  readonly seeds?: readonly number[];
  readonly grads?: readonly (readonly number[] | null)[];
  readonly steps?: readonly number[];
  readonly result?: string;
}

const group = joinReplicas<Job>();
const { index, count, data: job } = group;

/** The loss and the gradient's norm that a hook sees. */
function recorder(seen: (number | null)[]): GradientHook {
  return {
    name: 'recorder',
    async apply(gradients, { loss }) {
      seen.push(loss, await gradients.norm());
      return {};
    },
  };
}

const jobs = {
  /** Two layers, five clipped steps of two micro-batches each: this replica's part of every batch of 24. */
  async network() {
    const random = new Random(job.seeds?.[index] ?? 1);
    const layers = [new Linear(4, 6, { random }), new Linear(6, 2, { random })];
    const parameters = layers.flatMap((layer) => layer.parameters());
    const seen: number[] = [];
    const hooks = [recorder(seen), clipByGlobalNorm(0.3)];
    const optimizer = new Adam(parameters, { lr: 0.05, accumulate: 2, averaging: group, hooks });
    for (let step = 0; step < 5; step++) {
      const [x, y] = [uniform([24, 4], random, -1, 1), uniform([24, 2], random, -1, 1)];
      optimizer.zeroGrad();
      let loss = 0;
      for (let part = 0; part < 2; part++) {
        const size = 12 / count;
        const from = (2 * index + part) * size;
        const rows = [[from, from + size]] as const;
        loss += scope(() => {
          const output = layers[1].forward(layers[0].forward(x.slice(rows)).tanh());
          const loss = mseLoss(output, y.slice(rows));
          optimizer.backward(loss);
          return loss.item();
        });
      }
      await optimizer.step({ loss: loss / 2 });
    }
    return { values: parameters.flatMap(({ value }) => [...value.data()]), seen };
  },

  /** One step of SGD at rate 1 on two parameters, of which only the first need get a gradient. */
  async vector() {
    const [w, other] = [new Parameter(tensor([0, 0]), 'w'), new Parameter(tensor([5]), 'other')];
    const optimizer = new SGD([w, other], { lr: 1, averaging: group, hooks: [clipByGlobalNorm(1)] });
    const grad = job.grads![index];
    optimizer.backward(grad ? mul(w, tensor([...grad])).sum() : other.sum().mul(0));
    const { normBefore } = await optimizer.step();
    return { values: [...w.value.data()], other: other.value.item(), normBefore };
  },

  /** Steps under a loss scale on the gradient of this replica, and one that replica 1 skips. */
  async skips() {
    const w = new Parameter(tensor([0]), 'w');
    const lossScale = dynamicLossScale({ initial: 16 });
    const optimizer = new SGD([w], { lr: 1, averaging: group, lossScale });
    const skipped: (string | null)[] = [];
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      const overflows = step === 0 && index === 1;
      optimizer.backward(mul(w, overflows ? Infinity : index + 1).sum());
      const skips = step === 1 && index === 1;
      skipped.push((await (skips ? optimizer.skipStep('no data') : optimizer.step())).skipped);
    }
    return { skipped, value: w.value.item(), scale: lossScale.scale, steps: optimizer.steps };
  },

  /** As many steps as the job gives this replica. */
  async steps() {
    const w = new Parameter(tensor([0]));
    const optimizer = new SGD([w], { lr: 1, averaging: group });
    for (let step = 0; step < job.steps![index]; step++) {
      optimizer.zeroGrad();
      optimizer.backward(w.sum());
      await optimizer.step();
    }
    return w.value.item();
  },

  /** Replica 1 throws in its second step, while the others wait. */
  async throws() {
    if (index === 1) throw new Error('disk full');
    return jobs.steps();
  },

  /** Replica 2 stops after its steps, without an end. */
  async hangs() {
    await jobs.steps();
    if (index === 2) await new Promise(() => setInterval(() => {}, 1000));
    return jobs.exits();
  },

  async uncloneable() {
    const apply = () => 1;
    if (job.result === 'function') return apply;
    return job.result === 'nested'
      ? { list: [1, { apply }] }
      : { model: new Linear(1, 1, { random: new Random(1) }), apply };
  },

  async throwsData() {
    throw { code: 7 };
  },

  async exits() {
    if (index === 1) process.exit(3);
    return jobs.steps();
  },
} as const;

group.finish(await jobs[job.kind]());
