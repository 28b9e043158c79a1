/** The lab without a browser: the engine in this process, learners' code in a context of its own. */

import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { LabClient } from '../../lab/core/client.js';
import type { Exercise } from '../../lab/core/exercise.js';
import type { Grader } from '../../lab/core/grade.js';
import type { Quiz } from '../../lab/core/quiz.js';
import { type Ran, type Sandbox, workerText } from '../../lab/core/sandbox.js';
import type { Session } from '../../lab/core/session.js';
import type { WidgetClass } from '../../lab/core/widget.js';
import { strip } from '../../lab/editor/strip.js';
import { Host } from '../../lab/worker/host.js';
import { type FoundLesson, findLessons } from '../../scripts/lab-lessons.mjs';

/** Every lesson, and the template, which must work as it stands. */
export const found: readonly FoundLesson[] = [
  ...findLessons(new URL('../../lab/lessons', import.meta.url).pathname),
  ...findLessons(new URL('../../lab/template', import.meta.url).pathname),
];

const load = async <T>({ folder }: FoundLesson, file: string): Promise<T> =>
  ((await import(/* @vite-ignore */ pathToFileURL(`${folder}/${file}`).href)) as { default: T }).default;

export const sessionOf = (lesson: FoundLesson) => load<Session>(lesson, 'session.ts');
export const exerciseOf = (lesson: FoundLesson) => load<Exercise>(lesson, 'exercise.ts');
export const quizOf = (lesson: FoundLesson) => load<Quiz>(lesson, 'quiz.ts');

/** The widget's settings; the class needs a few things of a browser to be defined at all. */
export async function settingsOf(lesson: FoundLesson): Promise<WidgetClass['settings']> {
  const { LitElement } = await import('lit');
  void LitElement;
  return (await load<WidgetClass>(lesson, 'widget.ts')).settings;
}

/** A client whose engine is this process. */
export function clientHere(lessons = found): LabClient {
  return new LabClient(() => {
    const host = new Host(
      (name) => sessionOf(lessons.find((lesson) => lesson.name === name)!),
      // Through a clone, as a message goes.
      (told) => engine.onTold(structuredClone(told)),
    );
    const engine = {
      send: (asked: never) => void host.answer(structuredClone(asked)),
      onTold: (_: unknown) => {},
      onFailed: () => {},
      end: () => {},
    };
    return engine as never;
  });
}

/** Runs programs in a context of this process: enough for code that behaves, and for loops that do not end. */
export const vmSandbox: Sandbox = (programs, calls, limit) =>
  new Promise((resolve) => {
    const listeners: ((event: { data: unknown }) => Promise<void>)[] = [];
    const self = {
      addEventListener: (_: string, listener: (event: { data: unknown }) => Promise<void>) =>
        listeners.push(listener),
      postMessage: (said: { ran?: Ran[] }) => said.ran && resolve(structuredClone(said.ran)),
    };
    try {
      vm.runInNewContext(workerText(programs), { self, structuredClone }, { timeout: limit });
      for (const listener of listeners) void listener({ data: calls });
    } catch (error) {
      resolve(programs.map(() => ({ failure: String(error) })));
    }
  });

/** Grades here. */
export function graderHere(client: LabClient, lesson: FoundLesson): Grader {
  return { strip, sandbox: vmSandbox, lab: client.session(lesson.name) };
}
