/**
 * Installs the packed package into an empty project, as a user would, and runs one training in every environment that is
 * at hand: Node, Bun, Deno; bundled by esbuild, Vite and webpack, in a page of Chromium where there is one. Prints a table.
 * It needs a registry for the tools, minutes and about a gigabyte: `npm run build && node scripts/environments.mjs [FOLDER [WORD…]]`,
 * with words for some environments alone.
 */

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'tamegrad-environments-'));
mkdirSync(folder, { recursive: true });
const only = process.argv.slice(3);
const rows = [];

function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
}

/** Adds a row: what `attempt` returns, or the first line of its error. */
async function row(environment, command, attempt) {
  const isWanted = only.length === 0 || only.some((word) => environment.includes(word));
  if (!isWanted && environment !== 'install') return;
  const start = performance.now();
  let result;
  try {
    result = await attempt();
  } catch (error) {
    const text = String(error.stderr || error.stdout || error.message).trim();
    result = `FAILED: ${text.split('\n').find((line) => /error|cannot|fail/i.test(line)) ?? text.split('\n')[0]}`;
    process.exitCode = 1;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  rows.push({ environment, command, result, seconds });
  console.log(`${environment}: ${result} (${seconds} s)  ${command}`);
}

function project(name, files = {}) {
  const path = join(folder, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), '{ "private": true, "type": "module" }');
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

function sizeOf(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;

/** Ten clipped steps: the same numbers everywhere. */
const TRAINING = `
import { clipByGlobalNorm, Linear, mseLoss, Random, RNN, SGD, scope, tensor, uniform } from 'tamegrad';
export async function training() {
  const random = new Random(1);
  const rnn = new RNN(1, 8, { random });
  const head = new Linear(8, 1, { random });
  const optimizer = new SGD([...rnn.parameters(), ...head.parameters()], { lr: 0.1, hooks: [clipByGlobalNorm(0.5)] });
  const x = uniform([12, 4, 1], random, -1, 1);
  const y = tensor([[1], [-1], [1], [-1]]);
  let report;
  for (let step = 0; step < 10; step++) {
    optimizer.zeroGrad();
    scope(() => mseLoss(head.forward(rnn.forward(x).last), y).backward());
    report = await optimizer.step();
  }
  return report.normBefore + ' ' + report.normDevice;
}
`;
const MAIN = "import { training } from './training.js';\nconsole.log(await training());\n";
const COMMON =
  "const { Linear, Random } = require('tamegrad');\nconsole.log(new Linear(2, 1, { random: new Random(1) }).parameters().length, 'parameters');\n";

const [packed] = JSON.parse(
  run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root),
);
const tarball = join(folder, packed.filename);
const app = project('app', { 'training.js': TRAINING, 'main.js': MAIN, 'main.cjs': COMMON });
await row('install', 'npm install ./tamegrad-0.1.0.tgz', () => {
  run('npm', ['install', '--no-audit', '--no-fund', tarball], app);
  const lock = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8'));
  const names = Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''));
  const unwanted = names.filter((name) => ['gl', 'webgpu', 'gpu.js', 'node-gyp'].includes(name));
  if (unwanted.length > 0) throw new Error(`it brings ${unwanted.join(', ')}`);
  return `${names.length} packages, ${(sizeOf(join(app, 'node_modules')) / 1e6).toFixed(1)} MB`;
});
const expected = run(process.execPath, ['main.js'], app).trim();

function same(got) {
  const line = got.trim().split('\n').pop();
  if (line !== expected)
    throw new Error(`error: trained to ${line}, Node ${process.versions.node} to ${expected}`);
  return `trained to ${line}`;
}

/** A tool from npm, in a project of its own; its install scripts are not needed. */
function tool(name, ...packages) {
  const path = join(folder, name);
  if (!existsSync(join(path, 'node_modules'))) {
    project(name);
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], path);
  }
  return join(path, 'node_modules');
}

const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
for (const version of [20, 22, 24, 26]) {
  const own = Number.parseInt(process.versions.node, 10) === version;
  const node = () =>
    own
      ? process.execPath
      : join(tool(`node${version}`, `node-${platform}@${version}`), `node-${platform}/bin/node`);
  await row(`Node ${version}, import`, 'node main.js', () => same(run(node(), ['main.js'], app)));
  await row(`Node ${version}, require`, 'node main.cjs', () => run(node(), ['main.cjs'], app).trim());
}
await row('Node, the command', 'npx tamegrad list', () => {
  const lines = run(process.execPath, ['node_modules/tamegrad/dist/cli.js', 'list'], app).trim().split('\n');
  return `${lines.length} lines`;
});
await row('Bun', 'bun main.js', () => {
  const modules = tool('bun', 'bun');
  const [build] = readdirSync(join(modules, '@oven'));
  return same(run(join(modules, '@oven', build, 'bin/bun'), ['main.js'], app));
});
await row('Deno', 'deno run --allow-read main.js', () => {
  const modules = tool('deno', 'deno');
  const [build] = readdirSync(join(modules, '@deno'));
  return same(
    run(join(modules, '@deno', build, 'deno'), ['run', '--allow-read', '--no-prompt', 'main.js'], app),
  );
});
await row('TypeScript without DOM', 'tsc --strict --lib es2023 --types ""', () => {
  writeFileSync(join(app, 'bare.ts'), "export * from 'tamegrad'; export * as report from 'tamegrad/report';");
  const options = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023'],
    types: [],
    noEmit: true,
  };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['bare.ts'] }));
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], app);
  return 'no error';
});

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><output></output>
<script type="module" src="SCRIPT"></script>`;
const START = `
const output = document.querySelector('output');
const worker = new Worker(new URL('WORKER', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => { output.textContent = data; };
worker.onerror = ({ message }) => { output.textContent = 'error: ' + message; };
`;
const WORKER = `
import { training } from './training.js';
training().then(postMessage, (error) => postMessage('error: ' + error));
`;

/** What the page of a folder shows in Chromium. */
async function shown(site) {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) return 'built; no Chromium to run it in';
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer(({ url }, response) => {
    const path = join(site, url === '/' ? 'index.html' : url);
    if (!existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/plain' });
    return response.end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { chromium } = createRequire(join(root, 'package.json'))('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const output = page.locator('output');
    await page.waitForFunction(() => document.querySelector('output').textContent !== '', null, {
      timeout: 60_000,
    });
    return `a worker in Chromium ${same(await output.textContent())}`;
  } finally {
    await browser.close();
    server.close();
  }
}

function bundle(path, entryPoints) {
  const options = {
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    outdir: 'public',
    logLevel: 'silent',
  };
  return build({ absWorkingDir: path, entryPoints, ...options });
}

function web(name, files) {
  const path = project(name, { 'training.js': TRAINING, 'worker.js': WORKER, ...files });
  cpSync(join(app, 'node_modules'), join(path, 'node_modules'), { recursive: true });
  return path;
}

await row(
  'esbuild',
  'esbuild page.js worker.js --bundle --splitting --format=esm --minify --outdir=public',
  async () => {
    const path = web('esbuild', { 'page.js': START.replace('WORKER', './worker.js') });
    await bundle(path, ['page.js', 'worker.js']);
    writeFileSync(join(path, 'public/index.html'), PAGE.replace('SCRIPT', 'page.js'));
    return shown(join(path, 'public'));
  },
);
await row('Vite', 'vite build (worker: { format: "es" })', async () => {
  const path = web('vite', {
    'page.js': START.replace('WORKER', './worker.js'),
    'index.html': PAGE.replace('SCRIPT', '/page.js'),
    'vite.config.js': "export default { worker: { format: 'es' } };",
  });
  run(process.execPath, [join(tool('vite-tool', 'vite@7'), 'vite/bin/vite.js'), 'build'], path);
  return shown(join(path, 'dist'));
});
await row('webpack', 'webpack --mode production', async () => {
  const path = web('webpack', {
    'page.js': START.replace('WORKER', './worker.js'),
    'build.mjs': `import webpack from ${JSON.stringify(join(tool('webpack-tool', 'webpack'), 'webpack/lib/index.js'))};
const config = { mode: 'production', entry: './page.js', context: import.meta.dirname };
webpack(config, (error, stats) => {
  if (error || stats.hasErrors()) { console.error('error', error ?? stats.toString('errors-only')); process.exit(1); }
});`,
  });
  run(process.execPath, ['build.mjs'], path);
  writeFileSync(join(path, 'dist/index.html'), PAGE.replace('SCRIPT', 'main.js'));
  return shown(join(path, 'dist'));
});
await row(
  'a page with Linear and SGD',
  "esbuild --bundle --splitting --minify of import { Linear, SGD } from 'tamegrad'",
  async () => {
    const path = web('small', {
      'page.js': "import { Linear, SGD } from 'tamegrad';\nconsole.log(Linear, SGD);\n",
    });
    await bundle(path, ['page.js']);
    const names = readdirSync(join(path, 'public'));
    const text = readFileSync(join(path, 'public/page.js'), 'utf8');
    const [unused] = ['plot', 'linkedom', 'LSTM'].filter((word) => new RegExp(`\\b${word}\\b`).test(text));
    const later = names
      .filter((name) => name !== 'page.js')
      .map((name) => sizeOf(join(path, 'public', name)));
    return `${kilobytes(text.length)} at once${unused ? ` (with ${unused})` : ''}, ${kilobytes(later.reduce((a, b) => a + b, 0))} when a norm is measured`;
  },
);

console.log('\n| environment | result | seconds | command |\n| --- | --- | --- | --- |');
for (const { environment, command, result, seconds } of rows) {
  console.log(`| ${environment} | ${result} | ${seconds} | \`${command}\` |`);
}
