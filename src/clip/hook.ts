/** The contract between an optimizer and what may stand between backward and its step. */

import type { Parameter } from '../autograd/index.js';
import type { FloatArray } from '../tensor/index.js';
import { told } from './checks.js';
import type { Gradients } from './gradients.js';
import type { Updates } from './updates.js';

/** What a hook remembers, as plain JSON, for checkpoints. */
export type HookState = Readonly<Record<string, unknown>>;

/** What one hook did in one step. */
export interface HookReport {
  /** The hook's name. */
  readonly hook: string;
  /** Whether it changed any gradient. */
  readonly clipped: boolean;
  /** What it measured or decided, by name: norm, threshold, scale, … */
  readonly values: Readonly<Record<string, number>>;
}

/** The step that is about to be taken. */
export interface StepContext {
  /** Updates applied so far: 0 at the first. */
  readonly step: number;
  /** Learning rate of the first parameter group, now. */
  readonly lr: number;
  /** The loss that the caller told `step({ loss })`, or null. */
  readonly loss: number | null;
  readonly parameters: readonly Parameter[];
  /** The same, group by group. */
  readonly groups: readonly (readonly Parameter[])[];
  /** What the optimizer remembers of a parameter (momentum, moments), by name; not to be written. */
  optimizerState(parameter: Parameter): Readonly<Record<string, FloatArray>>;
  /** The options that a parameter is updated under: lr, betas, … */
  optionsOf(parameter: Parameter): Readonly<Record<string, unknown>>;
  /** How often a parameter was updated. */
  updatesOf(parameter: Parameter): number;
}

/**
 * A stage between backward and step: it reads the gradients, changes them through `Gradients`, and says what it did.
 * Hooks run in order, on gradients that are whole.
 */
export interface GradientHook {
  readonly name: string;
  readonly stage?: 'gradient';
  apply(gradients: Gradients, step: StepContext): HookReport | Promise<HookReport>;
  /** What a checkpoint must save, for hooks that remember. */
  state?(): HookState;
  restore?(state: HookState): void;
}

/**
 * A stage behind the optimizer's rule: it reads what the rule did to each parameter and may shorten it. Update hooks run
 * in order; one that throws leaves the parameters as they were, but not the moments.
 */
export interface UpdateHook {
  readonly name: string;
  /** Tells it from a gradient hook, which would take an update for a gradient. */
  readonly stage: 'update';
  apply(updates: Updates, step: StepContext): HookReport | Promise<HookReport>;
  /** What a checkpoint must save, for hooks that remember. */
  state?(): HookState;
  restore?(state: HookState): void;
}

/** The ways to treat NaN and infinite gradients. */
export const nonFinitePolicies = ['throw', 'skip', 'zero', 'propagate'] as const;

/** What to do about NaN and infinite gradients: an error (default), no update, zero those elements, or nothing. */
export type NonFinitePolicy = (typeof nonFinitePolicies)[number];

/** Throws unless a threshold is a number ≥ 0; Infinity means: measure only. */
export function checkThreshold(caller: string, threshold: number): void {
  if (typeof threshold === 'number' && threshold >= 0) return;
  throw new Error(
    `${caller}: threshold must be a number ≥ 0 (Infinity: measure only), got ${told(threshold)}`,
  );
}
