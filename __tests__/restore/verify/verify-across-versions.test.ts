import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageOf } from '../../../src/errors.ts';
import { GENERATED_NOT_COMPARED } from '../../../src/restore/verify/compare-generated.ts';
import type { SchemaVerification } from '../../../src/restore/verify/verify-schema.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { ToolsMajor } from '../../support/client-tools.ts';
import { type ServerVersion, hasOldest } from '../../support/database-programs.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { fillDifficult } from '../../support/difficult-schema.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Restored } from '../plan/plan-bed.ts';
import { VERSIONED } from './versioned-objects.ts';

captureOutput();

const VERSIONS = [...(hasOldest ? (['13'] as const) : []), '16', '17', '18'] as const;

let bed: PlanBed;
let newest: PlanBed | undefined;
const servers = new Map<ServerVersion, Database>();

beforeAll(async () => {
  bed = await PlanBed.make();
  newest = await PlanBed.make(18).catch((error: unknown) => {
    console.warn(`Nothing is restored into 18: ${messageOf(error)}`);
    return undefined;
  });
  await Promise.all(
    VERSIONS.map(async (version) => {
      const server = await startDatabase({ version });
      servers.set(version, server);
      await server.createDatabase('versioned');
      await server.sql(VERSIONED, 'versioned');
      await server.createDatabase('difficult');
      // Some of it is newer than 13.
      if (version !== '13') await fillDifficult(server, { database: 'difficult', scale: 0.02 });
    }),
  );
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await Promise.all([bed.remove(), newest?.remove()]);
});

function serverOf(version: ServerVersion): Database {
  const server = servers.get(version);
  if (server === undefined) throw new Error(`There is no server of ${version}.`);
  return server;
}

let targets = 0;

async function restored(
  from: ServerVersion,
  to: ServerVersion,
  database: string,
): Promise<(Restored & { readonly target: string }) | undefined> {
  const tools: ToolsMajor = to === '18' || from === '18' ? 18 : 17;
  const restoring = tools === 18 ? newest : bed;
  if (restoring === undefined || !servers.has(from)) return undefined;
  const archive = await (from === '18' ? restoring : bed).dump({ server: serverOf(from), database });
  targets += 1;
  const target = `target_${targets}`;
  await serverOf(to).createDatabase(target);
  return {
    ...(await restoring.restoreForVerification(archive, { server: serverOf(to), database: target })),
    target,
  };
}

describe('definitions of another major version (thorough)', () => {
  it.each<[ServerVersion, ServerVersion, string, Partial<SchemaVerification>]>([
    ['13', '16', 'versioned', {}],
    ['13', '17', 'versioned', {}],
    ['13', '18', 'versioned', {}],
    ['16', '17', 'versioned', {}],
    ['17', '16', 'versioned', {}],
    ['17', '18', 'versioned', {}],
    ['18', '17', 'versioned', {}],
    ['16', '17', 'difficult', {}],
    ['17', '16', 'difficult', {}],
    ['17', '18', 'difficult', {}],
    ['16', '18', 'difficult', {}],
    [
      '18',
      '17',
      'difficult',
      { definitions: 356, otherText: { names: ['the table app.company_car'], why: '' } },
    ],
  ])('are compared, %s to %s: %s', async (from, to, database, expected) => {
    const done = await restored(from, to, database);
    if (done === undefined) return;
    const { definitions, otherText, notCompared } = await done.verify();
    expect({ definitions, notCompared, otherText: otherText?.names }).toEqual({
      definitions: database === 'versioned' ? 70 : 357,
      notCompared: [GENERATED_NOT_COMPARED],
      ...expected,
      otherText: expected.otherText?.names,
    });
  });

  it('are missed where they are gone, whatever the versions', async () => {
    const from = hasOldest ? '13' : '16';
    const done = await restored(from, '17', 'versioned');
    const server = serverOf('17');
    const database = done?.target;
    const gone: readonly (readonly [string, string])[] = [
      ['ALTER TABLE plain DROP CONSTRAINT named', 'the constraint public.plain named is missing'],
      ['DROP INDEX lowered', 'the index public.lowered is missing'],
      ['DROP TRIGGER acting ON plain', 'the trigger public.plain acting is missing'],
      ['DROP POLICY own ON plain', 'the policy public.plain own is missing'],
      ['DROP STATISTICS ab', 'the statistics object public.ab is missing'],
      ['DROP PUBLICATION pub', 'the publication pub is missing'],
      ['ALTER SEQUENCE counted OWNED BY NONE', 'the sequence owned by public.counted is missing'],
      ['DROP RULE shown ON one', 'the rule public.one shown is missing'],
      ['ALTER TABLE loose DROP CONSTRAINT later', 'the check constraint public.loose later is missing'],
      [
        'ALTER TABLE other DROP CONSTRAINT other_plain_fkey',
        'the foreign key public.other other_plain_fkey is missing',
      ],
      ['CREATE INDEX surplus ON plain (b)', 'the index public.surplus is not in the backup'],
    ];
    for (const [sql] of gone) await server.sql(sql, database);
    const { message } = await userErrorOf(done?.verify() ?? Promise.resolve());
    const NAMED = 9;
    const named = gone.filter(([, difference]) => message.includes(difference));
    expect(named).toHaveLength(NAMED);
    // With the comment of the constraint, and the tables of the publication.
    expect(message).toContain(`and ${gone.length + 3 - NAMED - 1} more`);
  });

  it('are named as not compared where their text is another, and nothing else fails', async () => {
    const done = await restored('16', '17', 'versioned');
    const server = serverOf('17');
    await server.sql('CREATE OR REPLACE VIEW one AS SELECT a, b FROM plain WHERE a > 7', done?.target);
    expect(await done?.verify()).toMatchObject({
      definitions: 69,
      otherText: {
        names: ['the view public.one'],
        why: 'the backup is of PostgreSQL 16, and the target is 17',
      },
    });
  });
});
