import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { REPOSITORY_ROOT } from '../support/node-program.ts';

const read = (file: string): string => readFileSync(path.join(REPOSITORY_ROOT, file), 'utf8');

/** The sources without comments. */
const code = globSync('src/**/*.ts', { cwd: REPOSITORY_ROOT })
  .map((file) => read(file).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, ''))
  .join('\n');

/** Hosts in messages for people, in addresses of pages, and of databases. Nothing is sent to them. */
const MENTIONED = [
  ...['age-encryption.org', 'github.com', 'mirror.example.com', 'token.actions.githubusercontent.com'],
  ...['db.prisma.io', 'pooled.db.prisma.io', 'sts.amazonaws.com'],
];

describe('the hosts that SECURITY.md lists', () => {
  const [, table = ''] = /^## Hosts contacted\n([^]*?)^## /m.exec(read('SECURITY.md')) ?? [];
  const named = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  const isHost = (name: string): boolean => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name);

  it('are those in the sources', () => {
    const found = code.matchAll(
      /(?:(?:https?|wss):\/\/|['"`])((?:[a-z0-9-]+\.)+(?:com|dev|io|net|org|sh))(?=[/:'"` ])/g,
    );
    const inCode = new Set(Array.from(found, ([, host = '']) => host));
    expect([...inCode].filter((host) => !MENTIONED.includes(host)).sort()).toEqual(
      named.filter(isHost).sort(),
    );
    expect(MENTIONED.filter((host) => !inCode.has(host))).toEqual([]);
  });

  it('are named by the variables that the sources read', () => {
    const variables = named.filter((name) => /^[A-Z_]+$/.test(name));
    expect(variables.length).toBeGreaterThan(3);
    expect(variables.filter((name) => !code.includes(name))).toEqual([]);
  });
});

describe('where the action is tested', () => {
  it('is said in docs/limits.md, for every runner and image of the workflows', () => {
    const [, said = ''] = /^## What is tested where\n([^]*)/m.exec(read('docs/limits.md')) ?? [];
    const told = new Set([...said.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    const workflows = ['ci', 'end-to-end'].map((name): unknown =>
      parse(read(`.github/workflows/${name}.yml`)),
    );
    const used = JSON.stringify(workflows).matchAll(
      /"((?:ubuntu|macos|windows)-[\w.-]+|(?:debian|alpine|rockylinux|fedora|node):[\w.-]+)"/g,
    );
    expect([...told].sort()).toEqual([...new Set(Array.from(used, ([, name = '']) => name))].sort());
  });
});
