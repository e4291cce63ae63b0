import { toolCases } from './cases/tools.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the tools', toolCases);
