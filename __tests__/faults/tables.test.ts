import { tableCases } from './cases/tables.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('tables', tableCases);
