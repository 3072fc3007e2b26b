import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

const OID_ORGANISATION = '2.5.4.10';
const OID_COMMON_NAME = '2.5.4.3';
const OID_ECDSA_SHA384 = '1.2.840.10045.4.3.3';

/** What a certificate says, apart from keys. */
export interface CertificateContent {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * A root of a certificate authority that can do one thing: issue certificates for these hosts. The name constraints
 * (RFC 5280, 4.2.1.10) are critical, so that a stolen key of a root that somebody trusts in a browser is of no use
 * for any other site; a path length of 0 forbids further authorities below it.
 *
 * @param key P-384 private key.
 * @returns PEM
 */
export function issueAuthority(content: CertificateContent, key: KeyObject): string {
  const permitted = content.hosts.map((host) => new GeneralSubtree({ base: permittedName(host) }));
  return issue(content, publicKeyOf(key), { commonName: content.commonName, key }, [
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
    extension(id_ce_nameConstraints, true, new NameConstraints({ permittedSubtrees: new GeneralSubtrees(permitted) })),
  ]);
}

/**
 * A TLS server's certificate for these hosts.
 *
 * @param subjectKey P-384 public key of the server.
 * @returns PEM
 */
export function issueServerCertificate(content: CertificateContent, subjectKey: KeyObject, issuer: Issuer): string {
  return issue(content, subjectKey, issuer, [
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
    extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
    extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, false, new SubjectAlternativeName(content.hosts.map(hostName))),
  ]);
}

/** Who signs. */
export interface Issuer {
  readonly commonName: string;
  readonly key: KeyObject;
}

/** Whether the name constraints of an authority, DER, allow all these hosts. */
export function permitsHosts(authority: Uint8Array, hosts: readonly string[]): boolean {
  const { extensions = [] } = AsnConvert.parse(authority, Certificate).tbsCertificate;
  const found = [...extensions].find(({ extnID }) => extnID === id_ce_nameConstraints);
  if (found === undefined) return true;
  const { permittedSubtrees = [] } = AsnConvert.parse(found.extnValue.buffer, NameConstraints);
  const permitted = new Set([...permittedSubtrees].map(({ base }) => encoded(base)));
  return hosts.every((host) => permitted.has(encoded(permittedName(host))));
}

function issue(content: CertificateContent, subjectKey: KeyObject, issuer: Issuer, own: Extension[]): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: OID_ECDSA_SHA384 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: nameOf(issuer.commonName),
    validity: new Validity(content),
    subject: nameOf(content.commonName),
    subjectPublicKeyInfo: AsnConvert.parse(spki(subjectKey), SubjectPublicKeyInfo),
    extensions: new Extensions([
      ...own,
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subjectKey))),
      extension(
        id_ce_authorityKeyIdentifier,
        false,
        new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(publicKeyOf(issuer.key))) }),
      ),
    ]),
  });
  const signatureValue = sign('sha384', new Uint8Array(AsnConvert.serialize(tbsCertificate)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: Uint8Array.from(signatureValue).buffer,
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** 126 random bits with the two highest fixed to 01: positive and never padded (RFC 5280, 4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
}

function nameOf(commonName: string): Name {
  const attribute = (type: string, utf8String: string) =>
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]);
  return new Name([attribute(OID_ORGANISATION, 'Bulwark'), attribute(OID_COMMON_NAME, commonName)]);
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function hostName(host: string): GeneralName {
  return new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host });
}

/** In name constraints an address comes with its mask; here always of that one address. */
function permittedName(host: string): GeneralName {
  if (isIP(host) === 0) return new GeneralName({ dNSName: host });
  return new GeneralName({ iPAddress: `${host}/${isIPv4(host) ? 32 : 128}` });
}

function encoded(name: GeneralName): string {
  return Buffer.from(AsnConvert.serialize(name)).toString('hex');
}

/** SHA-1 of the key's bits is what RFC 5280, 4.2.1.2 suggests; any unique value does, so the first 20 of SHA-256. */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  return createHash('sha256').update(spki(publicKey)).digest().subarray(0, 20);
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function publicKeyOf(privateKey: KeyObject): KeyObject {
  return createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}
