import { describe, expect, it } from '@jest/globals';
import { createMasker } from './masking.ts';
import { parseCommand } from './runner-commands.ts';
import { parsePairs, parsePaths } from './runner-command-files.ts';
import { createLineSplitter, createStepLog } from './runner-log.ts';

describe('a workflow command', () => {
  it.each([
    ['::debug::a', { name: 'debug', properties: {}, data: 'a' }],
    ['  \t::Notice::a', { name: 'notice', properties: {}, data: 'a' }],
    [
      '::error title=A%2CB%3A,file=x.ts,line=::50%25 of%0Ait',
      { name: 'error', properties: { title: 'A,B:', file: 'x.ts' }, data: '50% of\nit' },
    ],
    ['::add-mask::a::b%3A', { name: 'add-mask', properties: {}, data: 'a::b%3A' }],
    [
      'text before ##[set-output name=x;]a%5D%3B',
      { name: 'set-output', properties: { name: 'x' }, data: 'a];' },
    ],
  ])('is read from %j', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });

  it.each(['text ::debug::a', '::unknown::a', '::debug:a', '##[unknown]a', '##[debug a'])(
    'is not seen in %j',
    (line) => {
      expect(parseCommand(line)).toBeUndefined();
    },
  );
});

describe('a step’s log', () => {
  const read = (lines: readonly string[], showDebug = false): ReturnType<typeof createStepLog> => {
    const log = createStepLog({ masker: createMasker(), showDebug });
    lines.forEach(log.read);
    return log;
  };

  it('hides a secret from the line after its mask on', () => {
    expect(read(['key s3cr3t', '::add-mask::s3cr3t', 'key s3cr3t', '::error::no s3cr3t']).lines).toEqual([
      'key s3cr3t',
      'key ***',
      '##[error]no ***',
    ]);
  });

  it('ignores commands between stop-commands and its token', () => {
    const { lines, annotations } = read(['::stop-commands::Tok3n', '::error::a', '::tok3n::', '::error::b']);
    expect(annotations).toEqual([{ level: 'error', message: 'b' }]);
    expect(lines).toEqual(['::stop-commands::Tok3n', '::error::a', '::tok3n::', '##[error]b']);
  });

  it('shows debug messages only with debug logging, and groups always', () => {
    const lines = ['::group::Dump', '::debug::x', '::endgroup::'];
    expect(read(lines).lines).toEqual(['##[group]Dump', '##[endgroup]']);
    expect(read(lines).debug).toEqual(['x']);
    expect(read(lines, true).lines).toContain('##[debug]x');
  });

  it('refuses the commands that the runner no longer supports', () => {
    expect(read(['::set-env name=A::b']).annotations).toMatchObject([{ level: 'error' }]);
  });

  it('splits lines at every kind of line end, also between two chunks', () => {
    const lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    for (const text of ['a\r', '\nb\rc', '\n', 'd\u00e4'.slice(0, 1), 'ä\n\ne\r'])
      splitter.add(Buffer.from(text));
    splitter.end();
    expect(lines).toEqual(['a', 'b', 'c', 'dä', '', 'e']);
  });
});

describe('a command file', () => {
  it('can contain lines and blocks', () => {
    const text = 'a=1\nb<<EOF\nx=y\n\nz<<w\nEOF\nc==2\nd=<<\ne<<E\nE\n';
    expect(parsePairs(text)).toEqual({ a: '1', b: 'x=y\n\nz<<w', c: '=2', d: '<<', e: '' });
    expect(parsePaths('/a\n\n/b\n')).toEqual(['/a', '/b']);
  });

  it.each(['just text', 'a=1\n\nb=2\n', 'a<<EOF\nx\n', '<<EOF\nx\nEOF\n'])(
    'is refused with the content %j',
    (text) => {
      expect(() => parsePairs(text)).toThrow('Invalid');
    },
  );
});
