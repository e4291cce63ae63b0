import everyday, { THOROUGH } from './jest.config.ts';

/** `npm run test:rest`: what `npm test` leaves out. */
export default { ...everyday, testNamePattern: THOROUGH };
