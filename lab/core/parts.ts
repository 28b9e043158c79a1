/** The parts that are loaded when first needed, in a page that is served: files beside this one. */

import type * as Editor from '../editor/editor.js';
import type { Engine } from './client.js';
import { engineOf } from './worker-engine.js';

/** Starts the engine in a worker. */
export function startEngine(): Engine {
  return engineOf(new Worker(new URL('./engine.js', import.meta.url), { type: 'module' }));
}

/** The editor, and what strips types. */
export function loadEditor(): Promise<typeof Editor> {
  return import('../editor/editor.js');
}
