/**
 * Hundreds of runs, planted with a fault or healthy, and what is said of each: a survey for whoever changes `diagnose`, too
 * long for the suite, which tries a few. `VERDICTS=200 npx vitest run test/diagnose/many.test.ts` prints the counts;
 * `VERDICTS_FROM=N` draws other runs, `VERDICTS_LOGS=FOLDER` keeps the logs.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compare } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { demos } from '../../demos/index.js';
import { type Cause, diagnose, type LoggedStep, loggedStep } from '../../src/diagnose/index.js';
import { plantedRun, plants } from './planted-runs.js';
import { heldOutSettings } from './planted-settings.js';

const count = Number(process.env.VERDICTS ?? 0);
/** No seed of the runs that `diagnose` was tuned on or is tested by. */
const from = Number(process.env.VERDICTS_FROM ?? 50_001);
const folder = process.env.VERDICTS_LOGS;
const HOURS = 4 * 3600_000;

const faults: readonly Cause[] = ['data', 'learning-rate', 'numerics', 'conditioning'];

/** Settings under which the demos learn. */
const healthy: readonly (Partial<DemoConfig> & { readonly demo: string })[] = [
  { demo: 'latch', clips: ['norm:1'] },
  { demo: 'latch', clips: ['norm:1'], lr: 0.02 },
  { demo: 'latch', clips: ['norm:0.5'], own: { rho: 1.1 } },
  { demo: 'latch', clips: ['norm:1'], optimizer: 'adam', lr: 0.003 },
  { demo: 'digits', clips: ['norm:1'], own: { gain: 1 }, steps: 400 },
  { demo: 'digits', clips: ['none'], lr: 0.05, own: { gain: 1 }, steps: 400 },
  { demo: 'digits', clips: ['norm:1'], optimizer: 'adam', lr: 0.003, own: { gain: 1 }, steps: 400 },
  { demo: 'sonnets', clips: ['norm:1'], steps: 200 },
  { demo: 'cliff', clips: ['norm:1'] },
  { demo: 'spectrum', clips: ['norm:1'], own: { rho: '0.95' }, steps: 300 },
];

function keep(name: string, log: readonly LoggedStep[]): void {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const text = log.map((step) =>
    JSON.stringify(step, (_, value) =>
      Number.isNaN(value) || Math.abs(value) === Infinity ? String(value) : value,
    ),
  );
  writeFileSync(join(folder, `${name}.jsonl`), `${text.join('\n')}\n`);
}

function told(name: string, counts: ReadonlyMap<string, number>): void {
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  console.log(`${name}: ${sorted.map(([cause, times]) => `${cause} ${times}`).join(', ')}`);
}

describe.skipIf(count === 0)('what is said of many runs', { timeout: HOURS }, () => {
  it.each(plants)('planted: %s', async (plant) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const run = await plantedRun(heldOutSettings[i % heldOutSettings.length], plant, from + i);
      keep(`${plant}-${run.setting.replaceAll(/\W+/g, '_')}-${run.seed}`, run.log);
      const { cause } = diagnose(run.log).headline;
      counts.set(cause, (counts.get(cause) ?? 0) + 1);
    }
    told(`planted ${plant}`, counts);
    const named =
      plant === 'healthy'
        ? count - faults.reduce((sum, cause) => sum + (counts.get(cause) ?? 0), 0)
        : (counts.get(plant) ?? 0);
    expect(named).toBeGreaterThanOrEqual(0.9 * count);
  });

  it.each(healthy.map((setting) => [setting.demo, setting] as const))('demo %s', async (name, setting) => {
    const demo = demos.find((each) => each.name === name)!;
    const counts = new Map<string, number>();
    let learnt = 0;
    for (let i = 0; i < Math.ceil(count / healthy.length); i++) {
      const config: DemoConfig = {
        seed: from + i,
        optimizer: 'sgd',
        backend: 'simd',
        clips: ['norm:1'],
        ...demo.defaults,
        ...setting,
        own: {
          ...Object.fromEntries(demo.options.map((option) => [option.name, option.default])),
          ...setting.own,
        },
      };
      const log: LoggedStep[] = [];
      const { outcomes, setup } = await compare(demo, config, {
        begin: () => {},
        step: (_, record) => log.push(loggedStep(record)),
        end: () => {},
      });
      const hasLearnt = setup.succeeded(outcomes[0]);
      learnt += Number(hasLearnt);
      keep(
        `demo_${name}-${JSON.stringify(setting).replaceAll(/\W+/g, '_')}-${config.seed}-${hasLearnt ? 'learnt' : 'not'}`,
        log,
      );
      const { cause } = diagnose(log).headline;
      const said = `${cause}${hasLearnt ? '' : ' (did not learn)'}`;
      counts.set(said, (counts.get(said) ?? 0) + 1);
    }
    told(`demo ${JSON.stringify(setting)}`, counts);
    expect(learnt).toBeGreaterThan(0);
    for (const cause of faults) expect(counts.get(cause) ?? 0, cause).toBe(0);
  });
});
