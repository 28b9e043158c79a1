/** What an op's own functions must return: apart from the engine, because anomaly mode calls them, too. */

import { Tensor } from '../tensor/index.js';
import type { BackwardContext, OpRule } from './op.js';

/** What an op made of its inputs. */
export function outputOf(op: OpRule, values: readonly Tensor[], params: unknown): Tensor {
  return tensorOf(`${op.name}: forward`, op.forward(values, params));
}

/** An op's functions that compute the gradients of its inputs. */
export function rulesOf(
  op: OpRule,
  grad: Tensor,
  context: BackwardContext<readonly Tensor[], unknown>,
): readonly (() => Tensor)[] {
  const rules: unknown = op.backward(grad, context);
  const { length } = context.inputs;
  if (Array.isArray(rules) && rules.length === length) return rules;
  const got = Array.isArray(rules) ? rules.length : kindOf(rules);
  throw new Error(`backward: '${op.name}' must return one function per input, got ${got} for ${length}`);
}

/** What one of these functions computes. */
export function gradientOf({ name }: OpRule, rule: () => Tensor): Tensor {
  if (typeof rule === 'function') return tensorOf(`backward: a function of '${name}'`, rule());
  throw new Error(`backward: '${name}' must return one function per input, got ${kindOf(rule)} among them`);
}

function tensorOf(who: string, made: unknown): Tensor {
  if (made instanceof Tensor) return made;
  throw new Error(
    `${who} must return a Tensor, got ${kindOf(made)}; compute by methods of the Tensors given`,
  );
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value ? `a ${value.constructor.name}` : typeof value;
}
