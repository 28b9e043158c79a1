/** Grading: runs a learner's code, compares with the reference, and looks for known mistakes. */

import type { SessionClient } from './client.js';
import { agree, type Check, type Exercise, type Grade, type Outcome, type Result, show } from './exercise.js';
import type { Call, Ran, Sandbox } from './sandbox.js';
import type { Session } from './session.js';

const LIMIT = 2000;

/** Turns a TypeScript module into JavaScript in CommonJS form. Throws an Error that names the line. */
export type Strip = (source: string) => string;

/** What grading needs. */
export interface Grader {
  readonly strip: Strip;
  readonly sandbox: Sandbox;
  readonly lab: SessionClient<Session>;
}

/** Grades an attempt. */
export async function grade(exercise: Exercise, source: string, grader: Grader): Promise<Grade> {
  const { checks, limit = LIMIT } = exercise;
  const { strip, sandbox, lab } = grader;
  let js: string;
  try {
    js = strip(source);
  } catch (error) {
    return failed(`this is not TypeScript yet: ${error instanceof Error ? error.message : error}`);
  }
  const calls: Call[] = checks.map(({ call, given = [] }) => ({ call, given }));
  const [own] = await sandbox([js], calls, limit);
  if ('failure' in own) return failed(own.failure);
  const known = [exercise.reference, ...exercise.mistakes.map((mistake) => mistake.source)].map(strip);
  const [reference, ...mistakes] = await sandbox(known, calls, 2 * limit);
  if ('failure' in reference) throw new Error(`the reference of the exercise fails: ${reference.failure}`);
  const right = reference.outcomes;
  const results = await Promise.all(checks.map((check, k) => judge(check, own.outcomes[k], right[k], lab)));
  const passed = results.every((result) => result.passed);
  return {
    passed,
    results,
    hint: passed ? null : hintFor(exercise, results, own.outcomes, mistakes),
    failure: null,
  };
}

function failed(failure: string): Grade {
  return { passed: false, results: [], hint: null, failure };
}

async function judge(
  check: Check,
  own: Outcome,
  right: Outcome,
  lab: SessionClient<Session>,
): Promise<Result> {
  const because = (why: string | null): Result => ({ check, passed: why === null, why: why ?? '' });
  if (check.judge) return because('error' in own ? own.error : await check.judge(own.value, lab));
  if (agree(own, right, check.tolerance)) return because(null);
  const called = `${check.call}(${(check.given ?? []).map(show).join(', ')})`;
  if ('error' in own) return because(`${called} threw ${own.error}`);
  if ('error' in right) return because(`${called} gave ${show(own.value)}; it should throw an error`);
  const value = agree({ ...own, given: [] }, { ...right, given: [] }, check.tolerance);
  if (!value) return because(`${called} gave ${show(own.value)}, not ${show(right.value)}`);
  return because(`${called} left its arguments as ${show(own.given)}, not as ${show(right.given)}`);
}

/**
 * The hint of the mistake that does what the code does in every check; where none does, of the only one that does the
 * same in all the checks that failed. One value alike is no evidence: code that returns its first argument meets many.
 */
function hintFor(
  { mistakes, checks }: Exercise,
  results: readonly Result[],
  own: readonly Outcome[],
  ran: readonly Ran[],
): string | null {
  const alike = (k: number, m: number): boolean => {
    const mistake = ran[m];
    return 'outcomes' in mistake && agree(own[k], mistake.outcomes[k], checks[k].tolerance);
  };
  const all = mistakes.filter((_, m) => checks.every((_, k) => alike(k, m)));
  if (all.length > 0) return all[0].hint;
  const wrong = [...results.keys()].filter(
    (k) => !results[k].passed && !checks[k].judge && !('error' in own[k]),
  );
  const near = mistakes.filter((_, m) => wrong.every((k) => alike(k, m)));
  if (wrong.length > 0 && near.length === 1) return near[0].hint;
  return null;
}
