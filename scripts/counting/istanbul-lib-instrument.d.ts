// What is used of it: the package brings no types.
declare module 'istanbul-lib-instrument' {
  import type { FileCoverageData } from 'istanbul-lib-coverage';

  interface Instrumenter {
    /** @returns the code with a counter at each statement, function and branch. */
    instrumentSync(code: string, filename: string): string;
    /** Where the counters of the last file are, each at nought. */
    lastFileCoverage(): FileCoverageData;
  }

  export function createInstrumenter(options: {
    readonly esModules: boolean;
    readonly parserPlugins: readonly string[];
    readonly coverageGlobalScope: string;
    readonly coverageGlobalScopeFunc: boolean;
  }): Instrumenter;
}
