import { describeFaults } from './describe-faults.ts';

describeFaults('Cancelled and killed jobs');
