// One end of the tunnel in a process of its own: `tunnel-end.ts gateway PORT` or `tunnel-end.ts bridge GATEWAY-URL`.
// Prints its address; ends when its standard input does, and prints the most memory it had resident, in bytes.
import { once } from 'node:events';

const API_KEY = 'bench-key';
const [role, given = ''] = process.argv.slice(2);

async function open(): Promise<{ readonly address: string; close(): Promise<void> }> {
  if (role === 'gateway') {
    const { startTunnelGateway } = await import('../../__tests__/support/tunnel-gateway.ts');
    const target = { host: '127.0.0.1', port: Number(given) };
    const gateway = await startTunnelGateway({ target, apiKey: API_KEY });
    return { address: gateway.url.href, close: () => gateway.stop() };
  }
  const { openTunnel } = await import('../../src/postgres/tunnel/tunnel.ts');
  const { signal } = new AbortController();
  const tunnel = await openTunnel({ apiKey: API_KEY, gatewayUrl: new URL(given), signal });
  return { address: String(tunnel.port), close: () => tunnel.close() };
}

const end = await open();
console.log(end.address);
process.stdin.resume();
await once(process.stdin, 'end');
await end.close();
console.log(process.resourceUsage().maxRSS * 1024);
