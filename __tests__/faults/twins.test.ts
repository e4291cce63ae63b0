import { twinCases } from './cases/twins.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('twins', twinCases);
