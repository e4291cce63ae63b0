import { machineCases } from './cases/machine.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the machine', machineCases);
