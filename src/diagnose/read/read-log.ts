/** Logs of any form, read and understood: which columns mean what, which rows are which run. */

import { checkArray, checkObject, checkText, wrongKind } from '../../tensor/arguments.js';
import type { Objective } from '../diagnose.js';
import { type Chosen, chooseColumns, type Named, type NamedColumn } from './columns.js';
import { type Framework, frameworkOf } from './framework.js';
import { LogError, quoted, shown, someOf } from './log-error.js';
import { LogReader } from './log-reader.js';
import { isMetricName, isRunName, isValue, normalised, type Role, rankOf } from './names.js';
import { type Run, type Runs, runsIn } from './runs.js';
import { Series } from './series.js';
import { Table } from './table.js';
import { pivoted } from './text-reader.js';

/** Bytes that come piece by piece: what a browser's ReadableStream can, without its type, which not every host has. */
export interface ByteStream {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }> };
}

/** Bytes of one file or stream. */
export interface LogSource {
  /** How it is named in sentences: a path, `stdin`. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ByteStream;
}

/** How a log is to be read. */
export interface ReadLogOptions {
  /** Columns by name where the guess is wrong; `none` does without. */
  readonly columns?: Named;
  /** Ends the reading; what was read until then is the log. */
  readonly signal?: { readonly aborted: boolean };
  /** Hears how many bytes were read. */
  readonly onRead?: (bytes: number) => void;
}

/** A log that was read. */
export interface Log {
  /** Names of its files. */
  readonly files: readonly string[];
  /** What it is: `CSV`, `JSON document`, `console text`, … */
  readonly form: string;
  readonly framework: Framework | null;
  readonly objective: Objective;
  /** Names of the columns taken. */
  readonly columns: Readonly<Partial<Record<Role, string>>>;
  /** Names of the columns whose sum is the loss, or the root of whose squares is the norm. */
  readonly parts: Readonly<Partial<Record<'loss' | 'norm', readonly string[]>>>;
  /** Columns that may be a loss or a norm too and were not taken. */
  readonly left: readonly string[];
  /** How many columns there are. */
  readonly columnCount: number;
  readonly runs: readonly Run[];
  /** The threshold in force, as a column of the log says. */
  readonly clipSetting: number | null;
  /** Rows of validation and testing, rows without loss and norm, rows without a step where others have one. */
  readonly others: number;
  readonly silent: number;
  readonly stepless: number;
  /** Lines or cells that could not be read, and the numbers of the first few, from 1. */
  readonly broken: { readonly count: number; readonly lines: readonly number[] };
  /** One row in so many is used. */
  readonly stride: number;
  /** What was assumed, in sentences. */
  readonly notes: readonly string[];
  readonly interrupted: boolean;
}

/**
 * Reads a log of any form: delimited text, JSON lines, a JSON document, console text, TensorBoard event files, plain or
 * compressed with gzip; several files are joined. The form is told by what is in the file, never by its name. Throws
 * LogError, in one line, for what is no log.
 */
export async function readLog(
  sources: LogSource | readonly LogSource[],
  options: ReadLogOptions = {},
): Promise<Log> {
  checkObject('readLog', 'options', options, 'an object { columns, signal, onRead }');
  const list = Array.isArray(sources) ? (sources as readonly LogSource[]) : [sources as LogSource];
  const { columns = {}, signal, onRead = () => {} } = options;
  const readers: LogReader[] = [];
  for (const source of list) {
    checkObject('readLog', 'a source', source, 'an object { name, chunks }');
    checkText('readLog', 'the name of a source', source.name);
    if (!Array.isArray(source.chunks))
      checkObject('readLog', 'the chunks of a source', source.chunks, 'an iterable or a stream of bytes');
  }
  for (const source of list) {
    const reader = new LogReader(source.name, columns);
    await feed(reader, source, signal, onRead);
    readers.push(reader);
  }
  return logOf(readers, { columns, isEnd: true, interrupted: signal?.aborted ?? false });
}

/** Gives a reader all bytes of a source, unpacked. */
export async function feed(
  reader: LogReader,
  source: LogSource,
  signal?: { readonly aborted: boolean },
  onRead: (bytes: number) => void = () => {},
): Promise<void> {
  for await (const piece of unpacked(source.chunks, onRead)) {
    if (signal?.aborted) break;
    reader.push(piece);
  }
}

/** The pieces of a stream, as a browser's file gives them; not every browser can iterate over one. */
async function* piecesOf(stream: ByteStream): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return;
    yield value;
  }
}

/** The bytes of a source; those of gzip unpacked. A file that is cut off gives what there is. */
async function* unpacked(
  chunks: LogSource['chunks'],
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const iterator = (async function* () {
    for await (const chunk of 'getReader' in chunks ? piecesOf(chunks) : chunks) {
      onRead(chunk.length);
      yield chunk as Uint8Array<ArrayBuffer>;
    }
  })();
  let first = await iterator.next();
  while (!first.done && first.value.length < 2) {
    const more = await iterator.next();
    if (more.done) break;
    const joined = new Uint8Array(first.value.length + more.value.length);
    joined.set(first.value);
    joined.set(more.value, first.value.length);
    first = { done: false, value: joined };
  }
  if (first.done) return;
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield first.value;
    yield* iterator;
    return;
  }
  const head = first.value;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(head),
    pull: async (controller) => {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }));
    if (done) return;
    yield value as Uint8Array<ArrayBuffer>;
  }
}

/** How readers' tables become a log. */
export interface LogOfOptions {
  readonly columns: Named;
  /** Whether the files ended; else what waits for more of its row is left out. */
  readonly isEnd: boolean;
  readonly interrupted: boolean;
}

/** What is known of one file. */
interface FileTables {
  readonly reader: LogReader;
  readonly tables: readonly Table[];
}

/** The log that some files are. Throws LogError if they hold nothing to judge. */
export function logOf(readers: readonly LogReader[], options: LogOfOptions): Log {
  checkArray('logOf', 'readers', readers, 'LogReaders');
  for (const reader of readers) {
    if (!(reader instanceof LogReader)) throw wrongKind('logOf', 'each reader', 'a LogReader', reader);
  }
  checkObject('logOf', 'options', options, 'an object { columns, isEnd, interrupted }');
  const { columns: named, isEnd, interrupted } = options;
  const files = readers.map((reader) => ({ reader, tables: chosenTables(reader.tables(isEnd), named) }));
  const joined = joinedFiles(files);
  const notes: string[] = [];
  const read = joined.flatMap(({ label, table }) => {
    for (const column of table.columns.values()) column.settleCommas(table.isCommaSeparated);
    return viewsOf(understood(table, label, named, notes)).map((view) => readView(view, named));
  });
  const judged = read.filter(({ runs }) => runs.runs.length > 0);
  const [main = read[0]] = judged;
  if (main === undefined || judged.length === 0) throw nothingToJudge(files, main, named);
  const runs = judged.flatMap(({ view, runs: found }) =>
    found.runs.map((run) => labelled(run, judged.length > 1 ? view.label : '')),
  );
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  const runsTable = judged
    .map(({ view, chosen }) => runsTableOf(view, chosen))
    .find((names) => names !== null);
  if (runsTable && !('step' in named)) throw isTableOfRuns(readers[0].name, runsTable);
  if (rows < 2) throw tooFewRows(readers[0].name, rows, main.view.table);
  const names = main.chosen.names;
  const sum = (of: (runs: Runs) => number): number => read.reduce((total, each) => total + of(each.runs), 0);
  return {
    files: readers.map(({ name }) => name),
    form: main.view.table.form,
    framework: frameworkOf(names, main.view.table.form),
    objective: main.chosen.objective,
    columns: Object.fromEntries(Object.entries(main.chosen.columns).map(([role, { name }]) => [role, name])),
    parts: Object.fromEntries(
      main.chosen.parts.map(({ role, columns }) => [role, columns.map(({ name }) => name)]),
    ),
    left: main.chosen.left,
    columnCount: main.view.table.columns.size,
    runs,
    clipSetting: main.chosen.clipSetting,
    others: sum(({ others }) => others),
    silent: sum(({ silent }) => silent),
    stepless: sum(({ stepless }) => stepless),
    broken: brokenOf(judged.map(({ view, chosen }) => ({ table: view.table, chosen }))),
    stride: Math.max(...judged.map(({ view }) => view.table.stride)),
    notes: [...new Set([...notes, ...judged.flatMap((each) => notesOn(each))])],
    interrupted,
  };
}

/** The tables of a file that are its log: the one that has most to judge, and others of the same columns in the same document. */
function chosenTables(tables: readonly Table[], named: Named): readonly Table[] {
  const asked = Object.values(named);
  const worth = (table: Table): number =>
    1000 * table.worth +
    (asked.some((name) => table.columns.has(name)) ? 1e15 : 0) +
    Math.min(999, table.length);
  const sorted = tables.filter(({ length }) => length > 0).sort((a, b) => worth(b) - worth(a));
  const [best] = sorted;
  if (best === undefined) return [];
  const names = judgedNames(best);
  const like =
    best.label === ''
      ? []
      : sorted.filter(
          (table) => table !== best && table.label !== '' && table.worth > 1 && judgedNames(table) === names,
        );
  const chosen = [best, ...like];
  return tables.filter((table) => chosen.includes(table));
}

function judgedNames(table: Table): string {
  return [...table.columns.values()]
    .flatMap(({ name, isWatched, numbers }) => (isWatched && numbers > 0 ? [name] : []))
    .join('\n');
}

/** A table and the run it is of. */
interface Labelled {
  readonly label: string;
  readonly table: Table;
}

/** Files that belong together are one table: values by step, one a file; event files of one folder; single rows. */
function joinedFiles(files: readonly FileTables[]): readonly Labelled[] {
  const all = files.flatMap(({ reader, tables }) =>
    tables.map((table) => ({
      reader,
      table,
      label: tables.length > 1 ? table.label : files.length > 1 ? reader.name : '',
    })),
  );
  if (files.length < 2) return all;
  const values = all.flatMap(({ reader, table }) => valuesIn(table, reader.name) ?? []);
  const singles = all.filter(({ table }) => table.rows === 1 && table.worth === 1);
  const rest = all.filter(
    ({ table }) =>
      !values.some((each) => each.table === table) && !singles.some((each) => each.table === table),
  );
  const events = rest.filter(({ table }) => table.form === 'TensorBoard event file');
  const folders = new Map<string, typeof events>();
  for (const each of events)
    folders.set(folderOf(each.reader.name), [...(folders.get(folderOf(each.reader.name)) ?? []), each]);
  return [
    ...(values.length > 0 ? [{ label: '', table: seriesOf(values) }] : []),
    ...(singles.length > 1 ? [{ label: '', table: stacked(singles.map(({ table }) => table)) }] : singles),
    ...[...folders].map(([folder, parts]) => ({
      label: folders.size > 1 || rest.length > events.length ? folder : '',
      table: parts.length === 1 ? parts[0].table : stacked(parts.map(({ table }) => table)),
    })),
    ...rest.filter((each) => !events.includes(each)),
  ];
}

function folderOf(path: string): string {
  const slash = path.replaceAll("'", '').lastIndexOf('/');
  return slash < 0 ? '' : path.replaceAll("'", '').slice(0, slash);
}

/** Values by step of one thing: which columns those are, and what the thing is called. */
interface Values {
  readonly table: Table;
  readonly step: string;
  readonly value: string;
  readonly tag: string;
}

/** A table of values of one thing, whose name is that of its file; null for any other. */
function valuesIn(table: Table, name: string): Values | null {
  const columns = [...table.columns.values()].filter(({ kind }) => kind === 'number');
  if (columns.length < 2 || columns.length > 3 || table.length < 2) return null;
  const tag = tagOf(name);
  const value = columns.find((column) => isValue(column.name));
  const step = columns.find((column) => rankOf(column.name, 'step') !== null);
  if (value && step) return { table, step: step.name, value: value.name, tag };
  if (columns.length !== 3 || columns.some((column) => !/^[123]$/.test(column.name))) return null;
  const [time, second, third] = columns;
  if (!isTime(time.values, table.length)) return null;
  // MLflow: time, value, step. TensorBoard: time, step, value.
  const isCount = (values: Float64Array): boolean =>
    values
      .subarray(0, table.length)
      .every((each, i) => Number.isInteger(each) && (i === 0 || each >= values[0]));
  const isLast = isCount(third.values) && !(isCount(second.values) && second.values[1] > second.values[0]);
  return isLast
    ? { table, step: third.name, value: second.name, tag }
    : { table, step: second.name, value: third.name, tag };
}

/** Seconds or milliseconds since 1970 that do not fall. */
function isTime(values: Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++)
    if (!(values[i] > 9e8) || (i > 0 && values[i] < values[i - 1] - 1e6)) return false;
  return true;
}

/** `run_tag-train_loss.csv` → `train_loss`; a folder may be part of a tag. */
function tagOf(name: string): string {
  const file = name.replaceAll("'", '').replace(/(\.(csv|tsv|json|txt|log|gz))+$/i, '');
  const base = file.slice(file.lastIndexOf('/') + 1);
  return /tag-(.+)$/.exec(base)?.[1] ?? base;
}

function seriesOf(values: readonly Values[]): Table {
  const series = new Series(new Table('values by step'));
  for (const { table, step, value, tag } of values) {
    const [steps, numbers] = [step, value].map((name) => table.columns.get(name)!.values);
    for (let i = 0; i < table.length; i++)
      if (!Number.isNaN(numbers[i])) series.add(tag, steps[i], numbers[i], i + 1);
    series.end();
  }
  return series.table;
}

/** The rows of tables one after the other. */
function stacked(tables: readonly Table[]): Table {
  const all = new Table(tables[0].form);
  for (const table of tables) {
    const columns = [...table.columns.values()].filter(({ keeps }) => keeps !== null);
    const pairs = columns.map((from) => ({ from, to: all.column(from.name) }));
    for (const { name, keeps, kind } of table.columns.values())
      if (keeps === null && kind === 'number') all.column(name)?.put(0, 0, 0);
    for (let i = 0; i < table.length; i++) {
      for (const { from, to } of pairs) {
        const value = i < from.values.length ? from.values[i] : Number.NaN;
        if (!Number.isNaN(value)) all.put(to, from.keeps === 'name' ? from.names[value] : value, i + 1);
      }
      all.endRow();
    }
    for (const line of table.broken.lines) all.broken.add(line);
  }
  return all;
}

/** A table as it is meant: a long one pivoted, a lone column of values taken for the loss. */
function understood(table: Table, label: string, named: Named, notes: string[]): Labelled {
  const columns = [...table.columns.values()];
  if (table.worth === 0 && named.loss === undefined && named.norm === undefined) {
    const name = columns.find(
      (column) => column.keeps === 'name' && isMetricName(column.name) && column.kind === 'text',
    );
    const step = columns.find((column) => column.keeps === 'number' && rankOf(column.name, 'step') !== null);
    const value = columns.find((column) => column.keeps === 'number' && isValue(column.name));
    if (name && step && value) {
      const pivot = pivoted(table, name.name, step.name, value.name).table;
      if (pivot.worth > 0) return { label, table: pivot };
    }
    const values = valuesIn(table, label === '' ? '' : label);
    if (values !== null) {
      const isKnown = rankOf(values.tag, 'loss') !== null || rankOf(values.tag, 'norm') !== null;
      if (!isKnown)
        notes.push(
          'The log has one column of values and does not say of what: it is taken for the loss (`--norm value` says that it is the gradient norm).',
        );
      return { label, table: seriesOf([{ ...values, tag: isKnown ? values.tag : 'loss' }]) };
    }
  }
  return { label, table };
}

/** The columns of one run, or of all, under the names they have there. */
interface View extends Labelled {
  readonly all: readonly NamedColumn[];
}

/** One view a table; of an export of charts (`run - metric`) one a run. */
function viewsOf({ label, table }: Labelled): readonly View[] {
  const columns = [...table.columns.values()];
  const names = new Set(columns.map(({ name }) => name));
  const whole = { label, table, all: columns.map((column) => ({ name: column.name, column })) };
  const parts = columns.map((column) => ({ column, at: column.name.lastIndexOf(' - ') }));
  const isExport = parts.some(({ column, at }) => at > 0 && names.has(`${column.name}__MIN`));
  const shared = parts.filter(({ at }) => at <= 0);
  if (!isExport && !(parts.length - shared.length > 1 && shared.length <= 1)) return [whole];
  const runs = new Map<string, NamedColumn[]>();
  for (const { column, at } of parts) {
    if (at <= 0 || /__(MIN|MAX)$/.test(column.name)) continue;
    const run = column.name.slice(0, at);
    const own = runs.get(run) ?? [];
    own.push({ name: column.name.slice(at + 3), column });
    runs.set(run, own);
  }
  const common = shared.map(({ column }) => ({ name: column.name, column }));
  return [...runs].map(([run, own]) => ({
    label: runs.size > 1 ? run : label,
    table,
    all: [...common, ...own],
  }));
}

/** A view and what was read in it. */
interface Read {
  readonly view: View;
  readonly chosen: Chosen;
  readonly runs: Runs;
}

function readView(view: View, named: Named): Read {
  const chosen = chooseColumns(view.all, named, view.table.length);
  return { view, chosen, runs: runsIn(view.table, chosen) };
}

/** A run under the name of its table or file, where there are several. */
function labelled(run: Run, label: string): Run {
  if (label === '' || label === run.label) return run;
  return Object.assign(Object.create(run) as Run, {
    label: run.label === '' ? label : `${label}, ${run.label}`,
  });
}

/** The names of the rows of a table of runs; null for a log of steps. */
function runsTableOf({ table, all }: View, { columns }: Chosen): readonly string[] | null {
  if (table.length < 2) return null;
  const names = all.find(({ name, column }) => {
    if (column.keeps !== 'name' || !isRunName(name) || column.names.length < table.length) return false;
    return column.numbers + column.texts === table.length && column.texts > 0;
  });
  if (names === undefined || columns.step?.column === names.column) return null;
  return names.column.names.map(String);
}

function isTableOfRuns(name: string, runs: readonly string[]): LogError {
  return new LogError(
    `readLog: ${name} is a table of runs, a row each (${someOf(runs, 3)}), and tells no course of any; export the history of a run instead, a row a step`,
  );
}

function tooFewRows(name: string, rows: number, { broken }: Table): LogError {
  const lost = broken.count > 0 ? ` (broken lines: ${broken.count})` : '';
  return new LogError(
    `readLog: ${name} has ${rows === 1 ? '1 row' : 'no row'} with a loss or a norm${lost}; log more steps`,
  );
}

/** Names of numbers that nobody would call a loss. */
const unlikely =
  /(^|_)(time|date|data|index|value|version|epoch|step|rank|fps|reward|jobs|total|acc|accuracy|auc|pid|gpu|device|host|size|num|number|count|total|skipped|mom|momentum|seed|version|memory|mem|lr|py|cpp|cc|go|1)(_|$)/;

/** Why nothing can be judged: what was seen, the first line with a number, and a command that works. */
function nothingToJudge(files: readonly FileTables[], read: Read | undefined, named: Named): LogError {
  const [{ reader, tables }] = files;
  const { lineCount, firstNumber } = reader.seen;
  const [table] = tables;
  if (named.loss === 'none' && named.norm === 'none') {
    return new LogError(
      'readLog: neither a loss nor a gradient norm is to be read; leave one of --loss none and --norm none out',
      true,
    );
  }
  if (lineCount === 0 && tables.length === 0) {
    return new LogError(`readLog: ${reader.name} is empty; a log has a row for each step`);
  }
  if (lineCount > 0 && firstNumber === null) {
    return new LogError(
      `readLog: ${reader.name} has ${lineCount} lines and no number in any; a log has numbers, as in step,loss,grad_norm`,
    );
  }
  const numbers =
    read === undefined
      ? []
      : read.view.all
          .filter(({ column }) => column.kind === 'number')
          .sort((a, b) => b.column.numbers - a.column.numbers)
          .map(({ name }) => name);
  if (table === undefined || numbers.length === 0) {
    const where =
      firstNumber === null
        ? ''
        : `; its first number is in line ${firstNumber.line}: ${shown(firstNumber.text)}`;
    return new LogError(
      `readLog: ${reader.name} has no rows of named numbers that could be read${where}; log lines such as step 1 loss 2.5 grad_norm 1.2`,
    );
  }
  const likely = numbers.find(
    (name) =>
      rankOf(name, 'step') === null && rankOf(name, 'lr') === null && !unlikely.test(normalised(name)),
  );
  const where =
    firstNumber === null ? '' : ` (first number in line ${firstNumber.line}: ${shown(firstNumber.text, 40)})`;
  return new LogError(
    `readLog: ${reader.name} is ${table.form}${where}, ${table.rows} rows of ${someOf(numbers)}: none looks like a loss or a gradient norm; ${likely === undefined ? 'log them, too' : `name one, as in tamegrad advise ${quoted(reader.name.replaceAll("'", ''))} --loss ${quoted(likely)}`}`,
    true,
  );
}

/** Lines that could not be read, with cells of the chosen columns that hold no number. */
function brokenOf(all: readonly { readonly table: Table; readonly chosen: Chosen }[]): Log['broken'] {
  const tables = new Set(all.map(({ table }) => table));
  const columns = new Set(
    all
      .flatMap(({ chosen }) => [
        ...Object.values(chosen.columns),
        ...chosen.parts.flatMap((parts) => parts.columns),
      ])
      .map(({ column }) => column),
  );
  const broken = [
    ...[...tables].map((table) => table.broken),
    ...[...columns].map((column) => column.broken),
  ];
  const lines = [...new Set(broken.flatMap((each) => each.lines))].sort((a, b) => a - b);
  return { count: broken.reduce((sum, { count }) => sum + count, 0), lines: lines.slice(0, 5) };
}

/** What was done to the rows, in sentences. */
function notesOn({ chosen, runs }: Read): string[] {
  const step = chosen.columns.step?.name;
  return [
    ...(runs.isReversed ? ['The newest row came first: the order is turned round.'] : []),
    ...(runs.isSorted ? [`The rows were not in the order of \`${step}\`: they are sorted by it.`] : []),
    ...(runs.countsRows ? [`Several rows share each \`${step}\`: rows are counted.`] : []),
  ];
}
