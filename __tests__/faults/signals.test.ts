import { signalCases } from './cases/signals.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('signals', signalCases);
