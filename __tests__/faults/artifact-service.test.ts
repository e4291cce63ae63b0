import { describeFaults } from './describe-faults.ts';

describeFaults('The artifact service', { beds: 3 });
