/** The package as others get it: packed, unpacked into an empty project, imported, trained, type-checked. */

import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const project = mkdtempSync(join(tmpdir(), 'tamegrad-project-'));

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A training loop as a user of the package writes it: ten clipped steps on a recurrent network. */
const TRAINING = `
import { clipByGlobalNorm, Linear, mseLoss, Random, RNN, SGD, scope, tensor, uniform, type StepReport } from 'tamegrad';
import { openRunLog } from 'tamegrad/node';
import { renderReport, type ReportPage } from 'tamegrad/report';

const random = new Random(1);
const rnn = new RNN(1, 8, { random });
const head = new Linear(8, 1, { random });
const optimizer = new SGD([...rnn.parameters(), ...head.parameters()], { lr: 0.1, hooks: [clipByGlobalNorm(0.5)] });
const x = uniform([12, 4, 1], random, -1, 1);
const y = tensor([[1], [-1], [1], [-1]]);
const reports: StepReport[] = [];
for (let step = 0; step < 10; step++) {
  optimizer.zeroGrad();
  scope(() => mseLoss(head.forward(rnn.forward(x).last), y).backward());
  reports.push(await optimizer.step());
}
const last: StepReport = reports[9];
console.log(JSON.stringify({ steps: reports.length, clipped: last.clipped, after: last.normAfter, device: last.normDevice }));
console.log(typeof openRunLog, typeof renderReport, ({} as Partial<ReportPage>).title === undefined);
`;

beforeAll(() => {
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'tamegrad'), { recursive: true });
  run('tar', '-xzf', packed.trim(), '--strip-components=1', '-C', 'node_modules/tamegrad');
  // Dependencies as an install would lay them, from this checkout instead of a registry.
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(project, 'training.ts'), TRAINING);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    skipLibCheck: false,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['training.ts'] }));
}, 60_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the packed package', () => {
  it('type-checks under strict nodenext, library declarations included, and trains ten clipped steps', () => {
    run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.');
    const [result, entries] = run(process.execPath, 'training.js').trim().split('\n');
    const { steps, clipped, after, device } = JSON.parse(result);
    expect({ steps, clipped, device }).toEqual({ steps: 10, clipped: true, device: 'webasm' });
    expect(after).toBeCloseTo(0.5, 6);
    expect(entries).toBe('function function true');
  }, 60_000);

  it('runs its command', () => {
    expect(run(process.execPath, 'node_modules/tamegrad/dist/cli.js', 'list')).toMatch(/^latch /);
  });

  it('ships what it needs and nothing else', () => {
    expect(readdirSync(join(project, 'node_modules/tamegrad')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'package.json',
    ]);
  });
});
