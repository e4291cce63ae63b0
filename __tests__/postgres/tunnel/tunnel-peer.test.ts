import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ownerOfPeer } from '../../../src/postgres/tunnel/tunnel-peer.ts';
import { type TunnelGateway, startTunnelGateway } from '../../support/tunnel-gateway.ts';
import { API_KEY } from './tunnel-bed.ts';
import { openTunnel } from '../../../src/postgres/tunnel/tunnel.ts';

// Recorded on x64: a listener, and both ends of a connection from 127.0.0.1:47066 to 127.0.0.1:5432.
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 13579 1 0000000000000000 100 0 0 10 0
   1: 0100007F:B7DA 0100007F:1538 01 00000000:00000000 00:00000000 00000000   998        0 24680 2 0000000000000000 20 0 0 10 -1
   2: 0100007F:1538 0100007F:B7DA 01 00000000:00000000 00:00000000 00000000  1001        0 24681 1 0000000000000000 20 4 30 10 -1
`;
const ENDS = { localAddress: '127.0.0.1', localPort: 5432, remoteAddress: '127.0.0.1', remotePort: 47066 };

describe("the kernel's table of connections", () => {
  it('identifies the user at the other end', () => {
    expect(ownerOfPeer(TABLE, ENDS)).toBe(998);
  });

  it('distinguishes connections with the same ports and other addresses', () => {
    expect(ownerOfPeer(TABLE, { ...ENDS, remoteAddress: '127.0.0.2' })).toBe('unknown');
  });

  it('distinguishes a closed end from a table that lists nothing', () => {
    const withoutPeer = TABLE.split('\n').toSpliced(2, 1).join('\n');
    expect(ownerOfPeer(withoutPeer, ENDS)).toBe('gone');
    expect(ownerOfPeer('', ENDS)).toBe('unknown');
  });
});

describe('the port of the tunnel', () => {
  let gateway: TunnelGateway;
  beforeEach(async () => {
    // No connection of these tests gets as far as the server behind the gateway.
    gateway = await startTunnelGateway({ target: { host: '127.0.0.1', port: 1 }, apiKey: API_KEY });
  });
  afterEach(() => gateway.stop());

  // Only root can act as another user, and only Linux tells who connects.
  const canTry = process.platform === 'linux' && process.getuid?.() === 0;
  (canTry ? it : it.skip).each([
    ['refuses another user of the machine', 65534, 0],
    ['serves its own user', 0, 1],
  ])('%s', async (_, uid, requests) => {
    const tunnel = await openTunnel({
      apiKey: API_KEY,
      gatewayUrl: gateway.url,
      signal: new AbortController().signal,
    });
    try {
      // Node itself may stand in a folder that the other user cannot enter; the shell is everywhere.
      const script = `exec 3<>/dev/tcp/127.0.0.1/${tunnel.port}; cat <&3`;
      const child = spawn('/bin/bash', ['-c', script], { uid, gid: uid, stdio: 'ignore', env: {}, cwd: '/' });
      await once(child, 'exit');
      expect(child.exitCode).toBe(0);
      expect(gateway.requests).toBe(requests);
    } finally {
      await tunnel.close();
    }
  });
});
