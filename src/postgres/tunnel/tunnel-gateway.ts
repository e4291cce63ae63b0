import { UserError } from '../../errors.ts';

const DEFAULT_GATEWAY = 'wss://ppg-tunnel.prisma-data.net/websocket';

/** The day on which Prisma ends the tunnel and the prisma+postgres:// URLs of its service, as ISO date. */
const RETIREMENT_DATE = '2026-12-01';

/** What to do instead of using the tunnel, as a hint. */
export const USE_DIRECT =
  'Create a direct connection string in the Prisma Console (postgres://…@db.prisma.io:5432/postgres?sslmode=require) and store it as the secret.';

/** The warning of every run that uses the tunnel. */
export function retirementWarning(input: string, now: Date): string {
  const retired = now >= new Date(RETIREMENT_DATE);
  return (
    `${input}: this prisma+postgres:// URL contains no direct credentials, so the backup uses Prisma's tunnel, ` +
    `which ${retired ? 'was to be retired' : 'retires'} on ${RETIREMENT_DATE}. ${USE_DIRECT}`
  );
}

/**
 * The WebSocket address of the tunnel: `PPG_WS_URL`, as in Prisma's own tool, else Prisma's service.
 *
 * @throws UserError when `PPG_WS_URL` is not a wss:// URL; ws:// is accepted for this machine only, because the API key
 *   would cross the network unencrypted.
 */
export function tunnelGateway(env: NodeJS.ProcessEnv): URL {
  const given = env['PPG_WS_URL']?.trim() ?? '';
  const url = URL.parse(given === '' ? DEFAULT_GATEWAY : given);
  const encrypted = url?.protocol === 'wss:';
  const local = url?.protocol === 'ws:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (!url || url.hash !== '' || !(encrypted || local)) {
    throw new UserError(
      'invalid-input',
      'PPG_WS_URL is not a wss:// URL (ws:// is accepted for localhost only).',
      "Remove PPG_WS_URL from the environment to use Prisma's gateway, or set it to wss://HOST/PATH.",
    );
  }
  return url;
}
