import type { CopiedRows } from '../../../src/archive/content/copy-data.ts';
import { type Contents, ContentsCollector } from '../../../src/archive/content/manifest.ts';
import { ScriptReader } from '../../../src/archive/content/script-reader.ts';
import type { CopyTarget } from '../../../src/archive/content/script-statement.ts';

/** The comment that ends the script of a whole archive. */
export const CLOSING_COMMENT = '--\n-- PostgreSQL database dump complete\n--\n\n';

/** The contents of a script, one line of text each, in the script's order. */
export function readScript(script: string | Buffer, pieces: readonly number[] = []): string[] {
  const found: string[] = [];
  const reader = new ScriptReader({
    onRows: ({ name, columns }: CopyTarget, { rows, bytes }: CopiedRows) => {
      found.push(`rows ${name} (${columns}): ${rows} rows, ${bytes} bytes`);
    },
    onStatement: (statement) => found.push(statement.kind),
  });
  write(reader, script, pieces);
  return found;
}

/** The contents of a script. */
export function contentsOf(script: string | Buffer, pieces: readonly number[] = []): Contents {
  const collector = new ContentsCollector();
  write(new ScriptReader(collector), script, pieces);
  return collector.finish();
}

/** Feeds a script in pieces of the given lengths, over and over; in one piece when there are none. */
function write(reader: ScriptReader, script: string | Buffer, pieces: readonly number[]): void {
  const bytes = Buffer.from(script);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = pieces[turn % pieces.length] ?? bytes.length;
    reader.write(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  reader.end();
}
