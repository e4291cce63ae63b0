import { describeFaults } from './describe-faults.ts';

describeFaults('The bucket', { beds: 2 });
