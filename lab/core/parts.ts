/** The parts that are loaded when first needed, in a page that is served: files beside this one. */

import type * as Editor from '../editor/editor.js';
import type { Engine } from './client.js';
import { engineOf } from './worker-engine.js';

/** Starts the engine in a worker. */
export function startEngine(): Engine {
  const url = new URL('./engine.js', import.meta.url);
  return engineOf(new Worker(url.origin === location.origin ? url : bridgeTo(url), { type: 'module' }));
}

/** Workers start from the page's own origin only: where the lab comes from another, one line there imports it. */
function bridgeTo(url: URL): string {
  return URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
}

/** The editor, and what strips types. */
export function loadEditor(): Promise<typeof Editor> {
  return import('../editor/editor.js');
}
