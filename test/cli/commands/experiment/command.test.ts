import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundled, bundleCommandLine, finish } from '../../bundled.js';

/** Quick ones. */
const words = ['1', '12', '9', 'direction-kept', '--seeds', '3'];

let bundle: Bundled;
let whole: string;

beforeAll(async () => {
  bundle = await bundleCommandLine();
  const { code, out, err } = await experiment(...words, '--json');
  expect([code, err]).toEqual([0, '']);
  whole = out;
});

afterAll(() => bundle.remove());

function experiment(...given: string[]) {
  return bundle.run('experiment', ...given);
}

describe('shards', () => {
  it('joined are the whole run, side by side or one after another', async () => {
    const parts = ['1/2', '2/2'].map((shard, i) =>
      experiment(...words, '--json', '--jobs', `${i + 1}`, '--shard', shard),
    );
    for (const [i, { out }] of (await Promise.all(parts)).entries()) {
      expect(JSON.parse(out).experiments.length).toBeGreaterThan(0);
      writeFileSync(join(bundle.folder, `${i + 1}.json`), out);
    }
    const { code, out } = await experiment('join', '2.json', '1.json', '--json');
    expect([code, out]).toEqual([0, whole]);
  });

  it('that are not all there are joined, and what they lack is named', async () => {
    const [first, , ...more] = JSON.parse(whole).experiments;
    first.outcomes.pop();
    writeFileSync(join(bundle.folder, 'part.json'), JSON.stringify({ experiments: [first, ...more] }));
    const { code, err } = await experiment('join', 'part.json');
    expect(code).toBe(0);
    expect(err).toMatch(/^join: these files lack hundred-steps \(2 of 3 seeds\), .+, and \d+ more\n$/);
  });

  it('with nothing to do say so', async () => {
    const { code, out } = await experiment('1', '--shard', '2/2', '--claims', 'none.md');
    expect([code, out]).toEqual([0, 'No claim was run.\n']);
    expect(readFileSync(join(bundle.folder, 'none.md'), 'utf8')).not.toContain('Infinity');
  });
});

it('Ctrl-C keeps what was measured; a document of such a run, and a join of it, say so', async () => {
  const child = bundle.start(['experiment', 'all', '--jobs', '1']);
  child.stderr!.on('data', (text) => {
    if (/ run 1/.test(String(text))) child.kill('SIGINT');
  });
  const { code, out, err } = await finish(child);
  expect([code, out.includes('hundred-steps')]).toEqual([130, true]);
  expect(err).toContain('interrupted: this is what was measured until then\n');
  writeFileSync(join(bundle.folder, 'cut.json'), JSON.stringify({ ...JSON.parse(whole), interrupted: true }));
  expect(JSON.parse((await experiment('join', 'cut.json', '--json')).out).interrupted).toBe(true);
  expect(JSON.parse(whole).interrupted).toBeUndefined();
});

it.each([
  ['hunderd-steps', "no experiment is called 'hunderd-steps'; did you mean hundred-steps?"],
  ['all 99', "no experiment is called '99'; did you mean"],
  ['--json', 'experiment: name those to run, or all of them: all'],
  ['1 --claims missing/claims.md', "--claims: 'missing/claims.md' cannot be written (ENOENT: "],
  ['1 --claims one --report one', "--report and --claims: both name 'one'"],
  ['1 --seed 30000001', 'It must be a whole number from 0 to 30000000.'],
  ['1 --seeds 1000000000000', 'It must be a whole number from 1 to 10000.'],
  ['1 --jobs 0', 'It must be a whole number of at least 1.'],
  ['1 --shard 3/2', 'It must be i/n with 1 ≤ i ≤ n, as in 1/2.'],
  ['join package.json', "'package.json' is not the output of `experiment --json`"],
])('wrong usage: %s', async (wrong, said) => {
  const { code, out, err } = await experiment(...wrong.split(' '));
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^error: [^\n]+\n$/);
  expect(err).toContain(said);
});
