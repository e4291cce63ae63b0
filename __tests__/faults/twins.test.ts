import { describeFaults } from './describe-faults.ts';

describeFaults('Two jobs at once');
