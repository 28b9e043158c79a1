/**
 * Where learners' code runs: a worker inside a frame that has no origin and a policy without any network. The frame is
 * thrown away at the time limit, and the worker with it, whatever it does.
 */

import type { Outcome } from './exercise.js';

/** An export to call, and with what. */
export interface Call {
  readonly call: string;
  readonly given: readonly unknown[];
}

/** What came of a program: an outcome for each call, or why it could not run. */
export type Ran = { readonly outcomes: readonly Outcome[] } | { readonly failure: string };

/** Runs programs, JavaScript in CommonJS form, and calls what they export. */
export type Sandbox = (programs: readonly string[], calls: readonly Call[], limit: number) => Promise<Ran[]>;

/** Where the frame's own script may not run. */
const FORBIDDEN =
  "exercises cannot run here: the policy of this page must allow 'unsafe-inline' and blob: scripts";

/** Until the frame's own script answers, in ms: where it may not run, nothing does. */
const FRAME_LIMIT = 2000;

/** Of the worker itself, before a program can do anything, in ms. */
const START_LIMIT = 5000;

/** What the worker runs. Programs stand in it as text: nothing evaluates text, the policy forbids it. */
export function workerText(programs: readonly string[]): string {
  // The first line of a program is the second of its function: line numbers in errors are one too large.
  const functions = programs.map((js) => `function (exports, require) { "use strict";\n${js}\n}`);
  return `(${harness.toString()})(self, [${functions.join(',\n')}]);`;
}

interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

type Program = (exports: Record<string, unknown>, require: (name: string) => never) => void;

/** Calls what programs export. Stands alone: its text is sent to the worker. */
function harness(self: WorkerLike, programs: readonly Program[]): void {
  const post = self.postMessage.bind(self);
  const words = (error: unknown): string =>
    error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const require = (name: string): never => {
    throw new Error(`import ${name}: there is nothing to import here, everything you need is given`);
  };
  const plain = (value: unknown): unknown => {
    if (typeof value === 'function') return '(a function)';
    if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === 'object' && value !== null && !(value instanceof Promise))
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
    return value;
  };
  const runOne = async (program: Program, calls: { call: string; given: unknown[] }[]): Promise<unknown> => {
    const exports: Record<string, unknown> = {};
    try {
      program(exports, require);
    } catch (error) {
      return { failure: words(error) };
    }
    const outcomes: unknown[] = [];
    for (const { call, given } of calls) {
      const own = structuredClone(given);
      const found = exports[call];
      try {
        if (found === undefined) throw new Error(`nothing named ${call} is exported`);
        const value = await (typeof found === 'function' ? found(...own) : found);
        outcomes.push({ value: plain(value), given: own.map(plain) });
      } catch (error) {
        outcomes.push({ error: words(error) });
      }
    }
    return { outcomes };
  };
  self.addEventListener('message', async ({ data }) => {
    const ran: unknown[] = [];
    for (const program of programs) ran.push(await runOne(program, data as never));
    post({ ran });
  });
  post({ ready: true });
}

/** The page of the frame: starts a worker from a text and passes on what it says. */
const FRAME = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; connect-src 'none'"><script>
addEventListener('message', ({ data, ports: [port] }) => {
  port.postMessage({ alive: true });
  try {
    const worker = new Worker(URL.createObjectURL(new Blob([data.text], { type: 'text/javascript' })));
    worker.onmessage = ({ data: said }) => {
      if (said && said.ready) worker.postMessage(data.calls);
      port.postMessage(said);
    };
    worker.onerror = (event) => { event.preventDefault(); port.postMessage({ failure: event.message || 'exercises cannot run here, the policy of this page forbids workers from blob:', line: event.lineno }); };
    worker.onmessageerror = () => port.postMessage({ failure: 'the code returned what cannot be read' });
  } catch (error) { port.postMessage({ failure: 'exercises cannot run here: ' + error.message }); }
}, { once: true });
</script>`;

/** The sandbox of a page. */
export const frameSandbox: Sandbox = (programs, calls, limit) =>
  new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.hidden = true;
    frame.title = 'sandbox';
    frame.srcdoc = FRAME;
    const { port1, port2 } = new MessageChannel();
    let timer: ReturnType<typeof setTimeout>;
    const end = (ran: Ran[]): void => {
      clearTimeout(timer);
      port1.close();
      frame.remove();
      resolve(ran);
    };
    const fail = (failure: string): void => end(programs.map(() => ({ failure })));
    const wait = (ms: number, failure: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(failure), ms);
    };
    port1.onmessage = ({
      data,
    }: MessageEvent<{ alive?: true; ready?: true; ran?: Ran[]; failure?: string; line?: number }>) => {
      if (data?.ran) end(data.ran);
      // Code that loops at its top never lets the worker say that it is ready.
      else if (data?.alive) wait(Math.max(START_LIMIT, limit), tooLong(limit));
      else if (data?.failure !== undefined) fail(place(data.failure, data.line));
      else if (data?.ready) wait(limit, tooLong(limit));
    };
    frame.onload = () => {
      frame.contentWindow!.postMessage({ text: workerText(programs), calls }, '*', [port2]);
      wait(FRAME_LIMIT, FORBIDDEN);
    };
    document.body.append(frame);
  });

function tooLong(limit: number): string {
  return `the code did not finish within ${limit / 1000} s: is there a loop that never ends?`;
}

/** The harness stands before the program: how many lines it takes is known. */
const LINES_BEFORE = 1;

function place(message: string, line?: number): string {
  const text = message.replace(/^Uncaught /, '');
  const before = harness.toString().split('\n').length + LINES_BEFORE - 1;
  return line && line > before ? `${text} (line ${line - before})` : text;
}
