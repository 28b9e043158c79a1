/**
 * Locks against a second writer: a small file beside the one that is written, which says who holds it. One that was left
 * by a process that is gone is taken over.
 */

import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { codeOf, FileError } from './error.js';
import { printable } from './printable.js';
import { sleep, writeFully } from './stream.js';

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  /** When the process started, in the system's own count: a number that is used again is another process. */
  readonly started: string;
  /** Host, boot and container: where the number means this process. */
  readonly machine: string;
  readonly thread: number;
}

/** A lock that is held. */
export interface Lock {
  release(): void;
}

/** How often the holder of a lock shows those on other machines that it lives, in ms. */
const HEARTBEAT = 500;
/** How long a lock of another machine is watched for that. */
const WATCHED = 4 * HEARTBEAT;
/** How long a lock may be empty, in ms: it is written right after it is made. */
const EMPTY = 500;
/** Longest pause between two looks, in ms. */
const PAUSE = 20;

/** Locks that this thread holds, given back when it ends. */
const held = new Set<string>();
let isListening = false;

/** Takes the lock at a path, waiting at most so many ms for another writer. Throws an Error that names who holds it. */
export function takeLock(caller: string, file: string, path: string, wait: number): Lock {
  const me = { tamegrad: 'lock', ...holderOf(process.pid), thread: threadId };
  const deadline = performance.now() + wait;
  while (!create(path, JSON.stringify(me))) {
    const holder = read(path);
    if (holder === 'gone') continue;
    if (holder === 'foreign') throw inTheWay(caller, file, path);
    if (holder === 'empty' ? !isLeftEmpty(path) : isAlive(holder, path)) {
      if (performance.now() >= deadline) throw busy(caller, file, holder);
      sleep(1 + PAUSE * Math.random());
    } else takeAway(path);
  }
  held.add(path);
  if (!isListening) process.on('exit', releaseAll);
  isListening = true;
  return { release: () => release(path) };
}

/** Shows others that the holder of a lock lives, until it is stopped. Keeps no process running. */
export function keepAlive(path: string): { stop(): void } {
  const timer = setInterval(() => quietly(() => utimesSync(path, new Date(), new Date())), HEARTBEAT);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function release(path: string): void {
  if (held.delete(path)) quietly(() => unlinkSync(path));
}

function releaseAll(): void {
  for (const path of held) release(path);
}

/** Makes the lock; false where there is one. */
function create(path: string, text: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFully(file, Buffer.from(text));
  } catch (error) {
    quietly(() => unlinkSync(path));
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

function read(path: string): Holder | 'gone' | 'empty' | 'foreign' {
  try {
    if (!lstatSync(path).isFile()) return 'foreign';
    const text = readFileSync(path, 'utf8').replaceAll('\0', '');
    if (text === '') return 'empty';
    const holder = JSON.parse(text) as Holder & { readonly tamegrad?: unknown };
    return holder?.tamegrad === 'lock' && Number.isSafeInteger(holder.pid) ? holder : 'foreign';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'gone';
    if (error instanceof SyntaxError) return 'foreign';
    throw error;
  }
}

function isAlive({ pid, started, machine }: Holder, path: string): boolean {
  const here = holderOf(pid);
  if (machine === here.machine) return isRunning(pid) && started === here.started;
  // Another machine, or another container: its number means nothing here.
  const before = timeOf(path);
  for (let waited = 0; waited < WATCHED; waited += HEARTBEAT / 4) {
    sleep(HEARTBEAT / 4);
    if (timeOf(path) !== before) return true;
  }
  return false;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Whether a lock without a word was left so, by a process that was killed or a power cut. */
function isLeftEmpty(path: string): boolean {
  const before = timeOf(path);
  sleep(EMPTY);
  return timeOf(path) === before && read(path) === 'empty';
}

function timeOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return Number.NaN;
  }
}

/** Removes a lock that was left. Of two who do so at once one may have made its own meanwhile: that one is put back. */
function takeAway(path: string): void {
  const aside = `${path}.${process.pid}.${threadId}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const holder = read(aside);
  if (typeof holder === 'object' && isAlive(holder, aside)) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

/** This machine, and when a process of it started. What the system does not tell is empty. */
function holderOf(pid: number): Omit<Holder, 'thread'> {
  const boot = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const container = told(() => readlinkSync('/proc/self/ns/pid'));
  return { pid, started: startOf(pid), machine: `${hostname()} ${boot} ${container}` };
}

/** Field 22 of proc(5)'s stat, counted behind the name in parentheses; of a process that ended but stands there still, `Z`. */
function startOf(pid: number): string {
  const fields = told(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    .replace(/^.*\)\s*/s, '')
    .split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
}

function told(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // A lock that is gone is given back.
  }
}

function busy(caller: string, file: string, holder: Holder | 'empty'): FileError {
  const who = holder === 'empty' ? 'another process' : `process ${holder.pid}`;
  const told = `'${printable(file)}' is being written by ${who}`;
  return new FileError(`${caller}: ${told}; wait until it is done, or name another file`, 'EBUSY');
}

function inTheWay(caller: string, file: string, path: string): FileError {
  const told = `'${printable(file)}' cannot be locked, because '${printable(path)}' is something else`;
  return new FileError(`${caller}: ${told}; move that away, or name another file`, 'EEXIST');
}
