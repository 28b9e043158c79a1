/**
 * What answers the page's requests: calls and runs of the lessons' sessions. It knows neither page nor worker, so that
 * tests and Node use it as it is.
 */

import type { Asked, Request, Standing, Told } from '../core/protocol.js';
import type { RunSource, SeenStep, Session } from '../core/session.js';
import { RunHost } from './run-host.js';

/** Loads the session of a lesson. */
export type SessionLoader = (name: string) => Promise<Session>;

/** Between two messages of a run that plays, in ms: one a frame. */
const TELL_EVERY = 16;

interface Playing {
  /** Set to end the playing after the step under way. */
  stop: boolean;
  readonly over: Promise<void>;
}

interface Entry {
  readonly host: RunHost;
  playing: Playing | null;
  /** What is being done with the run: the next waits for it. */
  busy: Promise<unknown>;
}

/** Answers requests; what it has to say goes to `tell`. */
export class Host {
  readonly #load: SessionLoader;
  readonly #tell: (told: Told) => void;
  readonly #runs = new Map<number, Entry>();

  constructor(load: SessionLoader, tell: (told: Told) => void) {
    this.#load = load;
    this.#tell = tell;
  }

  /** Answers one request: always with one message that carries its id. */
  async answer(asked: Asked): Promise<void> {
    try {
      this.#tell({ id: asked.id, result: await this.#do(asked) });
    } catch (error) {
      this.#tell({ id: asked.id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #do(request: Request): Promise<unknown> {
    switch (request.op) {
      case 'call': {
        const call = (await this.#load(request.session)).calls?.[request.name];
        if (!call) throw new Error(`the session of lesson ${request.session} has no call ${request.name}`);
        return await call(request.given as never);
      }
      case 'open': {
        const make = (await this.#load(request.session)).runs?.[request.name];
        if (!make) throw new Error(`the session of lesson ${request.session} has no run ${request.name}`);
        const host = new RunHost(() => make(request.settings as never) as RunSource);
        this.#runs.set(request.run, { host, playing: null, busy: Promise.resolve() });
        return host.standing();
      }
      case 'play':
        return this.#withRun(request.run, async (entry) => this.#play(request.run, entry, request.pace));
      case 'pause':
        return this.#withRun(request.run, async ({ host }) => host.standing());
      case 'step':
        return this.#withRun(request.run, ({ host }) =>
          this.#move(request.run, host, host.at + request.count),
        );
      case 'seek':
        return this.#withRun(request.run, ({ host }) => this.#move(request.run, host, request.to));
      case 'close': {
        await this.#withRun(request.run, async ({ host }) => host.close());
        this.#runs.delete(request.run);
        return null;
      }
    }
  }

  /** Stops a run that plays, waits for what is being done with it, then does the next. */
  async #withRun<T>(run: number, act: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = this.#runs.get(run);
    if (!entry) throw new Error(`run ${run} is closed`);
    if (entry.playing) entry.playing.stop = true;
    const before = entry.busy;
    const mine = before
      .catch(() => {})
      .then(async () => {
        await entry.playing?.over;
        return act(entry);
      });
    entry.busy = mine;
    return mine;
  }

  async #move(run: number, host: RunHost, to: number): Promise<Standing> {
    const steps = await host.seek(to);
    if (steps.length > 0) this.#tell({ run, steps });
    return host.standing();
  }

  /** Starts to play; the reply does not wait for the end. */
  #play(run: number, entry: Entry, pace: number): Standing {
    const playing: Playing = { stop: false, over: Promise.resolve() };
    entry.playing = playing;
    const standing = entry.host.standing();
    Object.assign(playing, {
      over: this.#keepPlaying(run, entry.host, playing, pace)
        .catch((error) => this.#tell({ run, failed: error instanceof Error ? error.message : String(error) }))
        .finally(() => {
          entry.playing = null;
        }),
    });
    return standing;
  }

  async #keepPlaying(run: number, host: RunHost, playing: Playing, pace: number): Promise<void> {
    const started = performance.now();
    let told = started;
    let taken = 0;
    let steps: SeenStep[] = [];
    const flush = (): void => {
      if (steps.length > 0) this.#tell({ run, steps });
      steps = [];
      told = performance.now();
    };
    while (!playing.stop) {
      const due = started + (1000 * taken) / pace;
      const wait = due - performance.now();
      if (wait > TELL_EVERY) {
        flush();
        await new Promise((resolve) => setTimeout(resolve, Math.min(wait, TELL_EVERY)));
        continue;
      }
      const step = await host.advance();
      if (!step) break;
      taken++;
      steps.push(step);
      if (performance.now() - told >= TELL_EVERY) flush();
      await breathe();
    }
    flush();
    this.#tell({ run, stopped: host.standing() });
  }
}

const channel = new MessageChannel();
let waiting: (() => void)[] = [];
channel.port1.onmessage = () => {
  const woken = waiting;
  waiting = [];
  for (const wake of woken) wake();
};

/**
 * Lets messages in. `setTimeout` would wait for 4 ms, and a microtask would let none in. One message is on its way at a
 * time, however many runs wait for it: with more, those of the page would have to queue behind them.
 */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) channel.port2.postMessage(null);
  });
}
