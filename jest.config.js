/** @type {import('jest').Config} */
export default {
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
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  // The scenarios run whole jobs against real servers; a stuck one must fail, a slow machine must not.
  testTimeout: 120_000,
  maxWorkers: 2,
  // As many as the groups of faults have beds: a case does not wait for one on its own time.
  maxConcurrency: 3,
};
