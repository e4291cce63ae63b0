// A proxy for act's own artifact server (v0.2.89) that adds what it lacks for artifacts that are uploaded unzipped.
import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../src/errors.ts';
import { isJsonObject } from '../src/github/json.ts';

/** What the client reported when an artifact was finalized, by its name. */
type Finished = Map<string, { readonly size: unknown; readonly digest: unknown }>;

export interface ActArtifacts {
  /** For the variable ACTIONS_RUNTIME_URL of act. */
  readonly url: string;
  readonly stop: () => void;
}

/** @param port where act's server will listen on 127.0.0.1. */
export async function startActArtifacts(port: number): Promise<ActArtifacts> {
  const finished: Finished = new Map();
  const server = createServer((request, response) => {
    passOn(request, response, { port, finished }).catch((error: unknown) => {
      response.writeHead(502).end(messageOf(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  { port, finished }: { readonly port: number; readonly finished: Finished },
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const body = mendedRequest(url, await buffer(request), finished);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // The host stays: act puts it into the addresses that it signs, which must lead here again.
    httpRequest({
      ...{ host: '127.0.0.1', port, method, path: mendedUrl(url) },
      headers: { ...headers, 'content-length': body.length },
    })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  const answered = mendedAnswer(url, await buffer(answer), finished);
  // It comes whole now, not in chunks.
  delete answer.headers['transfer-encoding'];
  response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'content-length': answered.length });
  response.end(answered);
}

/** Azure's client leaves out the padding of the signature, without which act does not know it (act's pull request 6115). */
function mendedUrl(url: string): string {
  return url.replace(/([?&]sig=)([^&]*)/, (_, name: string, signature: string) => {
    const bare = decodeURIComponent(signature).replaceAll('=', '');
    return `${name}${bare}${'='.repeat((4 - (bare.length % 4)) % 4)}`;
  });
}

/** act refuses the field that unzipped artifacts have more (its issue 6022), and forgets size and digest. */
function mendedRequest(url: string, body: Buffer, finished: Finished): Buffer {
  if (url.endsWith('/CreateArtifact')) {
    return changed(body, (json) =>
      Object.fromEntries(Object.entries(json).filter(([name]) => !/^mime_?type$/i.test(name))),
    );
  }
  if (url.endsWith('/FinalizeArtifact')) {
    changed(body, (json) => {
      finished.set(String(json['name']), { size: json['size'], digest: json['hash'] });
      return json;
    });
  }
  return body;
}

/** act lists the size of the folder that an artifact is in. */
function mendedAnswer(url: string, body: Buffer, finished: Finished): Buffer {
  if (!url.endsWith('/ListArtifacts')) return body;
  return changed(body, (json) => {
    const artifacts = Array.isArray(json['artifacts']) ? json['artifacts'].filter(isJsonObject) : [];
    return {
      artifacts: artifacts.map((artifact) => ({ ...artifact, ...finished.get(String(artifact['name'])) })),
    };
  });
}

function changed(body: Buffer, change: (json: Readonly<Record<string, unknown>>) => object): Buffer {
  const json: unknown = JSON.parse(body.toString('utf8'));
  return isJsonObject(json) ? Buffer.from(JSON.stringify(change(json))) : body;
}
