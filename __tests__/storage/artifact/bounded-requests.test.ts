import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, type ServerResponse, createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withBoundedRequests } from '../../../src/storage/artifact/bounded-requests.ts';

let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
const server = createServer((request, response) => {
  answer(request, response);
});
let port = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address !== null && typeof address !== 'string') port = address.port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const asked: string[] = [];
const bounds = {
  lookEveryMs: 200,
  looks: 3,
  onRequest: (path: string) => void asked.push(path),
  signal: new AbortController().signal,
};
const request = (path: string): ClientRequest => get({ host: '127.0.0.1', port, path, agent: false });

/** The whole answer. */
async function read(path: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(path).once('response', resolve).once('error', reject);
  });
  return text(response);
}

describe('a request with a time limit', () => {
  it('is ended if it is never answered', async () => {
    answer = () => undefined;
    await expect(withBoundedRequests(bounds, () => read('/silent'))).rejects.toThrow(
      'no data was transferred for',
    );
    expect(asked).toContain('/silent');
  });

  it.each([
    ['stops', () => undefined],
    ['breaks off', (response: ServerResponse) => response.destroy()],
  ])('is ended if its answer %s, even if nobody would notice', async (_, then) => {
    answer = (_request, response) => void response.write('half', () => then(response));
    const forgets = (): Promise<never> =>
      new Promise(() => {
        request('/half').once('response', (response) => response.resume());
      });
    await expect(withBoundedRequests(bounds, forgets)).rejects.toThrow('the response broke off');
  });

  it('may take any time as long as data arrives', async () => {
    answer = (_, response) => {
      let left = 8;
      const timer = setInterval(() => {
        response.write('.');
        if ((left -= 1) > 0) return;
        clearInterval(timer);
        response.end();
      }, 150);
    };
    expect(await withBoundedRequests(bounds, () => read('/slow'))).toBe('.'.repeat(8));
  });

  it('is not started after the end of the job', async () => {
    answer = (_, response) => void response.end('too late');
    const signal = AbortSignal.abort();
    await expect(withBoundedRequests({ ...bounds, signal }, () => read('/late'))).rejects.toThrow(
      'cancelled',
    );
    expect(asked).not.toContain('/late');
  });

  it('is not touched after the end of the work', async () => {
    answer = (_, response) => void setTimeout(() => response.end('late'), 1_500);
    const reading = await withBoundedRequests(bounds, () => Promise.resolve([read('/after')]));
    expect(await reading[0]).toBe('late');
  });
});
