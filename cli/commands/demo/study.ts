/** A demo that is a study: its trainings side by side on the machine's cores, then table, verdict, page, document. */

import type { Demo, DemoConfig, Study, StudyResult, StudyTask, StudyView } from '../../../demos/demo.js';
import { openRunLog } from '../../../src/node.js';
import { writeWhole } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/index.js';
import { renderReport } from '../../../src/report/index.js';
import { onInterrupt } from '../../interrupt.js';
import { type CommonOptions, wordsFor } from '../../options.js';
import { defaultJobs, runTasks } from '../../pool.js';
import { startProgress } from '../../terminal/progress.js';
import { columnsOf, hasColor, paint, type Sink } from '../../terminal/stream.js';
import { renderTable } from '../../terminal/table.js';
import { wrap } from './comparison.js';

/** A study that was run, as far as it came. */
interface Done {
  readonly demo: Demo;
  readonly config: DemoConfig;
  readonly view: StudyView;
  readonly finished: number;
  readonly total: number;
}

/** Runs a study; returns the exit code. Trainings that were finished before a Ctrl-C are kept and shown. */
export async function runStudy(
  demo: Demo,
  study: Study,
  config: DemoConfig,
  { log, report, json, quiet }: CommonOptions,
): Promise<number> {
  const tasks = study.tasks(config, report !== undefined);
  const interrupt = onInterrupt();
  if (!(quiet || json)) process.stderr.write(beginning(demo, tasks.length));
  try {
    const results = await runAll(demo, tasks, quiet || json || false, interrupt.signal);
    const finished = results.filter((result) => result !== undefined).length;
    const done = { demo, config, view: study.view(config, tasks, results), finished, total: tasks.length };
    if (log) writeLog(log, tasks, results);
    if (report) writeWhole('--report', report, await pageOf(done));
    process.stdout.write(json ? documentOf(done) : renderStudy(done, process.stdout));
    if (report && !json) process.stdout.write(`\nReport: ${report}\n`);
    if (finished < tasks.length) {
      process.stderr.write('interrupted: this is what was measured until then\n');
    }
    return interrupt.exitCode;
  } finally {
    interrupt.stopListening();
  }
}

/** What is about to happen, before anything takes time. */
function beginning({ name, summary }: Demo, count: number): string {
  return `${name}: ${summary}\n${count} trainings, ${Math.min(defaultJobs(), count)} at a time\n`;
}

async function runAll(
  demo: Demo,
  tasks: readonly StudyTask[],
  quiet: boolean,
  signal: AbortSignal,
): Promise<readonly (StudyResult | undefined)[]> {
  const results: (StudyResult | undefined)[] = tasks.map(() => undefined);
  const progress = startProgress({ label: demo.name, unit: 'training', total: tasks.length, quiet });
  const worker = new URL('./study-worker.js', import.meta.url);
  let done = 0;
  try {
    for await (const { index, outcome } of runTasks<StudyTask, StudyResult>(
      worker,
      tasks,
      defaultJobs(),
      signal,
    )) {
      results[index] = outcome;
      done += 1;
      progress.update({ done, note: tasks[index].label });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
  }
  return results;
}

/** One JSON object a step, in the order of the trainings: with which of them it is of. */
function writeLog(
  path: string,
  tasks: readonly StudyTask[],
  results: readonly (StudyResult | undefined)[],
): void {
  const log = openRunLog(path);
  try {
    tasks.forEach(({ demo, config: { clips, seed, lr, own } }, i) => {
      for (const record of results[i]?.records ?? []) {
        log.write(record, { demo, clip: clips[0], seed, rate: lr, ...own });
      }
    });
  } finally {
    log.close();
  }
}

function noticeOf({ finished, total }: Done): string | undefined {
  return finished < total ? `Interrupted after ${finished} of ${total} trainings` : undefined;
}

/** The table and the verdict, at most 80 columns wide. */
function renderStudy(done: Done, sink: Sink): string {
  const { view } = done;
  const notice = noticeOf(done);
  const words = `${notice ? `${notice}. ` : ''}${view.verdict}`.replaceAll('`', '');
  const names = [...new Set(view.rows.flatMap(({ cells }) => Object.keys(cells)))];
  const columns = names.map((name) => ({
    label: name,
    cells: Object.fromEntries(view.rows.map(({ label, cells }) => [label, cells[name] ?? '–'])),
  }));
  const bold = (text: string) => paint(text, 'bold', hasColor(sink));
  return `${renderTable(columns, sink)}\n${wrap(words, columnsOf(sink), bold)}\n`;
}

function documentOf(done: Done): string {
  const { demo, config, view } = done;
  const { seed, own, ...common } = config;
  const notice = noticeOf(done);
  return `${toJson(
    {
      demo: demo.name,
      seed,
      config: { ...common, ...own },
      ...view.document,
      ...(notice && { interrupted: true }),
    },
    2,
  )}\n`;
}

function pageOf(done: Done): Promise<string> {
  const { demo, config, view } = done;
  const { own, clips, ...common } = config;
  const words = wordsFor(demo, config);
  return renderReport({
    title: demo.title,
    lead: demo.lead(config),
    verdict: view.verdict,
    notice: noticeOf(done),
    runs: [],
    sections: view.sections(),
    settings: { demo: demo.name, ...common, clips: clips.join(', '), ...own },
    commands: {
      'In a checkout of tamegrad:': `npm run demo -- ${words}`,
      'Where tamegrad is installed:': `npx tamegrad demo ${words}`,
    },
  });
}
