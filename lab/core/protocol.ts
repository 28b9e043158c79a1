/** What page and worker say to each other. Every request has an id and gets one reply. */

import type { Divergence } from '../../src/index.js';
import type { SeenStep } from './session.js';

/** From the page. `session` is a lesson's name, `run` a number that the page chose. */
export type Request =
  | { readonly op: 'call'; readonly session: string; readonly name: string; readonly given: unknown }
  | {
      readonly op: 'open';
      readonly run: number;
      readonly session: string;
      readonly name: string;
      readonly settings: unknown;
    }
  /** `pace` in steps per second; Infinity: as fast as it goes. */
  | { readonly op: 'play'; readonly run: number; readonly pace: number }
  | { readonly op: 'pause'; readonly run: number }
  | { readonly op: 'step'; readonly run: number; readonly count: number }
  /** To the state after so many steps. */
  | { readonly op: 'seek'; readonly run: number; readonly to: number }
  | { readonly op: 'close'; readonly run: number };

/** A request on its way. */
export type Asked = Request & { readonly id: number };

/** Where a run stands. */
export interface Standing {
  /** Steps taken. */
  readonly at: number;
  /** SHA-256 over the bytes of all parameters. */
  readonly digest: string;
  /** Why no step can follow; null while one can. */
  readonly ended: Ended | null;
}

/** How a run ended. */
export type Ended = { readonly why: 'done' } | { readonly why: 'diverged'; readonly divergence: Divergence };

/** From the worker: replies, and the steps of runs that play. */
export type Told =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly run: number; readonly steps: readonly SeenStep[] }
  | { readonly run: number; readonly stopped: Standing }
  | { readonly run: number; readonly failed: string };
