import { networkCases } from './cases/network.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the network', networkCases);
