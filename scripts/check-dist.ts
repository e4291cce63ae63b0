// Fails when dist/ is not, byte for byte, what the sources build.
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const fresh = mkdtempSync(path.join(tmpdir(), 'dist-'));
try {
  execFileSync(process.execPath, [path.join(root, 'scripts/build.ts'), fresh], { stdio: 'inherit' });
  const committed = path.join(root, 'dist');
  const files = new Set([...filesOf(committed), ...filesOf(fresh)]);
  const different = [...files].filter((file) => contentOf(committed, file) !== contentOf(fresh, file));
  if (different.length > 0) {
    console.error(
      `dist/ is not what the sources build: ${different.sort().join(', ')}. Run "npm run build" and commit dist/.`,
    );
    process.exitCode = 1;
  } else {
    console.log(`dist/ is what the sources build (${files.size} files).`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

function filesOf(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

function contentOf(folder: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(folder, file), 'base64');
  } catch {
    return undefined;
  }
}
