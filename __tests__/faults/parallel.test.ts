import { describeFaults } from './describe-faults.ts';

describeFaults('Parallel dumps');
