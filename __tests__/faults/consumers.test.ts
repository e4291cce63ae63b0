import { describeFaults } from './describe-faults.ts';

describeFaults('What takes the dump', { beds: 2 });
