import { describe, expect, it } from '@jest/globals';
import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { bucketSettings } from '../../../src/storage/s3/bucket-settings.ts';
import { errorText } from '../../support/user-error.ts';

type Settings = ReturnType<typeof bucketSettings>;
const settings = (line: string, env: NodeJS.ProcessEnv = {}): Settings =>
  bucketSettings(readBucketLine('storage', line), env);
const refused = (line: string, env: NodeJS.ProcessEnv = {}): string => errorText(() => settings(line, env));

describe('where a bucket is', () => {
  it.each<[string, string, string, boolean]>([
    ['s3.eu-central-1.amazonaws.com', 'AWS S3', 'eu-central-1', false],
    ['s3.dualstack.us-west-2.amazonaws.com', 'AWS S3', 'us-west-2', false],
    ['s3.cn-north-1.amazonaws.com.cn', 'AWS S3', 'cn-north-1', false],
    ['bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com', 'AWS S3', 'us-east-1', false],
    ['0123456789abcdef.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto', false],
    ['0123456789abcdef.eu.r2.cloudflarestorage.com', 'Cloudflare R2', 'auto', false],
    ['s3.us-west-004.backblazeb2.com', 'Backblaze B2', 'us-west-004', false],
    ['storage.googleapis.com', 'Google Cloud Storage', 'auto', false],
    ['t3.storage.dev', 'Tigris', 'auto', false],
    ['fly.storage.tigris.dev', 'Tigris', 'auto', false],
    ['nyc3.digitaloceanspaces.com', 'DigitalOcean Spaces', 'nyc3', false],
    ['fsn1.your-objectstorage.com', 'Hetzner Object Storage', 'fsn1', false],
    ['s3.eu-central-2.wasabisys.com', 'Wasabi', 'eu-central-2', false],
    ['s3.fr-par.scw.cloud', 'Scaleway Object Storage', 'fr-par', false],
    ['minio.example.com', 'the S3 service minio.example.com', 'us-east-1', true],
    ['http://127.0.0.1:9000', 'the S3 service 127.0.0.1', 'us-east-1', true],
    ['http://localhost:9000', 'the S3 service localhost', 'us-east-1', true],
  ])('is told by the host of the endpoint: %s', (endpoint, name, region, pathStyle) => {
    expect(settings(`s3://shop-backups?endpoint=${endpoint}`)).toMatchObject({
      rules: { name },
      region,
      pathStyle,
    });
  });

  it('at AWS needs no endpoint, and has a checksum over whole objects', () => {
    const { endpoint, rules } = settings('s3://shop-backups?region=eu-central-1');
    expect(endpoint).toBeUndefined();
    expect(rules).toMatchObject({
      name: 'AWS S3',
      isAws: true,
      checksum: 'CRC32',
      mostParts: 10_000,
      exclusiveWrites: 'works',
    });
  });

  it('has rules for what services do differently', () => {
    const rules = (endpoint: string) => settings(`s3://shop-backups?endpoint=${endpoint}`).rules;
    expect(rules('s3.fr-par.scw.cloud').mostParts).toBe(1_000);
    expect(rules('storage.googleapis.com').exclusiveWrites).toBe('ignored');
    expect(rules('minio.example.com')).toMatchObject({ checksum: undefined, exclusiveWrites: 'probe' });
  });

  it('is what the line says, else what the endpoint tells, else what the environment says', () => {
    const env = { AWS_REGION: 'a', AWS_DEFAULT_REGION: 'b' };
    expect(settings('s3://shop?region=eu-west-1', env).region).toBe('eu-west-1');
    expect(settings('s3://shop?endpoint=nyc3.digitaloceanspaces.com', env).region).toBe('nyc3');
    expect(settings('s3://shop?endpoint=0123.r2.cloudflarestorage.com', env).region).toBe('auto');
    expect(settings('s3://shop', env).region).toBe('a');
    expect(settings('s3://shop?endpoint=minio.example.com', env).region).toBe('a');
    expect(settings('s3://shop', { ...env, AWS_REGION: '' }).region).toBe('b');
    const urls = { AWS_ENDPOINT_URL_S3: 't3.storage.dev', AWS_ENDPOINT_URL: 'http://localhost:1' };
    expect(settings('s3://shop?endpoint=s3.example.com', urls).endpoint).toBe('https://s3.example.com');
    expect(settings('s3://shop', urls).endpoint).toBe('https://t3.storage.dev');
    expect(settings('s3://shop', { ...urls, AWS_ENDPOINT_URL_S3: '' }).endpoint).toBe('http://localhost:1');
  });

  it('without a region that is known is an error with the line to write', () => {
    expect(refused('s3://shop-backups/nightly')).toMatch(
      /the region of the bucket shop-backups\/nightly at AWS S3 is not known[^]*Write "s3:\/\/shop-backups\/nightly\/\?region=REGION", or set AWS_REGION/,
    );
    expect(refused('s3://shop?endpoint=ref.storage.supabase.co/storage/v1/s3')).toMatch(
      /at Supabase Storage is not known[^]*"s3:\/\/shop\/\?region=REGION&endpoint=ref\.storage\.supabase\.co\/storage\/v1\/s3"/,
    );
    expect(refused('s3://shop', { AWS_REGION: '' })).toMatch(/is not known/);
  });

  it('has its name in the path where the line says so, and where a name with a dot would need a certificate', () => {
    const at = (line: string): boolean => settings(line).pathStyle;
    expect(at('s3://shop?endpoint=nyc3.digitaloceanspaces.com&path-style=true')).toBe(true);
    expect(at('s3://shop?endpoint=minio.example.com&path-style=false')).toBe(false);
    expect(at('s3://shop.example.com?endpoint=nyc3.digitaloceanspaces.com')).toBe(true);
    expect(at('s3://shop?endpoint=ref.supabase.co/storage/v1/s3&region=eu-west-1')).toBe(true);
  });

  it.each([
    [
      's3://shop?endpoint=shop.nyc3.digitaloceanspaces.com',
      /contains the name of the bucket[^]*"endpoint=nyc3\.digitaloceanspaces\.com"/,
    ],
    [
      's3://shop?endpoint=https://0123.r2.cloudflarestorage.com/shop',
      /contains the name[^]*"endpoint=0123\.r2\.cloudflarestorage\.com"/,
    ],
    ['s3://Shop?region=eu-west-1', /"Shop" is not the name of a bucket of AWS/],
    ['s3://shop_1?region=eu-west-1', /"shop_1" is not the name[^]*\?endpoint=HOST/],
  ])('is an error that says what to write: %s', (line, text) => {
    expect(refused(line)).toMatch(text);
  });

  it('may have another name at another service', () => {
    expect(settings('s3://Shop_1?endpoint=minio.example.com').rules.name).toContain('minio');
  });

  it('without encryption is said, but for the runner itself', () => {
    expect(settings('s3://shop?endpoint=http://minio.example.com:9000').notice).toBe(
      'storage: the connection to http://minio.example.com:9000 is not encrypted, so others on the network can read what is sent. Use https, or encrypt the backup (age-recipients).',
    );
    for (const endpoint of [
      'minio.example.com',
      'http://localhost:9000',
      'http://127.0.0.1:1',
      'http://[::1]:1',
    ])
      expect(settings(`s3://shop?endpoint=${endpoint}`).notice).toBeUndefined();
  });

  it('with credentials in the environment is refused, and they are not shown', () => {
    const text = refused('s3://shop', { AWS_ENDPOINT_URL: 'https://KEY:hunter2@s3.example.com' });
    expect(text).toMatch(/^AWS_ENDPOINT_URL: credentials cannot be part of it/);
    expect(text).not.toContain('hunter2');
  });
});
