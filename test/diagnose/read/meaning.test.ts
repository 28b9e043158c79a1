/** What the columns and rows of a log mean, and so what is said of the run: made of random numbers. */

import { describe, expect, it } from 'vitest';
import { diagnose, type JudgedLog, judgeLog, readLog } from '../../../src/diagnose/index.js';
import { Random } from '../../../src/index.js';
import { event, framed } from './forms.js';

type Cells = Record<string, number | string | null>;

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

async function judged(text: string | Uint8Array, clip?: number, columns = {}): Promise<JudgedLog> {
  return judgeLog(await readLog({ name: 'log', chunks: [bytesOf(text)] }, { columns }), { clip });
}

const jsonLines = (rows: readonly Cells[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const csv = (rows: readonly Cells[]): string =>
  [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map((cell) => cell ?? ''))]
    .map((row) => `${row.join(',')}\n`)
    .join('');

/** A run that goes well: a loss that falls, norms that scatter. */
function run(seed: number, count = 60): { step: number; loss: number; norm: number }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, step) => ({
    step,
    loss: 1 + 4 * Math.exp(-step / 15) + random.normal(0, 0.02),
    norm: 2 * Math.exp(random.normal(0, 0.25)),
  }));
}

const headline = ({ judged: [first] }: JudgedLog): string => first.diagnosis.headline.cause;
const seen = ({ judged: [first] }: JudgedLog): string => first.diagnosis.headline.seen;

describe.each([1, 2, 3])('of random numbers, seed %i', (seed) => {
  const random = new Random(seed + 100);

  it('rows of validation in the same column are told by their split, and left out', async () => {
    const rows = run(seed).flatMap(({ step, loss, norm }) => [
      { phase: 'train', step, loss, grad_norm: norm },
      ...(step % 10 === 9 ? [{ phase: 'eval', step, loss: 40 * loss, grad_norm: null }] : []),
    ]);
    for (const text of [jsonLines(rows), csv(rows)]) {
      const log = await judged(text);
      expect([log.others, headline(log)]).toEqual([6, 'healthy']);
    }
  });

  it('numbers that stop being written are no sign of health', async () => {
    const rows = run(seed).map(({ step, loss, norm }) => ({
      step,
      loss: step > 50 ? null : loss,
      grad_norm: step > 50 ? null : norm,
      lr: 0.1,
    }));
    for (const text of [jsonLines(rows), csv(rows)]) {
      const log = await judged(text);
      expect([headline(log), log.runs[0].silentTail]).toEqual(['numerics', 9]);
      expect(seen(log)).toBe(
        'Loss and norm stop being written after step 50, while the log goes on to step 59: NaN written as empty?',
      );
    }
    // A last row without them, as of a test, is nothing; nor are rows that lack them now and then.
    expect(headline(await judged(csv(rows.slice(0, 52))))).toBe('healthy');
    const sparse = run(seed).map(({ step, loss, norm }) => ({
      step,
      loss: step % 3 === 0 ? loss : null,
      grad_norm: step % 3 === 0 ? norm : null,
    }));
    expect(headline(await judged(csv(sparse)))).toBe('healthy');
  });

  it.each(['rollout/ep_rew_mean', 'reward', 'kl', 'train/value_loss', 'approx_kl'])(
    'beside a column %s the loss is not judged; norms and NaN are',
    async (name) => {
      const rows = run(seed).map(({ step, norm }) => ({
        step,
        loss: 0.01 * 1.1 ** step * (random.uniform() - 0.3),
        grad_norm: norm,
        [name]: random.uniform(),
      }));
      const log = await judged(jsonLines(rows));
      expect([log.objective, headline(log)]).toEqual(['reward', 'healthy']);
      const broken = await judged(jsonLines(rows).replace(/"step":40,"loss":[^,]+/, '"step":40,"loss":NaN'));
      expect(headline(broken)).toBe('numerics');
      const bare = await judged(jsonLines(rows.map(({ grad_norm: _, ...row }) => row)));
      expect([headline(bare), seen(bare)]).toEqual([
        'unknown',
        expect.stringContaining('All 60 losses are finite'),
      ]);
    },
  );

  it('a divergence of a variational model, or a reward of preferences, is no reinforcement learning', async () => {
    for (const name of ['kl_loss', 'rewards/margins']) {
      const rows = run(seed).map(({ step, loss, norm }) => ({
        step,
        loss,
        grad_norm: norm,
        recon: 1,
        [name]: 2,
      }));
      expect((await judged(jsonLines(rows))).objective).toBe('loss');
    }
  });

  it('of generator and discriminator, one is read and neither judged by its level', async () => {
    const rows = run(seed).map(({ step, norm }) => ({
      step,
      loss_D: 1 / (1 + step),
      loss_G: 1.05 ** step,
      grad_norm: norm,
    }));
    const log = await judged(csv(rows));
    expect([log.objective, log.columns.loss, log.left, headline(log)]).toEqual([
      'adversarial',
      'loss_G',
      ['loss_D'],
      'healthy',
    ]);
  });

  it('parts of a loss are summed where there is no total, and only there', async () => {
    const rows = run(seed).map(({ step, loss }) => ({
      epoch: step,
      'train/box_loss': 0.25 * loss,
      'train/cls_loss': 0.75 * loss,
      'val/box_loss': 9,
    }));
    const log = await judged(csv(rows));
    expect(log.parts).toEqual({ loss: ['train/box_loss', 'train/cls_loss'] });
    expect(log.runs[0].columns.column('loss')[7]).toBeCloseTo(run(seed)[7].loss, 9);
    const total = await judged(csv(rows.map((row) => ({ ...row, 'train/loss': 5 - row.epoch / 20 }))));
    expect([total.parts, total.columns.loss]).toEqual([{}, 'train/loss']);
  });

  it('norms of parts of a model make its norm', async () => {
    const rows = run(seed).map(({ step, loss, norm }) => ({
      step,
      loss,
      'grad_norm/encoder': 0.6 * norm,
      'grad_norm/decoder': 0.8 * norm,
    }));
    const log = await judged(csv(rows));
    expect(log.parts.norm).toEqual(['grad_norm/encoder', 'grad_norm/decoder']);
    expect(log.runs[0].columns.column('norm')[5]).toBeCloseTo(run(seed)[5].norm, 9);
  });

  it('an export of several runs is several runs', async () => {
    const rows = run(seed, 40).map(({ step, norm }) => ({
      Step: step,
      'calm-1 - train/grad_norm': norm,
      'calm-1 - train/grad_norm__MIN': norm,
      'wild-2 - train/grad_norm': 2.4 ** step,
      'wild-2 - train/grad_norm__MAX': 1,
    }));
    const log = await judged(csv(rows));
    expect(log.judged.map(({ run: { label }, diagnosis }) => [label, diagnosis.headline.cause])).toEqual([
      ['calm-1', 'healthy'],
      ['wild-2', 'learning-rate'],
    ]);
  });

  it('one or two leaps are named with their steps, and blame nobody', async () => {
    const places = [10 + random.integer(15), 30 + random.integer(20)];
    for (const leaps of [places.slice(0, 1), places]) {
      const rows = run(seed).map(({ step, loss, norm }) => ({
        step,
        loss: (leaps.includes(step) ? 3 : 1) * loss,
        grad_norm: (leaps.includes(step) ? 60 : 1) * norm,
      }));
      const log = await judged(csv(rows));
      expect(headline(log)).toBe('healthy');
      for (const step of leaps) expect(seen(log)).toContain(String(step));
      expect(log.judged[0].diagnosis.headline.means).toContain('too few to tell a cause');
    }
  });

  it('a loss alone is judged by itself', async () => {
    const rows = run(seed).map(({ step, loss }) => ({ epoch: step, loss, val_loss: loss + step }));
    const log = await judged(csv(rows));
    expect([headline(log), seen(log)]).toEqual([
      'healthy',
      expect.stringMatching(/^The loss fell from .* to .* over 60 steps; no step leapt/),
    ]);
    expect(log.judged[0].diagnosis.headline.next).toContain('gradient norm');
    const rising = await judged(
      csv(rows.map((row) => ({ ...row, loss: row.loss * 1.1 ** Math.max(0, row.epoch - 25) }))),
    );
    expect(headline(rising)).toBe('learning-rate');
  });

  it('a column of thousands is read as such, spikes and all', async () => {
    const rows = run(seed).map(({ step, loss, norm }) => ({
      step,
      loss: 1000 * loss,
      grad_norm: `"${(1000 * norm * (step % 20 === 7 ? 50 : 1)).toLocaleString('en-US', { maximumFractionDigits: 0 })}"`,
    }));
    const log = await judged(csv(rows));
    expect(log.runs[0].columns.column('norm')[3] / run(seed)[3].norm).toBeCloseTo(1000, -1);
    expect([headline(log), log.broken.count]).toEqual(['data', 0]);
  });

  it('the threshold in force is as given, as a column says, or as the program does by default', async () => {
    const rows = run(seed).map(({ step, loss, norm }) => ({ step, loss, grad_norm: norm }));
    const above = run(seed).filter(({ norm }) => norm > 2.5).length / 60;
    expect((await judged(csv(rows), 2.5)).judged[0].inForce).toEqual({
      threshold: 2.5,
      source: 'given',
      rate: above,
    });
    expect((await judged(csv(rows))).judged[0].inForce).toBeNull();
    const setting = await judged(csv(rows.map((row) => ({ ...row, max_grad_norm: 2.5 }))));
    expect([setting.columns.norm, setting.judged[0].inForce]).toEqual([
      'grad_norm',
      { threshold: 2.5, source: 'logged', rate: above },
    ]);
    const trainer = await judged(
      JSON.stringify({
        log_history: rows.map((row) => ({ ...row, epoch: row.step / 9, learning_rate: 0.1 })),
      }),
    );
    expect([trainer.framework?.name, trainer.judged[0].inForce?.source]).toEqual([
      'Hugging Face Trainer',
      'assumed',
    ]);
    // All steps clipped: the threshold sets their length.
    expect(headline(await judged(csv(rows), 0.01))).toBe('threshold');
  });

  it('event files: a record whose checksum is wrong is left out, what comes behind a wrong length is lost', async () => {
    const records = run(seed).map(({ step, loss }) => event('loss', step, loss));
    const join = (parts: readonly Uint8Array[]): Uint8Array =>
      Uint8Array.from(parts.flatMap((part) => [...part]));
    const spoilt = records.map((record, i) =>
      record.map((byte, at) => (i === 9 && at === record.length - 8 ? byte ^ 1 : byte)),
    );
    expect(await judged(join(spoilt))).toMatchObject({
      runs: [{ rows: 59 }],
      broken: { count: 1, lines: [10] },
    });
    const cut = records.map((record, i) => record.map((byte, at) => (i === 9 && at === 0 ? byte ^ 1 : byte)));
    expect(await judged(join(cut))).toMatchObject({ runs: [{ rows: 9 }], broken: { count: 1 } });
    const truncated = join(records).subarray(0, -5);
    expect(await judged(truncated)).toMatchObject({ runs: [{ rows: 59 }], broken: { count: 0 } });
    // A record that is no event, and one of another kind.
    const strange = [
      framed(Uint8Array.of(42, 200, 1)),
      ...records,
      framed(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0)),
    ];
    expect((await judged(join(strange))).runs[0].rows).toBe(60);
  });
});

it('files of one run are joined: values of a tag each, event files one after the other, a row a file', async () => {
  const steps = run(7);
  const file = (name: string, text: string | Uint8Array) => ({ name, chunks: [bytesOf(text)] });
  const tags = await readLog([
    file(
      'run-tag-loss.csv',
      csv(steps.map(({ step, loss }) => ({ 'Wall time': 1.7e9, Step: step, Value: loss }))),
    ),
    file(
      'run-tag-grad_norm.csv',
      csv(steps.map(({ step, norm }) => ({ 'Wall time': 1.7e9, Step: step, Value: norm }))),
    ),
  ]);
  expect(tags.columns).toEqual({ loss: 'loss', norm: 'grad_norm', step: 'step' });
  expect(tags.runs).toMatchObject([{ rows: 60 }]);
  const events = (part: typeof steps): Uint8Array =>
    Uint8Array.from(part.flatMap(({ step, loss }) => [...event('loss', step, loss)]));
  const resumed = await readLog([
    file('logs/a', events(steps.slice(0, 40))),
    file('logs/b', events(steps.slice(30))),
  ]);
  expect(resumed.runs).toMatchObject([{ rows: 60, resumedAt: [30], repeated: 10 }]);
  const epochs = await readLog(
    steps.map(({ step, loss }) =>
      file(`metrics_epoch_${step}.json`, JSON.stringify({ epoch: step, training_loss: loss })),
    ),
  );
  expect(epochs.runs).toMatchObject([{ rows: 60 }]);
  const runs = await readLog(
    ['a', 'b'].map((name) => file(`${name}.csv`, csv(steps.map(({ step, loss }) => ({ step, loss }))))),
  );
  expect(runs.runs.map(({ label, rows }) => [label, rows])).toEqual([
    ['a.csv', 60],
    ['b.csv', 60],
  ]);
});

it('many columns, a long line and broken JSON take time in proportion', async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `feature_${i}`).join(',');
  const rows = [0, 1, 2].map((step) => `${step},${3 - step},${'1,'.repeat(9_999)}1`);
  expect((await judged(`step,loss,${names}\n${rows.join('\n')}\n`)).runs[0].rows).toBe(3);
  const long = `${'x'.repeat(2_000_000)}\nstep=1 loss=2\nstep=2 loss=1\n`;
  expect((await judged(long)).runs[0].rows).toBe(2);
  const broken = `{"step": 1, "loss": 2}\n{"key"${' '.repeat(100_000)}oops\n${'{'.repeat(100_000)}\n[{${' '.repeat(100_000)}\u2028\n{"step": 2, "loss": 1}\n`;
  expect(await judged(broken)).toMatchObject({ runs: [{ rows: 2 }] });
});

describe('what a line or a name is not', () => {
  const text = (line: (row: ReturnType<typeof run>[number]) => string, rows = run(9)): string =>
    rows.map((row) => `${line(row)}\n`).join('');

  it('names with numbers in a few lines, as in source code, say nothing of the run', async () => {
    const noise = 'def step(self, value_loss=0.5, episode_reward=1):\nseed=3\ngrad 7\n';
    const log = await judged(noise + text(({ step, loss }) => `step ${step} loss ${loss.toFixed(4)}`));
    expect([log.objective, log.left, log.runs.map(({ label }) => label)]).toEqual(['loss', [], ['']]);
    expect(headline(log)).toBe('healthy');
  });

  it('a longer line than the one before is read whole', async () => {
    const log = await judged(
      text(({ step, loss, norm }) => {
        const line = `step ${step} loss ${loss.toFixed(4)}`;
        return step % 2 === 1 ? `${line} grad_norm ${norm.toFixed(4)}` : line;
      }),
    );
    const norms = log.runs[0].columns.column('norm');
    expect([...norms].map((norm) => !Number.isNaN(norm))).toEqual(run(9).map((_, i) => i % 2 === 1));
  });

  it('an epoch that never changes is no step: rows are counted', async () => {
    const log = await judged(text(({ loss }) => `epoch: 0 loss: ${loss.toFixed(4)}`));
    expect(log.runs[0].rows).toBe(60);
    expect([...log.runs[0].columns.column('step').slice(0, 3)]).toEqual([0, 1, 2]);
  });

  it('a column that goes up and down is no step while another counts', async () => {
    const random = new Random(4);
    const rows = run(9).map(({ step, loss }) => ({
      episode_steps: Number(random.uniform(50, 90).toFixed(2)),
      loss,
      epoch: step,
    }));
    expect((await judged(csv(rows))).columns.step).toBe('epoch');
  });
});

describe('leaps of the norm', () => {
  const leaps = (before: number): JudgedLog['judged'][number]['diagnosis'] => {
    const rows = run(5, 200).map(({ step, loss, norm }) => {
      const isLeap = step % 40 === 39;
      return { step, loss: step % 40 === 38 ? before * loss : loss, norm: isLeap ? 60 * norm : norm };
    });
    return diagnose(rows);
  };

  it('are steps across a cliff where the loss stood elsewhere right before', () => {
    expect(leaps(5).headline).toMatchObject({
      cause: 'healthy',
      evidence: { spikes: [39, 79, 119, 159] },
    });
  });

  it('are those of single batches where the loss goes on as it was', () => {
    expect(leaps(1).headline.cause).toBe('data');
  });
});
