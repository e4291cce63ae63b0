import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DebianRoot,
  makeDebianRoot,
  whyNoDebianRoot,
} from '../../__tests__/support/client-debian-root.ts';
import { type PgdgMirror, startPgdgMirror } from '../../__tests__/support/pgdg-mirror.ts';
import { mirrorPackages } from '../../__tests__/support/pgdg-mirror-packages.ts';
import { median, printFigures, timed } from './figures.ts';

const ROUNDS = 5;

/** What one round took, in milliseconds. */
interface Round {
  readonly recipe: number;
  readonly recipeWithLists: number;
  readonly fromNothing: number;
  readonly fromCache: number;
}

/**
 * The client tools by this action and by PostgreSQL's documented recipe, in a minimal Debian made with debootstrap,
 * from the same mirror in miniature on the loopback. The machine's own packages are not touched.
 *
 * The recipe is measured from `apt-get update` to the end of `apt-get install`: its key and its source are written
 * before. All that the packages depend on is installed already, as on a hosted runner, so that either side
 * fetches the same two packages. "Lists present" is the recipe's best case: apt has Debian's own lists and only
 * asks whether they are still current; images of containers have none.
 *
 * The action is measured inside its process, from the first look at the machine to tools that have answered; its
 * start-up is part of `npm run bench -- backup`.
 */
export async function benchInstall(): Promise<void> {
  const reason = whyNoDebianRoot();
  if (reason !== undefined) {
    console.error(
      `This bench installs packages in a Debian of its own, which cannot be made here: ${reason}.`,
    );
    process.exitCode = 1;
    return;
  }
  const root = await makeDebianRoot();
  const mirror = await startPgdgMirror();
  try {
    await prepare(root, mirror);
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      console.log(`Round ${round} of ${ROUNDS} …`);
      rounds.push(await measure(root, mirror));
    }
    report(rounds);
  } finally {
    await Promise.all([root.remove(), mirror.stop()]);
  }
}

function report(rounds: readonly Round[]): void {
  const ratio = (of: (round: Round) => number): number => median(rounds.map(of));
  const seconds = (of: (round: Round) => number): number => ratio(of) / 1000;
  printFigures(`Client tools, medians of ${ROUNDS} rounds`, [
    { name: 'recipe: apt-get update, apt-get install', value: seconds((r) => r.recipe), unit: 's' },
    { name: 'recipe, lists present', value: seconds((r) => r.recipeWithLists), unit: 's' },
    { name: 'this action, from nothing', value: seconds((r) => r.fromNothing), unit: 's' },
    { name: 'this action, from the tool cache', value: seconds((r) => r.fromCache), unit: 's', atMost: 0.05 },
    { name: 'recipe / from nothing', value: ratio((r) => r.recipe / r.fromNothing), unit: 'x', atLeast: 5 },
    {
      name: 'recipe, lists present / from nothing',
      value: ratio((r) => r.recipeWithLists / r.fromNothing),
      unit: 'x',
    },
  ]);
}

/** Installs what the packages depend on, and writes the recipe's key and source. */
async function prepare(root: DebianRoot, mirror: PgdgMirror): Promise<void> {
  const { suite } = await mirrorPackages();
  const before =
    'apt-get -qq update && apt-get -qq install -y libreadline8 postgresql-client-common sensible-utils';
  await root.shell(`${before} >/dev/null`);
  const keys = join(root.folder, 'usr/share/postgresql-common/pgdg');
  await mkdir(keys, { recursive: true });
  await writeFile(join(keys, 'apt.postgresql.org.asc'), mirror.signingKey);
  await writeFile(
    join(root.folder, 'etc/apt/sources.list.d/pgdg.list'),
    `deb [signed-by=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc] ${mirror.url} ${suite} main\n`,
  );
}

/** The sides take turns, so that a machine that slows down favours neither. */
async function measure(root: DebianRoot, mirror: PgdgMirror): Promise<Round> {
  const folders = ['srv/work', 'srv/cache'].map((name) => join(root.folder, name));
  for (const folder of folders) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  const fromNothing = await action(root, mirror);
  await root.shell('rm -rf /var/lib/apt/lists/*');
  const recipe = await timedRecipe(root);
  const fromCache = await action(root, mirror);
  const recipeWithLists = await timedRecipe(root);
  return { fromNothing, recipe, fromCache, recipeWithLists };
}

async function timedRecipe(root: DebianRoot): Promise<number> {
  const milliseconds = await timed(() =>
    root.shell('apt-get update && apt-get install -y postgresql-client-17'),
  );
  const status = await root.shell("dpkg-query -W -f '${Status}' postgresql-client-17 libpq5");
  if (status !== 'install ok installed'.repeat(2)) throw new Error(`The recipe installed nothing: ${status}`);
  await root.shell('apt-get -qq purge -y postgresql-client-17 libpq5 >/dev/null && apt-get clean');
  return milliseconds;
}

/** Milliseconds that the action takes in a process of its own. */
async function action(root: DebianRoot, mirror: PgdgMirror): Promise<number> {
  const stdout = await root.node(
    '__tests__/support/client-install-process.ts',
    ['provide', mirror.url, mirror.signingKey, '/srv/work'],
    { HOME: '/srv/work', RUNNER_TOOL_CACHE: '/srv/cache' },
  );
  const answer: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  if (typeof answer !== 'object' || answer === null || !('milliseconds' in answer))
    throw new Error(`The action did not answer: ${stdout}`);
  return Number(answer.milliseconds);
}
