import type { FastifyReply, FastifyRequest } from 'fastify';

// A browser takes a __Host- cookie only from this very host, over TLS, for the whole of it (RFC 6265bis, 4.1.3.2).
const NAME = '__Host-bulwark';
const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

/** The session's token, as the client sent it: not checked in any way. */
export function readSessionCookie(request: FastifyRequest): string | undefined {
  return request.cookies[NAME];
}

/** @param maxAgeSeconds When the browser is to forget it; the server has its own mind about when the session ends. */
export function setSessionCookie(reply: FastifyReply, token: string, maxAgeSeconds: number): void {
  reply.setCookie(NAME, token, { ...ATTRIBUTES, maxAge: maxAgeSeconds });
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(NAME, ATTRIBUTES);
}
