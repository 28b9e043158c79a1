import { describe, expect, it } from 'vitest';
import { ratioTable, table, verdict } from '../../bench/goals.js';
import { type Line, mergeRounds, type OurLine } from '../../bench/measure.js';
import { didTheWork, parseLines, rivalsOf, runPeers } from '../../bench/peers.js';

const tiny = { workload: 'tiny', runs: 9, loss1: 0.588062, loss10: 0.516928 };
const line = (peer: string, ms: number, other: Partial<Line> = {}): Line => ({ peer, ms, ...tiny, ...other });
const ours: OurLine = {
  ...line('tamegrad reference', 0.02),
  workload: 'tiny',
  backend: 'reference',
  precision: 'exact',
  threads: 1,
  vectors: 128,
  normDevice: 'webasm',
};

describe("the peers' lines", () => {
  it('are read past whatever else was printed, errors and our own results', () => {
    const text = [
      'npm warn something',
      JSON.stringify(line('torch 1.13 t1', 0.3)),
      JSON.stringify({ peer: 'jax-js', workload: 'tiny', error: 'no' }),
      JSON.stringify(ours),
    ].join('\n');
    expect(parseLines(text)).toEqual([line('torch 1.13 t1', 0.3)]);
  });

  it('count only where the losses are the agreed ones', () => {
    expect(didTheWork(line('a', 1))).toBe(true);
    expect(didTheWork(line('a', 1, { loss10: 0.5172 }))).toBe(false);
    expect(didTheWork(line('a', 1, { workload: 'clip-5k', loss1: 7 }))).toBe(true);
  });

  it('give PyTorch on one thread and the fastest in JavaScript', () => {
    const lines = [
      line('torch 1.13 t2', 0.1),
      line('torch 1.13 t1', 0.3),
      line('tfjs', 0.8),
      line('jax-js', 0.7),
      line('cheat', 0.01, { loss1: 0 }),
      line('tfjs', 0.1, { workload: 'mlp', loss1: 2.449788, loss10: 2.375568 }),
    ];
    const { torch, js } = rivalsOf('tiny', lines);
    expect(torch?.ms).toBe(0.3);
    expect(js?.peer).toBe('jax-js');
    expect(rivalsOf('rnn', lines)).toEqual({ torch: null, js: null });
  });

  it('come from a command too, which is told the workload', async () => {
    const command = `node -e "console.log(JSON.stringify({ peer: 'p', ms: 1, workload: process.argv[1] }))"`;
    expect(await runPeers(command, 'tiny')).toEqual([{ peer: 'p', ms: 1, workload: 'tiny' }]);
    await expect(runPeers('exit 3; echo', 'tiny')).rejects.toThrow('must end with code 0, got 3');
  });
});

it('rounds of one workload become one line: the median time, all runs', () => {
  const rounds = [line('a', 3), line('b', 9), line('a', 1), line('a', 2)];
  expect(mergeRounds(rounds)).toEqual([line('a', 2, { runs: 27 }), line('b', 9)]);
});

describe('the tables', () => {
  it('say whether a ratio is what it must be', () => {
    const goal = { floor: 8, aim: 20 };
    expect([null, 7.9, 8, 20].map((ratio) => verdict(ratio, goal))).toEqual(['–', 'MISS', 'pass', 'aim met']);
  });

  it('put ours beside the peers, with floors and aims', () => {
    const text = ratioTable([ours], [line('torch 1.13 t1', 0.3), line('jax-js', 0.06)]);
    const row = text
      .split('\n')[2]
      .split('|')
      .map((cell) => cell.trim());
    expect(row.slice(1, -1)).toEqual([
      'tiny',
      'webasm',
      '0.02',
      '0.3',
      '15',
      '8',
      '20',
      'pass',
      'jax-js',
      '0.06',
      '3',
      '5',
      'MISS',
    ]);
  });

  it('are Markdown, aligned', () => {
    const lines = table(['name', 'ms'], [['a', '1.25']])
      .trimEnd()
      .split('\n');
    expect(lines).toEqual(['| name |   ms |', '|------|-----:|', '| a    | 1.25 |']);
  });
});
