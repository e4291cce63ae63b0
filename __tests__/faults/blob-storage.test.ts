import { describeFaults } from './describe-faults.ts';

describeFaults('The artifact storage', { beds: 3 });
