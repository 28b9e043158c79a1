import { execFileSync, spawn } from 'node:child_process';
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable, FileError, readWhole, writeWhole } from '../../../src/persist/files/index.js';
import { fullAfter, patched, shortWrites, systemError, withDisk } from './faults.js';

const root = mkdtempSync(join(tmpdir(), 'tamegrad-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
const at = (...names: string[]) => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});

const text = (path: string) => readFileSync(path, 'utf8');

describe('a file is written whole', () => {
  it('new or in the place of an old one, with nothing left beside it', () => {
    writeWhole('test', at('a'), 'one');
    writeWhole('test', at('a'), Uint8Array.of(116, 119, 111));
    expect([text(at('a')), readdirSync(folder)]).toEqual(['two', ['a']]);
  });

  it('synced before it gets its name, and the folder after', () => {
    const order: string[] = [];
    const { fsyncSync, renameSync } = fs;
    patched(
      {
        fsyncSync: (file) => {
          order.push(fs.fstatSync(file).isDirectory() ? 'sync folder' : 'sync file');
          fsyncSync(file);
        },
        renameSync: (from, to) => {
          order.push('rename');
          renameSync(from, to);
        },
      },
      () => writeWhole('test', at('a'), 'one'),
    );
    expect(order).toEqual(['sync file', 'rename', 'sync folder']);
  });

  it('however little the disk takes at a time', () => {
    const long = 'all of it, '.repeat(500);
    for (let seed = 1; seed <= 20; seed++)
      withDisk(shortWrites(seed), () => writeWhole('test', at(`${seed}`), long));
    for (let seed = 1; seed <= 20; seed++) expect(text(at(`${seed}`))).toBe(long);
  });

  it('or not at all, wherever the disk is full', () => {
    writeFileSync(at('a'), 'old');
    for (const room of [0, 1, 50, 150, 500, 999]) {
      const write = () => withDisk(fullAfter(room), () => writeWhole('test', at('a'), 'new'.repeat(500)));
      expect(write).toThrow(
        `test: '${at('a')}' cannot be written (ENOSPC: no space left on the device); free some space, or name a file on another disk`,
      );
      expect([text(at('a')), readdirSync(folder)]).toEqual(['old', ['a']]);
    }
  });

  it('or not at all where it cannot take the place of the old one', () => {
    writeFileSync(at('a'), 'old');
    const renameSync = () => {
      throw systemError('EBUSY');
    };
    expect(() => patched({ renameSync }, () => writeWhole('test', at('a'), 'new'))).toThrow(
      /EBUSY: .*mount point/,
    );
    expect([text(at('a')), readdirSync(folder)]).toEqual(['old', ['a']]);
  });

  it('over what a writer left that was killed', () => {
    writeFileSync(at('.a.tamegrad.tmp'), 'half');
    writeFileSync(at('.a.tamegrad.lock'), '');
    writeWhole('test', at('a'), 'whole');
    expect([text(at('a')), readdirSync(folder)]).toEqual(['whole', ['a']]);
  });

  it('and never through a link that somebody laid in the way', () => {
    writeFileSync(at('precious'), 'mine');
    symlinkSync('precious', at('.a.tamegrad.tmp'));
    writeWhole('test', at('a'), 'new');
    expect([text(at('precious')), text(at('a'))]).toEqual(['mine', 'new']);
  });

  it('beside files of the user that have likely names', () => {
    for (const name of ['a.tmp', 'a.lock', 'a~', '.a.tmp']) writeFileSync(at(name), name);
    writeWhole('test', at('a'), 'new');
    for (const name of ['a.tmp', 'a.lock', 'a~', '.a.tmp']) expect(text(at(name))).toBe(name);
  });

  it('under a name as long as names can be', () => {
    const name = 'n'.repeat(255);
    writeWhole('test', at(name), 'long');
    expect([text(at(name)), readdirSync(folder)]).toEqual(['long', [name]]);
  });
});

describe('what stands at the path stays what it is', () => {
  it.each([0o600, 0o640, 0o755])('permissions: %o', (mode) => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), mode);
    writeWhole('test', at('a'), 'new');
    expect([text(at('a')), statSync(at('a')).mode & 0o777]).toEqual(['new', mode]);
  });

  it('a new file has those that the process gives to all', () => {
    writeFileSync(at('other'), '');
    writeWhole('test', at('a'), 'new');
    expect(statSync(at('a')).mode).toBe(statSync(at('other')).mode);
  });

  it('a link, to a file that is there or not yet', () => {
    mkdirSync(at('far'));
    writeFileSync(at('far', 'there'), 'old');
    symlinkSync('far/there', at('one'));
    symlinkSync('far/new', at('two'));
    symlinkSync('two', at('three'));
    writeWhole('test', at('one'), '1');
    writeWhole('test', at('three'), '3');
    expect([text(at('far', 'there')), text(at('far', 'new'))]).toEqual(['1', '3']);
    expect(['one', 'two', 'three'].map((name) => readlinkSync(at(name)))).toEqual([
      'far/there',
      'far/new',
      'two',
    ]);
    expect(readdirSync(at('far')).toSorted()).toEqual(['new', 'there']);
  });

  it.runIf(existsSync('/dev/null'))('a device', () => {
    writeWhole('test', '/dev/null', 'gone');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it.runIf(existsSync('/dev/full'))('a device that is full', () => {
    expect(() => writeWhole('test', '/dev/full', 'x')).toThrow("test: '/dev/full' cannot be written (ENOSPC");
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  it.skipIf(process.platform === 'win32')('a pipe: its reader gets all of it', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = spawn('cat', [at('pipe')]);
    let got = 0;
    reader.stdout.on('data', (bytes: Buffer) => {
      got += bytes.length;
    });
    // More than a pipe holds; the reader is another process, so this one may wait for it.
    writeWhole('test', at('pipe'), 'x'.repeat(300_000));
    await new Promise((resolve) => reader.on('close', resolve));
    expect([got, statSync(at('pipe')).isFIFO()]).toEqual([300_000, true]);
  });

  it.skipIf(process.platform === 'win32')('a pipe that nobody reads is told, not waited for', () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(() => writeWhole('test', at('pipe'), 'x')).toThrow(
      `test: '${at('pipe')}' cannot be written (ENXIO: nobody reads it); start the reader first`,
    );
  });
});

describe('what is wrong with a path is told in one line, before and after the work alike', () => {
  const wrong: readonly (readonly [what: string, path: () => string, said: string])[] = [
    ['no folder', () => at('no', 'a'), 'ENOENT: there is no such folder'],
    ['a file for a folder', () => at('file', 'a'), 'ENOTDIR: a part of its path is not a folder'],
    ['a folder', () => folder, 'EISDIR: it is a folder'],
    ['a folder to be', () => `${at('a')}/`, 'EISDIR: it is a folder'],
    ['nothing', () => '', 'ENOENT: '],
    ['a name too long', () => at('n'.repeat(256)), 'ENAMETOOLONG: the name is too long'],
    ['links in a circle', () => at('circle'), 'ELOOP: '],
    ['a link into a folder that is not there', () => at('astray'), 'ENOENT: '],
  ];
  it.each(wrong)('%s', (_, path, said) => {
    writeFileSync(at('file'), 'mine');
    symlinkSync('circle', at('circle'));
    symlinkSync('no/where', at('astray'));
    const before = readdirSync(folder);
    for (const write of [checkWritable, (caller: string, to: string) => writeWhole(caller, to, 'x')]) {
      expect(() => write('test', path())).toThrow(FileError);
      expect(() => write('test', path())).toThrow(/^test: '[^\n]*' cannot be written \([^\n]+\); [^\n]+$/);
      expect(() => write('test', path())).toThrow(said);
    }
    expect([text(at('file')), readdirSync(folder)]).toEqual(['mine', before]);
  });

  it('a long path, or one with control characters, is shown cut and escaped', () => {
    const path = at(`\u001b[31m\n${'x'.repeat(100_000)}`);
    const caught = (() => {
      try {
        return writeWhole('test', path, 'x');
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(caught).toMatch(/^[\x20-\x7e…]+$/);
    expect(caught!.length).toBeLessThan(500);
    expect(caught).toContain('characters) …');
  });

  it('a look before the work leaves nothing behind, and a dangling link as it is', () => {
    symlinkSync('later', at('link'));
    for (const name of ['new', 'link']) checkWritable('test', at(name));
    expect(readdirSync(folder)).toEqual(['link']);
  });
});

describe('readWhole', () => {
  it('reads files, and refuses what has no end', () => {
    writeFileSync(at('a'), 'text');
    expect(readWhole('test', at('a')).toString()).toBe('text');
    expect(() => readWhole('test', at('b'))).toThrow(
      /^test: '.*' cannot be read \(ENOENT: no such file or directory\)$/,
    );
    if (existsSync('/dev/zero')) {
      expect(() => readWhole('test', '/dev/zero')).toThrow(/it is a device, not a file/);
    }
    expect(basename(folder)).toMatch(/^case-/);
  });
});
