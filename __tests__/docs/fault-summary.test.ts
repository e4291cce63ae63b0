import { describe, expect, it } from '@jest/globals';
import { withFaultSummary } from '../../scripts/docs/fault-summary.ts';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';

const MATRIX = `
### The network

| Fault | Phase | Outcome | Seconds |
|---|---|---|---:|
| refused | preflight | 🔴 fails with one clear error | 0.5 |
| refused once | preflight | 🟢 correct backup | 2.8 |

### Tables

| Fault | Phase | Outcome | Seconds |
|---|---|---|---:|
| killed | dump | ⚫ killed; the post step reports it | 1.0 |
`;
const page = (summary: string): string =>
  `# A\n<!-- fault-summary -->\n${summary}<!-- /fault-summary -->\n<!-- matrix -->\n${MATRIX}<!-- /matrix -->\n`;
const SUMMARY = `| What breaks | Faults | 🟢 Correct backup | 🔴 One clear error | ⚫ Killed, and reported |
|---|---:|---:|---:|---:|
| The network | 2 | 1 | 1 | 0 |
| Tables | 1 | 0 | 0 | 1 |
| **All** | 3 | 1 | 1 | 1 |
`;

describe('the summary of the faults', () => {
  it('counts the rows of the matrix, whatever it said before', () => {
    expect(withFaultSummary(page(''))).toBe(page(SUMMARY));
    expect(withFaultSummary(page('| old |\n'))).toBe(page(SUMMARY));
  });

  it('matches the matrix of the documentation', () => {
    const text = markdownFiles().find(({ path }) => path === 'docs/faults.md')?.text ?? '';
    expect(text).toContain('| **All** |');
    expect(withFaultSummary(text)).toBe(text);
  });
});
