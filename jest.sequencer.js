// JavaScript, because the types of this module of jest do not say how it is exported to ESM.
import { sep } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Their cases mostly wait, and each file is a few lines long. */
const LONGEST = `${sep}faults${sep}`;

/**
 * Begins with the faults. Where jest has not measured the tests yet, as on every new machine, it goes by the sizes of the
 * files: it would keep the faults for the end, where the last of them runs alone for minutes.
 */
export default class LongestFirst extends TestSequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const isLong = ({ path }) => path.includes(LONGEST);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
