/** Making an optimizer's class from its rule. */

import type { Parameter } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import type { ParameterGroup } from './group.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';
import type { UpdateRule } from './update-rule.js';

/** What an optimizer takes first: parameters, or groups of them with options of their own. */
export type OptimizerParameters<Options> = Iterable<Parameter> | Iterable<ParameterGroup<Options>>;

/** The class of an optimizer that has a default rate. */
export type OptimizerClass<Options extends OptimizerOptions> = new (
  params: OptimizerParameters<Options>,
  options?: Partial<Options>,
) => Optimizer<Options>;

/** The class of an optimizer that must be given a rate. */
export type OptimizerClassWithoutRate<Options extends OptimizerOptions> = new (
  params: OptimizerParameters<Options>,
  options: Options,
) => Optimizer<Options>;

/**
 * The class of an optimizer that updates by a rule:
 *
 * ```ts
 * class SignSGD extends defineOptimizer<OptimizerOptions>({
 *   name: 'SignSGD',
 *   formula: 'θ ← θ − lr·sign(g)',
 *   defaults: { lr: 0.001 },
 *   update({ values, grads, start, end }, { lr }) {
 *     for (let i = start; i < end; i++) values[i] -= lr * Math.sign(grads[i]);
 *   },
 * }) {}
 * const optimizer = new SignSGD(model.parameters(), { hooks: [clipByGlobalNorm(1)] });
 * ```
 */
export function defineOptimizer<Options extends OptimizerOptions>(
  rule: UpdateRule<Options> & { readonly defaults: { readonly lr: number } },
): OptimizerClass<Options>;
export function defineOptimizer<Options extends OptimizerOptions>(
  rule: UpdateRule<Options>,
): OptimizerClassWithoutRate<Options>;
export function defineOptimizer<Options extends OptimizerOptions>(
  rule: UpdateRule<Options>,
): OptimizerClass<Options> {
  return class extends Optimizer<Options> {
    constructor(params: OptimizerParameters<Options>, options: Partial<Options> = {}) {
      checkCount(rule.name, arguments.length, 2);
      super(params, options, rule);
    }
  };
}
