/** The worker: the engine, and the sessions of all lessons, each loaded when it is first asked for. */

import { sessions } from 'lab:sessions';
import { configureSimd } from '../../src/index.js';
import type { Asked } from '../core/protocol.js';
import { Host } from './host.js';

// Enough for every lesson; phones refuse large reservations.
configureSimd({ mebibytes: 64 });

const host = new Host(
  async (name) => {
    const load = sessions[name];
    if (!load) throw new Error(`there is no lesson ${name}`);
    return (await load()).default;
  },
  (told) => postMessage(told),
);

addEventListener('message', ({ data }: MessageEvent<Asked>) => void host.answer(data));
