/** The blind runs of lesson 10. */

import { expect, it } from 'vitest';
import { RUNS } from '../../lab/lessons/10-diagnose/faults.js';
import session from '../../lab/lessons/10-diagnose/session.js';

it('are four faults that differ, which diagnose names; the same from a seed, and others from another', async () => {
  const one = await session.calls.blind({ seed: 1 });
  const other = await session.calls.blind({ seed: 2 });
  for (const runs of [one, other]) {
    expect(new Set(runs.map(({ fault }) => fault)).size).toBe(RUNS);
    expect(runs.map(({ verdicts }) => verdicts[0].cause)).toEqual(runs.map(({ fault }) => fault));
  }
  expect(other).not.toEqual(one);
  expect(await session.calls.blind({ seed: 1 })).toEqual(one);
});
