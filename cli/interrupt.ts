/** Ctrl-C, and SIGTERM alike: the first ends the work and keeps what there is, the second ends the process. */

/** Exit codes of a run that a signal ended: 128 and its number, as shells count. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;

type EndingSignal = keyof typeof codes;

const names = Object.keys(codes) as readonly EndingSignal[];

/** What listens for the signals that end a run. */
export interface Interrupt {
  /** Aborts at the first of them. */
  readonly signal: AbortSignal;
  /** The exit code of the run: 0 while no signal came. */
  readonly exitCode: number;
  stopListening(): void;
}

/** Listens until told to stop. */
export function onInterrupt(): Interrupt {
  const interrupt = new AbortController();
  let exitCode = 0;
  // Stays listening: without a listener the progress bar would pass the signal on, and it would end the process.
  const listener = (name: EndingSignal): void => {
    exitCode = codes[name];
    if (interrupt.signal.aborted) process.exit(exitCode);
    interrupt.abort();
  };
  for (const name of names) process.on(name, listener);
  return {
    signal: interrupt.signal,
    get exitCode() {
      return exitCode;
    },
    stopListening: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
