import { generateKey, open, seal } from '@bulwark/crypto';
import { type EndpointAnswer, type EndpointRequest, type LocalEndpoint, startEndpoint } from './local-endpoint.ts';
import { whyNotSigned } from './sig-v4.ts';

/** An AWS KMS with two keys: Encrypt and Decrypt of its JSON API, with signatures checked. */
export interface AwsKmsEndpoint extends LocalEndpoint {
  readonly keyArns: readonly [string, string];
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
}

const REGION = 'eu-west-1';
const KEY_IDS = ['1234abcd-12ab-34cd-56ef-1234567890ab', '0987dcba-09fe-87dc-65ba-ab0987654321'] as const;
const ID_BYTES = 36;

interface EncryptionRequest {
  readonly KeyId: string;
  readonly EncryptionAlgorithm?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html and API_Decrypt.html */
export async function startAwsKms(): Promise<AwsKmsEndpoint> {
  const keys = new Map<string, Buffer>(KEY_IDS.map((id) => [id, generateKey()]));
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const signer = { ...credentials, region: REGION, service: 'kms' };

  function answer(request: EndpointRequest): EndpointAnswer {
    const problem = whyNotSigned(request, signer, Date.now());
    if (problem !== undefined) return fault(problem);
    if (request.headers['content-type'] !== 'application/x-amz-json-1.1') return fault('SerializationException');
    const body = JSON.parse(request.body.toString('utf8')) as EncryptionRequest;
    const id = body.KeyId.split('/').at(-1) ?? '';
    const key = keys.get(id);
    if (key === undefined || body.KeyId !== arnOf(id)) return fault('NotFoundException');
    if (body.EncryptionAlgorithm !== 'SYMMETRIC_DEFAULT') return fault('InvalidKeyUsageException');
    switch (request.headers['x-amz-target']) {
      case 'TrentService.Encrypt':
        return encrypt(id, key, body);
      case 'TrentService.Decrypt':
        return decrypt(id, key, body);
      default:
        return fault('UnknownOperationException');
    }
  }

  return { ...(await startEndpoint(answer)), keyArns: [arnOf(KEY_IDS[0]), arnOf(KEY_IDS[1])], credentials };
}

/** An error as the JSON API answers it. */
export function fault(name: string, status = 400): EndpointAnswer {
  return { status, headers: { 'x-amzn-requestid': 'd29ed3b2-0000-4000-8000-d29ed3b20000' }, body: { __type: name } };
}

function encrypt(id: string, key: Buffer, { Plaintext = '', EncryptionContext }: EncryptionRequest): EndpointAnswer {
  const sealed = seal(key, Buffer.from(Plaintext, 'base64'), associatedData(EncryptionContext));
  const blob = Buffer.concat([Buffer.from(id), sealed]);
  return {
    status: 200,
    body: { CiphertextBlob: blob.toString('base64'), KeyId: arnOf(id), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
  };
}

function decrypt(
  id: string,
  key: Buffer,
  { CiphertextBlob = '', EncryptionContext }: EncryptionRequest,
): EndpointAnswer {
  const blob = Buffer.from(CiphertextBlob, 'base64');
  const sealedBy = blob.subarray(0, ID_BYTES).toString();
  if (!(KEY_IDS as readonly string[]).includes(sealedBy)) return fault('InvalidCiphertextException');
  if (sealedBy !== id) return fault('IncorrectKeyException');
  try {
    const plaintext = open(key, blob.subarray(ID_BYTES), associatedData(EncryptionContext));
    return {
      status: 200,
      body: { Plaintext: plaintext.toString('base64'), KeyId: arnOf(id), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
    };
  } catch {
    return fault('InvalidCiphertextException');
  }
}

function associatedData(context: Readonly<Record<string, string>> = {}): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort()));
}

function arnOf(id: string): string {
  return `arn:aws:kms:${REGION}:111122223333:key/${id}`;
}
