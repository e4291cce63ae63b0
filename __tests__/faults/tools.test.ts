import { describeFaults } from './describe-faults.ts';

describeFaults('The client tools');
