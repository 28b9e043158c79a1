import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cause, diagnose, LogColumns, type LoggedStep } from '../../src/diagnose/index.js';
import { Random } from '../../src/index.js';

/** A calm run that learns: 20 batches in turn, norms and losses that fall with a little noise, one step in ten clipped. */
function calm(length = 300, seed = 1): LoggedStep[] {
  const random = new Random(seed);
  return Array.from({ length }, (_, step) => {
    const level = 0.1 + Math.exp(-step / 80);
    return {
      step,
      loss: level * Math.exp(random.normal(0, 0.1)),
      norm: level * Math.exp(random.normal(0, 0.2)),
      clipped: step % 10 === 0,
      lr: 0.1,
      batch: `shard-${step % 20}`,
    };
  });
}

const edit = (log: readonly LoggedStep[], change: (step: LoggedStep, i: number) => Partial<LoggedStep>) =>
  log.map((step, i) => ({ ...step, ...change(step, i) }));

const causes = (log: Iterable<LoggedStep>): Cause[] => diagnose(log).verdicts.map(({ cause }) => cause);

/** A run with a bad batch. */
const badBatch = (log = calm()) =>
  edit(log, ({ batch, norm }) => (batch === 'shard-7' ? { norm: 40 * norm! } : {}));

/** A run whose loss and norm rise from the middle on. */
const rising = (log = calm()) =>
  edit(log, ({ loss, norm }, i) => {
    const factor = 1.05 ** Math.max(0, i - 150);
    return { loss: factor * loss!, norm: factor * norm! };
  });

describe('diagnose', () => {
  it('calls a calm run healthy, sure of itself where nothing is missing', () => {
    const { headline, missing, steps } = diagnose(calm());
    expect([headline.cause, headline.confidence, missing, steps]).toEqual(['healthy', 0.95, [], 300]);
    const less = diagnose(edit(calm(), () => ({ batch: undefined })));
    expect([less.headline.cause, less.headline.confidence, less.missing]).toEqual([
      'healthy',
      0.75,
      ['batch'],
    ]);
  });

  it('names the batch whose norms leap, the steps, and how little chance explains it', () => {
    const { headline } = diagnose(badBatch());
    expect(headline).toMatchObject({ cause: 'data', confidence: 0.95, evidence: { batches: ['shard-7'] } });
    expect((headline.evidence.steps as number[]).slice(0, 3)).toEqual([7, 27, 47]);
    expect(headline.evidence.p).toBeLessThan(1e-6);
    expect(headline.seen).toMatch(
      /^15 of the 15 steps that leapt came with batch shard-7, at \d+(\.\d)? times/,
    );
  });

  it('tells a NaN in the data, which comes with its batch each time, from an overflow, which does not', () => {
    const broken = edit(calm(), ({ batch }) =>
      batch === 'shard-3' ? { loss: Number.NaN, norm: Number.NaN } : {},
    );
    expect(diagnose(broken).headline).toMatchObject({ cause: 'data', evidence: { batches: ['shard-3'] } });
    const overflow = edit(calm(), (_, i) => (i > 100 && i % 40 === 3 ? { norm: Infinity } : {}));
    expect(diagnose(overflow).headline).toMatchObject({ cause: 'numerics', evidence: { count: 5 } });
    expect(causes(overflow)).not.toContain('data');
  });

  it('without batches, takes single leaps for those of data, less sure', () => {
    const log = edit(calm(), (step, i) => ({
      batch: undefined,
      norm: (i % 50 === 33 ? 30 : 1) * step.norm!,
    }));
    expect(diagnose(log).headline).toMatchObject({ cause: 'data', confidence: 0.75 });
  });

  it('without batches, also sees leaps that the loss alone shows, as a bounded gradient leaves them', () => {
    const log = edit(calm(), (step, i) => ({
      batch: undefined,
      loss: (i % 50 === 33 ? 30 : 1) * step.loss!,
    }));
    expect(diagnose(log).headline).toMatchObject({
      cause: 'data',
      confidence: 0.75,
      evidence: { spikes: 6 },
    });
    expect(diagnose(log).headline.seen).toContain('times the usual loss');
  });

  it('takes leaps that no batch explains for no fault of the data', () => {
    // A tenth of all steps: some batches have more of them than others, but no more than chance gives.
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const log = edit(calm(), (step) => ({ norm: (random.uniform() < 0.1 ? 30 : 1) * step.norm! }));
      expect(causes(log), `seed ${seed}`).not.toContain('data');
    }
  });

  it('tells a rise that undoes what was learnt, and that the rate rose with it', () => {
    const { headline } = diagnose(rising());
    expect(headline.cause).toBe('learning-rate');
    expect(headline.evidence).toMatchObject({
      firstLoss: expect.closeTo(1.1, 0),
      bestLoss: expect.closeTo(0.25, 1),
    });
    const scheduled = edit(rising(), (_, i) => ({ lr: 0.1 * 1.02 ** i }));
    expect(diagnose(scheduled).headline.seen).toContain('while the learning rate rose');
  });

  it('names the rate that threw a run off, even where it found back, and no loss that only scatters', () => {
    const thrown = edit(calm(), ({ loss }, i) => ({
      loss: loss! * (1 + 40 * Math.exp(-i / 20) * Number(i > 0)),
    }));
    expect(diagnose(thrown).headline.cause).toBe('learning-rate');
    const slightly = edit(calm(), ({ loss }, i) => ({
      loss: loss! * (1 + Math.exp(-i / 20) * Number(i > 0)),
    }));
    expect(diagnose(slightly).headline.cause).toBe('healthy');
    // An easy first batch, and a loss that never falls but differs from batch to batch by as much.
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const scattered = edit(calm(), (_, i) => ({ loss: i === 0 ? 0.7 : Math.exp(random.normal(0, 0.6)) }));
      expect(diagnose(scattered).headline.cause, `seed ${seed}`).toBe('unknown');
    }
  });

  it('a norm that grows while the loss falls is no fault: latches and sharpening minima do so', () => {
    const log = edit(calm(), ({ norm }, i) => ({ norm: norm! * 1.02 ** i }));
    expect(diagnose(log).headline.cause).toBe('healthy');
    // Where no loss says so, it may be one.
    const blind = edit(log, () => ({ loss: undefined }));
    expect(diagnose(blind).headline).toMatchObject({ cause: 'learning-rate', confidence: 0.75 });
  });

  it('a run that blows up is a matter of the rate, one that stops being finite out of the blue of the arithmetic', () => {
    const blown = [1, 3, 40, 9e4, 7e12, Number.NaN].map((loss, step) => ({ step, loss, norm: 2 * loss }));
    expect(causes(blown)).toEqual(['learning-rate', 'numerics']);
    // The first update alone may do it.
    const atOnce = [1.5, 6.7e12, Number.NaN].map((loss, step) => ({ step, loss, norm: 2 * loss }));
    expect(diagnose(atOnce).headline).toMatchObject({ cause: 'learning-rate', confidence: 0.95 });
    const sudden = [...calm(80), { step: 80, loss: Number.NaN, norm: 0.4 }];
    expect(diagnose(sudden).headline).toMatchObject({
      cause: 'numerics',
      confidence: 0.95,
      evidence: { steps: [80] },
    });
  });

  it('takes a first gradient out of scale for conditioning, surer where it grows with depth', () => {
    const steep = edit(calm(), ({ norm }) => ({ norm: 1000 * norm!, loss: 1 }));
    const scale = (log: LoggedStep[]) => diagnose(log).verdicts.find(({ cause }) => cause === 'conditioning');
    const falling = edit(steep, (_, i) => ({ loss: 1 - i / 400 }));
    expect(scale(falling)!.evidence.longestStep).toBeLessThan(1e-3);
    const norms = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.weight`, 90 * 3 ** -i]));
    const deep = edit(falling, (_, i) => (i === 0 ? { norms } : {}));
    expect(scale(deep)).toMatchObject({ confidence: 0.95 });
    expect(scale(deep)!.evidence.growthWithDepth).toBeCloseTo(3 ** 7, 6);
    // Norms that are merely large, of a run that learns well, are a matter of units.
    expect(scale(edit(falling, ({ norm }) => ({ norm: norm! / 10 })))).toBeUndefined();
    // A log that begins later cannot tell.
    expect(scale(edit(falling, ({ step }) => ({ step: step + 500 })))).toBeUndefined();
  });

  it('asks for what the log lacks, and for nothing that it has', () => {
    const flat = Array.from({ length: 60 }, (_, step) => ({ step, loss: 2 + (step % 7) / 100, norm: 1 }));
    expect(diagnose(flat).headline).toMatchObject({
      cause: 'unknown',
      next: 'Log which batch each step took.',
    });
    const whole = diagnose(flat.map((row) => ({ ...row, batch: row.step % 10 }))).headline;
    expect(whole.next).toBe('Compare it with a run at a third of the learning rate.');
    const short = diagnose([{ step: 5, loss: 1 }]).headline.next;
    for (const part of ['20 steps', 'norm before clipping', 'which batch', 'first step'])
      expect(short).toContain(part);
    expect(short).not.toContain('the loss');
  });

  it('suspects the learning rate of a loss that is above its first value throughout', () => {
    const above = Array.from({ length: 300 }, (_, step) => {
      return { step, loss: 4.8 + (step === 0 ? -0.6 : 6 / (1 + step / 40)) / 2, norm: 1 + (step % 5) / 10 };
    });
    const { headline, verdicts } = diagnose(above);
    expect([headline.cause, ...verdicts.slice(1).map(({ cause }) => cause)]).toEqual([
      'unknown',
      'learning-rate',
    ]);
  });

  it('says when the threshold replaces the learning rate, and when it is an insurance', () => {
    const always = edit(calm(), () => ({ clipped: undefined, normAfter: 0.01 }));
    expect(diagnose(always).headline).toMatchObject({ cause: 'threshold', evidence: { rate: 1 } });
    expect(causes(edit(calm(), () => ({ clipped: false })))).toEqual(['healthy', 'insurance']);
  });

  it('takes losses below 0 for what they are', () => {
    const likelihood = (log: LoggedStep[]): LoggedStep[] => edit(log, ({ loss }) => ({ loss: loss! - 3 }));
    expect(diagnose(likelihood(calm())).headline.cause).toBe('healthy');
    expect(diagnose(likelihood(rising())).headline.cause).toBe('learning-rate');
    const stuck = edit(calm(), ({ loss }) => ({ loss: -3 + 0.1 * Math.sin(1e4 * loss!) }));
    expect(diagnose(stuck).headline.cause).toBe('unknown');
  });

  it('says several things where several hold, faults before notes, the surest first', () => {
    const log = edit(badBatch(), ({ norm }, i) => ({
      clipped: true,
      norm: i % 61 === 60 ? Number.NaN : norm,
    }));
    expect(causes(log)).toEqual(['data', 'numerics', 'threshold']);
    const confidences = diagnose(log)
      .verdicts.slice(0, 2)
      .map(({ confidence }) => confidence);
    expect(confidences[0]).toBeGreaterThan(confidences[1]);
  });

  it('cannot tell from a few steps, without any numbers, or of a loss that does not fall', () => {
    expect(diagnose([]).headline).toMatchObject({
      cause: 'unknown',
      seen: 'The log has 0 steps; 20 are needed.',
    });
    expect(diagnose(calm(12)).headline.cause).toBe('unknown');
    const blank = diagnose(edit(calm(), () => ({ norm: undefined, loss: undefined })));
    expect([blank.headline.cause, blank.missing]).toEqual(['unknown', ['norm', 'loss']]);
    const stuck = diagnose(
      edit(calm(), ({ loss, norm }) => ({ loss: 1 + 0.1 * Math.sin(1e4 * loss!), norm })),
    );
    expect(stuck.headline).toMatchObject({ cause: 'unknown', seen: expect.stringContaining('did not fall') });
  });

  it('every verdict says in sentences what was seen, what it means and what to do', () => {
    for (const log of [calm(), badBatch(), rising(), calm(3), edit(calm(), () => ({ clipped: true }))]) {
      for (const verdict of diagnose(log).verdicts) {
        for (const text of [verdict.seen, verdict.means, verdict.next])
          expect(text).toMatch(/^[A-Z0-9].*\.$/);
        expect(verdict.confidence).toBeGreaterThan(0);
        expect(verdict.confidence).toBeLessThan(1);
      }
    }
  });

  it('does not depend on the names of batches nor on the unit of the norm’s threshold, and never fails', () => {
    const renamed = edit(badBatch(), ({ batch }) => ({ batch: Number((batch as string).slice(6)) }));
    expect(diagnose(renamed).headline.evidence.batches).toEqual([7]);
    const value = fc.oneof(fc.double(), fc.constant(undefined), fc.constantFrom(0, 1e300, -1));
    const row = fc.record({
      step: fc.nat(100),
      loss: value,
      norm: value,
      lr: value,
      clipped: fc.option(fc.boolean(), { nil: undefined }),
      batch: fc.option(fc.nat(4), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (log) => {
        const { verdicts, headline } = diagnose(log);
        expect(verdicts[0]).toBe(headline);
        expect(verdicts.every(({ seen }) => !seen.includes('undefined'))).toBe(true);
      }),
    );
  });
});

describe('LogColumns', () => {
  it('holds what was added, NaN where a log is silent and ∞ where it says NaN', () => {
    const columns = LogColumns.from([
      { step: 3, loss: Number.NaN, norm: 2, normAfter: 1, batch: 'b' },
      { step: 4, norm: 2, normAfter: 2, clipped: true, batch: 'a' },
      { step: 5, batch: 'b', norm: -Infinity },
    ]);
    expect([columns.length, columns.batches]).toEqual([3, ['b', 'a']]);
    expect([...columns.column('loss')]).toEqual([Infinity, Number.NaN, Number.NaN]);
    expect([...columns.column('norm')]).toEqual([2, 2, Infinity]);
    expect([...columns.column('clipped')]).toEqual([1, 1, Number.NaN]);
    expect([...columns.column('batch')]).toEqual([0, 1, 0]);
    expect(LogColumns.from(columns)).toBe(columns);
  });

  it('forgets batches where there are too many to come back, and takes a log of any length', () => {
    const columns = new LogColumns();
    for (let step = 0; step < 120_000; step++)
      columns.add({ step, loss: 1 / (1 + step), norm: 1, batch: step });
    expect([columns.length, columns.batches]).toEqual([120_000, []]);
    expect(diagnose(columns).headline.cause).toBe('healthy');
  });
});
