import { UnexpectedResponse } from '../../github/json.ts';
import { toolkitFetch } from '../../github/toolkit-fetch.ts';
import type { OpenContent } from '../content-chunks.ts';

/** Content in the storage behind the artifact service, whose URL needs no token. */
export function signedContent(url: string): OpenContent {
  return async (signal) => {
    const send = await toolkitFetch();
    // The URL itself grants access: the storage must not get the token.
    const response = await send(url, { headers: { 'accept-encoding': 'identity' }, signal });
    if (response.status === 200 && response.body) return response.body;
    throw new UnexpectedResponse(`the storage answered with ${response.status}`);
  };
}
