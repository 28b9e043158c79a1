/**
 * Logs as programs write them, made of random numbers: for each form a writer, and what a reader must find. The layouts are
 * those of the programs named; every number, and whatever else a line says, is drawn.
 */

import { gzipSync } from 'node:zlib';
import type { Random } from '../../../src/index.js';

/** One step of a made-up run. */
export interface Step {
  readonly step: number;
  readonly loss: number;
  readonly norm: number;
  readonly lr: number;
  readonly epoch: number;
}

/** How a form is written, and what of each step is in it. */
export interface Form {
  readonly name: string;
  /** What it must be told as. */
  readonly form: string | RegExp;
  readonly has: readonly ('step' | 'loss' | 'norm' | 'lr')[];
  /** Sentences that belong to none of the numbers, as programs print them, before and between. */
  readonly noise?: boolean;
  write(steps: readonly Step[], random: Random): string | Uint8Array;
}

const all = ['step', 'loss', 'norm', 'lr'] as const;
const some = ['step', 'loss', 'norm'] as const;
const lines = (rows: readonly string[]): string => `${rows.join('\n')}\n`;
const json = (value: unknown): string => JSON.stringify(value);
/** A digit more or less, as programs print numbers. */
const fixed = (value: number, digits = 6): string => value.toFixed(digits);
const clock = (i: number): string =>
  `10:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`;
const python = (fields: Record<string, unknown>): string =>
  json(fields).replaceAll('"', "'").replaceAll(',', ', ').replaceAll(':', ': ');

const table =
  (
    delimiter: string,
    header: readonly string[],
    of: (step: Step) => readonly (string | number)[],
    end = '\n',
  ) =>
  (steps: readonly Step[]): string =>
    [header, ...steps.map(of)].map((cells) => cells.join(delimiter)).join(end) + end;

const plain = ['step', 'loss', 'grad_norm', 'lr'];
const cells = ({ step, loss, norm, lr }: Step): readonly number[] => [step, loss, norm, lr];

/** A varint, a field, a record: the few lines of Protocol Buffers that an event needs. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

function bytesOf(...parts: (readonly number[] | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const field = (number: number, bytes: Uint8Array): Uint8Array =>
  bytesOf([8 * number + 2], varint(bytes.length), bytes);

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const little = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** A record in its frame. */
export function framed(record: Uint8Array): Uint8Array {
  const length = bytesOf(little(record.length), little(0));
  return bytesOf(length, little(crc32c(length)), record, little(crc32c(record)));
}

/** An event with a scalar, as TensorFlow 1 and PyTorch write it, or as a tensor, as TensorFlow 2 does. */
export function event(tag: string, step: number, value: number, asTensor = false): Uint8Array {
  const float = new Uint8Array(Float32Array.of(value).buffer);
  const number = asTensor ? field(8, bytesOf([8, 1], field(4, float))) : bytesOf([8 * 2 + 5], float);
  const summary = field(1, bytesOf(field(1, new TextEncoder().encode(tag)), number));
  const time = new Uint8Array(Float64Array.of(1.7e9 + step).buffer);
  return framed(bytesOf([9], time, [16], varint(step), field(5, summary)));
}

function events(steps: readonly Step[], asTensor: boolean): Uint8Array {
  const version = framed(field(3, new TextEncoder().encode('brain.Event:2')));
  return bytesOf(
    version,
    ...steps.flatMap(({ step, loss, norm }) => [
      event('train/loss', step, loss, asTensor),
      event('train/grad_norm', step, norm, asTensor),
    ]),
  );
}

const utf16 = (text: string, bigEndian: boolean, mark: boolean): Uint8Array => {
  const units = [...(mark ? '\ufeff' : ''), ...text].map((c) => c.charCodeAt(0));
  return Uint8Array.from(
    units.flatMap((unit) => (bigEndian ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])),
  );
};

const box = (rows: readonly (readonly [string, string])[]): string => {
  const body = rows.map(([key, value]) => `| ${key.padEnd(24)} | ${value.padEnd(12)} |`);
  return lines(['-'.repeat(43), ...body, '-'.repeat(43)]);
};

const csvForms: readonly Form[] = [
  ...(
    [
      ['comma', ',', 'CSV'],
      ['tab', '\t', 'TSV'],
      ['semicolon', ';', 'CSV'],
      ['bar', '|', 'a table with bars'],
      ['bar with spaces', ' | ', 'a table with bars'],
      ['comma and space', ', ', 'CSV'],
      ['spaces', '   ', 'a table with spaces'],
    ] as const
  ).map(([name, delimiter, form]) => ({
    name: `table, ${name}`,
    form,
    has: all,
    write: table(delimiter, plain, cells),
  })),
  { name: 'table, CRLF', form: 'CSV', has: all, write: table(',', plain, cells, '\r\n') },
  { name: 'table, CR alone', form: 'CSV', has: all, write: table(',', plain, cells, '\r') },
  {
    name: 'table, comments and blank lines',
    form: 'CSV',
    has: all,
    write: (steps) => `# lr=1e-3\n# seed 7\n\n${table(',', plain, cells)(steps)}`,
  },
  {
    name: 'table, sep=;',
    form: 'CSV',
    has: all,
    write: (steps) => `sep=;\n${table(';', plain, cells)(steps)}`,
  },
  {
    name: 'table, preamble',
    form: 'CSV',
    has: all,
    write: (steps) =>
      `starting run\nusing device 0\nloading, please wait\n${table(',', plain, cells)(steps)}`,
  },
  {
    name: 'table, trailing comma',
    form: 'CSV',
    has: all,
    write: (steps) => table(',', plain, (step) => [...cells(step), ''])(steps),
  },
  {
    name: 'table, header grows',
    form: 'CSV',
    has: all,
    write: (steps) =>
      table(',', plain, cells)(steps.slice(0, 10)) +
      table(',', [...plain, 'val_loss'], (step) => [...cells(step), step.loss])(steps.slice(10)),
  },
  {
    name: 'table, header again',
    form: 'CSV',
    has: all,
    write: (steps) =>
      table(',', plain, cells)(steps.slice(0, 10)) + table(',', plain, cells)(steps.slice(10)),
  },
  {
    name: 'table, quoted thousands',
    form: 'CSV',
    has: some,
    write: (steps) =>
      table(',', plain, ({ step, loss, norm, lr }) => [
        step,
        loss,
        `"${(1000 * norm).toLocaleString('en-US', { minimumFractionDigits: 1 })}"`,
        lr,
      ])(steps)
        .replace('grad_norm', 'grad_norm_milli')
        .replace('grad_norm_milli', 'grad_norm'),
  },
  {
    name: 'table, decimal commas',
    form: 'CSV',
    has: some,
    write: (steps) =>
      table(';', plain, (step) => cells(step).map((cell) => String(cell).replace('.', ',')))(steps),
  },
  {
    name: 'table, quoted text of many lines',
    form: 'CSV',
    has: all,
    write: (steps, random) =>
      table(',', ['step', 'sample', 'loss', 'grad_norm', 'lr'], ({ step, loss, norm, lr }) => [
        step,
        `"${'so it went\n'.repeat(1 + random.integer(30))}, ""the end"""`,
        loss,
        norm,
        lr,
      ])(steps),
  },
  {
    name: 'table, tensors',
    form: 'CSV',
    has: all,
    write: table(',', plain, ({ step, loss, norm, lr }) => [
      step,
      `tensor(${loss}, device='cuda:0')`,
      `tensor(${norm}, device='cuda:0')`,
      lr,
    ]),
  },
  {
    name: 'table, an index without a name',
    form: 'CSV',
    has: all,
    write: table(',', ['', ...plain], (step) => [step.step, ...cells(step)]),
  },
  {
    name: 'table, newest first',
    form: 'CSV',
    has: all,
    write: (steps) => table(',', plain, cells)([...steps].reverse()),
  },
  {
    name: 'Lightning, sparse rows',
    form: 'CSV',
    has: some,
    write: (steps) =>
      table(
        ',',
        ['epoch', 'lr-Adam', 'step', 'train_loss_step', 'grad_2.0_norm_total', 'val_loss'],
        (row) => row as never,
      )(
        steps.flatMap(({ step, loss, norm, lr }) => [
          ['', lr, step, '', '', ''],
          [0, '', step, loss, '', ''],
          [0, '', step, '', norm, ''],
        ]) as never,
      ),
  },
  {
    name: 'YOLO, padded names, parts',
    form: 'CSV',
    has: ['step', 'loss'],
    write: table(
      ',',
      [
        '                  epoch',
        '         train/box_loss',
        '         train/cls_loss',
        '         train/dfl_loss',
        '           val/box_loss',
        '                 lr/pg0',
      ].map((name) => name),
      ({ step, loss, lr }) => [step, loss / 2, loss / 4, loss / 4, 9, lr],
    ),
  },
  {
    name: 'Stable-Baselines3, CSV',
    form: 'CSV',
    has: ['step', 'loss'],
    write: table(
      ',',
      ['rollout/ep_rew_mean', 'time/fps', 'train/loss', 'train/learning_rate', 'time/total_timesteps'],
      ({ step, loss, lr }) => [200 - loss, 900, loss, lr, step],
    ),
  },
  {
    name: 'guided-diffusion, progress.csv',
    form: 'CSV',
    has: some,
    write: table(
      ',',
      ['grad_norm', 'loss', 'loss_q0', 'loss_q1', 'param_norm', 'samples', 'step'],
      ({ step, loss, norm }) => [norm, loss, loss, loss, 300, 128 * step, step],
    ),
  },
  {
    name: 'Keras, CSVLogger',
    form: 'CSV',
    has: ['step', 'loss'],
    write: table(',', ['epoch', 'accuracy', 'loss', 'val_accuracy', 'val_loss'], ({ step, loss }) => [
      step,
      0.5,
      loss,
      0.4,
      loss + 1,
    ]),
  },
  {
    name: 'W&B, one run and its extremes',
    form: 'CSV',
    has: ['step', 'norm'],
    write: table(
      ',',
      [
        '"Step"',
        '"bold-sun-7 - train/grad_norm"',
        '"bold-sun-7 - train/grad_norm__MIN"',
        '"bold-sun-7 - train/grad_norm__MAX"',
      ],
      ({ step, norm }) => [step, norm, norm, norm].map((cell) => `"${cell}"`),
    ),
  },
  {
    name: 'TensorBoard, CSV of one tag',
    form: 'values by step',
    has: ['step', 'loss'],
    write: table(',', ['Wall time', 'Step', 'Value'], ({ step, loss }) => [1.7e9 + step, step, loss]),
  },
  {
    name: 'MLflow, a metric',
    form: 'values by step',
    has: ['step', 'loss'],
    write: (steps) => lines(steps.map(({ step, loss }) => `${1.7e12 + step} ${loss} ${step}`)),
  },
  {
    name: 'long table',
    form: 'CSV, a value a row',
    has: some,
    write: (steps) =>
      table(
        ',',
        ['step', 'metric', 'value'],
        (row) => row as never,
      )(
        steps.flatMap(({ step, loss, norm }) => [
          [step, 'loss', loss],
          [step, 'grad_norm', norm],
        ]) as never,
      ),
  },
  {
    name: 'long table, a metric after the other',
    form: 'CSV, a value a row',
    has: some,
    write: (steps) =>
      table(
        ',',
        ['tag', 'step', 'value'],
        (row) => row as never,
      )([
        ...steps.map(({ step, loss }) => ['loss', step, loss]),
        ...steps.map(({ step, norm }) => ['grad_norm', step, norm]),
      ] as never),
  },
  {
    name: 'Markdown table',
    form: 'a table with bars',
    has: all,
    write: (steps) =>
      lines([
        `| ${plain.join(' | ')} |`,
        '|---|---|---|---|',
        ...steps.map((step) => `| ${cells(step).join(' | ')} |`),
      ]),
  },
  {
    name: 'skorch, whitespace table with a rule',
    form: 'a table with spaces',
    has: ['step', 'loss'],
    write: (steps) =>
      lines([
        '  epoch    train_loss    valid_loss     dur',
        '-------  ------------  ------------  ------',
        ...steps.map(
          ({ step, loss }) =>
            `${String(step).padStart(7)}  ${fixed(loss, 6).padStart(12)}  ${fixed(loss + 1, 6).padStart(12)}  0.0213`,
        ),
      ]),
  },
  {
    name: 'fastai',
    form: 'a table with spaces',
    has: ['step', 'loss'],
    write: (steps) =>
      lines([
        'epoch     train_loss  valid_loss  accuracy  time    ',
        ...steps.map(
          ({ step, loss }) =>
            `${String(step).padEnd(9)} ${fixed(loss)}    ${fixed(loss + 1)}    0.912     00:10     `,
        ),
      ]),
  },
  {
    name: 'UTF-16, little end first',
    form: 'CSV',
    has: all,
    write: (steps) => utf16(table(',', plain, cells)(steps), false, true),
  },
  {
    name: 'UTF-16, big end first',
    form: 'CSV',
    has: all,
    write: (steps) => utf16(table(',', plain, cells)(steps), true, true),
  },
  {
    name: 'UTF-16 without a mark',
    form: 'CSV',
    has: all,
    write: (steps) => utf16(table(',', plain, cells)(steps), false, false),
  },
  {
    name: 'UTF-8 with a mark',
    form: 'CSV',
    has: all,
    write: (steps) => `\ufeff${table(',', plain, cells)(steps)}`,
  },
  {
    name: 'leading NULs',
    form: 'CSV',
    has: all,
    write: (steps) => `${'\0'.repeat(5000)}${table(',', plain, cells)(steps)}`,
  },
  { name: 'gzip', form: 'CSV', has: all, write: (steps) => gzipSync(table(',', plain, cells)(steps)) },
];

const objectForms: readonly Form[] = [
  {
    name: 'JSON lines',
    form: 'JSON lines',
    has: all,
    write: (steps) =>
      lines(steps.map(({ step, loss, norm, lr }) => json({ step, loss, grad_norm: norm, lr }))),
  },
  {
    name: 'JSON lines, nested',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(steps.map(({ step, loss, norm }) => json({ step, train: { loss, grad_norm: norm } }))),
  },
  {
    name: 'JSON lines behind a logger',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }, i) =>
            `2026-01-01 ${clock(i)},012 INFO trainer ${json({ step, loss, grad_norm: norm })}`,
        ),
      ),
  },
  {
    name: 'JSON lines, numbers in quotes',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }) =>
          json({ step: String(step), loss: fixed(loss), grad_norm: fixed(norm) }),
        ),
      ),
  },
  {
    name: 'JSON lines, lists of one',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(steps.map(({ step, loss, norm }) => json({ step, loss: [loss], grad_norm: [norm] }))),
  },
  {
    name: 'LLaMA-Factory',
    form: 'JSON lines',
    has: ['step', 'loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(({ step, loss, lr, epoch }) =>
          json({
            current_steps: step,
            total_steps: 9999,
            loss,
            lr,
            epoch,
            percentage: 1.5,
            elapsed_time: '0:00:10',
            remaining_time: '1:00:00',
          }),
        ),
      ),
  },
  {
    name: 'detectron2',
    form: 'JSON lines',
    has: ['step', 'loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(({ step, loss, lr }) =>
          json({
            data_time: 0.01,
            iteration: step,
            loss_cls: loss / 2,
            loss_box_reg: loss / 2,
            total_loss: loss,
            lr,
          }),
        ),
      ),
  },
  {
    name: 'mmengine, scalars',
    form: 'JSON lines',
    has: all,
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss, norm, lr }, i) => [
          json({
            lr,
            data_time: 0.1,
            loss,
            grad_norm: norm,
            time: 0.3,
            epoch: 1,
            iter: step,
            memory: 3000,
            step,
          }),
          ...(i % 10 === 9 ? [json({ coco_bbox_mAP: 0.1, step: 1 })] : []),
        ]),
      ),
  },
  {
    name: 'mmdet 2, a mode a row',
    form: 'JSON lines',
    has: all,
    write: (steps) =>
      lines([
        json({ env_info: 'Python 3.8', seed: 3 }),
        ...steps.flatMap(({ step, loss, norm, lr }, i) => [
          json({ mode: 'train', epoch: 1, iter: step, lr, loss, grad_norm: norm }),
          ...(i % 10 === 9 ? [json({ mode: 'val', epoch: 1, iter: 500, loss: 80 * loss })] : []),
        ]),
      ]),
  },
  {
    name: 'W&B history',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }) =>
          json({
            _step: step,
            _runtime: 1.5 * step,
            _timestamp: 1.7e9 + step,
            'train/loss': loss,
            'train/grad_norm': norm,
          }),
        ),
      ),
  },
  {
    name: 'Hugging Face console',
    form: 'JSON lines',
    has: ['loss', 'norm', 'lr'],
    noise: true,
    write: (steps, random) =>
      lines(
        steps.flatMap(({ loss, norm, lr, epoch }, i) => [
          `  ${i}%|${'█'.repeat(random.integer(9))}          | ${i}/${steps.length} [00:10<10:00,  1.2it/s]`,
          python({ loss, grad_norm: norm, learning_rate: lr, epoch }),
        ]),
      ),
  },
  {
    name: 'Hugging Face console over one line',
    form: 'JSON lines',
    has: ['loss', 'norm', 'lr'],
    write: (steps) =>
      steps
        .map(
          ({ loss, norm, lr, epoch }, i) =>
            `  1%|          | ${i}/60 [00:10<10:00,  1.2it/s]\r                 \r${python({ loss, grad_norm: norm, learning_rate: lr, epoch })}\n`,
        )
        .join(''),
  },
  {
    name: 'dicts with tensors and numpy',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }) =>
          `{'step': ${step}, 'loss': tensor(${loss}, device='cuda:0', grad_fn=<MeanBackward0>), 'grad_norm': np.float64(${norm})}`.replace(
            ', grad_fn=<MeanBackward0>',
            '',
          ),
        ),
      ),
  },
  {
    name: 'dicts with apostrophes',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }) =>
            `{'step': ${step}, 'loss': ${loss}, 'grad_norm': ${norm}, 'msg': "it's {fine}"}`,
        ),
      ),
  },
  {
    name: 'dicts behind ranks and Ray',
    form: 'JSON lines',
    has: ['loss', 'norm'],
    noise: true,
    write: (steps) =>
      lines(
        steps.map(
          ({ loss, norm }) =>
            `\u001b[36m(TrainTrainable pid=${4321})\u001b[0m ${python({ loss, grad_norm: norm })}`,
        ),
      ),
  },
  {
    name: 'several objects on a line',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      `${steps.map(({ step, loss, norm }) => json({ step, loss, grad_norm: norm })).join(' ')}\n${json({ step: steps.length, loss: 1, grad_norm: 1 })}\n`.replace(
        /\n.*\n$/,
        '\n',
      ),
  },
];

const history = (steps: readonly Step[]) =>
  steps.map(({ step, loss, norm, lr, epoch }) => ({ step, loss, grad_norm: norm, learning_rate: lr, epoch }));

const documentForms: readonly Form[] = [
  {
    name: 'trainer state',
    form: 'JSON document',
    has: all,
    write: (steps) =>
      JSON.stringify(
        {
          best_metric: null,
          epoch: 3,
          global_step: 99,
          log_history: [...history(steps), { train_loss: 1, train_runtime: 5, step: 99 }],
        },
        null,
        2,
      ),
  },
  {
    name: 'trainer state on one line',
    form: 'JSON document',
    has: all,
    write: (steps) => json({ epoch: 3, log_history: history(steps), total_flos: 1e15 }),
  },
  {
    name: 'trainer state with NaN',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json({ log_history: history(steps), best: null }).replace(
        '"best":null',
        '"best": NaN, "worst": -Infinity',
      ),
  },
  {
    name: 'array of objects',
    form: 'JSON document',
    has: all,
    write: (steps) => JSON.stringify(history(steps), null, 1),
  },
  {
    name: 'array of objects on one line',
    form: 'JSON document',
    has: all,
    write: (steps) => json(history(steps)),
  },
  {
    name: 'object of arrays',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json({
        step: steps.map(({ step }) => step),
        loss: steps.map(({ loss }) => loss),
        val_loss: steps.map(() => 3),
        grad_norm: steps.map(({ norm }) => norm),
      }),
  },
  {
    name: 'Keras History in an object',
    form: 'JSON document',
    has: ['loss'],
    write: (steps) =>
      json({
        model: 'mlp',
        history: {
          loss: steps.map(({ loss }) => loss),
          accuracy: steps.map(() => 0.5),
          val_loss: steps.map(() => 3),
        },
      }),
  },
  {
    name: 'pandas, by columns',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json({
        step: byIndex(steps, ({ step }) => step),
        loss: byIndex(steps, ({ loss }) => loss),
        grad_norm: byIndex(steps, ({ norm }) => norm),
      }),
  },
  {
    name: 'pandas, by rows',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json(
        Object.fromEntries(
          history(steps).map(({ step, loss, grad_norm }, i) => [i, { step, loss, grad_norm }]),
        ),
      ),
  },
  {
    name: 'pandas, split',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json({
        columns: ['step', 'loss', 'grad_norm'],
        index: steps.map((_, i) => i),
        data: steps.map(({ step, loss, norm }) => [step, loss, norm]),
      }),
  },
  {
    name: 'rows of arrays with a header',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json([['step', 'loss', 'grad_norm'], ...steps.map(({ step, loss, norm }) => [step, loss, norm])]),
  },
  {
    name: 'TensorBoard, JSON of one tag',
    form: 'values by step',
    has: ['step', 'loss'],
    write: (steps) => json(steps.map(({ step, loss }) => [1.7e9 + step, step, loss])),
  },
  {
    name: 'pretty objects one after the other',
    form: 'JSON document',
    has: all,
    write: (steps) =>
      history(steps)
        .map((row) => JSON.stringify(row, null, 2))
        .join('\n'),
  },
  {
    name: 'metrics of nested steps',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      JSON.stringify({
        run: {
          config: { lr: 0.1 },
          metrics: {
            train: steps.map(({ step, loss, norm }) => ({ step, loss, optim: { grad_norm: norm } })),
          },
        },
      }),
  },
  {
    name: 'a document that was cut off',
    form: 'JSON document',
    has: some,
    write: (steps) => {
      const text = JSON.stringify({ log_history: history([...steps, steps[0]]) }, null, 2);
      return text.slice(0, text.lastIndexOf('{') + 1);
    },
  },
];

function byIndex(steps: readonly Step[], of: (step: Step) => number): Record<number, number> {
  return Object.fromEntries(steps.map((step, i) => [i, of(step)]));
}

const text = 'console text';
const consoleForms: readonly Form[] = [
  {
    name: 'nanoGPT',
    form: text,
    has: ['step', 'loss'],
    noise: true,
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss }, i) => [
          ...(i % 10 === 0
            ? [`step ${step}: train loss ${fixed(loss, 4)}, val loss ${fixed(9 * loss, 4)}`]
            : []),
          `iter ${step}: loss ${fixed(loss)}, time ${fixed(230, 2)}ms, mfu 12.34%`,
        ]),
      ),
  },
  {
    name: 'build-nanogpt',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }) =>
            `step ${String(step).padStart(5)} | loss: ${fixed(loss)} | lr ${lr.toExponential(4)} | norm: ${fixed(norm, 4)} | dt: 339.12ms | tok/sec: 1546123.10`,
        ),
      ),
  },
  {
    name: 'llm.c, log file',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss, norm, lr }, i) => [
          ...(i % 10 === 0 ? [`s:${step} tel:${fixed(9 * loss, 4)}`] : []),
          `s:${step} trl:${fixed(loss, 4)} lr:${fixed(lr, 6)} norm:${fixed(norm, 2)}`,
        ]),
      ),
  },
  {
    name: 'llm.c, console',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }) =>
            `step ${String(step).padStart(4)}/19560 | loss ${fixed(loss)} (+0.12z)| norm ${fixed(norm, 4)} (-0.31z)| lr ${lr.toExponential(2)} | 412.23 ms | 45.1% bf16 MFU | 1271234 tok/s`,
        ),
      ),
  },
  {
    name: 'Megatron-LM',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }, i) =>
            ` [2024-05-01 ${clock(i)}] iteration ${String(step).padStart(8)}/  500000 | consumed samples: ${String(256 * step).padStart(12)} | elapsed time per iteration (ms): 1234.5 | learning rate: ${lr.toExponential(6).toUpperCase()} | global batch size:   256 | lm loss: ${loss.toExponential(6).toUpperCase()} | loss scale: 1.0 | grad norm: ${fixed(norm, 3)} | number of skipped iterations:   0 | number of nan iterations:   0 |`,
        ),
      ),
  },
  {
    name: 'torchtitan',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }, i) =>
            `\u001b[32m[rank0]:\u001b[0m[titan] 2025-07-21 ${clock(i)},774 - root - INFO - \u001b[31mstep: ${step}  \u001b[32mloss: ${fixed(loss, 4)}  \u001b[33mgrad_norm: ${fixed(norm, 4)}  memory:  9.53GiB(10.03%)  tps: 30,768  mfu: 25.11%\u001b[39m`,
        ),
      ),
  },
  {
    name: 'nanotron',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }, i) =>
            `05/21/2024 ${clock(i)} [INFO|DP=0|PP=0|TP=0|host]: iteration: ${step} / 5000 | consumed_tokens: 2.62M | elapsed_time_per_iteration_ms: 1.2K | global_batch_size: 1.02K | lm_loss: ${fixed(loss, 4)} | lr: ${lr.toExponential(3)} | grad_norm: ${fixed(norm, 4)}`,
        ),
      ),
  },
  {
    name: 'verl',
    form: text,
    has: ['step', 'norm'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }) =>
            `\u001b[36m(TaskRunner pid=1234)\u001b[0m step:${step} - global_seqlen/min:12 - actor/pg_loss:${fixed(loss, 4)} - actor/grad_norm:${fixed(norm, 4)} - critic/score/mean:0.643 - timing_s/gen:20.1`,
        ),
      ),
  },
  {
    name: 'fairseq',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }, i) =>
            `2023-01-01 ${clock(i)} | INFO | train_inner | epoch 001: ${String(step).padStart(6)} / 100000 loss=${fixed(loss, 3)}, ppl=9.1, wps=12345, ups=1.2, num_updates=${step}, lr=${lr}, gnorm=${fixed(norm, 3)}, clip=${(7 * i) % 100}, train_wall=30`,
        ),
      ),
  },
  {
    name: 'mmengine',
    form: text,
    has: ['loss', 'norm', 'lr'],
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss, norm, lr }, i) => [
          `2023/06/05 ${clock(i)} - mmengine - INFO - Epoch(train)   [1][${String(step).padStart(4)}/9999]  lr: ${lr.toExponential(4)}  eta: 4:59:11  time: 9.97  data_time: 0.1  memory: 3000  loss: ${fixed(loss, 4)}  grad_norm: ${fixed(norm, 4)}`,
          ...(i % 10 === 9
            ? [
                `2023/06/05 ${clock(i)} - mmengine - INFO - Epoch(val)   [1][  5/5]  loss: ${fixed(50 * loss, 4)}  time: 1.0`,
              ]
            : []),
        ]),
      ),
  },
  {
    name: 'OLMo, blocks',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss, norm }, i) => [
          `2025-12-26 ${clock(i)}.501\thost:0\tolmo.train:990\tINFO\t[step=${step}/100000,epoch=0]`,
          `    optim/total_grad_norm=${fixed(norm, 4)}`,
          `    train/CrossEntropyLoss=${fixed(loss, 4)}`,
          '    System/Peak GPU Memory (MB)=51,234',
        ]),
      ),
  },
  {
    name: 'Stable-Baselines3, boxes',
    form: text,
    has: ['step', 'loss'],
    write: (steps) =>
      steps
        .map(({ step, loss, lr }) =>
          box([
            ['rollout/', ''],
            ['   ep_len_mean', '22.3'],
            ['   ep_rew_mean', '22.3'],
            ['time/', ''],
            ['   fps', '1063'],
            ['   total_timesteps', String(step)],
            ['train/', ''],
            ['   approx_kl', '0.008'],
            ['   learning_rate', String(lr)],
            ['   loss', fixed(loss)],
          ]),
        )
        .join(''),
  },
  {
    name: 'guided-diffusion, boxes',
    form: text,
    has: some,
    write: (steps) =>
      steps
        .map(({ step, loss, norm }) =>
          box([
            ['grad_norm', fixed(norm)],
            ['loss', fixed(loss)],
            ['loss_q0', fixed(loss)],
            ['param_norm', '303'],
            ['samples', String(128 * step)],
            ['step', String(step)],
          ]),
        )
        .join(''),
  },
  {
    name: 'boxes drawn with lines',
    form: text,
    has: some,
    write: (steps) =>
      steps
        .map(({ step, loss, norm }) =>
          lines([
            '┌───────────┬──────────┐',
            `│ step      │ ${step} │`,
            `│ loss      │ ${fixed(loss)} │`,
            `│ grad_norm │ ${fixed(norm)} │`,
            '└───────────┴──────────┘',
          ]),
        )
        .join(''),
  },
  {
    name: 'Keras, an epoch a line',
    form: text,
    has: ['loss'],
    write: (steps) =>
      lines(
        steps.flatMap(({ loss }, i) => [
          `Epoch ${i + 1}/${steps.length}`,
          `469/469 [==============================] - 2s 3ms/step - loss: ${fixed(loss, 4)} - accuracy: 0.9012 - val_loss: ${fixed(9 * loss, 4)} - val_accuracy: 0.8`,
        ]),
      ),
  },
  {
    name: 'Lightning, a bar',
    form: text,
    has: ['loss'],
    write: (steps) =>
      steps
        .map(
          ({ step, loss }) =>
            `Epoch 0:  10%|█         | ${step}/100000 [00:01<00:10,  9.01it/s, v_num=0, train_loss=${fixed(loss, 4)}]\r`,
        )
        .join(''),
  },
  {
    name: 'PyTorch, MNIST example',
    form: text,
    has: ['loss'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss }) => `Train Epoch: 1 [${64 * step}/600000 (${step}%)]\tLoss: ${fixed(loss)}`,
        ),
      ),
  },
  {
    name: 'PyTorch, ImageNet example',
    form: text,
    has: ['loss'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss }) =>
            `Epoch: [0][${String(step).padStart(4)}/50050]\tTime  0.512 ( 1.011)\tData  0.102 ( 0.212)\tLoss ${loss.toExponential(4)} (${(2 * loss).toExponential(4)})\tAcc@1   0.00 (  0.10)`,
        ),
      ),
  },
  {
    name: 'timm',
    form: text,
    has: ['loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, lr }) =>
            `Train: 0 [${String(step).padStart(4)}/99999 (  0%)]  Loss: ${fixed(loss)} (${fixed(2 * loss)})  Time: 5.103s,  200.67/s  (5.103s,  200.67/s)  LR: ${lr.toExponential(3)}  Data: 4.0 (4.0)`,
        ),
      ),
  },
  {
    name: 'Swin',
    form: text,
    has: ['loss', 'norm', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }, i) =>
            `[2021-09-01 ${clock(i)} swin_tiny](main.py 180): INFO Train: [0/300][${step}/99999]\teta 3:21:00 lr ${fixed(lr, 6)}\ttime 2.01 (2.01)\tloss ${fixed(loss, 4)} (${fixed(2 * loss, 4)})\tgrad_norm ${fixed(norm, 4)} (${fixed(2 * norm, 4)})\tmem 1000MB`,
        ),
      ),
  },
  {
    name: 'torchvision',
    form: text,
    has: ['loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, lr }) =>
            `Epoch: [0]  [${String(step).padStart(4)}/99999]  eta: 0:10:00  lr: ${fixed(lr, 6)}  loss: ${fixed(loss, 4)} (${fixed(2 * loss, 4)})  time: 0.5  data: 0.1  max mem: 1000`,
        ),
      ),
  },
  {
    name: 'detectron2, console',
    form: text,
    has: ['step', 'loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, lr }, i) =>
            `[05/01 ${clock(i)} d2.utils.events]:  eta: 0:10:00  iter: ${step}  total_loss: ${fixed(loss, 4)}  loss_cls: 0.3  time: 0.5  data_time: 0.01  lr: ${lr}  max_mem: 2100M`,
        ),
      ),
  },
  {
    name: 'PaddleDetection',
    form: text,
    has: ['loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, lr }, i) =>
            `[05/01 ${clock(i)}] ppdet.engine INFO: Epoch: [0] [${String(step).padStart(4)}/99999] learning_rate: ${fixed(lr, 6)} loss: ${fixed(loss)} eta: 1:10:00 batch_cost: 0.3 ips: 12.1 images/s`,
        ),
      ),
  },
  {
    name: 'ESPnet',
    form: text,
    has: ['loss', 'norm'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }, i) =>
            `[host] 2022-01-01 ${clock(i)},123 (trainer:720) INFO: 1epoch:train:${step}-${step + 49}batch: iter_time=0.1, forward_time=0.1, loss=${fixed(loss, 3)}, backward_time=0.1, grad_norm=${fixed(norm, 3)}, clip=100.000, loss_scale=1.000, optim_step_time=0.05`,
        ),
      ),
  },
  {
    name: 'accelerate, logging',
    form: text,
    has: ['step', 'loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, lr }, i) =>
            `05/01/2023 ${clock(i)} - INFO - __main__ - Step: ${step}, LR: ${lr}, Loss: ${fixed(loss)}`,
        ),
      ),
  },
  {
    name: 'own prints, key=value',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }) => `step=${step} loss=${fixed(loss)} grad_norm=${fixed(norm)} lr=${lr}`,
        ),
      ),
  },
  {
    name: 'own prints, words',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }) => `Step ${step}, Loss: ${fixed(loss)}, Grad Norm: ${fixed(norm)}`),
      ),
  },
  {
    name: 'own prints, tensors',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm }) =>
            `step: ${step} loss: tensor(${fixed(loss)}, device='cuda:0') grad_norm: np.float64(${fixed(norm)})`,
        ),
      ),
  },
  {
    name: 'own prints, epoch and step',
    form: text,
    has: ['step', 'loss'],
    write: (steps) =>
      lines(steps.map(({ step, loss }) => `Epoch [1/10], Step [${step}/100000], Loss: ${fixed(loss, 4)}`)),
  },
  {
    name: 'own prints, a number a line',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.flatMap(({ step, loss, norm }) => [
          `step: ${step}`,
          `loss: ${fixed(loss)}`,
          `grad norm: ${fixed(norm)}`,
        ]),
      ),
  },
  {
    name: 'Caffe',
    form: text,
    has: ['step', 'loss'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss }, i) =>
            `I0101 ${clock(i)}.123456   140 solver.cpp:228] Iteration ${step}, loss = ${fixed(loss)}`,
        ),
      ),
  },
];

const eventForms: readonly Form[] = [
  { name: 'event file', form: 'TensorBoard event file', has: some, write: (steps) => events(steps, false) },
  {
    name: 'event file of tensors',
    form: 'TensorBoard event file',
    has: some,
    write: (steps) => events(steps, true),
  },
  {
    name: 'event file, a tag after the other',
    form: 'TensorBoard event file',
    has: some,
    write: (steps) =>
      bytesOf(
        ...steps.map(({ step, loss }) => event('loss', step, loss)),
        ...steps.map(({ step, norm }) => event('grad_norm', step, norm)),
      ),
  },
  {
    name: 'event file, gzip',
    form: 'TensorBoard event file',
    has: some,
    write: (steps) => gzipSync(events(steps, false)),
  },
];

/** What stands around the numbers of a log: strings, pages, prints of whole lists. */
const wrappedForms: readonly Form[] = [
  {
    name: 'lines in JSON, of a collector',
    form: text,
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }, i) =>
          json({
            log: `step ${step} | loss ${loss} | grad_norm ${norm}\n`,
            stream: 'stdout',
            time: `2023-01-01T${clock(i)}Z`,
          }),
        ),
      ),
  },
  {
    name: 'lines in JSON, of a service',
    form: text,
    has: ['step', 'loss', 'lr'],
    write: (steps) =>
      lines(
        steps.map(({ step, loss, lr }, i) =>
          json({
            severity: 'INFO',
            message: `step ${step}: loss=${loss}, lr=${lr}`,
            timestamp: `2023-01-01T${clock(i)}Z`,
            pid: 17,
          }),
        ),
      ),
  },
  {
    name: 'notebook, printed lines',
    form: text,
    has: some,
    write: (steps) =>
      notebook({
        name: 'stdout',
        output_type: 'stream',
        text: steps.map(({ step, loss, norm }) => `step ${step}, loss ${loss}, grad_norm ${norm}\n`),
      }),
  },
  {
    name: 'notebook, a table in HTML',
    form: 'TSV',
    has: ['step', 'loss'],
    write: (steps) =>
      notebook({
        output_type: 'display_data',
        metadata: {},
        data: { 'text/html': htmlTable(steps, '\n').map((line) => `${line}\n`) },
      }),
  },
  {
    name: 'HTML, tags on lines',
    form: 'TSV',
    has: ['step', 'loss'],
    write: (steps) => lines(htmlTable(steps, '\n')),
  },
  {
    name: 'HTML on one line',
    form: 'TSV',
    has: ['step', 'loss'],
    write: (steps) => lines([htmlTable(steps, '').join('')]),
  },
  {
    name: 'LaTeX table',
    form: 'a LaTeX table',
    has: some,
    write: (steps) =>
      lines([
        '\\begin{tabular}{rrr}',
        '\\toprule',
        'step & loss & grad norm \\\\',
        '\\midrule',
        ...steps.map(({ step, loss, norm }) => `${step} & ${loss} & ${norm} \\\\`),
        '\\bottomrule',
        '\\end{tabular}',
      ]),
  },
  {
    name: 'pandas, printed',
    form: 'a table with spaces',
    has: all,
    write: (steps) =>
      lines([
        '     step    loss  grad_norm        lr',
        ...steps.map(
          ({ step, loss, norm, lr }, i) => `${String(i).padEnd(4)} ${step}  ${loss}  ${norm}  ${lr}`,
        ),
        '',
        `[${steps.length} rows x 4 columns]`,
      ]),
  },
  {
    name: 'scikit-learn, names of two words',
    form: 'a table with spaces',
    has: ['step', 'loss'],
    write: (steps) =>
      lines([
        '      Iter       Train Loss   Remaining Time ',
        ...steps.map(
          ({ step, loss }, i) =>
            `${String(step).padStart(10)} ${fixed(loss, 4).padStart(16)} ${fixed(60 - i, 2).padStart(13)}s`,
        ),
      ]),
  },
  {
    name: 'lists by name',
    form: 'lists of numbers',
    has: ['loss', 'norm'],
    write: (steps) =>
      lines([
        `train_losses = [${steps.map(({ loss }) => loss).join(', ')}]`,
        `grad_norms = [${steps.map(({ norm }) => norm).join(', ')}]`,
      ]),
  },
  {
    name: 'Python, a dict of lists',
    form: 'lists of numbers',
    has: ['loss', 'norm'],
    write: (steps) =>
      lines([python({ loss: steps.map(({ loss }) => loss), grad_norm: steps.map(({ norm }) => norm) })]),
  },
  {
    name: 'series by name, x and y',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json([
        { name: 'loss', x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) },
        { name: 'grad_norm', x: steps.map(({ step }) => step), y: steps.map(({ norm }) => norm) },
      ]),
  },
  {
    name: 'series keyed by steps',
    form: 'JSON document',
    has: some,
    write: (steps) =>
      json({
        config: { seed: 1 },
        metrics: {
          loss: Object.fromEntries(steps.map(({ step, loss }) => [step, loss])),
          grad_norm: Object.fromEntries(steps.map(({ step, norm }) => [step, norm])),
        },
      }),
  },
  {
    name: 'series keyed by steps, under values',
    form: 'JSON document',
    has: some,
    write: (steps) => {
      const of = (name: 'loss' | 'norm') => ({
        start_step: steps[0].step,
        step_interval: 1,
        values: Object.fromEntries(steps.map((step) => [step.step, step[name]])),
      });
      return JSON.stringify({ 'lm loss': of('loss'), 'grad norm': of('norm') }, null, 4);
    },
  },
  {
    name: 'series with a first step and a distance',
    form: 'JSON document',
    has: some,
    write: (steps) => {
      const of = (name: 'loss' | 'norm') => ({
        start_step: steps[0].step,
        step_interval: steps[1].step - steps[0].step,
        values: steps.map((step) => step[name]),
      });
      return json({ 'lm loss': of('loss'), 'grad norm': of('norm') });
    },
  },
  {
    name: 'RLlib, deep objects',
    form: 'JSON lines',
    has: some,
    write: (steps) =>
      lines(
        steps.map(({ step, loss, norm }) =>
          json({
            episode_reward_mean: norm,
            info: { learner: { default_policy: { learner_stats: { total_loss: loss, grad_gnorm: norm } } } },
            training_iteration: step,
            config: { lr: 5e-5 },
          }),
        ),
      ),
  },
  {
    name: 'console below source code',
    form: text,
    has: ['step', 'loss'],
    write: (steps) =>
      lines([
        'class Model(nn.Module):',
        '    def __init__(self, dim=768, value_loss=0.5):',
        '        self.reward = 1.0 # returns 3',
        '    lr = 3e-4',
        '====',
        ...steps.map(
          ({ step, loss }) =>
            `step:${step}/99999 train_loss:${fixed(loss, 4)} train_time:${12 * step}ms step_avg:59.3ms`,
        ),
      ]),
  },
  {
    name: 'Marian',
    form: text,
    has: all,
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss, norm, lr }, i) =>
            `[2023-01-01 ${clock(i)}] Ep. 1 : Up. ${step} : Sen. 6,400 : Cost ${fixed(loss, 8)} : Time 12.34s : 20123.45 words/s : gNorm ${norm} : L.r. ${lr}`,
        ),
      ),
  },
  {
    name: 'LitGPT, a loss that is not known',
    form: text,
    has: ['step', 'loss'],
    write: (steps) =>
      lines(
        steps.map(
          ({ step, loss }) =>
            `Epoch 1 | iter ${4 * step} step ${step} | loss train: ${loss}, val: n/a | iter time: 312.11 ms (step)`,
        ),
      ),
  },
  {
    name: 'XGBoost',
    form: text,
    has: ['loss'],
    write: (steps) =>
      lines(
        steps.map(({ loss }, i) => `[${i}]\ttrain-logloss:${fixed(loss, 5)}\teval-logloss:${fixed(loss, 5)}`),
      ),
  },
  {
    name: 'Ultralytics, console',
    form: 'a table with spaces',
    has: ['loss'],
    write: (steps) =>
      lines(
        steps.flatMap(({ loss }, i) => [
          '      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size',
          `      ${i + 1}/40      2.51G      ${fixed(loss / 2, 5)}      ${fixed(loss / 4, 5)}      ${fixed(loss / 4, 5)}         12        640: 100%|██████████| 40/40 [00:10<00:00,  3.9it/s]`,
          '                   all        128        929      0.651      0.541      0.610      0.451',
        ]),
      ),
  },
  {
    name: 'numbers in their types',
    form: text,
    has: ['step', 'loss'],
    write: (steps) => lines(steps.map(({ step, loss }) => `step np.int64(${step}) loss np.float32(${loss})`)),
  },
];

function notebook(output: object): string {
  const cell = {
    cell_type: 'code',
    execution_count: 3,
    metadata: {},
    outputs: [output],
    source: ['trainer.train()'],
  };
  return JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

function htmlTable(steps: readonly Step[], end: '\n' | ''): string[] {
  const row = (cells: readonly string[], kind: string) =>
    ['<tr>', ...cells.map((cell) => `  <${kind}>${cell}</${kind}>`), '</tr>'].map((line) =>
      end === '' ? line.trim() : line,
    );
  return [
    '<table border="1" class="dataframe">',
    '<thead>',
    ...row(['Step', 'Training Loss'], 'th'),
    '</thead>',
    '<tbody>',
    ...steps.flatMap(({ step, loss }) => row([String(step), String(loss)], 'td')),
    '</tbody>',
    '</table><p>',
  ];
}

export const forms: readonly Form[] = [
  ...csvForms,
  ...objectForms,
  ...documentForms,
  ...consoleForms,
  ...wrappedForms,
  ...eventForms,
];
