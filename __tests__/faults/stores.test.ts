import { describeFaults } from './describe-faults.ts';

describeFaults('The stores and the record', { beds: 2 });
