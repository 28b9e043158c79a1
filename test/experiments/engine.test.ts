import { describe, expect, it } from 'vitest';
import { joined } from '../../cli/commands/experiment/document.js';
import { tellAll, tellResult } from '../../cli/commands/experiment/tell.js';
import { parseShard, shardOf } from '../../cli/shard.js';
import { above, atLeast, atMost, below, exactly, near } from '../../experiments/checks.js';
import type { Check, Experiment } from '../../experiments/experiment.js';
import { experiments } from '../../experiments/index.js';
import { type Outcome, runExperiment, stands, verdictOf } from '../../experiments/run.js';
import { FakeSink, widest } from '../cli/terminal/sink.js';

const [experiment] = experiments;

function resultOf(held: readonly boolean[], own: Partial<Experiment> = {}) {
  const outcomes = held.map((each, i): Outcome => {
    return { number: 1, seed: i + 1, held: each, checks: [{ ...below('x', each ? 0 : 2, 1) }] };
  });
  return { experiment: { ...experiment, ...own }, outcomes };
}

describe('the list', () => {
  it('has every number and name once, in order', () => {
    const numbers = experiments.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(new Set(experiments.map(({ name }) => name)).size).toBe(experiments.length);
    for (const { name } of experiments) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it('states a condition where a verdict has one, and only there', () => {
    for (const { condition, verdict, name } of experiments) {
      expect([name, condition !== undefined]).toEqual([name, verdict === 'holds under conditions']);
    }
  });
});

describe('criteria', () => {
  it.each<[(value: number) => Check, number, number, string]>([
    [(x) => below('x', x, 1), 0.9, 1, '< 1'],
    [(x) => above('x', x, 1), 1.1, 1, '> 1'],
    [(x) => atMost('x', x, 1), 1, 1.1, '≤ 1'],
    [(x) => atLeast('x', x, 1), 1, 0.9, '≥ 1'],
    [(x) => near('x', x, 1, 0.1), 1.05, 1.2, '= 1 ± 0.1'],
    [(x) => exactly('x', x, 1), 1, 1 + 1e-15, '= 1'],
  ])('%#', (check, met, missed, rule) => {
    expect(check(met)).toEqual({ what: 'x', value: met, rule, holds: true });
    expect(check(missed).holds).toBe(false);
    expect(check(Number.NaN).holds).toBe(false);
  });
});

describe('verdicts', () => {
  it('stand on all of a few seeds, and on nine of ten', () => {
    const seeds = (held: number, of: number) => Array.from({ length: of }, (_, i) => i < held);
    expect([1, 3, 9].map((n) => stands(resultOf(seeds(n - 1, n))))).toEqual([false, false, false]);
    expect([8, 9, 10].map((n) => stands(resultOf(seeds(n, 10))))).toEqual([false, true, true]);
    expect(verdictOf(resultOf([false]))).toBe('not confirmed');
    expect(verdictOf(resultOf([true]))).toBe(experiment.verdict);
  });

  it('one without a criterion did not hold, unless it says that it cannot be tested', async () => {
    const empty = { ...experiment, run: () => ({ checks: [] }) };
    expect((await runExperiment(empty, 1)).held).toBe(false);
    expect((await runExperiment({ ...empty, verdict: 'not testable here' }, 1)).held).toBe(true);
  });

  it('a run that throws did not hold, and says why', async () => {
    const broken = { ...experiment, run: () => Promise.reject(new Error('no such luck')) };
    expect(await runExperiment(broken, 3)).toEqual({
      number: 1,
      seed: 3,
      held: false,
      checks: [],
      error: 'Error: no such luck',
    });
  });

  it('are told in three lines of at most 80 columns, a failure with its seed', () => {
    const sink = new FakeSink(false);
    const long = { claim: 'word '.repeat(40) };
    const told = tellResult(resultOf([true, false], long), sink);
    expect(widest(told)).toBeLessThanOrEqual(80);
    expect(told).toContain('not confirmed  1/2');
    expect(told).toContain('x: 2 (must be < 1) ✗, seed 2');
    expect(tellAll([resultOf([true]), resultOf([true]), resultOf([false])])).toBe(
      '3 claims: 2 hold, 1 not confirmed.',
    );
  });
});

describe('shards', () => {
  it.each(['0/2', '3/2', '1', '1/0', 'a/b', '1/2/3', '-1/2'])('%s is none', (text) => {
    expect(parseShard(text)).toBeNull();
  });

  it('are disjoint, together all, and joined equal the whole', () => {
    const tasks = Array.from({ length: 11 }, (_, i) => i);
    const parts = [1, 2, 3].map((index) => shardOf(tasks, { index, count: 3 }));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(tasks);
    const outcomes = resultOf([true, true, false, true]).outcomes;
    const [even, odd] = [1, 2].map((index) => shardOf(outcomes, { index, count: 2 }));
    expect(joined([...odd, ...even])).toEqual(joined(outcomes));
  });
});
