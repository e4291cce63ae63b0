import { describe, expect, it } from '@jest/globals';
import { requireArtifactService } from '../../src/store/artifact-service.ts';
import { errorText } from '../support/user-error.ts';

const job = {
  GITHUB_SERVER_URL: 'https://github.com',
  ACTIONS_RUNTIME_TOKEN: 'token',
  ACTIONS_RESULTS_URL: 'https://results',
};

describe('the artifact service', () => {
  it.each(['https://github.com', 'https://company.ghe.com', 'http://git.localhost'])(
    'is there on %s',
    (server) => {
      expect(() => {
        requireArtifactService({ ...job, GITHUB_SERVER_URL: server });
      }).not.toThrow();
    },
  );

  it.each(['https://git.company.example', 'https://github.com.evil.example', 'nonsense'])(
    'is not there on %s',
    (server) => {
      const text = errorText(() => {
        requireArtifactService({ ...job, GITHUB_SERVER_URL: server });
      });
      expect(text).toContain('upload: false');
    },
  );

  it.each(['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL'])(
    'is not there without %s, and the error says so',
    (name) => {
      expect(
        errorText(() => {
          requireArtifactService({ ...job, [name]: '' });
        }),
      ).toContain(name);
    },
  );
});
