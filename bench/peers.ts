/** The peers' results: read from a file of JSON lines, or from a command that runs a peer in turn with us. */

import { spawn } from 'node:child_process';
import { type Line, mergeRounds } from './measure.js';
import { agreedLosses, LOSS_TOLERANCE } from './workloads.js';

/** What a peer on one thread of PyTorch is called. */
const TORCH = /^torch .*\bt1$/;

/** The peers that a workload is compared with; null where none of a kind was measured. */
export interface Rivals {
  readonly torch: Line | null;
  /** The fastest in JavaScript. */
  readonly js: Line | null;
}

/** The lines that hold a result; others (npm's, a peer's error) and our own are left out. */
export function parseLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Partial<Line>)
    .filter((line): line is Line => typeof line.ms === 'number' && !line.peer?.startsWith('tamegrad'));
}

/** Whether a peer did the work: its losses are the agreed ones, or there are none to agree on. */
export function didTheWork({ workload, loss1, loss10 }: Line): boolean {
  const agreed = Object.entries(agreedLosses).find(([name]) => name === workload)?.[1];
  if (!agreed) return true;
  return [loss1 - agreed[0], loss10 - agreed[1]].every((off) => Math.abs(off) <= LOSS_TOLERANCE);
}

/** Whom a workload is compared with, among the peers that did the work. */
export function rivalsOf(workload: string, lines: readonly Line[]): Rivals {
  const able = mergeRounds(lines.filter((line) => line.workload === workload && didTheWork(line)));
  const fastest = (peers: readonly Line[]): Line | null =>
    peers.reduce<Line | null>((best, line) => (best && best.ms <= line.ms ? best : line), null);
  return {
    torch: fastest(able.filter(({ peer }) => TORCH.test(peer))),
    js: fastest(able.filter(({ peer }) => !peer.startsWith('torch'))),
  };
}

/** Runs `command workload` in a shell and reads the lines it prints. Throws an Error if it fails. */
export function runPeers(command: string, workload: string): Promise<Line[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(`${command} ${workload}`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(parseLines(text));
      else reject(new Error(`peers: '${command} ${workload}' must end with code 0, got ${code}`));
    });
  });
}
