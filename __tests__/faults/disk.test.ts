import { diskCases } from './cases/disk.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the disk', diskCases);
