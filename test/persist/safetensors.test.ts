import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/extend.js';
import { decodeSafetensors, encodeSafetensors, scope, type Tensor, tensor } from '../../src/index.js';

/** A file from its header's text, its numbers' bytes, and the header length if it is to be a wrong one. */
function fileOf(header: unknown, data: readonly number[] = [], length?: number | bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  return Uint8Array.from([...start, ...text, ...data]);
}

const entry = (dtype: string, shape: readonly number[], ...data_offsets: number[]) => ({
  dtype,
  shape,
  data_offsets,
});

const bytesOfFloats = (...values: number[]) => [...new Uint8Array(Float32Array.from(values).buffer)];

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('encodeSafetensors', () => {
  it('gives the bytes of the reference implementation’s own example', () => {
    const bytes = encodeSafetensors({
      'attn.0': tensor([
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ]),
    });
    const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    expect([...bytes]).toEqual([
      ...[64, 0, 0, 0, 0, 0, 0, 0],
      ...new TextEncoder().encode(header),
      ...[0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64],
    ]);
  });

  it('puts texts first, then float64 before float32, by name, whatever order they were given in', () => {
    const wide = tensor([1], { dtype: 'float64', backend: 'reference' });
    const narrow = tensor([2, 3]);
    const tensors = { b: narrow, 10: narrow, z: wide, a: narrow };
    const bytes = encodeSafetensors(tensors, { format: 'pt' });
    const header =
      '{"__metadata__":{"format":"pt"},' +
      '"z":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
      '"10":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},' +
      '"a":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(textOf(bytes.subarray(8, 8 + padded.length))).toBe(padded);
    expect(bytes[0] + 256 * bytes[1]).toBe(padded.length);
    expect(bytes.length).toBe(8 + padded.length + 32);
    const other = encodeSafetensors({ a: narrow, z: wide, 10: narrow, b: narrow }, { format: 'pt' });
    expect(other).toEqual(bytes);
  });

  it('refuses what the format has no place for', () => {
    const one = tensor([1]);
    expect(() => encodeSafetensors({ __metadata__: one })).toThrow(
      "encodeSafetensors: no tensor may be called '__metadata__'; rename it",
    );
    expect(() => encodeSafetensors({ w: 3 as unknown as Tensor })).toThrow(
      "encodeSafetensors: 'w' must be a Tensor or a RawTensor, got the number 3",
    );
    expect(() => encodeSafetensors({ w: one }, { step: 3 as unknown as string })).toThrow(
      "encodeSafetensors: metadata must be texts, got number for 'step'; use JSON.stringify",
    );
  });
});

describe('decodeSafetensors', () => {
  it('gives back every bit, shape, name and text', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
    const named = fc.record({ shape: shapes, wide: fc.boolean(), turned: fc.boolean() });
    const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '7', 'length', ''));
    const dictionary = <T>(values: fc.Arbitrary<T>) =>
      fc.dictionary(
        names.filter((name) => name !== '__metadata__'),
        values,
        { maxKeys: 5, noNullPrototype: true },
      );
    fc.assert(
      fc.property(dictionary(named), dictionary(fc.string({ unit: 'binary' })), (specs, metadata) => {
        const tensors = Object.fromEntries(
          Object.entries(specs).map(([name, { shape, wide, turned }], k) => {
            const values = Array.from({ length: sizeOf(shape) }, (_, i) => Math.cos(i + k) * 10 ** (k - i));
            const made = tensor(values, wide ? { shape, dtype: 'float64', backend: 'reference' } : { shape });
            return [name, turned ? made.transpose() : made];
          }),
        );
        const read = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect(read.metadata).toEqual(metadata);
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, { shape, dtype }] of Object.entries(read.tensors)) {
          expect([shape, dtype]).toEqual([tensors[name].shape, tensors[name].dtype]);
          expect(read.tensors[name].data()).toEqual(tensors[name].data());
        }
      }),
      { seed: 5, numRuns: 150 },
    );
  });

  it('keeps −0, infinities, subnormals and what a NaN carries', () => {
    const words = Uint32Array.of(0x80000000, 0x7f800000, 0xff800000, 1, 0x7fc12345, 0xffc00001);
    const { x } = decodeSafetensors(encodeSafetensors({ x: tensor(new Float32Array(words.buffer)) })).tensors;
    expect(new Uint32Array(x.data().buffer)).toEqual(words);
  });

  it('gives tensors that outlive the scope it was called in', () => {
    const bytes = encodeSafetensors({ x: tensor([1, 2]) });
    const kept: Tensor[] = [];
    scope(() => {
      kept.push(decodeSafetensors(bytes).tensors.x);
    });
    expect(kept[0].toArray()).toEqual([1, 2]);
  });

  it('reads any order, a header of any length, bytes that start anywhere, and Node’s Buffers', () => {
    const bytes = fileOf(
      { b: entry('F32', [1], 4, 8), a: entry('F32', [], 0, 4), none: entry('F32', [0, 2], 4, 4) },
      bytesOfFloats(1.5, -2),
    );
    for (const shift of [0, 1, 2, 3]) {
      const shifted = new Uint8Array(bytes.length + shift);
      shifted.set(bytes, shift);
      for (const part of [shifted.subarray(shift), Buffer.from(shifted).subarray(shift)]) {
        const { a, b, none } = decodeSafetensors(part).tensors;
        expect([a.toArray(), b.toArray(), none.shape]).toEqual([1.5, [-2], [0, 2]]);
      }
    }
    expect(decodeSafetensors(fileOf('{}  ')).tensors).toEqual({});
  });

  it('widens all 65,536 float16 and bfloat16 numbers exactly', () => {
    const words = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const data = [...new Uint8Array(words.buffer)];
    const read = (dtype: string) =>
      decodeSafetensors(fileOf({ x: entry(dtype, [65536], 0, 131072) }, data)).tensors.x.data();
    const view = new DataView(new ArrayBuffer(4));
    const halves = Float32Array.from(words, (word) => {
      const [exponent, fraction] = [(word >> 10) & 31, word % 1024];
      const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
      const special = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
      return (word < 32768 ? 1 : -1) * (exponent === 31 ? special : size);
    });
    expect(read('F16')).toEqual(halves);
    const brains = Float32Array.from(words, (word) => {
      view.setUint32(0, word * 65536);
      return view.getFloat32(0);
    });
    expect(read('BF16')).toEqual(brains);
  });
});

describe('tensors that are not float', () => {
  const arrays = {
    BOOL: Uint8Array.of(0, 1, 1),
    U8: Uint8Array.of(0, 7, 255),
    I8: Int8Array.of(-128, 0, 127),
    F8_E4M3: Uint8Array.of(1, 2, 3),
    F8_E5M2: Uint8Array.of(1, 2, 3),
    F8_E8M0: Uint8Array.of(1, 2, 3),
    I16: Int16Array.of(-32768, 0, 32767),
    U16: Uint16Array.of(0, 1, 65535),
    I32: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
    U32: Uint32Array.of(0, 1, 2 ** 32 - 1),
    I64: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n),
    U64: BigUint64Array.of(0n, 1n, 2n ** 64n - 1n),
  };

  it('are kept as raw numbers, by name, beside the others, and can be written again', () => {
    const all = {
      weight: tensor([1, 2]),
      complex: { dtype: 'C64', shape: [1, 2], data: Float32Array.of(1, -1, 2, -2) },
      ...Object.fromEntries(
        Object.entries(arrays).map(([dtype, data]) => [dtype, { dtype, shape: [3], data }]),
      ),
    };
    const bytes = encodeSafetensors(all);
    const { tensors, raw } = decodeSafetensors(bytes);
    expect(Object.keys(tensors)).toEqual(['weight']);
    expect(raw).toEqual(Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'weight')));
    expect(encodeSafetensors({ ...raw, ...tensors })).toEqual(bytes);
    const header = textOf(bytes.subarray(8, 8 + bytes[0] + 256 * bytes[1]));
    const order = [...header.matchAll(/"dtype":"(\w+)"/g)].map(([, dtype]) => dtype);
    expect(order).toEqual('U64 I64 C64 F32 U32 I32 U16 I16 F8_E8M0 F8_E4M3 F8_E5M2 I8 U8 BOOL'.split(' '));
  });

  it('are checked like the others', () => {
    expect(() => decodeSafetensors(fileOf({ n: entry('I64', [2], 0, 8) }, new Array(8).fill(0)))).toThrow(
      "'n', I64 [2], takes 16 bytes, its offsets 0 … 8 have 8",
    );
    const refused = (value: unknown, message: string) =>
      expect(() => encodeSafetensors({ n: value as Tensor })).toThrow(message);
    refused({ dtype: 'I65', shape: [], data: [] }, "the dtype of 'n' must be one of BOOL, U8,");
    refused(
      { dtype: 'I64', shape: [2], data: Int32Array.of(1, 2) },
      "'n', I64 [2], must hold BigInt64Array of 2, got Int32Array of 2",
    );
    refused({ dtype: 'I32', shape: [3], data: Int32Array.of(1, 2) }, 'Int32Array of 3, got Int32Array of 2');
    refused(
      { dtype: 'I32', shape: 'x', data: Int32Array.of(1, 2) },
      "the shape of 'n' must be an array of counts",
    );
    refused({ dtype: 'I32', shape: [1], data: null }, 'got null');
  });
});

describe('the writer refuses what the reader would', () => {
  it('ranks, names, headers, and what are no tensors', () => {
    const one = tensor([1]);
    const deep = { dtype: 'U8', shape: new Array<number>(65).fill(1), data: Uint8Array.of(1) };
    expect(() => encodeSafetensors({ deep })).toThrow(
      "encodeSafetensors: 'deep' must have at most 64 axes, got 65",
    );
    expect(() => encodeSafetensors({ ['n'.repeat(1001)]: one })).toThrow(
      "encodeSafetensors: names must have at most 1000 characters, got 1001 in 'nnn",
    );
    expect(() => encodeSafetensors({ one }, { big: 'x'.repeat(100_000_000) })).toThrow(
      /^encodeSafetensors: names and metadata must fit into 100000000 bytes, got 1000000\d\d; put large values into tensors/,
    );
    const refused = (tensors: unknown, metadata: unknown, message: string) =>
      expect(() => encodeSafetensors(tensors as never, metadata as never)).toThrow(message);
    refused(null, {}, 'encodeSafetensors: tensors must be an object of Tensors by name, got null');
    refused([one], {}, 'tensors must be an object of Tensors by name, got an array');
    refused({}, null, 'metadata must be an object of texts by name, got null');
    refused({ w: null }, {}, "encodeSafetensors: 'w' must be a Tensor or a RawTensor, got null");
  });
});

describe('what is no safetensors file is said in one line', () => {
  const four = bytesOfFloats(1);
  const cases: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
    ['empty', new Uint8Array(0), "it has 0 bytes, fewer than the 8 of the header's length"],
    [
      'a giant header',
      fileOf('{}', [], 2n ** 40n),
      'its header would have 1099511627776 bytes, more than 100000000',
    ],
    ['a header cut off', fileOf('{}', [], 60), 'it is cut off: its header ends at byte 68, the file at 10'],
    ['no JSON', fileOf('{"a":'), 'its header is not JSON'],
    ['no UTF-8', fileOf('{}', [0xff], 3), 'its header is not UTF-8'],
    ['no object', fileOf('[]'), 'its header is not a JSON object'],
    ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }), '__metadata__ must hold texts by name'],
    [
      'an entry without a shape',
      fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, four),
      '\'a\' must have dtype, shape and data_offsets, got {"dtype":"F32","data_offsets":[0,4]}',
    ],
    ['no entry', fileOf({ a: null }), "'a' must have dtype, shape and data_offsets, got null"],
    ['a negative length', fileOf({ a: entry('F32', [-1], 0, 4) }, four), "'a' must have dtype"],
    ['a broken offset', fileOf({ a: entry('F32', [1], 0.5, 4.5) }, four), "'a' must have dtype"],
    [
      'offsets that do not fit',
      fileOf({ a: entry('F32', [2], 0, 4) }, four),
      "'a', F32 [2], takes 8 bytes, its offsets 0 … 4 have 4",
    ],
    [
      'offsets that run backwards',
      fileOf({ a: entry('F32', [1], 4, 0) }, four),
      "'a', F32 [1], takes 4 bytes, its offsets 4 … 0 have -4",
    ],
    [
      'a hole',
      fileOf({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 8, 12) }, bytesOfFloats(1, 2, 3)),
      "'b' starts at byte 8, not at the end of what lies before it, which ends at 4",
    ],
    [
      'a hole at the start',
      fileOf({ a: entry('F32', [1], 4, 8) }, bytesOfFloats(1, 2)),
      "'a' starts at byte 4",
    ],
    [
      'an overlap',
      fileOf({ a: entry('F32', [2], 0, 8), b: entry('F32', [2], 4, 12) }, bytesOfFloats(1, 2, 3)),
      "'b' starts at byte 4, inside what lies before it, which ends at 8",
    ],
    [
      'numbers cut off',
      fileOf({ a: entry('F32', [2], 0, 8) }, four),
      'it is cut off: its tensors have 8 bytes, the file 4',
    ],
    [
      'bytes left over',
      fileOf({ a: entry('F32', [1], 0, 4) }, [...four, 0]),
      '1 bytes after its last tensor belong to none',
    ],
  ];

  it.each(cases)('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(
      `decodeSafetensors: the bytes must be a safetensors file; ${message}`,
    );
  });

  it('another dtype, by name', () => {
    expect(() => decodeSafetensors(fileOf({ ids: entry('I65', [1], 0, 8) }, bytesOfFloats(0, 0)))).toThrow(
      "decodeSafetensors: 'ids' is I65; BOOL, U8, I8,",
    );
    expect(() => decodeSafetensors(fileOf({ x: entry('toString', [1], 0, 8) }))).toThrow("'x' is toString;");
  });

  it('a name that stands twice, however it is written, in the header, an entry or the metadata', () => {
    const float = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    for (const [header, name] of [
      [`{"a":${float},"a":${float}}`, 'a'],
      [`{"a":${float},"\\u0061" : ${float}}`, 'a'],
      ['{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,4]}}', 'dtype'],
      ['{"__metadata__":{"k":"\\"{","k":"v"}}', 'k'],
      ['{"__metadata__":{},"__metadata__":{}}', '__metadata__'],
    ]) {
      expect(() => decodeSafetensors(fileOf(header, four))).toThrow(`'${name}' appears twice in its header`);
    }
    const apart = decodeSafetensors(fileOf('{"__metadata__":{"a":"a","b":"a"}}')).metadata;
    expect(apart).toEqual({ a: 'a', b: 'a' });
  });

  it('absurd ranks, names and depths, before anything is computed with them', () => {
    const ones = (rank: number) => new Array<number>(rank).fill(1);
    for (const rank of [65, 1000, 100_000]) {
      const message = `'a' must have at most 64 axes, got ${rank}`;
      expect(() => decodeSafetensors(fileOf({ a: entry('F32', ones(rank), 0, 4) }, four))).toThrow(message);
    }
    const { a } = decodeSafetensors(fileOf({ a: entry('F32', ones(64), 0, 4) }, four)).tensors;
    expect(a.shape).toEqual(ones(64));
    expect(() => decodeSafetensors(fileOf({ ['n'.repeat(1001)]: entry('F32', [1], 0, 4) }, four))).toThrow(
      /names must have at most 1000 characters, got 1001 in 'n{60}…'$/,
    );
    for (const deep of ['[', '{"a":']) {
      const text = deep.repeat(50_000) + (deep === '[' ? ']' : '1}').repeat(deep === '[' ? 50_000 : 1);
      expect(() => decodeSafetensors(fileOf(deep === '[' ? `{"a":${text}}` : text))).toThrow(
        /^decodeSafetensors: .{1,250}$/,
      );
    }
    expect(() => decodeSafetensors(fileOf(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`))).toThrow(
      'its header is nested deeper than 3 levels',
    );
  });

  it('names in messages are short, and control characters in them are shown', () => {
    const wild = `\u001b[31m\n${'x'.repeat(1e6)}`;
    for (const header of [{ [wild]: 1 }, { a: entry(wild, [1], 0, 4) }, { a: { dtype: wild } }]) {
      expect(() => decodeSafetensors(fileOf(header))).toThrow(/^[^\p{Cc}]{1,300}$/u);
    }
    expect(() => decodeSafetensors(fileOf({ '\u001b[31m': 1 }))).toThrow("'\\u{1b}[31m' must have dtype");
  });

  it('what is not bytes, and a file of torch.save', () => {
    const refused = (value: unknown, message: string) =>
      expect(() => decodeSafetensors(value as Uint8Array)).toThrow(message);
    refused('model.safetensors', "got the string 'model.safetensors'; readSafetensors(path) reads a file");
    refused(new ArrayBuffer(8), 'got an ArrayBuffer; write new Uint8Array(buffer)');
    refused(null, 'bytes must be a Uint8Array, got null');
    refused(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0), 'it is a zip archive, as torch.save writes');
  });

  it('whatever byte is changed or wherever it is cut: an error of its own, or a file of the same layout', () => {
    const whole = encodeSafetensors({ a: tensor([1, 2]), b: tensor([[3]]) }, { k: 'v' });
    const start = 8 + whole[0];
    const read = (bytes: Uint8Array) => {
      try {
        return Object.keys(decodeSafetensors(bytes).tensors).length;
      } catch (error) {
        expect((error as Error).message).toMatch(/^decodeSafetensors: .+$/);
        return 'error';
      }
    };
    for (let cut = 0; cut < whole.length; cut++) expect(read(whole.subarray(0, cut))).toBe('error');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (i, change) => {
        const result = read(whole.with(i, whole[i] ^ change));
        if (i >= start) expect(result).toBe(2);
      }),
      { seed: 1, numRuns: 1500 },
    );
  });
});
