/** What a column is, guessed from its name as the libraries in use write it. */

import type { Objective } from '../diagnose.js';

/** What a column may be to a diagnosis. */
export type Role = 'step' | 'epoch' | 'loss' | 'norm' | 'normAfter' | 'clipped' | 'lr' | 'batch';

/** Roles whose column a caller may name. */
export type NamedRole = 'step' | 'loss' | 'norm' | 'lr' | 'batch';

/** `Train/gradNorm` → `train_grad_norm`; units in brackets at the end are left out, `‖g‖` is `norm_g`. */
export function normalised(name: string): string {
  return name
    .slice(0, 300)
    .replace(/(?:[‖∥]|\|\|)(\w{1,40})(?:[‖∥]|\|\|)/, 'norm_$1')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/ ?\((nats|bits|l2|2|avg|mean|%|ms|s)\)$/, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

const grads = '(grad|grads|gradient|gradients)';
const before = '(_total|_before(_clip|_clipping)?|_unclipped|_pre_?clip(ped|ping)?|_raw|_orig)?';

/** Names of columns, normalised, the likeliest first. */
const guesses: Readonly<Record<Role, readonly RegExp[]>> = {
  step: [
    /^(trainer_)?(global_)?steps?$/,
    /^(current|training|train|num|nb|n|opt|optimizer|optim|update|gradient|total)_(global_)?steps?$/,
    /^(global_|num_|n_|nb_|total_|train_|training_|cur_|current_|optimizer_)?(it|itr|iter|iters|iteration|iterations|iter_num|updates?|n_updates|num_updates)$/,
    /(^|_)(steps?|iter|iters|iteration|iterations|n_updates|num_updates|updates)(_num)?$/,
    /(^|_)(num_|total_)?(env_steps|timesteps|frames|timesteps_total|env_steps_sampled)(_total)?$/,
    /^(num_|n_|nb_)?(batches|minibatch|batch_(num|no|nb|idx|index))$/,
    /(^|_)(consumed_|num_|total_|n_)?(samples|tokens|examples|images|sequences)(_seen|_consumed|_processed|_count)?$/,
    /^(s|up|schritt)$/,
    /^n_n$/,
    /^batch$/,
    /^(num_|n_|total_)?episodes?$/,
    /^(num_|n_|current_|cur_)?epochs?(_num|_idx|_no)?$/,
    /(^|_)epoch(_num)?$/,
    /^(round|ep)$/,
  ],
  epoch: [/^(num_|n_|current_|cur_)?epochs?(_num|_idx|_no)?$/, /(^|_)epoch(_num)?$/, /^ep$/],
  loss: [
    /^loss(es)?$/,
    /^(train|training|tr)_loss(_step|_batch|_total|_iter)?$|^loss_(train|training)(_step)?$|^(train|training)_(batch|step|total)_loss$/,
    /^(total|batch|mean|avg|average|running|step|minibatch)_loss(_avg|_mean)?$|^loss_(total|step|avg|mean|all|sum|iter|batch|value)$|^(train|training)_loss_(avg|mean)$|^(train|training)_(avg|mean)_loss$/,
    /(^|_)(lm|language_modeling|ce|cross_entropy|xent|nll|mle|sft|train|training|total)_loss(_avg|_mean|_step)?$/,
    /(^|_)(loss|logloss)(_step|_avg|_mean|_value)?$|(^|_)loss_(train_|training_)?total$/,
    /^(train_|training_)?(nll|cost|objective|cross_entropy|crossentropy|ce|xent|mse|mae|bce|elbo|neg_elbo|trl|energy_loss)$/,
    /(^|_)loss_epoch$|^train_loss_epoch$/,
    /(^|_)loss_[a-z0-9_]+$/,
    /^((train|training|learn)(_s)?_([a-z0-9]+_)?(rmse|mse|mae|error|auc_loss|deviance)|learn)$/,
    /^(train_|training_)?(perplexity|ppl)$/,
  ],
  normAfter: [
    new RegExp(`(^|_)(${grads}_)?norm_(after|post)(_?clip(ped|ping)?)?$`),
    new RegExp(`(^|_)${grads}_norm_clipped$|^norm_clipped$`),
    new RegExp(`(^|_)clipped_(${grads}_|total_)?norm$`),
    new RegExp(`(^|_)post_?clip_(${grads}_)?norm$`),
  ],
  norm: [
    new RegExp(`^(total_|global_)?${grads}_?(total_|global_|l2_)?norms?${before}$`),
    new RegExp(
      `^(norm_before(_clip|_clipping)?|pre_?clip_norm|(pre_?clip|unclipped|raw)_${grads}_norm|gnorm|total_norm|global_norm|g_norm|gn|l2_${grads}(_norm)?|${grads}_l2(_norm)?|norm_${grads}|norm_g|${grads}_2norm|${grads}_mag(nitude)?)$`,
    ),
    new RegExp(`(^|_)${grads}(_\\d+)*_(total_|global_|l2_|2_)?norm${before}$`),
    new RegExp(`(^|_)${grads}(_\\d+)*_norm_(mean|avg|average|l2|global|all|overall|model|step|value|total)$`),
    new RegExp(`(^|_)(l2_)?norm_${grads}(_(global|total|all|mean|avg|l2))?$`),
    /(^|_)(gnorm|g_norm|gradnorm)$/,
    /^norm$/,
    new RegExp(`(^|_)${grads}(_\\d+)*_norm_|(^|_)norm_${grads}_`),
    new RegExp(`^(train_|training_)?${grads}$`),
  ],
  clipped: [/^((is|was)_)?clipped$/],
  lr: [/^(lr|learning_rate|lrate|l_r)$/, /(^|_)(lr|learning_rate)\d*(_|$)/],
  batch: [/^(batch|data|sample|example|shard|chunk)(_?(id|idx|index|name|file|key))$/, /^(batch|shard)$/],
};

/** Of other data than training's, or a summary of many values. */
const others = /(^|_)(vals?|valid|validation|eval|evaluation|test|dev|holdout|best|min|max|tel)(_|$)/;
/** Names that end like a step or a loss but are neither. */
const notSteps =
  /(^|_)(per|elapsed|warmup|skipped|nan|seconds?|secs?|ms|save|log|logging|time_step|micro|lr|remaining|accumulation|decay|inner|reward|loss|norm|total_steps)(_|$)/;
const notLosses =
  /(^|_)loss_(scale|scaler|scaling|weight|weights|coef|ratio|mask|count|change|std|var|delta|rate|ema|fn|function|type)(_|$)|_(std|var|count)$/;
const notNorms =
  /(^|_)(std|var|param|params|weight|weights|ratio|threshold|clip_coef|count|ema|layer|update|momentum|moment|after|post|postclip)(_|$)|(^|_)(?<!pre_)clipped(_|$)/;
const notRates = /_(scale|decay|factor|mult|warmup|min)(_|$)/;

const exclusions: Readonly<Partial<Record<Role, RegExp>>> = {
  step: notSteps,
  loss: notLosses,
  norm: notNorms,
  lr: notRates,
};

/** How well a name fits a role: 0 best, null if it does not. */
export function rankOf(name: string, role: Role): number | null {
  return rankOfText(normalised(name), role);
}

function rankOfText(text: string, role: Role): number | null {
  if (others.test(text) || exclusions[role]?.test(text)) return null;
  const rank = guesses[role].findIndex((pattern) => pattern.test(text));
  return rank < 0 ? null : rank;
}

/** Steps by what counts epochs fit last: rows of an epoch share them. */
export function isEpoch(name: string): boolean {
  return rankOf(name, 'epoch') !== null;
}

/** A setting that says at which norm a run is clipped. */
const setting =
  /^(max_(grad|gradient)_?norm|max_norm|(grad|gradient)_clip(_val|_norm|_value|ping)?|clip_(grad|gradient)s?(_norm)?|clip_norm|clipnorm|clip_threshold)$/;

export function isClipSetting(name: string): boolean {
  return setting.test(normalised(name));
}

const label =
  /^(run|run_id|run_name|runs|trial|trial_id|trial_name|seed|experiment|exp|exp_name|experiment_name|demo|clip|fold)$/;

/** Whether a column names runs. */
export function isLabel(name: string): boolean {
  return label.test(normalised(name));
}

/** Whether a column could name the rows of a table of runs. */
export function isRunName(name: string): boolean {
  const text = normalised(name);
  return label.test(text) || runName.test(text);
}

const runName = /^(name|id|state|status|run_names?|model|config)$/;

/** Whether a column tells data of training from others. */
export function isSplit(name: string): boolean {
  return splitName.test(normalised(name));
}

const splitName =
  /^(split|mode|phase|stage|subset|partition|set|dataset|data_split|is_train|train|training)$/;

/** Which data a cell of such a column, or a word of a log, means; null if neither. */
export function splitOf(cell: number | string): 'train' | 'other' | null {
  const text = String(cell);
  if (/^(train|training|trn|tr|fit|true)$/i.test(text)) return 'train';
  return /^(vals?|valid|validation|eval|evaluation|test|testing|dev|holdout|validate|false)$/i.test(text)
    ? 'other'
    : null;
}

/** Names that a long table has for what a row's value is. */
export function isMetricName(name: string): boolean {
  return metricName.test(normalised(name));
}

const metricName = /^(metric|metric_name|metrics|tag|variable|key|series|measure|field|name)$/;

/** A column of bare values: the name of the file, or of another column, says of what. */
export function isValue(name: string): boolean {
  return bareValue.test(normalised(name));
}

const bareValue = /^(value|values|metric_value|y|scalar)$/;

/** Names that a log of reinforcement learning has. */
const reinforcement =
  /(^|_)(ep_rew|ep_rew_mean|ep_reward|episode_rewards?|episode_returns?|ep_ret(urn)?|rewards?|returns?|reward_mean|mean_rewards?|mean_returns?|approx_kl|ppo_kl|value_loss|vf_loss|policy_loss|pg_loss|policy_gradient_loss|actor_loss|critic_loss|critic_score|advantages?|explained_variance|clip_fraction|clipfrac|q_loss|qf\d?_loss|td_loss|td_error|ent_coef|ep_len_mean)(_|$)/;
/** A divergence counts as one beside these only if nothing else explains it. */
const divergence = /(^|_)kl(_div|_divergence|_mean|_loss|_penalty)?$/;
const otherUse =
  /(^|_)(recon|reconstruction|elbo|vae|kld|distill|distillation|student|teacher|rewards?_(chosen|rejected|margins?|accuracies))(_|$)/;

/** What a run optimises, as the names of its columns tell. */
export function objectiveOf(names: readonly string[]): Objective {
  const all = names.map(normalised);
  const plain = all.filter((name) => !otherUse.test(name));
  if (plain.some((name) => reinforcement.test(name))) return 'reward';
  if (plain.length === all.length && all.some((name) => divergence.test(name))) return 'reward';
  const [one, other] = [generator, discriminator].map((pattern) =>
    all.some((name) => isLossLike(name) && pattern.test(name)),
  );
  return one && other ? 'adversarial' : 'loss';
}

const isLossLike = (name: string): boolean => /loss/.test(name) && !others.test(name);
const generator = /(^|_)(g|gen|generator|netg|adv_g)(_|$)/;
const discriminator = /(^|_)(d|dis|disc|discriminator|netd|critic|adv_d)(_|$)/;

/** Roles of numbers. */
const numeric = ['step', 'loss', 'norm', 'normAfter', 'clipped', 'lr'] as const;

/** Whether cells under this name are kept, and as what: it may be of some role. The name is looked at once. */
export function isOfInterest(name: string): 'number' | 'name' | null {
  const text = normalised(name);
  if (namesThings.some((pattern) => pattern.test(text)) || rankOfText(text, 'batch') !== null) return 'name';
  const isNumber =
    setting.test(text) || bareValue.test(text) || numeric.some((role) => rankOfText(text, role) !== null);
  return isNumber ? 'number' : null;
}

const namesThings = [label, runName, splitName, metricName];
