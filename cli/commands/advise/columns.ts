/** Which column is the step, the loss, the gradient norm: guessed from names as the libraries in use write them. */

import { UsageError } from '../../errors.js';
import { nearestOf } from '../../nearest.js';
import type { Column } from './format.js';

/** What a column may be to a diagnosis. */
export type Role = 'step' | 'epoch' | 'loss' | 'norm' | 'normAfter' | 'clipped' | 'lr' | 'batch' | 'norms';

/** Roles whose column the command line may name. */
export type NamedRole = 'step' | 'loss' | 'norm' | 'lr' | 'batch';

/** The columns chosen; a role without one is left out. */
export interface Chosen {
  readonly columns: Readonly<Partial<Record<Role, string>>>;
  /** Columns that name runs, where a log holds several. */
  readonly labels: readonly string[];
}

/** Instead of a column: do without. */
const NONE = 'none';

/** Names of columns, normalised, the likeliest first; a column is of the first role that it fits. */
const guesses: Readonly<Record<Exclude<Role, 'norms'>, readonly RegExp[]>> = {
  step: [
    /^(trainer_)?(global_)?step$/,
    /^(global_|num_|n_)?(iter|iters|iteration|iterations|update|updates)$/,
    /(^|_)(step|iter|iteration)$/,
    /^epochs?$/,
  ],
  epoch: [/^epochs?$/],
  loss: [
    /^loss$/,
    /^(train|training)_loss(_step)?$/,
    /^(total|batch|mean|avg|running)_loss$|^loss_(total|train|step)$/,
    /(^|_)loss(_step)?$/,
    /^(nll|cost|objective|cross_entropy|mse|bce)$/,
  ],
  normAfter: [
    /^(grad_|gradient_)?norm_(after(_clip|_clipping)?|clipped)$/,
    /^clipped_(grad_|gradient_|total_)?norm$/,
  ],
  norm: [
    /^(total_|global_)?(grad|grads|gradient|gradients)_?(total_|global_|l2_)?norm(_total|_before(_clip|_clipping)?|_unclipped|_preclip)?$/,
    /^(norm_before(_clip|_clipping)?|gnorm|total_norm|global_norm)$/,
    /(^|_)(grad|gradient)(_\d+)*_(total_|global_)?norm(_total|_before(_clip|_clipping)?)?$/,
    /^norm$/,
  ],
  clipped: [/^((is|was)_)?clipped$/],
  lr: [/^(lr|learning_rate)$/, /(^|_)(lr|learning_rate)(_|$)/],
  batch: [/^(batch|data|sample|example|shard|chunk)(_?(id|idx|index|name))$/, /^(batch|shard)$/],
};

/** Of other data than training's, or a summary of many values. */
const others = /(^|_)(val|valid|validation|eval|test|dev|best|min|max)(_|$)/;
const label = /^(run|run_id|run_name|trial|trial_id|seed|experiment|demo|clip)$/;

/** `Train/gradNorm` → `train_grad_norm`. */
function normalised(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** Chooses a column for each role, as named or as guessed. Throws UsageError where a name is of none of them. */
export function chooseColumns(
  columns: readonly Column[],
  named: Readonly<Partial<Record<NamedRole, string>>>,
): Chosen {
  const chosen: Partial<Record<Role, string>> = { norms: 'norms' };
  for (const [role, name] of Object.entries(named)) {
    const column = columnNamed(columns, role, name);
    if (column !== null) chosen[role as NamedRole] = column;
  }
  for (const role of Object.keys(guesses) as (keyof typeof guesses)[]) {
    if (role in named) continue;
    const taken = Object.values(chosen);
    const guessed = guess(
      columns.filter(({ name }) => !taken.includes(name)),
      role,
    );
    if (guessed !== undefined) chosen[role] = guessed;
  }
  const isApart = named.step === NONE;
  const labels = columns.map(({ name }) => name).filter((name) => label.test(normalised(name)) && !isApart);
  return { columns: chosen, labels: labels.filter((name) => !Object.values(chosen).includes(name)) };
}

function guess(columns: readonly Column[], role: keyof typeof guesses): string | undefined {
  const mayBeText = role === 'batch' || role === 'clipped';
  const usable = columns.filter(({ kind }) => mayBeText || kind !== 'text');
  for (const pattern of guesses[role]) {
    const found = usable.find(({ name }) => pattern.test(normalised(name)) && !others.test(normalised(name)));
    if (found) return found.name;
  }
  return undefined;
}

/** The column of a name, whatever its case; null for `none`. */
function columnNamed(columns: readonly Column[], role: string, given: string): string | null {
  const names = columns.map(({ name }) => name);
  const same =
    columns.find(({ name }) => name === given) ?? columns.find(({ name }) => alike(name) === alike(given));
  if (same?.kind === 'text' && role !== 'batch') {
    throw new UsageError(`advise: --${role}: column '${same.name}' holds no numbers; name another`);
  }
  if (same) return same.name;
  if (given === NONE) return null;
  const more = names.length > 8 ? `, and ${names.length - 8} more` : '';
  const known = `${names.slice(0, 8).join(', ')}${more}`;
  throw new UsageError(
    `advise: --${role}: the log has no column '${given}'; did you mean '${nearestOf(names, given)}'? (it has ${known})`,
  );
}

const alike = (name: string): string => normalised(name).replaceAll('_', '');
