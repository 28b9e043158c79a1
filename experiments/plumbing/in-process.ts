/** Replicas of a model in one process: what threads do through `trainReplicas`, in one place to look at. */

import { type Averaging, type Parameter, type ReplicaShare, tensor } from '../../src/index.js';

/** Adds up the gradients of replicas, each a list of the same parameters, and gives all of them the sum. */
export function addUp(replicas: readonly (readonly Parameter[])[]): void {
  for (const [k, { value }] of replicas[0].entries()) {
    const sum = new Float64Array(value.size);
    for (const parameters of replicas)
      parameters[k].grad!.data().forEach((g, i) => {
        sum[i] += g;
      });
    const { dtype, backend } = value;
    for (const parameters of replicas)
      parameters[k].replaceGrad(tensor(sum, { shape: value.shape, dtype, backend: backend.name }));
  }
}

/** So many replicas, each an optimizer's `averaging`: they wait for one another at every step. */
export function inProcess(count: number): readonly Averaging[] {
  type Arrival = readonly [
    parameters: readonly Parameter[],
    share: ReplicaShare,
    goOn: (shares: readonly ReplicaShare[]) => void,
  ];
  const arrived = new Map<number, Arrival>();
  const arrive = (index: number, arrival: Arrival): void => {
    arrived.set(index, arrival);
    if (arrived.size < count) return;
    const all = Array.from({ length: count }, (_, i) => arrived.get(i)!);
    arrived.clear();
    addUp(all.map(([parameters]) => parameters));
    for (const [, , goOn] of all) goOn(all.map(([, share]) => share));
  };
  return Array.from({ length: count }, (_, index) => ({
    sum: (parameters, share) => new Promise((goOn) => arrive(index, [parameters, share, goOn])),
  }));
}
