import { describe, expect, it } from '@jest/globals';
import { requireArtifactService } from '../../../src/storage/artifact/artifact-service.ts';
import { runtimeTokenFor } from '../../support/artifact-service-tokens.ts';
import { errorText } from '../../support/user-error.ts';

const job = {
  GITHUB_SERVER_URL: 'https://github.com',
  ACTIONS_RUNTIME_TOKEN: runtimeTokenFor(1),
  ACTIONS_RESULTS_URL: 'https://results',
};

describe('the artifact service', () => {
  it.each(['https://github.com', 'https://company.ghe.com', 'http://git.localhost'])(
    'is available on %s',
    (server) => {
      expect(() => {
        requireArtifactService({ ...job, GITHUB_SERVER_URL: server });
      }).not.toThrow();
    },
  );

  it.each(['https://git.company.example', 'https://github.com.evil.example', 'nonsense'])(
    'is unavailable on %s',
    (server) => {
      const text = errorText(() => {
        requireArtifactService({ ...job, GITHUB_SERVER_URL: server });
      });
      expect(text).toContain('Set "storage" to a bucket');
    },
  );

  it.each(['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL'])(
    'is unavailable without %s, and the error says so',
    (name) => {
      expect(
        errorText(() => {
          requireArtifactService({ ...job, [name]: '' });
        }),
      ).toContain(name);
    },
  );

  it('accepts a token until it expires', () => {
    const token = runtimeTokenFor(1, new Date('2026-11-21T12:00:00Z'));
    const at = (time: string) => () => {
      requireArtifactService({ ...job, ACTIONS_RUNTIME_TOKEN: token }, new Date(time));
    };
    expect(at('2026-11-21T11:59:59Z')).not.toThrow();
    expect(errorText(at('2026-11-21T12:00:00Z'))).toMatch(
      /expired at 2026-11-21 12:00 UTC[\s\S]*Run the job again/,
    );
  });

  it.each(['token', 'a.b.c', `x.${Buffer.from('{"scp":"Actions.GenericRead:0"}').toString('base64url')}.y`])(
    'refuses a token that names no job: %s',
    (token) => {
      const text = errorText(() => {
        requireArtifactService({ ...job, ACTIONS_RUNTIME_TOKEN: token });
      });
      expect(text).toContain('contains no run and no job');
    },
  );
});
