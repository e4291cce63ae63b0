import type { Config } from 'jest';

/** Of a test that `npm test` leaves out: its name, or that of a `describe` around it, says `(thorough)`. */
export const THOROUGH = String.raw`\(thorough\)`;

/** `npm test`: every test that is not thorough, so that `npm run test:rest` runs the others. */
const everyday = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testSequencer: '<rootDir>/jest.sequencer.js',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testNamePattern: `^(?![^]*${THOROUGH})`,
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  // The scenarios run whole jobs against real servers; a stuck one must fail, a slow machine must not.
  testTimeout: 120_000,
  // One more than the processors it is meant for: many tests wait for a retry or a time limit.
  maxWorkers: 3,
  // What the files of tests leave in a worker's memory slows down the next ones: then a new worker goes on.
  workerIdleMemoryLimit: '500MB',
  // As many as the groups of faults have beds: a case does not wait for one on its own time.
  maxConcurrency: 3,
} satisfies Config;

export default everyday;
