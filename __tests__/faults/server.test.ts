import { serverCases } from './cases/server.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the server', serverCases);
