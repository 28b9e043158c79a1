/** An engine that is a worker. */

import type { Engine } from './client.js';
import type { Told } from './protocol.js';

/** Talks to a worker. */
export function engineOf(worker: Worker): Engine {
  const engine: Engine = {
    send: (asked) => worker.postMessage(asked),
    onTold: () => {},
    onFailed: () => {},
    end: () => worker.terminate(),
  };
  worker.onmessage = ({ data }: MessageEvent<Told>) => engine.onTold(data);
  worker.onerror = (event) => {
    event.preventDefault();
    engine.onFailed(event.message || 'the engine could not be started here');
  };
  return engine;
}
