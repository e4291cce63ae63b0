// What a release shows of itself in several places, and must agree: pure. `scripts/check-release.ts` reads the files.
import { isJsonObject } from '../src/github/json.ts';

/** The files of the repository that name its version, or describe it. */
export interface ReleaseFiles {
  readonly manifest: unknown;
  readonly changelog: string;
  /** The `action.yml` files, parsed: by their paths; that of the backup is `action.yml`. */
  readonly actions: Readonly<Record<string, unknown>>;
  /** The Markdown files, by their paths. */
  readonly documents: Readonly<Record<string, string>>;
  /** The names of the workflow files. */
  readonly workflows: readonly string[];
}

/** The Marketplace shows no more of a description. */
const LONGEST_DESCRIPTION = 125;
/** Documentation of GitHub, "Metadata syntax for GitHub Actions": `branding.color`. */
const COLORS = ['white', 'black', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark'];

/** What does not agree, a sentence each. */
export function metadataFaults({
  manifest,
  changelog,
  actions,
  documents,
  workflows,
}: ReleaseFiles): string[] {
  const version = text(manifest, 'version');
  const newest = /^## \[(\d[^\]]*)\]/m.exec(changelog)?.[1];
  const major = `v${version.split('.')[0] ?? ''}`;
  return [
    ...(newest === version
      ? []
      : [
          `package.json has the version ${version}, and the newest in CHANGELOG.md is ${newest ?? 'missing'}.`,
        ]),
    ...(text(manifest, 'description') === text(actions['action.yml'], 'description')
      ? []
      : ['The descriptions in package.json and action.yml differ.']),
    ...Object.entries(actions).flatMap(([file, action]) => actionFaults(file, action)),
    ...Object.entries(documents).flatMap(([file, document]) => [
      ...[...document.matchAll(/uses: \S+\/postgres-backup-action\S*@(v\d\S*)/g)]
        .filter(([, used]) => used !== major)
        .map(([use]) => `${file}: "${use}" is not of the version in package.json, ${major}.`),
      ...[...document.matchAll(/\/actions\/workflows\/([\w.-]+\.ya?ml)/g)]
        .filter(([, workflow = '']) => !workflows.includes(workflow))
        .map(
          ([, workflow = '']) =>
            `${file}: a badge or link is about the workflow ${workflow}, which does not exist.`,
        ),
    ]),
  ];
}

function actionFaults(file: string, action: unknown): string[] {
  const branding = isJsonObject(action) ? action['branding'] : undefined;
  const { length } = text(action, 'description');
  return [
    ...['name', 'description', 'author']
      .filter((key) => text(action, key) === '')
      .map((key) => `${file} has no ${key}.`),
    ...(length <= LONGEST_DESCRIPTION
      ? []
      : [
          `${file}: the description has ${length} characters, and the Marketplace shows ${LONGEST_DESCRIPTION}.`,
        ]),
    ...(/^[a-z-]+$/.test(text(branding, 'icon')) && COLORS.includes(text(branding, 'color'))
      ? []
      : [`${file}: branding needs an icon and one of the colors ${COLORS.join(', ')}.`]),
  ];
}

function text(value: unknown, key: string): string {
  const found = isJsonObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : '';
}
