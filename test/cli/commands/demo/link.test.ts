/** `tamegrad demo NAME --link`: what the lab is to open. */

import { expect, it } from 'vitest';
import { parseLink } from '../../../../lab/core/link.js';
import { inProcess } from '../../in-process.js';

it('prints a link for each run that a lesson shows, to its last step and its digest', async () => {
  const words = ['demo', 'cliff', '--steps', '3', '--link', '--quiet'];
  const { code, out } = await inProcess(words);
  expect(code).toBe(0);
  const links = out.match(/#l=4\S+/g)!.map(parseLink);
  const { runs } = JSON.parse((await inProcess([...words, '--json'])).out);
  expect(links.map(({ at, digests }) => [at, digests])).toEqual(
    runs.map(({ digest }: { digest: string }) => [3, [digest.slice(0, 8)]]),
  );
});

it('says where no lesson shows a run', async () => {
  const { out } = await inProcess([
    'demo',
    'cliff',
    '--steps',
    '1',
    '--clip',
    'value:1',
    '--link',
    '--quiet',
  ]);
  expect(out).toContain('value:1: no lesson of the lab shows this run');
});
