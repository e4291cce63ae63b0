import { describe, expect, it } from '@jest/globals';
import { OWN, explain, failed } from './s3-errors.ts';

describe('a failed connection is explained', () => {
  it.each<[Error, RegExp]>([
    [
      failed('ENOTFOUND', 'getaddrinfo ENOTFOUND minio.example.com', { hostname: 'minio.example.com' }),
      /the host was not found[^]*Check the endpoint and the region/,
    ],
    [
      failed('ENOTFOUND', 'getaddrinfo ENOTFOUND shop-backups.minio.example.com', {
        hostname: 'shop-backups.minio.example.com',
      }),
      /the host was not found[^]*"path-style=true"/,
    ],
    [
      failed('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
      /certificate is for another host[^]*"path-style=true"/,
    ],
    [
      failed('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9000'),
      /cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:9000\)[^]*private network/,
    ],
    [
      new Error('it ended after 10 of 20 bytes'),
      /the connection to .* failed \(it ended .*\)\.\nRun the job again/,
    ],
    [
      new Error('no data was received for 3 min'),
      /the connection to .* failed \(no data .*\)\.\nRun the job/,
    ],
    [
      new Error('no data was transferred for 30 s'),
      /the connection to .* failed \(no data .*\)\.\nRun the job again/,
    ],
    [failed('ECONNRESET', 'read ECONNRESET'), /the connection to .* failed \(read ECONNRESET\)/],
    [
      Object.assign(
        new Error(
          '@smithy/node-http-handler - the request socket timed out after 30000 ms of inactivity (configured by client requestHandler).',
        ),
        { name: 'TimeoutError' },
      ),
      /failed \(no data was transferred for 30 s\)/,
    ],
    [
      Object.assign(
        new Error(
          '@smithy/node-http-handler - the request socket did not establish a connection with the server within the configured timeout of 10000 ms.',
        ),
        { name: 'TimeoutError' },
      ),
      /failed \(no connection within 10 s\)/,
    ],
    [
      failed('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      /not signed by a trusted CA \(self-signed certificate\)[^]*Set AWS_CA_BUNDLE/,
    ],
    [failed('CERT_HAS_EXPIRED', 'certificate has expired'), /not valid at this time/],
    [
      failed(
        'EPROTO',
        'write EPROTO 403D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl',
      ),
      /does not speak TLS at this port \(EPROTO\)[^]*endpoint=http:\/\//,
    ],
    [
      new Error('something else', { cause: failed('ECONNREFUSED', 'connect ECONNREFUSED') }),
      /cannot be reached/,
    ],
    [new Error('something else'), /unexpected answer \(something else\)/],
  ])('%s', (error, text) => {
    expect(explain(OWN, error)).toMatch(text);
  });
});
