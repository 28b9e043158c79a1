/** Which program wrote a log, as the names of its columns tell, and what that program does about large gradients. */

import { normalised } from './names.js';

/** A program that writes logs. */
export interface Framework {
  readonly name: string;
  /** The norm at which it clips unless told otherwise; null where it does not clip, or where that is not known. */
  readonly clipsAt: number | null;
  /** Where that stands: the option and its default. */
  readonly option: string | null;
}

interface Rule extends Framework {
  readonly has: (names: ReadonlySet<string>, form: string) => boolean;
}

const all =
  (...wanted: readonly string[]) =>
  (names: ReadonlySet<string>): boolean =>
    wanted.every((name) => names.has(name));

const some = (names: ReadonlySet<string>, pattern: RegExp): boolean => {
  for (const name of names) if (pattern.test(name)) return true;
  return false;
};

/** The most particular first. */
const rules: readonly Rule[] = [
  {
    name: 'verl',
    clipsAt: 1,
    option: 'grad_clip, 1.0 by default',
    has: (names) => names.has('actor_grad_norm') && some(names, /^(actor|critic)_/),
  },
  {
    name: 'TRL (a Hugging Face Trainer)',
    clipsAt: 1,
    option: 'max_grad_norm, 1.0 by default',
    has: (names) =>
      all('grad_norm', 'learning_rate', 'epoch')(names) &&
      some(names, /^(rewards?(_|$)|kl$|completion_length|completions_)/),
  },
  {
    name: 'Hugging Face Trainer',
    clipsAt: 1,
    option: 'max_grad_norm, 1.0 by default',
    has: all('loss', 'grad_norm', 'learning_rate', 'epoch'),
  },
  {
    name: 'Hugging Face Trainer',
    clipsAt: 1,
    option: 'max_grad_norm, 1.0 by default',
    has: (names, form) => form === 'JSON document' && all('log_history_loss', 'loss', 'epoch', 'step')(names),
  },
  {
    name: 'LLaMA-Factory',
    clipsAt: 1,
    option: 'max_grad_norm, 1.0 by default',
    has: all('current_steps', 'total_steps', 'loss'),
  },
  {
    name: 'Megatron-LM',
    clipsAt: 1,
    option: '--clip-grad, 1.0 by default',
    has: (names) => all('lm_loss', 'consumed_samples')(names),
  },
  {
    name: 'nanotron',
    clipsAt: 1,
    option: 'clip_grad, 1.0 in its examples',
    has: all('lm_loss', 'consumed_tokens', 'grad_norm'),
  },
  {
    name: 'OLMo',
    clipsAt: 1,
    option: 'max_grad_norm, 1.0 in its settings',
    has: all('optim_total_grad_norm'),
  },
  {
    name: 'torchtitan',
    clipsAt: 1,
    option: 'training.max_norm, 1.0 by default',
    has: all('step', 'loss', 'grad_norm', 'tps'),
  },
  { name: 'llm.c', clipsAt: 1, option: 'a fixed 1.0', has: (names) => all('s', 'trl', 'lr', 'norm')(names) },
  { name: 'nanoGPT', clipsAt: 1, option: 'grad_clip, 1.0 by default', has: all('iter', 'loss', 'mfu') },
  { name: 'build-nanogpt', clipsAt: 1, option: 'a fixed 1.0', has: all('step', 'loss', 'norm', 'dt') },
  {
    name: 'fairseq',
    clipsAt: null,
    option: null,
    has: (names) => names.has('gnorm') && (names.has('num_updates') || names.has('wps')),
  },
  {
    name: 'ESPnet',
    clipsAt: 5,
    option: 'grad_clip, 5.0 by default',
    has: (names) => all('grad_norm', 'forward_time', 'backward_time')(names),
  },
  {
    name: 'Ultralytics YOLO',
    clipsAt: 10,
    option: 'a fixed 10.0',
    has: all('epoch', 'train_box_loss', 'train_cls_loss'),
  },
  {
    name: 'mmengine',
    clipsAt: null,
    option: null,
    has: (names) =>
      names.has('data_time') &&
      names.has('lr') &&
      names.has('loss') &&
      (names.has('memory') || names.has('iter') || names.has('mode')),
  },
  { name: 'detectron2', clipsAt: null, option: null, has: all('total_loss', 'iteration', 'data_time') },
  {
    name: 'guided-diffusion',
    clipsAt: null,
    option: null,
    has: all('grad_norm', 'param_norm', 'loss', 'step'),
  },
  {
    name: 'Stable-Baselines3',
    clipsAt: null,
    option: null,
    has: (names) =>
      some(names, /^rollout_ep_/) ||
      (names.has('time_total_timesteps') && some(names, /^train_/)) ||
      all('total_timesteps', 'ep_rew_mean')(names),
  },
  {
    name: 'RLlib',
    clipsAt: null,
    option: null,
    has: (names) => names.has('training_iteration') && some(names, /^(episode_(reward|return)|env_runners)/),
  },
  { name: 'AllenNLP', clipsAt: null, option: null, has: all('training_loss', 'training_epochs') },
  { name: 'DeepSpeed', clipsAt: null, option: null, has: all('step', 'skipped', 'lr', 'mom') },
  { name: 'fastai', clipsAt: null, option: null, has: all('epoch', 'train_loss', 'valid_loss', 'time') },
  {
    name: 'PyTorch Lightning',
    clipsAt: null,
    option: null,
    has: (names) =>
      all('epoch', 'step')(names) &&
      (names.has('train_loss_step') ||
        names.has('train_loss_epoch') ||
        some(names, /^grad_\d_0_norm|^lr_(adam|sgd)/)),
  },
  {
    name: 'Keras',
    clipsAt: null,
    option: null,
    has: (names, form) =>
      all('loss', 'val_loss')(names) &&
      (names.has('epoch') || form === 'JSON document') &&
      !names.has('step') &&
      !names.has('train_loss'),
  },
];

/** The program that wrote columns of these names; null where they do not tell. */
export function frameworkOf(names: readonly string[], form: string): Framework | null {
  const known = new Set(names.map(normalised));
  const found = rules.find(({ has }) => has(known, form));
  if (found === undefined) return null;
  const { name, clipsAt, option } = found;
  return { name, clipsAt, option };
}
