/** Drawings that fill their element. */

import type { ReactiveControllerHost } from 'lit';

/** Keeps an element's property `width` at the width of its content, in whole pixels, and so has it drawn anew. */
export function followWidth(
  element: HTMLElement & ReactiveControllerHost & { width: number },
  toWhole: (width: number) => number = Math.round,
): void {
  let observer: ResizeObserver | undefined;
  element.addController({
    hostConnected() {
      observer = new ResizeObserver(([{ contentRect }]) => {
        if (contentRect.width > 0) element.width = toWhole(contentRect.width);
      });
      observer.observe(element);
    },
    hostDisconnected: () => observer?.disconnect(),
  });
}
