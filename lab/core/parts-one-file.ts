/** The parts that are loaded when first needed, in the page of one file: packed into the page itself. */

import type * as Editor from '../editor/editor.js';
import type { Engine } from './client.js';
import { engineOf } from './worker-engine.js';

/** Starts the engine in a worker: a classic one, since modules do not start from a Blob in a page opened as a file. */
export async function startEngine(): Promise<Engine> {
  const text = await unpack('engine');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    return engineOf(new Worker(url));
  } finally {
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  }
}

/** The editor, and what strips types. */
export async function loadEditor(): Promise<typeof Editor> {
  const loaded = globalThis as { tamegradLabEditor?: typeof Editor };
  if (!loaded.tamegradLabEditor) {
    const script = document.createElement('script');
    script.textContent = await unpack('editor');
    document.head.append(script);
  }
  return loaded.tamegradLabEditor!;
}

/** The text of a part, which stands compressed in the page. */
async function unpack(part: string): Promise<string> {
  const packed = document.getElementById(`part-${part}`)!.textContent!;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}
