import { count } from '../../runner/format.ts';
import { differencesError } from './compare-contents.ts';
import { compareDefinitions, whyNotDefinitions } from './compare-definitions.ts';
import { comparePrivileges, whyNotPrivileges } from './compare-privileges.ts';
import { compareLargeObjects } from './large-object-rights.ts';
import { type SchemaDumpRequest, dumpSchema } from './schema-dump.ts';
import type { SchemaExpectation } from './schema-expectation.ts';

/** What was compared beside the contents, and found to be as planned. */
export interface SchemaVerification {
  readonly definitions: number;
  readonly owners: number;
  /** How many objects' privileges. */
  readonly privileges: number;
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
  const differences = [compared, privileges, largeObjects].flatMap((part) => part.differences);
  if (differences.length > 0) throw differencesError(differences, HINT);
  const noDefinitions = whyNotDefinitions(expectation.contents, target);
  const noPrivileges = whyNotPrivileges(expectation);
  return {
    definitions: compared.definitions,
    owners: compared.owners + largeObjects.objects,
    privileges: noPrivileges === undefined ? privileges.objects + largeObjects.objects : 0,
    notCompared: [
      ...(noDefinitions === undefined ? [] : [`definitions (${noDefinitions})`]),
      ...(noPrivileges === undefined ? [] : [`privileges (${noPrivileges})`]),
    ],
  };
}

/** `120 definitions, 34 owners and the privileges on 40 objects; not compared: …`. */
export function describeSchemaVerification({
  definitions,
  owners,
  privileges,
  notCompared,
}: SchemaVerification): string {
  const compared = [
    ...(definitions > 0 ? [count(definitions, 'definition')] : []),
    count(owners, 'owner'),
    ...(privileges > 0 ? [`the privileges on ${count(privileges, 'object')}`] : []),
  ];
  const last = compared.pop() ?? '';
  const words = compared.length === 0 ? last : `${compared.join(', ')} and ${last}`;
  return notCompared.length === 0 ? words : `${words}; not compared: ${notCompared.join('; ')}`;
}
