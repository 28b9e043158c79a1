/** A demo of the command line that a lesson shows: how a run of it is linked to. */

import type { DemoConfig } from '../../demos/demo.js';
import type { Value } from './settings.js';

/** What `demo.ts` of such a lesson exports. */
export interface DemoInLab {
  /** Name of the demo. */
  readonly demo: string;
  /** Number of the lesson. */
  readonly lesson: number;
  /** The settings of the widget under which its last run is this one; null if there are none. */
  settingsOf(config: DemoConfig, clip: string): Readonly<Record<string, Value>> | null;
}
