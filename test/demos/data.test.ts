import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadDigits, loadSonnets, PIXELS } from '../../demos/data.js';

describe('loadDigits', () => {
  const { train, test } = loadDigits();

  it('reads all 1,797 digits: 1,500 to train on, 297 to test on', () => {
    expect([train.count, test.count]).toEqual([1500, 297]);
    expect([train.labels.length, test.pixels.length]).toEqual([1500, 297 * PIXELS]);
  });

  it('puts every row of the file in exactly one of the two', () => {
    const rows = [...train.rows, ...test.rows].sort((a, b) => a - b);
    expect(rows).toEqual(Array.from({ length: 1797 }, (_, row) => row));
  });

  it('has the pixels and labels of the file', () => {
    const pixels = [...train.pixels, ...test.pixels];
    expect(pixels.reduce((sum, value) => sum + value, 0)).toBe(561718);
    expect(Math.min(...pixels)).toBe(0);
    expect(pixels.reduce((a, b) => Math.max(a, b))).toBe(16);
    const counts = new Array(10).fill(0);
    for (const label of [...train.labels, ...test.labels]) counts[label]++;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  it('keeps an image with its label: row 0 of the file is a zero', () => {
    const [part, at] = train.rows.includes(0) ? [train, train.rows.indexOf(0)] : [test, test.rows.indexOf(0)];
    expect(part.labels[at]).toBe(0);
    expect([...part.pixels.slice(at * PIXELS, at * PIXELS + 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0]);
  });

  it('splits the same way every time', () => {
    expect([...loadDigits().test.rows]).toEqual([...test.rows]);
    expect([...test.rows.slice(0, 5)]).toEqual([191, 712, 780, 619, 1012]);
  });
});

describe('loadSonnets', () => {
  const { text, vocabulary, ids } = loadSonnets();

  it('reads the file as it is', () => {
    expect(text.length).toBe(94110);
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      'b7061b6fa0a28a0b912a382fd45239808e52e5cc75ef1e54637ef0bf78cfea55',
    );
  });

  it('has 61 characters in code point order', () => {
    expect(vocabulary.length).toBe(61);
    expect([vocabulary[0], vocabulary[1], vocabulary.at(-1)]).toEqual(['\n', ' ', 'z']);
    expect([...vocabulary].sort()).toEqual(vocabulary);
  });

  it('numbers every character, and back', () => {
    expect(Array.from(ids, (id) => vocabulary[id]).join('')).toBe(text);
  });
});
