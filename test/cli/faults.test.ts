/**
 * Every command that writes, killed at any moment or over a disk that is full or takes little at a time: no file is torn, and
 * the same command then ends with the files of one that nothing happened to. The suite does a few of each;
 * `KILLS=60 DISKS=20 npx vitest run test/cli/faults.test.ts` that many, the commands in turn, and says what it saw.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/index.js';
import { type Bundled, bundleCommandLine, type Finished, finish } from './bundled.js';

const { KILLS: kills, DISKS: disks } = process.env;
const KILLS = Number(kills ?? 2);
const DISKS = Number(disks ?? 2);

const preload = pathToFileURL(fileURLToPath(new URL('faults-preload.mjs', import.meta.url))).href;
const random = new Random(Number(process.env.SEED ?? 1));

/** A command with the files that it writes. */
interface Subject {
  readonly name: string;
  /** Its words, with files under a folder. */
  words(folder: string): readonly string[];
  /** A program of its own, instead of the command line. */
  readonly program?: string;
  /** Files that are replaced whole: the old one or the new one is there, never a part. */
  readonly whole: readonly string[];
  /** Files that grow by lines. */
  readonly lines: readonly string[];
}

const all: readonly Subject[] = [
  {
    name: 'training',
    program: 'training.mjs',
    words: (folder) => [`${folder}/run.safetensors`, '60'],
    whole: ['run.safetensors'],
    lines: [],
  },
  {
    name: 'sweep',
    words: (folder) =>
      `sweep latch --steps 15 --clip none --clip norm:1 --lr 0.01,0.1 --seeds 4 --jobs 1 --out ${folder}/rows.jsonl --report ${folder}/page.html`.split(
        ' ',
      ),
    whole: ['page.html'],
    lines: ['rows.jsonl'],
  },
  {
    name: 'demo',
    words: (folder) =>
      `demo latch --steps 120 --clip norm:1 --log ${folder}/log.jsonl --report ${folder}/page.html`.split(
        ' ',
      ),
    whole: ['page.html'],
    lines: ['log.jsonl'],
  },
  {
    name: 'experiment',
    words: (folder) =>
      `experiment hundred-steps identity-below value-clip-direction --jobs 1 --report ${folder}/page.html --claims ${folder}/claims.md`.split(
        ' ',
      ),
    whole: ['page.html', 'claims.md'],
    lines: [],
  },
];

/** The suite has no time for all; the training that is killed is another test's. */
const subjects = all.filter(
  ({ name }) => (kills ?? disks) !== undefined || name === 'sweep' || name === 'demo',
);

let bundle: Bundled;
/** What nothing happened to: the bytes of each file, and the milliseconds that it took. */
const untouched = new Map<Subject, { readonly files: ReadonlyMap<string, string>; readonly ms: number }>();
const at = (folder: string, name: string) => join(bundle.folder, folder, name);

beforeAll(async () => {
  bundle = await bundleCommandLine();
  await build({
    entryPoints: [fileURLToPath(new URL('../persist/resume/training.ts', import.meta.url))],
    outfile: join(bundle.folder, 'training.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  for (const subject of subjects) {
    const folder = freshFolder(subject);
    const started = performance.now();
    const { code, err } = await finish(start(subject, folder));
    expect([subject.name, code, err.includes('error:')]).toEqual([subject.name, 0, false]);
    const files = [...subject.whole, ...subject.lines].map(
      (name) => [name, contentOf(folder, name)] as const,
    );
    untouched.set(subject, { files: new Map(files), ms: performance.now() - started });
  }
});
afterAll(() => bundle.remove());

function start({ program, words }: Subject, folder: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const flags = env.FAULT === undefined ? [] : ['--import', preload];
  if (program === undefined) return bundle.start(words(folder), env, flags);
  return spawn(process.execPath, [...flags, program, ...words(folder)], {
    cwd: bundle.folder,
    env: { ...process.env, ...env },
  });
}

/** A file as text, without what no two runs share: how long it took, and where its results lie. */
function contentOf(folder: string, name: string): string {
  const text = readFileSync(at(folder, name), 'latin1');
  return text.replace(/(>seconds<\/th>\s*)(<td[^>]*>[^<]*<\/td>\s*)+/g, '$1').replaceAll(folder, '');
}

/** Throws if a file is torn: neither old nor new, or lines that the untouched run does not begin with. */
function checkNothingTorn(subject: Subject, folder: string): void {
  const { files } = untouched.get(subject)!;
  for (const name of subject.whole) {
    if (!existsSync(at(folder, name))) continue;
    const text = contentOf(folder, name);
    if (subject.program !== undefined) continue; // its own reader, which knows a checksum, is run next
    expect([name, text === 'old' || text === files.get(name)]).toEqual([name, true]);
  }
  for (const name of subject.lines) {
    if (!existsSync(at(folder, name))) continue;
    const text = contentOf(folder, name);
    // The last line may be cut off by a kill; whoever goes on writes it anew.
    expect([name, text === 'old' || files.get(name)!.startsWith(text)]).toEqual([name, true]);
  }
}

/** Runs the command once more, with nothing in its way: its files are those of the untouched run. */
async function checkEnd(subject: Subject, folder: string): Promise<void> {
  const { code, err } = await finish(start(subject, folder));
  expect([subject.name, code, err.includes('error:')]).toEqual([subject.name, 0, false]);
  for (const [name, content] of untouched.get(subject)!.files) {
    expect([name, contentOf(folder, name) === content]).toEqual([name, true]);
  }
  const strangers = readdirSync(join(bundle.folder, folder)).filter((name) => name.startsWith('.'));
  expect(strangers).toEqual([]);
}

let folders = 0;

/** A new folder, with old files in the place of those that are replaced. */
function freshFolder({ whole, program }: Subject): string {
  const folder = `case-${folders++}`;
  mkdirSync(join(bundle.folder, folder));
  if (program === undefined) for (const name of whole) writeFileSync(at(folder, name), 'old');
  return folder;
}

/** Kills a process after a while, or at the moment that it is seen to be writing a file. */
function killSoon(child: ChildProcess, folder: string, ms: number): void {
  if (random.uniform() < 0.3) {
    const watcher = watch(join(bundle.folder, folder), (_, name) => {
      if (name?.endsWith('.tmp')) child.kill('SIGKILL');
    });
    child.on('close', () => watcher.close());
  } else {
    const timer = setTimeout(() => child.kill('SIGKILL'), random.uniform(0.2, 1.05) * ms);
    child.on('close', () => clearTimeout(timer));
  }
}

const told: string[] = [];
const tell = (text: string) => told.push(text);
afterAll(() => {
  if ((kills ?? disks) !== undefined) console.info(told.join('\n'));
});

it(`${KILLS} kills tear nothing, and what goes on ends as if there had been none`, async () => {
  for (const [i, subject] of subjects.entries()) {
    let folder = freshFolder(subject);
    const count = Math.max(0, Math.ceil((KILLS - i) / subjects.length));
    let done = 0;
    for (let tries = 0; done < count && tries < 20 * count; tries++) {
      const child = start(subject, folder);
      const closed = new Promise<NodeJS.Signals | null>((resolve) =>
        child.on('close', (_, signal) => resolve(signal)),
      );
      child.stdout!.resume();
      child.stderr!.resume();
      killSoon(child, folder, untouched.get(subject)!.ms);
      const killed = (await closed) === 'SIGKILL';
      if (killed) done++;
      checkNothingTorn(subject, folder);
      if (killed) continue;
      // It was done before its time had come: from the start.
      rmSync(join(bundle.folder, folder), { recursive: true });
      folder = freshFolder(subject);
    }
    expect([subject.name, done]).toEqual([subject.name, count]);
    await checkEnd(subject, folder);
    tell(`${subject.name}: ${done} kills`);
  }
});

it(`${DISKS} full disks are told in one line, tear nothing and lose nothing that was there`, async () => {
  let full = 0;
  for (let i = 0; i < DISKS; i++) {
    const subject = subjects[i % subjects.length];
    const folder = freshFolder(subject);
    const { files } = untouched.get(subject)!;
    const sizes = [...files.values()].reduce((sum, text) => sum + text.length, 0);
    const room = random.integer(sizes);
    const ended: Finished = await finish(start(subject, folder, { FAULT: `full:${room}` }));
    checkNothingTorn(subject, folder);
    if (ended.code !== 0) {
      full++;
      const lines = ended.err.split('\n').filter((line) => line.includes('ENOSPC'));
      expect([subject.name, lines.length > 0]).toEqual([subject.name, true]);
      expect(lines[0]).toMatch(
        /'[^']*' cannot be written \(ENOSPC: no space left on the device\); free some space/,
      );
    }
    await checkEnd(subject, folder);
  }
  tell(`${full} of ${DISKS} disks were full before the end`);
  expect(full).toBeGreaterThan(DISKS / 2);
});

it(`${DISKS} disks that take little at a time change no byte`, async () => {
  for (let i = 0; i < DISKS; i++) {
    const subject = subjects[i % subjects.length];
    const folder = freshFolder(subject);
    const { code, err } = await finish(start(subject, folder, { FAULT: `short:${i + 1}` }));
    expect([subject.name, code, err.includes('error:')]).toEqual([subject.name, 0, false]);
    for (const [name, content] of untouched.get(subject)!.files) {
      expect([name, contentOf(folder, name) === content]).toEqual([name, true]);
    }
  }
  tell(`${DISKS} disks took little at a time`);
});
