import { describeFaults } from './describe-faults.ts';

describeFaults('Its storage', { beds: 3 });
