/** scripts/build.mjs as the first thing that somebody runs: in a folder of its own, over the sources as they are. */

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { finish } from '../cli/bundled.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tamegrad-build-')));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (path: string) => join(folder, path);
for (const name of ['src', 'cli', 'demos', 'experiments', 'kernels', 'lab'])
  symlinkSync(join(root, name), at(name));
for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
  cpSync(join(root, name), at(name));
// Node resolves links, and the script finds its root by its own place.
cpSync(join(root, 'scripts'), at('scripts'), {
  recursive: true,
  filter: (path) => !path.includes('node_modules'),
});

const build = () => spawn(process.execPath, [at('scripts/build.mjs'), 'program'], { cwd: folder });
const built = () => statSync(at('dist/index.js')).mtimeMs;

describe('the build', () => {
  it('speaks before it loads anything: without a package installed, first what it is about, then what to do', async () => {
    const { code, err } = await finish(build());
    const [first, ...rest] = err.trim().split('\n');
    expect([code, first]).toEqual([1, expect.stringMatching(/^build: for the first time here/)]);
    expect(rest[rest.length - 1]).toBe('build: packages are missing; run npm install first');
  });

  it('does nothing, and says nothing, where all is current; a byte that changes is built', async () => {
    symlinkSync(join(root, 'node_modules'), at('node_modules'));
    expect(await finish(build())).toMatchObject({
      code: 0,
      err: expect.stringContaining('build: the program'),
    });
    expect(existsSync(at('dist/cli.js'))).toBe(true);
    const before = built();
    utimesSync(at('package.json'), new Date(), new Date());
    expect(await finish(build())).toEqual({ code: 0, out: '', err: '' });
    expect(built()).toBe(before);
    writeFileSync(at('tsconfig.json'), '{ }');
    const child = build();
    const said = await new Promise((resolve) => child.stderr!.once('data', (text) => resolve(String(text))));
    child.kill();
    await finish(child);
    expect(said).toMatch(/^build: kernels …\n/);
  });
});
