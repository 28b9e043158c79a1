/** Where a path leads: to a file that can be replaced, or to a device or pipe that can only be written to. */

import { fstatSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { codeOf } from './error.js';

/** A file, there or to be, by its real path; or a stream, by the path that was given. */
export type Target =
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats | null }
  | ({ readonly kind: 'stream' } & Stream);

/** A device, a pipe, or what this process has open already, by its number. */
export interface Stream {
  readonly path: string;
  readonly isPipe: boolean;
  readonly descriptor: number | null;
}

/** More links in a row are a circle. */
const MOST_LINKS = 40;

/** What this process has open already: a file behind it must not be replaced under its owner. */
const opened = /^\/dev\/(?:(?<name>stdin|stdout|stderr)|fd\/(?<number>\d+))$|^\/proc\/self\/fd\/(?<own>\d+)$/;

const standard: readonly (string | undefined)[] = ['stdin', 'stdout', 'stderr'];

/** Follows a path to its end, links that lead to nothing yet among them. Throws the system's error, or one like it. */
export function targetOf(path: string): Target {
  if (path === '') throw systemError('ENOENT');
  const descriptor = descriptorOf(path);
  if (descriptor !== null) return { kind: 'stream', path, isPipe: false, descriptor };
  const stats = statOf(path);
  if (stats === null) return { kind: 'file', path: placeOf(path), stats };
  if (stats.isDirectory()) throw systemError('EISDIR');
  if (!stats.isFile()) return { kind: 'stream', path, isPipe: stats.isFIFO(), descriptor };
  return { kind: 'file', path: realpathSync(path), stats };
}

function descriptorOf(path: string): number | null {
  const { name, number, own } = opened.exec(resolve(path))?.groups ?? {};
  if (name !== undefined) return standard.indexOf(name);
  return number === undefined && own === undefined ? null : Number(number ?? own);
}

/** Whether two paths lead to one file; `-` is what stdin reads from. What cannot be looked at is not the same. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map(identityOf);
  return one !== null && one === other;
}

/** What is the same for all names of a file: its place on the disk, or where it will be. Streams have none. */
export function identityOf(path: string | number): string | null {
  try {
    const stats = typeof path === 'number' ? fstatSync(path) : path === '-' ? fstatSync(0) : statOf(path);
    if (stats === null) return placeOf(String(path));
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : null;
  } catch {
    return null;
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The real path of a file that is not there yet. */
function placeOf(path: string): string {
  if (/[/\\]$/.test(path)) throw systemError('EISDIR');
  let place = resolve(path);
  for (let links = 0; links <= MOST_LINKS; links++) {
    place = join(realpathSync(dirname(place)), basename(place));
    const next = linkAt(place);
    if (next === null) return place;
    place = isAbsolute(next) ? next : join(dirname(place), next);
  }
  throw systemError('ELOOP');
}

function linkAt(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
