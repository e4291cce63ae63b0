import everyday from './jest.config.ts';

/** `npm run test:all`: every test. */
export default { ...everyday, testNamePattern: '' };
