/** What every lesson must be, the template among them: this is what somebody who adds one is told by. */

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabClient } from '../../lab/core/client.js';
import { grade } from '../../lab/core/grade.js';
import { RESERVED } from '../../lab/core/link.js';
import { isChoice, isRight } from '../../lab/core/quiz.js';
import { clientHere, exerciseOf, found, graderHere, quizOf, settingsOf } from './in-node.js';

let client: LabClient;
beforeAll(() => {
  client = clientHere();
});
afterAll(() => client.end());

const words = (html: string): number =>
  html
    .replace(/<math[\s\S]*?<\/math>/g, ' x ')
    .replace(/<[^>]+>/g, ' ')
    .split(/\s+/)
    .filter(Boolean).length;

describe.each(found.map((lesson) => [`lesson ${lesson.number}, ${lesson.name}`, lesson] as const))(
  '%s',
  (_, lesson) => {
    const isTemplate = lesson.number === 99;

    it.skipIf(isTemplate)('says one idea in 150 to 400 words, and where it comes from', () => {
      expect(words(lesson.text.explanation)).toBeGreaterThanOrEqual(150);
      expect(words(lesson.text.explanation)).toBeLessThanOrEqual(400);
      expect(words(lesson.text.source)).toBeGreaterThan(5);
    });

    it('gives two or three things to try, each with what should be seen', () => {
      const tries = lesson.text.tryThis.match(/<li>/g) ?? [];
      expect(tries.length).toBeGreaterThanOrEqual(2);
      expect(tries.length).toBeLessThanOrEqual(3);
      expect(lesson.text.tryThis.match(/<em>You should see<\/em>/g)).toHaveLength(tries.length);
    });

    it('belongs to claims that there are', () => {
      // A file each, by name: to import them all would take longer than all other tests here.
      const known = readdirSync(new URL('../../experiments', import.meta.url), { recursive: true }).map(
        (file) => basename(String(file), '.ts'),
      );
      expect(lesson.text.claims.filter((claim) => !known.includes(claim))).toEqual([]);
    });

    it('has settings that a link can name', async () => {
      const keys = Object.keys(await settingsOf(lesson));
      expect(keys.filter((key) => RESERVED.has(key) || !/^[A-Za-z]\w*$/.test(key))).toEqual([]);
      // As attributes they lose their case.
      expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(keys.length);
    });

    it('has an exercise whose reference passes and whose starter fails, without a hint', async () => {
      const exercise = await exerciseOf(lesson);
      const grader = graderHere(client, lesson);
      const reference = await grade(exercise, exercise.reference, grader);
      expect(reference.results.filter(({ passed }) => !passed)).toEqual([]);
      expect(reference).toMatchObject({ passed: true, hint: null, failure: null });
      const starter = await grade(exercise, exercise.starter, grader);
      expect(starter).toMatchObject({ passed: false, hint: null, failure: null });
      expect(exercise.checks.filter(({ hidden }) => hidden).length).toBeGreaterThan(0);
    });

    it('gives each hint on its mistake and on no other', async () => {
      const exercise = await exerciseOf(lesson);
      for (const { source, hint } of exercise.mistakes) {
        const graded = await grade(exercise, source, graderHere(client, lesson));
        expect(graded).toMatchObject({ passed: false, failure: null, hint });
      }
      expect(exercise.mistakes.length).toBeGreaterThan(0);
    });

    it('has three questions, whose answers are computed and are among the options', async () => {
      const quiz = await quizOf(lesson);
      expect(quiz).toHaveLength(3);
      for (const question of quiz) {
        const right = await question.answer(client.session(lesson.name));
        expect(Number.isFinite(right)).toBe(true);
        if (isChoice(question)) expect(question.options[right]).toBeTypeOf('string');
        expect(isRight(question, right, right)).toBe(true);
        expect(isRight(question, isChoice(question) ? right + 1 : right * 1.5 + 1, right)).toBe(false);
      }
    });
  },
);
