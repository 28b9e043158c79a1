/** What all labs of a page share: one engine, one progress. */

import { LabClient } from '../core/client.js';
import { startEngine } from '../core/parts.js';
import { ProgressStore } from '../core/progress.js';

/** The engine; it starts with the first request. */
export const client = new LabClient(startEngine);

/** What the reader has done. */
export const progress = new ProgressStore();
