import { UserError } from '../../errors.ts';
import { count, someOf } from '../../runner/format.ts';
import { differencesError } from './compare-contents.ts';
import {
  type ComparedDefinitions,
  compareDefinitions,
  differentMajors,
  differentMinors,
} from './compare-definitions.ts';
import { comparePrivileges, whyNotPrivileges } from './compare-privileges.ts';
import { compareStates } from './compare-states.ts';
import { compareLargeObjects } from './large-object-rights.ts';
import { type SchemaDumpRequest, dumpSchema } from './schema-dump.ts';
import type { SchemaExpectation } from './schema-expectation.ts';

/** What was compared beside the contents, and found to be as planned. */
export interface SchemaVerification {
  readonly definitions: number;
  readonly owners: number;
  /** How many objects' privileges. */
  readonly privileges: number;
  /** Definitions that are there, with a text that another major version may give to the same: it was not compared. */
  readonly otherText?: { readonly names: readonly string[]; readonly why: string };
  /** What was not compared, each with the reason. */
  readonly notCompared: readonly string[];
}

const HINT =
  'Make sure that nothing else changes the target while it is restored: another session, or an event trigger (SELECT * FROM pg_event_trigger). Then restore again.';

/**
 * Dumps the definitions of what was restored, and compares them, their owners and privileges with what the plan says of the
 * archive's. What the plan left out or changed is no difference.
 *
 * @throws UserError that names what differs, or says why nothing can be compared; the signal's reason when it was aborted.
 */
export async function verifySchema(
  expectation: SchemaExpectation,
  request: SchemaDumpRequest & { readonly serverMajor: number },
): Promise<SchemaVerification> {
  const target = await dumpSchema(request);
  const compared = compareDefinitions(expectation, target);
  const privileges = comparePrivileges(expectation, target, compared);
  const largeObjects = await compareLargeObjects(expectation, request);
  const states = await compareStates(expectation, request);
  const differences = [compared, privileges, largeObjects, { differences: states }].flatMap(
    (part) => part.differences,
  );
  if (differences.length > 0)
    throw schemaError(differences, compared, differentMinors(expectation.contents, target));
  const majors = differentMajors(expectation.contents, target);
  const noPrivileges = whyNotPrivileges(expectation);
  return {
    definitions: compared.definitions,
    owners: compared.owners + largeObjects.objects,
    privileges: noPrivileges === undefined ? privileges.objects + largeObjects.objects : 0,
    ...(majors === undefined || compared.otherText.length === 0
      ? {}
      : { otherText: { names: compared.otherText, why: majors } }),
    notCompared: noPrivileges === undefined ? [] : [`privileges (${noPrivileges})`],
  };
}

/** Where nothing but texts differ, and the minor versions as well, it is not known whether anything does. */
function schemaError(
  differences: readonly string[],
  { reworded }: ComparedDefinitions,
  minors: string | undefined,
): UserError {
  if (minors === undefined || reworded.length === 0) return differencesError(differences, HINT);
  const hint = `${minors.charAt(0).toUpperCase()}${minors.slice(1)}: minor versions can format the same definition differently. Compare it by hand (pg_dump --schema-only), or restore with the same versions`;
  if (reworded.length < differences.length) return differencesError(differences, `${HINT} ${hint}.`);
  return new UserError(
    'verification-failed',
    `It could not be verified that these definitions are those of the backup: ${someOf(reworded)}. No other difference was found.`,
    `${hint}; with "verify: false" nothing is compared.`,
    {
      silent: {
        message:
          'It could not be verified that some definitions are those of the backup. No other difference was found.',
      },
    },
  );
}

/** What was compared, without a count: where no content may show. */
export function describeSilently({
  definitions,
  privileges,
  otherText,
  ...rest
}: SchemaVerification): string {
  const texts = otherText === undefined ? [] : [`the text of some definitions (${otherText.why})`];
  const notCompared = [...texts, ...rest.notCompared];
  const more = [...(definitions > 0 ? ['definitions'] : []), ...(privileges > 0 ? ['privileges'] : [])];
  const words = ['owners', ...more].join(', ');
  return notCompared.length === 0 ? words : `${words}; not compared: ${notCompared.join('; ')}`;
}

/** `120 definitions, 34 owners and the privileges on 40 objects; not compared: …`. */
export function describeSchemaVerification({
  definitions,
  owners,
  privileges,
  otherText,
  ...rest
}: SchemaVerification): string {
  const texts = otherText === undefined ? [] : [`the text of ${someOf(otherText.names)} (${otherText.why})`];
  const notCompared = [...texts, ...rest.notCompared];
  const compared = [
    ...(definitions > 0 ? [count(definitions, 'definition')] : []),
    count(owners, 'owner'),
    ...(privileges > 0 ? [`the privileges on ${count(privileges, 'object')}`] : []),
  ];
  const last = compared.pop() ?? '';
  const words = compared.length === 0 ? last : `${compared.join(', ')} and ${last}`;
  return notCompared.length === 0 ? words : `${words}; not compared: ${notCompared.join('; ')}`;
}
