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
/** Tags whose text is kept. */
const MOST_TAGS = 64;

const table = crcTable();

/** Whether bytes begin like an event file: a length and its checksum. */
export function isEventFile(bytes: Uint8Array): boolean {
  if (bytes.length < HEAD) return false;
  const view = viewOf(bytes);
  return masked(bytes, 0, 8) === view.getUint32(8, true) && view.getUint32(4, true) === 0;
}

/** Reads frames piece by piece into series by tag. */
export class EventFile {
  readonly #series: Series;
  #rest: Uint8Array = new Uint8Array(0);
  #skip = 0;
  readonly #tags: { readonly bytes: Uint8Array; readonly tag: string }[] = [];
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
      if (view.getUint32(at + 4, true) !== 0 || masked(bytes, at, at + 8) !== view.getUint32(at + 8, true)) {
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
      if (masked(bytes, at + HEAD, end) === view.getUint32(end, true))
        this.#event(bytes.subarray(at + HEAD, end));
      else this.#series.broken.add(this.records);
      at = end + FOOT;
    }
    this.#rest = bytes.slice(at);
  }

  /** An event: its step, and the values of its summary. */
  #event(record: Uint8Array): void {
    const event = new Message(record, 0, record.length);
    let step = 0;
    let isSummary = false;
    try {
      while (event.next()) {
        if (event.field === 2 && event.wire === 0) step = event.value;
        else if (event.field === 5 && event.wire === 2) isSummary = true;
      }
      if (!isSummary) return;
      event.rewind();
      while (event.next()) {
        if (event.field !== 5 || event.wire !== 2) continue;
        const summary = new Message(record, event.start, event.end);
        while (summary.next()) {
          if (summary.field === 1 && summary.wire === 2)
            this.#value(record, summary.start, summary.end, step);
        }
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#series.broken.add(this.records);
    }
  }

  #value(record: Uint8Array, start: number, end: number, step: number): void {
    const message = new Message(record, start, end);
    let tag = '';
    let number: number | null = null;
    while (message.next()) {
      if (message.field === 1 && message.wire === 2) tag = this.#tag(record, message.start, message.end);
      else if (message.field === 2 && message.wire === 5) number = message.float();
      else if (message.field === 8 && message.wire === 2)
        number ??= scalarOf(record.subarray(message.start, message.end));
    }
    if (tag !== '' && number !== null) this.#series.add(tag, step, number, this.records);
  }

  /** The text of a tag; most records have one of a few. */
  #tag(record: Uint8Array, start: number, end: number): string {
    for (const { bytes, tag } of this.#tags) {
      if (bytes.length !== end - start) continue;
      let i = 0;
      while (i < bytes.length && bytes[i] === record[start + i]) i++;
      if (i === bytes.length) return tag;
    }
    const bytes = record.slice(start, end);
    const tag = text.decode(bytes);
    if (this.#tags.length < MOST_TAGS) this.#tags.push({ bytes, tag });
    return tag;
  }
}

const text = new TextDecoder();

/** The number of a tensor of one element, of float, double or a whole number; null for any other. */
function scalarOf(bytes: Uint8Array): number | null {
  const message = new Message(bytes, 0, bytes.length);
  let type = 0;
  let content: Uint8Array | null = null;
  let number: number | null = null;
  while (message.next()) {
    const { field, wire, start, end } = message;
    if (field === 1 && wire === 0) type = message.value;
    else if (wire === 0 && (field === 7 || field === 10)) number = message.value;
    else if (wire === 0) continue;
    else if (field === 4) content = bytes.subarray(start, end);
    else if (field === 5 && end - start === 4) number = message.float();
    else if (field === 6 && end - start === 8) number = viewOf(bytes).getFloat64(start, true);
  }
  if (number !== null || content === null) return number;
  const view = viewOf(content);
  if (type === 1 && content.length === 4) return view.getFloat32(0, true);
  if (type === 2 && content.length === 8) return view.getFloat64(0, true);
  if (type === 3 && content.length === 4) return view.getInt32(0, true);
  return type === 9 && content.length === 8 ? Number(view.getBigInt64(0, true)) : null;
}

/** The fields of a message, one after the other. */
class Message {
  field = 0;
  wire = 0;
  /** Of a varint. */
  value = 0;
  /** Of any other: where its bytes begin and end. */
  start = 0;
  end = 0;
  readonly #bytes: Uint8Array;
  readonly #first: number;
  readonly #last: number;
  #at: number;

  constructor(bytes: Uint8Array, first: number, last: number) {
    this.#bytes = bytes;
    this.#first = first;
    this.#last = last;
    this.#at = first;
  }

  rewind(): void {
    this.#at = this.#first;
  }

  /** Goes to the next field; false at the end. Throws a RangeError where the message ends within one. */
  next(): boolean {
    if (this.#at >= this.#last) return false;
    const key = this.#varint();
    this.field = Math.floor(key / 8);
    this.wire = key % 8;
    if (this.wire === 0) {
      this.value = this.#varint();
      return true;
    }
    const length = this.wire === 1 ? 8 : this.wire === 5 ? 4 : this.wire === 2 ? this.#varint() : -1;
    if (length < 0 || this.#at + length > this.#last) throw new RangeError('a field beyond its message');
    this.start = this.#at;
    this.end = this.#at + length;
    this.#at = this.end;
    return true;
  }

  /** The field as a number of 32 bits. */
  float(): number {
    for (let i = 0; i < 4; i++) four[i] = this.#bytes[this.start + i];
    return asFloat.getFloat32(0, true);
  }

  #varint(): number {
    let [value, factor] = [0, 1];
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#last) throw new RangeError('a field without an end');
      const byte = this.#bytes[this.#at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value >= 2 ** 63 ? value - 2 ** 64 : value;
      factor *= 128;
    }
    throw new RangeError('a number without an end');
  }
}

const four = new Uint8Array(4);
const asFloat = new DataView(four.buffer);

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** CRC-32C, rotated and shifted so that the checksum of a checksum is no trivial one. */
function masked(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let i = start; i < end; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
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
