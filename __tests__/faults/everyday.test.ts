import { describeEverydayFaults } from './describe-faults.ts';

describeEverydayFaults({ beds: 2 });
