/** The laws that every clipper obeys. A clipper enters by its line in src/clip/clippers.ts and its sample. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as clippers from '../../../src/clip/clippers.js';
import type { NonFinitePolicy, StepReport } from '../../../src/index.js';
import { toJson } from '../../../src/persist/index.js';
import {
  anyShapes,
  calm,
  calmSteps,
  type Grads,
  gradsOf,
  made,
  type Place,
  places,
  Rig,
  shapes,
  sizes,
  sizesOf,
} from './rig.js';
import { type Sample, samples } from './samples.js';

const names = Object.keys(samples) as (keyof typeof samples)[];
const policies: readonly NonFinitePolicy[] = ['throw', 'skip', 'zero', 'propagate'];
const spike = gradsOf(1000, 0.5);

async function ready(sample: Sample, place: Place, policy?: NonFinitePolicy): Promise<Rig> {
  const rig = new Rig(sample, place, policy);
  for (const grads of calm(calmSteps)) await rig.step(grads);
  return rig;
}

/** A step and all that came of it. */
async function outcome(rig: Rig, grads: Grads): Promise<object> {
  const { skipped, hooks, clipped, normAfter } = await rig.step(grads);
  return { skipped, hooks, clipped, normAfter, grads: rig.gradBits(), ...rig.snapshot() };
}

/** Whether the clipper did anything. */
function acted({ hooks, skipped }: StepReport): boolean {
  return skipped !== null || hooks.some(({ clipped }) => clipped);
}

/** A state as a checkpoint brings it back. */
function saved(state: object): Readonly<Record<string, unknown>> {
  return JSON.parse(toJson(state));
}

it('every clipper has a sample', () => {
  expect(names.toSorted()).toEqual(Object.keys(clippers).toSorted());
});

describe.each(names)('%s', (name) => {
  const sample = samples[name];

  it('is called by its name, and refuses wrong settings in one line', () => {
    expect(made(sample).name).toBe(name);
    for (const [call, message] of sample.wrong) expect(call).toThrow(new Error(`${name}: ${message}`));
  });

  describe.each(places)('$dtype on $backend', (place) => {
    it('acts on a spike and lets calm steps pass, and says so in numbers', async () => {
      const rig = await ready(sample, place);
      const { hooks, skipped, ...report } = await rig.step(sample.onlyNonFinite ? broken(Infinity) : spike);
      expect(acted({ hooks, skipped, ...report })).toBe(true);
      const { hook, values } = hooks.at(-1)!;
      expect(hook).toBe(name);
      expect(Object.entries(values).filter(([, value]) => typeof value !== 'number')).toEqual([]);
      expect(acted(await rig.step(gradsOf(0.01)))).toBe(false);
    });

    it('keeps shapes and dtype', async () => {
      const rig = await ready(sample, place);
      await rig.step(spike);
      for (const [i, { grad, value }] of rig.parameters.entries()) {
        for (const { shape, dtype } of [grad!, value])
          expect([shape, dtype]).toEqual([shapes[i], place.dtype]);
      }
    });

    it('leaves zero gradients zero, and goes on as before', async () => {
      const zeros = sizes.map((size) => new Array<number>(size).fill(0));
      const rig = new Rig(sample, place);
      for (const grads of [zeros, zeros, ...calm(calmSteps), zeros]) {
        await rig.step(grads);
        if (grads === zeros) expect(rig.grads()).toEqual(zeros);
      }
      expect(acted(await rig.step(gradsOf(0.01)))).toBe(false);
    });

    it('leaves finite gradients finite, at any scale', async () => {
      const number = fc.double({ min: -1, max: 1, noNaN: true });
      const steps = anyShapes.chain((of) => {
        const arrays = sizesOf(of).map((size) => fc.array(number, { minLength: size, maxLength: size }));
        const step = fc.tuple(fc.tuple(...arrays), fc.integer({ min: -30, max: 30 }));
        return fc.tuple(fc.constant(of), fc.array(step, { minLength: 1, maxLength: 4 }));
      });
      await fc.assert(
        fc.asyncProperty(steps, async ([of, steps]) => {
          const rig = new Rig(sample, place, 'throw', of);
          for (const [grads, exponent] of steps) {
            await rig.step(grads.map((grad) => grad.map((x) => x * 10 ** exponent)));
            const after = [...rig.grads(), ...rig.parameters.map(({ value }) => [...value.data()])];
            expect(after.flat().every((x) => Number.isFinite(x))).toBe(true);
          }
        }),
        { numRuns: 10, seed: 4 },
      );
    });

    it('gives the same bits again', async () => {
      const [a, b] = [await ready(sample, place), await ready(sample, place)];
      for (const grads of [spike, ...calm(2)]) {
        expect(await outcome(a, grads)).toEqual(await outcome(b, grads));
      }
    });

    it('saves its state as JSON at any step, and goes on from it bit for bit', async () => {
      for (const steps of [0, 2, calmSteps]) {
        const [a, b] = [new Rig(sample, place), new Rig(sample, place)];
        for (const rig of [a, b]) for (const grads of calm(steps)) await rig.step(grads);
        const fresh = made(sample);
        expect(fresh.restore !== undefined).toBe(fresh.state !== undefined);
        const state = b.state();
        if (state) fresh.restore!(saved(state));
        b.hook = fresh;
        expect(b.state()).toEqual(state);
        for (const grads of [...calm(3, steps), spike, ...calm(2)]) {
          expect(await outcome(b, grads)).toEqual(await outcome(a, grads));
        }
      }
    });

    it('refuses a state that is none, and keeps its own', async () => {
      const rig = await ready(sample, place);
      const state = rig.state();
      if (!state) return;
      const wrong = Object.keys(state).map((key) => ({ ...state, [key]: 'x' }));
      for (const other of [{}, ...wrong]) {
        expect(() => rig.hook.restore!(other)).toThrow(`${name}: `);
        expect(rig.state()).toEqual(state);
      }
    });

    it('is untouched by a step that is skipped before it, as if it had never been', async () => {
      const [a, b] = [await ready(sample, place), await ready(sample, place)];
      const before = a.snapshot();
      a.skips = true;
      expect((await a.step(spike)).skipped).toBe('told to');
      expect(a.snapshot()).toEqual(before);
      a.skips = false;
      expect(await outcome(a, spike)).toEqual(await outcome(b, spike));
    });

    it('takes no part in parameters without a gradient', async () => {
      const rig = await ready(sample, place);
      for (const missing of [0, 1, 2]) {
        const grads = spike.map((grad, i) => (i === missing ? null : grad));
        const value = [...rig.parameters[missing].value.data()];
        await rig.step(grads);
        expect(rig.grads().map((grad) => grad === null)).toEqual(grads.map((grad) => grad === null));
        expect([...rig.parameters[missing].value.data()]).toEqual(value);
      }
      await rig.step(spike);
    });

    it.runIf(sample.hasPolicy)(
      'throws at NaN or ∞ before it changes anything, or skips the step',
      async () => {
        for (const [policy, number] of [
          ['throw', Number.NaN],
          ['throw', Infinity],
          ['skip', Number.NaN],
          ['skip', -Infinity],
        ] as const) {
          const rig = await ready(sample, place, policy);
          const before = rig.snapshot();
          rig.give(broken(number));
          const bits = rig.gradBits();
          const message = 'gradient of bias is not finite';
          if (policy === 'skip') expect((await rig.step(broken(number))).skipped).toBe(message);
          else await expect(rig.step(broken(number))).rejects.toThrow(`${name}: ${message}; fix its cause`);
          expect([rig.gradBits(), rig.snapshot()]).toEqual([bits, before]);
        }
      },
    );

    it.runIf(sample.adaptive)('clips the next spike as if NaN and ∞ had never been', async () => {
      for (const policy of sample.hasPolicy ? policies : (['throw'] as const)) {
        for (const steps of [0, 3, calmSteps]) {
          const [a, b] = [new Rig(sample, place, policy), new Rig(sample, place, policy)];
          for (const rig of [a, b]) for (const grads of calm(steps)) await rig.step(grads);
          for (const number of [Number.NaN, Infinity]) await a.step(broken(number)).catch(() => null);
          for (const grads of [...calm(calmSteps - steps, steps), spike]) {
            const [seen, unseen] = [await a.step(grads), await b.step(grads)];
            expect([seen.skipped, seen.hooks, a.gradBits()]).toEqual([
              unseen.skipped,
              unseen.hooks,
              b.gradBits(),
            ]);
            if (grads === spike) expect(acted(seen)).toBe(true);
          }
        }
      }
    });
  });
});

/** A calm step with one number that is none. */
function broken(number: number): readonly (readonly number[])[] {
  return gradsOf(1).map((grad, i) => (i === 1 ? [...grad.slice(1), number] : grad));
}
