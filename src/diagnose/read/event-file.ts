/**
 * TensorBoard’s event files: records in frames of TFRecord, each an Event in Protocol Buffers, checked by CRC-32C.
 * Sources: tensorflow/core/util/event.proto, summary.proto, lib/io/record_writer.h; the checksum is RFC 3720, B.4.
 */

import type { Series } from './series.js';

/** A frame is its length, a checksum of that, the record, a checksum of it. */
const HEAD = 12;
const FOOT = 4;
/** No record of scalars is longer; one of images is passed over in pieces. */
const LONGEST = 1 << 26;
const MASK = 0xa282ead8;

const table = crcTable();

/** Whether bytes begin like an event file: a length and its checksum. */
export function isEventFile(bytes: Uint8Array): boolean {
  if (bytes.length < HEAD) return false;
  const view = viewOf(bytes);
  return masked(bytes.subarray(0, 8)) === view.getUint32(8, true) && view.getUint32(4, true) === 0;
}

/** Reads frames piece by piece into series by tag. */
export class EventFile {
  readonly #series: Series;
  #rest: Uint8Array = new Uint8Array(0);
  #skip = 0;
  /** Records whose checksum is wrong, by their number from 1. */
  records = 0;
  /** Whether a length is wrong: nothing behind it can be found. */
  isLost = false;

  constructor(series: Series) {
    this.#series = series;
  }

  push(piece: Uint8Array): void {
    if (this.isLost) return;
    let bytes = piece;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + piece.length);
      bytes.set(this.#rest);
      bytes.set(piece, this.#rest.length);
    }
    const view = viewOf(bytes);
    let at = 0;
    for (;;) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at);
        this.#skip -= step;
        at += step;
      }
      if (bytes.length - at < HEAD) break;
      const length = view.getUint32(at, true);
      if (
        view.getUint32(at + 4, true) !== 0 ||
        masked(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)
      ) {
        this.isLost = true;
        this.#series.broken.add(this.records + 1);
        return;
      }
      if (length > LONGEST) {
        this.#skip = HEAD + length + FOOT;
        continue;
      }
      const end = at + HEAD + length;
      if (bytes.length < end + FOOT) break;
      this.records++;
      const record = bytes.subarray(at + HEAD, end);
      if (masked(record) === view.getUint32(end, true)) this.#event(record);
      else this.#series.broken.add(this.records);
      at = end + FOOT;
    }
    this.#rest = bytes.slice(at);
  }

  /** An event: its step, and the values of its summary. */
  #event(record: Uint8Array): void {
    let step = 0;
    const summaries: Uint8Array[] = [];
    try {
      for (const { field, wire, value, bytes } of fieldsOf(record)) {
        if (field === 2 && wire === 0) step = value;
        if (field === 5 && bytes) summaries.push(bytes);
      }
      for (const summary of summaries) {
        for (const { field, bytes } of fieldsOf(summary)) if (field === 1 && bytes) this.#value(bytes, step);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#series.broken.add(this.records);
    }
  }

  #value(message: Uint8Array, step: number): void {
    let tag = '';
    let number: number | null = null;
    for (const { field, wire, bytes } of fieldsOf(message)) {
      if (field === 1 && bytes) tag = text.decode(bytes);
      if (field === 2 && wire === 5 && bytes) number = viewOf(bytes).getFloat32(0, true);
      if (field === 8 && bytes) number ??= scalarOf(bytes);
    }
    if (tag !== '' && number !== null) this.#series.add(tag, step, number, this.records);
  }
}

const text = new TextDecoder();

/** The number of a tensor of one element, of float, double or a whole number; null for any other. */
function scalarOf(message: Uint8Array): number | null {
  let type = 0;
  let content: Uint8Array | null = null;
  let number: number | null = null;
  for (const { field, wire, value, bytes } of fieldsOf(message)) {
    if (field === 1) type = value;
    else if (field === 4 && bytes) content = bytes;
    else if (field === 5 && bytes?.length === 4) number = viewOf(bytes).getFloat32(0, true);
    else if (field === 6 && bytes?.length === 8) number = viewOf(bytes).getFloat64(0, true);
    else if ((field === 7 || field === 10) && wire === 0) number = value;
  }
  if (number !== null || content === null) return number;
  const view = viewOf(content);
  if (type === 1 && content.length === 4) return view.getFloat32(0, true);
  if (type === 2 && content.length === 8) return view.getFloat64(0, true);
  if (type === 3 && content.length === 4) return view.getInt32(0, true);
  return type === 9 && content.length === 8 ? Number(view.getBigInt64(0, true)) : null;
}

interface Field {
  readonly field: number;
  readonly wire: number;
  /** Of a varint. */
  readonly value: number;
  /** Of any other. */
  readonly bytes: Uint8Array | null;
}

/** The fields of a message. Throws a RangeError where it ends within one. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (let i = 0; i < 10; i++) {
      if (at >= message.length) throw new RangeError('a field without an end');
      const byte = message[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value >= 2 ** 63 ? value - 2 ** 64 : value;
      factor *= 128;
    }
    throw new RangeError('a number without an end');
  };
  while (at < message.length) {
    const key = varint();
    const [field, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) {
      yield { field, wire, value: varint(), bytes: null };
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? varint() : -1;
    if (length < 0 || at + length > message.length) throw new RangeError('a field beyond its message');
    yield { field, wire, value: 0, bytes: message.subarray(at, at + length) };
    at += length;
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** CRC-32C, rotated and shifted so that the checksum of a checksum is no trivial one. */
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc;
  });
}
