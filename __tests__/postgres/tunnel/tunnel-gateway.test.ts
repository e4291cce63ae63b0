import { describe, expect, it } from '@jest/globals';
import { retirementWarning, tunnelGateway } from '../../../src/postgres/tunnel/tunnel-gateway.ts';
import { errorText } from '../../support/user-error.ts';

describe('the address of the tunnel', () => {
  it("is Prisma's, unless PPG_WS_URL is set", () => {
    expect(tunnelGateway({}).href).toBe('wss://ppg-tunnel.prisma-data.net/websocket');
    expect(tunnelGateway({ PPG_WS_URL: ' ' }).host).toBe('ppg-tunnel.prisma-data.net');
    expect(tunnelGateway({ PPG_WS_URL: 'wss://gateway.example/ws ' }).href).toBe('wss://gateway.example/ws');
  });

  it.each(['ws://localhost:8080/websocket', 'ws://127.0.0.1:8080/', 'ws://[::1]:8080/'])(
    'can be without TLS on this machine: %s',
    (url) => {
      expect(tunnelGateway({ PPG_WS_URL: url }).href).toBe(url);
    },
  );

  it.each([
    'ws://gateway.example/SECRET',
    'ws://127.0.0.1.example/SECRET',
    'https://gateway.example/SECRET',
    'gateway.example/SECRET',
    'wss://gateway.example/#SECRET',
    'SECRET',
  ])('is refused if the key would not be safe or it is not an address: %s', (url) => {
    const text = errorText(() => tunnelGateway({ PPG_WS_URL: url }));
    expect(text).toContain('PPG_WS_URL');
    expect(text).not.toContain('SECRET');
  });
});

describe('the warning', () => {
  it('names the day on which the service ends, before and after it, and the alternative', () => {
    const before = retirementWarning('connection-string', new Date('2026-11-30T23:59:59Z'));
    const after = retirementWarning('connection-string', new Date('2026-12-01T00:00:00Z'));
    expect(before).toContain('retires on 2026-12-01');
    expect(after).toContain('was to be retired on 2026-12-01');
    for (const text of [before, after])
      expect(text).toMatch(/^connection-string: .*postgres:\/\/…@db\.prisma\.io/);
  });
});
