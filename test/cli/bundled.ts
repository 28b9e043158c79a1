/** The command line as its users meet it: the bundled program, in a folder and in processes of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a process left. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The bundle in its folder. */
export interface Bundled {
  readonly folder: string;
  readonly outputs: Metafile['outputs'];
  start(words: readonly string[], env?: NodeJS.ProcessEnv, flags?: readonly string[]): ChildProcess;
  /** Runs it to its end. */
  run(...words: string[]): Promise<Finished>;
  remove(): void;
}

/** Bundles the command line and its workers into a new folder. */
export async function bundleCommandLine(): Promise<Bundled> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tamegrad-cli-')));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      cli: 'cli/main.ts',
      'experiment-worker': 'cli/commands/experiment/worker.ts',
      'study-worker': 'cli/commands/demo/study-worker.ts',
      'sweep-worker': 'cli/commands/sweep/worker.ts',
    },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, 'demos/data'), join(folder, 'dist/data'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const start: Bundled['start'] = (words, env = {}, flags = []) => {
    const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
    return spawn(process.execPath, [...flags, join(folder, 'dist/cli.js'), ...words], {
      cwd: folder,
      env: { ...inherited, ...env },
    });
  };
  return {
    folder,
    outputs: metafile.outputs,
    start,
    run: (...words) => finish(start(words)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Waits for a process and what it wrote. */
export function finish(child: ChildProcess): Promise<Finished> {
  return new Promise((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stdout!.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
