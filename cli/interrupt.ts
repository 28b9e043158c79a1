/** Ctrl-C: the first ends the work and keeps what there is, the second ends the process. */

/** Exit code of a run that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Aborts on Ctrl-C until told to stop. */
export function onInterrupt(): { readonly signal: AbortSignal; stopListening(): void } {
  const interrupt = new AbortController();
  // Stays listening: without a listener the progress bar would pass the signal on, and it would end the process.
  const listener = (): void => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
  };
  process.on('SIGINT', listener);
  return {
    signal: interrupt.signal,
    stopListening: () => {
      process.off('SIGINT', listener);
    },
  };
}
