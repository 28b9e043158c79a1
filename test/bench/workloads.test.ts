import { describe, expect, it } from 'vitest';
import { openWorkload, type WorkloadName } from '../../bench/workloads.js';

const small: readonly WorkloadName[] = ['tiny', 'mlp', 'rnn-small', 'clip-5k'];

describe('a workload of the benchmark', () => {
  for (const name of small) {
    it(`${name} gives what every peer gives, in the first step and the tenth`, async () => {
      const workload = openWorkload(name);
      const results: number[] = [];
      for (let i = 0; i < 10; i++) results.push(await workload.step());
      const { loss1, loss10, tolerance } = workload.expected;
      expect(Math.abs(results[0] - loss1)).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(results[9] - loss10)).toBeLessThanOrEqual(tolerance);
    });
  }

  it('says what computed it', async () => {
    const workload = openWorkload('clip-5k', { normDevice: 'cpu' });
    await workload.step();
    expect(workload.normDevice).toBe('cpu');
    expect(workload.backend).not.toBe('');
  });
});
