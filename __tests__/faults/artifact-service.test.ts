import { artifactServiceCases } from './cases/artifact-service.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the artifact service', artifactServiceCases, { beds: 3 });
