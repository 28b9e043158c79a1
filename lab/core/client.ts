/** The page's side of the worker: requests with an id and a time limit each, and runs to play. */

import type { Asked, Ended, Request, Standing, Told } from './protocol.js';
import type { CallGiven, CallResult, RunSettings, SeenOf, SeenStep, Session } from './session.js';

/** How messages get to the engine and back: a worker in the page, the same code in this process in a test. */
export interface Engine {
  send(asked: Asked): void;
  onTold: (told: Told) => void;
  /** The engine died; why, in words. */
  onFailed: (reason: string) => void;
  end(): void;
}

/** How long an answer may take, in ms: the first has an engine to load. */
const FIRST_LIMIT = 30_000;
const LIMIT = 20_000;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** All that a page has to do with the engine, which starts with the first request. */
export class LabClient {
  readonly #start: () => Engine | Promise<Engine>;
  #engine: Promise<Engine> | null = null;
  #answered = false;
  #ids = 0;
  #runIds = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #runs = new Map<number, Run>();
  /** Called with what went wrong with the engine itself. */
  readonly failureListeners = new Set<(reason: string) => void>();

  constructor(start: () => Engine | Promise<Engine>) {
    this.#start = start;
  }

  /** What a lesson sees of it. */
  session<S extends Session>(name: string): SessionClient<S> {
    return {
      call: (call, given) => this.request({ op: 'call', session: name, name: String(call), given }) as never,
      open: (run, settings, onChange) => this.#open(name, String(run), settings, onChange) as never,
    };
  }

  /** Asks the engine. Rejects with the engine's error, when it dies, and when no answer comes in time. */
  async request(request: Request): Promise<unknown> {
    const id = ++this.#ids;
    const limit = this.#answered ? LIMIT : FIRST_LIMIT;
    this.#engine ??= this.#startEngine();
    const engine = await this.#engine;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`the engine did not answer within ${limit / 1000} s (${request.op})`));
      }, limit);
      this.#waiting.set(id, { resolve, reject, timer });
      engine.send({ ...request, id });
    });
  }

  /** Ends the engine; the next request starts another. */
  end(reason = 'the engine was closed'): void {
    const ending = this.#engine;
    this.#engine = null;
    this.#answered = false;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
    this.#waiting.clear();
    for (const run of this.#runs.values()) run.told({ failed: reason });
    this.#runs.clear();
    void ending?.then(
      (engine) => engine.end(),
      () => {},
    );
  }

  async #startEngine(): Promise<Engine> {
    try {
      const engine = await this.#start();
      engine.onTold = (told) => this.#hear(told);
      engine.onFailed = (reason) => this.#fail(reason);
      return engine;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(reason);
      throw new Error(reason, { cause: error });
    }
  }

  #fail(reason: string): void {
    this.end(reason);
    for (const listener of this.failureListeners) listener(reason);
  }

  #hear(told: Told): void {
    this.#answered = true;
    if (!('id' in told)) {
      this.#runs.get(told.run)?.told(told);
      return;
    }
    const waiting = this.#waiting.get(told.id);
    if (!waiting) return;
    this.#waiting.delete(told.id);
    clearTimeout(waiting.timer);
    if ('error' in told) waiting.reject(new Error(told.error));
    else waiting.resolve(told.result);
  }

  #open(session: string, name: string, settings: unknown, onChange: () => void): Run {
    const id = ++this.#runIds;
    const run = new Run(
      (request) => this.request({ ...request, run: id } as Request),
      onChange,
      () => this.#runs.delete(id),
    );
    this.#runs.set(id, run);
    run.start({ session, name, settings });
    return run;
  }
}

/** What a lesson sees of the engine: its own session. */
export interface SessionClient<S extends Session> {
  /** Computes at once. */
  call<K extends keyof NonNullable<S['calls']>>(name: K, given: CallGiven<S, K>): Promise<CallResult<S, K>>;
  /** Opens a run; `onChange` is called whenever anything of it changed. */
  open<K extends keyof NonNullable<S['runs']>>(
    name: K,
    settings: RunSettings<S, K>,
    onChange: () => void,
  ): Run<SeenOf<S, K>>;
}

type RunRequest = Request extends infer R ? (R extends { run: number } ? Omit<R, 'run'> : never) : never;

/** A run in the engine, as the page sees it. */
export class Run<Seen = unknown> {
  readonly #ask: (request: RunRequest) => Promise<unknown>;
  readonly #changed: () => void;
  readonly #closed: () => void;
  /** Every step seen so far, by number; those after `at` are known from before. */
  readonly steps: SeenStep<Seen>[] = [];
  /** Steps taken: where the run stands. */
  at = 0;
  playing = false;
  /** SHA-256 of the parameters where it stands; null while it moves. */
  digest: string | null = null;
  /** Why no step can follow; null while one can. */
  ended: Ended | null = null;
  /** What went wrong, in words. */
  error: string | null = null;
  #ready: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(ask: (request: RunRequest) => Promise<unknown>, changed: () => void, closed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
    this.#closed = closed;
  }

  /** Opens it in the engine. */
  start(what: { readonly session: string; readonly name: string; readonly settings: unknown }): void {
    this.#ready = this.#settle({ op: 'open', ...what });
  }

  /** Plays on, at so many steps a second; Infinity: as fast as the engine goes. */
  play(pace = Number.POSITIVE_INFINITY): Promise<void> {
    return this.#after({ op: 'play', pace }, true);
  }

  /** Stops after the step under way. */
  pause(): Promise<void> {
    return this.#after({ op: 'pause' });
  }

  /** Takes so many steps. */
  step(count = 1): Promise<void> {
    return this.#after({ op: 'step', count });
  }

  /** Goes to the state after `to` steps, forwards or back. */
  seek(to: number): Promise<void> {
    return this.#after({ op: 'seek', to: Math.max(0, Math.round(to)) });
  }

  /** Ends it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#ready.catch(() => {});
    await this.#ask({ op: 'close' }).catch(() => {});
    this.#closed();
  }

  /** The engine said something of it. */
  told(news: {
    readonly steps?: readonly SeenStep[];
    readonly stopped?: Standing;
    readonly failed?: string;
  }): void {
    if (news.steps) {
      for (const step of news.steps) this.steps[step.step] = step as SeenStep<Seen>;
      const last = news.steps.at(-1);
      if (last && this.playing) this.at = last.step + 1;
    }
    if (news.stopped) this.#stand(news.stopped);
    if (news.failed !== undefined) {
      this.error = news.failed;
      this.playing = false;
    }
    if (!this.#isClosed) this.#changed();
  }

  async #after(request: RunRequest, plays = false): Promise<void> {
    await this.#ready;
    if (plays && this.error === null) {
      this.playing = true;
      this.digest = null;
    }
    await this.#settle(request, plays);
  }

  async #settle(request: RunRequest, plays = false): Promise<void> {
    try {
      const standing = (await this.#ask(request)) as Standing;
      if (!plays) this.#stand(standing);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      this.playing = false;
    }
    if (!this.#isClosed) this.#changed();
  }

  #stand({ at, digest, ended }: Standing): void {
    this.at = at;
    this.digest = digest;
    this.ended = ended;
    this.playing = false;
  }
}
