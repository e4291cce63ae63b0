import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOmission } from '../../../src/restore/plan/omission.ts';
import type { RestorePlan } from '../../../src/restore/plan/plan.ts';
import { kindsLeftOut } from '../../../src/restore/pg-restore-args.ts';
import { policyForRoles, rolesOfPolicy } from '../../../src/archive/toc/statement-names.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed } from './plan-bed.ts';

const SHOP = `
  CREATE TABLE orders (id int, tenant int); INSERT INTO orders VALUES (1, 1), (2, 2); ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY anyone ON orders USING (true);
  CREATE POLICY "own; rows" ON orders AS RESTRICTIVE FOR SELECT TO app, absent, "odd, role" USING (tenant = 1);
  COMMENT ON POLICY "own; rows" ON orders IS 'not the others'' rows';
  CREATE POLICY adds ON orders FOR INSERT TO absent, app WITH CHECK (tenant = 1);
  CREATE POLICY theirs ON orders AS RESTRICTIVE FOR UPDATE TO absent USING (tenant = 2);
  GRANT SELECT, INSERT ON orders TO app, "odd, role", absent;`;

captureOutput();

let bed: PlanBed;
let origin: Database;
/** Has all roles but one. */
let elsewhere: Database;
let archive: string;

beforeAll(async () => {
  bed = await PlanBed.make();
  [origin, elsewhere] = await Promise.all([startDatabase(), startDatabase()]);
  for (const server of [origin, elsewhere]) await server.sql('CREATE ROLE app; CREATE ROLE "odd, role"');
  await origin.query('CREATE ROLE absent');
  await origin.createDatabase('shop');
  await origin.sql(SHOP, 'shop');
  archive = await bed.dump({ server: origin, database: 'shop' });
});

afterAll(async () => {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
});

function saidOfPolicies({ omissions }: RestorePlan): string[] {
  return omissions
    .filter(({ what }) => what === 'policy')
    .map((item) => `${item.level} ${describeOmission(item)}: ${item.why}`);
}

const MISSING = 'the role absent does not exist on the server';

it.each([
  ['in one transaction', {}],
  ['over several connections', { jobs: 2 }],
  ['without privileges', { noPrivileges: true }],
])('a policy is restored for those of its roles that exist, %s', async (_, options) => {
  const place = await bed.emptyDatabase(elsewhere);
  const { plan, verify } = await bed.restoreForVerification(archive, place, options);
  expect(saidOfPolicies(plan)).toEqual([
    `warning policy public.orders theirs: ${MISSING}, and the policy is only for it and its members`,
    `warning policy public.orders adds: ${MISSING}; it is restored for app`,
    `warning policy public.orders own; rows: ${MISSING}; it is restored for app, odd, role`,
  ]);
  const policies = await elsewhere.query(
    `SELECT polname, polpermissive, (SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles WHERE oid = ANY (polroles)) AS roles,
            obj_description(oid, 'pg_policy') AS comment FROM pg_policy ORDER BY polname`,
    { database: place.database },
  );
  expect(policies).toEqual([
    { polname: 'adds', polpermissive: true, roles: ['app'], comment: null },
    { polname: 'anyone', polpermissive: true, roles: null, comment: null },
    {
      polname: 'own; rows',
      polpermissive: false,
      roles: ['app', 'odd, role'],
      comment: "not the others' rows",
    },
  ]);
  await verify();
  if ('noPrivileges' in options) return;
  expect(await elsewhere.sql('SET ROLE app; SELECT id FROM orders', place.database)).toEqual([{ id: 1 }]);
});

it.each([
  ['comments', ['--no-comments'], 3, [null]],
  ['policies', ['--no-policies'], 0, []],
])(
  '%s that an option leaves out are not restored by statements of our own either',
  async (_, words, policies, comments) => {
    const place = await bed.emptyDatabase(elsewhere);
    const options = { kindsLeftOut: kindsLeftOut(words) };
    const { verify } = await bed.restoreForVerification(archive, place, options);
    const found = await elsewhere.query(
      `SELECT obj_description(oid, 'pg_policy') AS comment FROM pg_policy`,
      { database: place.database },
    );
    expect(found).toHaveLength(policies);
    expect([...new Set(found.map(({ comment }) => comment))]).toEqual(comments);
    await verify();
  },
);

it('a policy for other roles differs from the backup', async () => {
  const place = await bed.emptyDatabase(elsewhere);
  const { verify } = await bed.restoreForVerification(archive, place);
  await elsewhere.sql('ALTER POLICY "own; rows" ON orders TO app', place.database);
  await expect(verify()).rejects.toThrow('the policy public.orders own; rows has another definition');
});

it.each([
  ['CREATE POLICY p ON public."TO" TO a, "b c";\n', ['a', 'b c'], 'CREATE POLICY p ON public."TO" TO "x";\n'],
  [
    `CREATE POLICY "ON t TO z" ON public.t AS RESTRICTIVE FOR ALL TO a USING ((n = 'TO b'::text)) WITH CHECK (true);`,
    ['a'],
    `CREATE POLICY "ON t TO z" ON public.t AS RESTRICTIVE FOR ALL TO "x" USING ((n = 'TO b'::text)) WITH CHECK (true);`,
  ],
  ['CREATE POLICY p ON public.t USING (true);', [], 'CREATE POLICY p ON public.t USING (true);'],
])('the roles of %s are read and replaced', (sql, roles, changed) => {
  expect(rolesOfPolicy(sql)).toEqual(roles);
  expect(policyForRoles(sql, ['x'])).toBe(changed);
});
