/** Runs in the engine: the same steps however one comes to them, and the same bits as in the terminal. */

import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cliff } from '../../demos/cliff/cliff.js';
import { compare } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { latch } from '../../demos/latch/latch.js';
import { startLatch } from '../../demos/latch/model.js';
import { type Engine, LabClient, type Run } from '../../lab/core/client.js';
import { defineSession, type Session } from '../../lab/core/session.js';
import cliffSession from '../../lab/lessons/04-cliff/session.js';
import { Host } from '../../lab/worker/host.js';
import { clipByGlobalNorm, SGD } from '../../src/index.js';

const silent = { begin() {}, step() {}, end() {} };
const config = { seed: 1, steps: 60, lr: 0.1, optimizer: 'sgd', backend: 'simd', clips: ['norm:1'] } as const;
const latchConfig: DemoConfig = { ...config, own: { rho: 1.2, activation: 'tanh' } };

/** The latch as a lesson would run it. */
const latchSession = defineSession({
  runs: {
    latch({ steps }: { readonly steps: number }) {
      const { model, batches, loss } = startLatch(latchConfig);
      const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.5, hooks: [clipByGlobalNorm(1)] });
      return { model, batches, loss, optimizer, steps, observe: ({ step }) => step * 2 };
    },
    broken(_: Record<string, never>) {
      const { model, batches } = startLatch(latchConfig);
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      return {
        ...{ model, batches, optimizer, steps: 9 },
        loss(): never {
          throw new Error('this loss fails on purpose');
        },
      };
    },
  },
  calls: { double: (x: number) => 2 * x },
});

function engineWith(session: Session): Engine {
  const host = new Host(
    () => Promise.resolve(session),
    (told) => engine.onTold(structuredClone(told)),
  );
  const engine: Engine = {
    send: (asked) => void host.answer(structuredClone(asked)),
    onTold: () => {},
    onFailed: () => {},
    end: () => {},
  };
  return engine;
}

const clientFor = (session: Session) => new LabClient(() => engineWith(session));

/** Waits until a run that plays stands. */
async function stands(run: Run<unknown>): Promise<void> {
  await vi.waitFor(
    () => expect([run.playing, run.error, run.digest]).toEqual([false, null, expect.any(String)]),
    {
      timeout: 20_000,
      interval: 5,
    },
  );
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a run', () => {
  const lab = clientFor(latchSession).session<typeof latchSession>('latch');

  it('has at every step the digest of a straight run, from wherever one seeks, checkpoints crossed', async () => {
    const straight = lab.open('latch', { steps: 70 }, () => {});
    const digests: string[] = [];
    for (let t = 0; t <= 70; t += 10) {
      await straight.seek(t);
      digests.push(straight.digest!);
    }
    expect(new Set(digests).size).toBe(digests.length);
    const run = lab.open('latch', { steps: 70 }, () => {});
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 7 }), { minLength: 3, maxLength: 6 }), async (places) => {
        for (const place of places) {
          await run.seek(10 * place);
          expect([run.at, run.digest]).toEqual([10 * place, digests[place]]);
        }
      }),
      { numRuns: 4, seed: 1 },
    );
    expect(run.steps.map(({ step, seen }) => [step, seen])).toEqual(
      Array.from({ length: run.steps.length }, (_, step) => [step, 2 * step]),
    );
    await straight.close();
    await run.close();
  });

  it('is the same after a reset, and played or stepped', async () => {
    const run = lab.open('latch', { steps: 20 }, () => {});
    await run.step(20);
    const { digest } = run;
    expect(run.ended).toEqual({ why: 'done' });
    await run.seek(0);
    expect(run.ended).toBe(null);
    await run.play();
    await stands(run);
    expect([run.at, run.digest]).toEqual([20, digest]);
    await run.close();
  });

  it('keeps its pace, and stops where it is told to', async () => {
    const run = lab.open('latch', { steps: 1000 }, () => {});
    await run.play(50);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await run.pause();
    // 50 a second for 0.2 s; a machine that is busy takes fewer.
    expect(run.at).toBeGreaterThan(0);
    expect(run.at).toBeLessThan(25);
    const { at } = run;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await run.pause();
    expect(run.at).toBe(at);
    await run.close();
    await run.step();
    expect(run.error).toMatch(/run \d+ is closed/);
  });

  it('says what a loss threw, when it is stepped and when it plays', async () => {
    const run = lab.open('broken', {}, () => {});
    await run.step();
    expect(run.error).toBe('this loss fails on purpose');
    const other = lab.open('broken', {}, () => {});
    await other.play();
    await vi.waitFor(() => expect(other.error).toBe('this loss fails on purpose'));
    expect(other.playing).toBe(false);
  });
});

describe('the bits of the terminal', () => {
  it('come out of a lesson for the cliff, clipped and not', async () => {
    const lab = clientFor(cliffSession).session<typeof cliffSession>('cliff');
    const own = { start: '5,-2.3' };
    const { outcomes } = await compare(cliff, { ...config, clips: ['none', 'norm:1'], own }, silent);
    for (const [k, c] of [0, 1].entries()) {
      const run = lab.open('descent', { w: 5, b: -2.3, lr: 0.1, c, steps: 2000 }, () => {});
      await run.seek(60);
      expect(run.digest).toBe(outcomes[k].digest);
      expect(run.steps.map(({ loss }) => loss)).toEqual(outcomes[k].result.records.map(({ loss }) => loss));
      await run.close();
    }
  });

  it('and differ where the run differs in anything', async () => {
    const [one, other] = await Promise.all(
      [latchConfig, { ...latchConfig, seed: 2 }].map((config) =>
        compare(latch, { ...config, steps: 2 }, silent),
      ),
    );
    expect(one.outcomes[0].digest).not.toBe(other.outcomes[0].digest);
  });
});

describe('a request', () => {
  it('is answered, and fails with the words of the engine', async () => {
    const lab = clientFor(latchSession).session<typeof latchSession>('x');
    expect(await lab.call('double', 4)).toBe(8);
    await expect(lab.call('treble' as 'double', 4)).rejects.toThrow('has no call treble');
  });

  it('fails where no answer comes in time, and where the engine dies', async () => {
    vi.useFakeTimers();
    const engine: Engine = { send() {}, onTold() {}, onFailed() {}, end() {} };
    const client = new LabClient(() => engine);
    const late = client.session<typeof latchSession>('x').call('double', 1);
    const failed = expect(late).rejects.toThrow('did not answer within 30 s (call)');
    await vi.advanceTimersByTimeAsync(30_000);
    await failed;
    const reasons: string[] = [];
    client.failureListeners.add((reason) => reasons.push(reason));
    const lost = client.session<typeof latchSession>('x').call('double', 1);
    const gone = expect(lost).rejects.toThrow('out of memory');
    await vi.advanceTimersByTimeAsync(1);
    engine.onFailed('out of memory');
    await gone;
    expect(reasons).toEqual(['out of memory']);
  });
});
