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
  const there = runs.every((run) => run.digest !== null && (run.at === at || run.ended !== null));
  if (digests.length === 0 || runs.length === 0 || !there) return null;
  const here = shortDigests(runs);
  const missing = digests.filter((digest) => !runs.some((run) => run.digest!.startsWith(digest)));
  const same = missing.length === 0;
  return {
    same,
    words: same
      ? `Step ${at}: same bits as the sender's (${digests.join(', ')}).`
      : `Step ${at}: other bits than the sender's. Here ${here.join(', ')}; there ${missing.join(', ')}.`,
  };
}

/** Of every run that stands, as much of its digest as people see. */
export function shortDigests(runs: readonly Run<unknown>[]): readonly string[] {
  return runs.flatMap(({ digest }) => digest?.slice(0, SHORT_DIGEST) ?? []);
}
