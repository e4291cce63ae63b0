import { describeFaults } from './describe-faults.ts';

describeFaults('The server');
