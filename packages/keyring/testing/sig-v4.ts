import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { EndpointRequest } from './local-endpoint.ts';

/** Who signs, and for what. */
export interface SigV4Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 15 * 60_000;
const MUST_BE_SIGNED = ['host', 'x-amz-date', 'x-amz-target'];

/**
 * Why a request's Signature Version 4 is not this signer's, made anew from what arrived; undefined where it is.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function whyNotSigned(request: EndpointRequest, signer: SigV4Signer, now: number): string | undefined {
  const { method, url, headers, body } = request;
  const match = FORM.exec(headers.authorization ?? '');
  if (!match) return 'IncompleteSignatureException';
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = match;
  if (accessKeyId !== signer.accessKeyId) return 'UnrecognizedClientException';
  if (region !== signer.region || service !== signer.service) return 'InvalidSignatureException';

  const names = signedHeaders.split(';');
  if (!MUST_BE_SIGNED.every((name) => names.includes(name))) return 'InvalidSignatureException';
  const time = String(headers['x-amz-date']);
  if (!time.startsWith(date) || Math.abs(parseTime(time) - now) > MAX_SKEW_MS) return 'InvalidSignatureException';

  const { pathname, search } = new URL(url, 'http://localhost');
  const canonicalHeaders = names.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = [method, pathname, search.slice(1), canonicalHeaders, signedHeaders, sha256(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${signer.secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(toSign).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'InvalidSignatureException';
}

function parseTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
