/** A link to an exact step: whether the runs have the digests there that the sender saw. */

import { SHORT_DIGEST } from '../../demos/digest.js';
import type { Run } from '../core/client.js';

/** What a link asks for. */
export interface AskedStep {
  readonly at: number;
  readonly digests: readonly string[];
}

/** What came of it. */
export interface Compared {
  readonly same: boolean;
  readonly words: string;
}

/** Compares once all runs stand where the link wants them; null before. Each digest must be that of one of the runs. */
export function compareDigests({ at, digests }: AskedStep, runs: readonly Run<unknown>[]): Compared | null {
  const here = shortDigests(runs, at);
  if (digests.length === 0 || here.length === 0) return null;
  const missing = digests.filter((digest) => !runs.some((run) => run.digest!.startsWith(digest)));
  const same = missing.length === 0;
  return {
    same,
    words: same
      ? `Step ${at}: same bits as the sender's (${digests.join(', ')}).`
      : `Step ${at}: other bits than the sender's. Here ${here.join(', ')}; there ${missing.join(', ')}.`,
  };
}

/** Of the digests of all runs as much as people see; none while some run is elsewhere than at step `at`. */
export function shortDigests(runs: readonly Run<unknown>[], at: number): readonly string[] {
  const there = runs.every((run) => run.digest !== null && (run.at === at || run.ended !== null));
  return there ? runs.map(({ digest }) => digest!.slice(0, SHORT_DIGEST)) : [];
}
