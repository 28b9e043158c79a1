/** The hook contract: what an optimizer and the stages between backward and step expect of each other. */

import type { Gradients } from './gradients.js';
import type { StepContext } from './step-context.js';
import type { Updates } from './updates.js';

/** What a hook remembers, as plain JSON, for checkpoints. */
export type HookState = Readonly<Record<string, unknown>>;

/** What a hook measured or decided in one step, by name: norm, threshold, scale, … */
export type HookValues = Readonly<Record<string, number>>;

/** What one hook did in one step. */
export interface HookReport {
  /** The hook's name. */
  readonly hook: string;
  /** Whether it changed any gradient or update. */
  readonly clipped: boolean;
  /** What it returned; empty if it skipped the step before it ran, or returned nothing. */
  readonly values: HookValues;
}

/** The ways to treat NaN and infinite gradients. */
export const nonFinitePolicies = ['throw', 'skip', 'zero', 'propagate'] as const;

/** What to do about NaN and infinite gradients: throw an error, skip the update, zero those elements, or nothing. */
export type NonFinitePolicy = (typeof nonFinitePolicies)[number];

/**
 * A stage between backward and step. Its body is its formula: the optimizer applies the `nonFinite` policy before it,
 * and reports its name and whether it changed a gradient. Hooks run in order, on gradients that are whole.
 *
 * ```ts
 * const halve: GradientHook = {
 *   name: 'halve',
 *   async apply(gradients) {
 *     const norm = await gradients.norm();
 *     gradients.scale(0.5);
 *     return { norm };
 *   },
 * };
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, hooks: [halve] });
 * ```
 */
export interface GradientHook {
  /** What reports, errors and checkpoints call it. */
  readonly name: string;
  /**
   * What it was made with, by name: numbers, words, lists and objects of these, schedules. A checkpoint says it, and is
   * refused by a hook that was made with something else; of functions only that there is one. Without it nothing is compared.
   */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** May be left out: a hook without a stage is a gradient hook. */
  readonly stage?: 'gradient';
  /**
   * What the optimizer does before `apply` if a gradient, or the loss of the step, is NaN or infinite. Default
   * `propagate`: `apply` sees the gradients as they are.
   */
  readonly nonFinite?: NonFinitePolicy;
  /**
   * Reads the gradients, changes them by the methods of `Gradients` alone, and returns what it measured: numbers by name,
   * or nothing. It is not called once an earlier hook has skipped the step. An error leaves the parameters as they were.
   */
  apply(gradients: Gradients, step: StepContext): HookValues | void | Promise<HookValues | void>;
  /** What a checkpoint must save, as plain JSON and as a copy. A hook that remembers nothing has neither this nor `restore`. */
  state?(): HookState;
  /** Continues from what `state` returned, possibly read from a file. Throws before it changes anything if it cannot. */
  restore?(state: HookState): void;
}

/**
 * A stage behind the optimizer's rule: it reads what the rule did to each parameter and may shorten it. Update hooks run
 * in order, after all gradient hooks. If one throws, the parameters are put back; the moments keep the step.
 */
export interface UpdateHook {
  /** What reports, errors and checkpoints call it. */
  readonly name: string;
  /** As in `GradientHook`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What tells it from a gradient hook. */
  readonly stage: 'update';
  /** Reads the updates, changes them by the methods of `Updates` alone, and returns numbers by name, or nothing. */
  apply(updates: Updates, step: StepContext): HookValues | void | Promise<HookValues | void>;
  /** As in `GradientHook`. */
  state?(): HookState;
  /** As in `GradientHook`. */
  restore?(state: HookState): void;
}

/** What an optimizer takes in `hooks`: each runs at its stage. */
export type StepHook = GradientHook | UpdateHook;
