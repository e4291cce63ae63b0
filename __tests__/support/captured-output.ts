import { afterAll, beforeAll, beforeEach, jest } from '@jest/globals';

/** What the tested code has printed: lines of the log, and the runner's commands. */
export interface CapturedOutput {
  /** Since the test began, or since it was cleared. */
  readonly text: string;
  clear(): void;
}

/** For the tests of a file: keeps what the tested code prints out of the report of the tests, to be looked at. */
export function captureOutput(): CapturedOutput {
  let text = '';
  const capture = (): void => {
    jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
  };
  beforeAll(capture);
  beforeEach(() => {
    text = '';
    // Again: a file may restore all of its mocks after each test.
    capture();
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });
  return {
    get text() {
      return text;
    },
    clear() {
      text = '';
    },
  };
}
