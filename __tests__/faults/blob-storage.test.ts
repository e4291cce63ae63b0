import { blobStorageCases } from './cases/blob-storage.ts';
import { describeFaults } from './describe-faults.ts';

describeFaults('the blob storage', blobStorageCases, { beds: 3 });
