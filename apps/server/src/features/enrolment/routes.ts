import { decodeBase64Url } from '@bulwark/crypto';
import {
  AGENT_PATHS,
  CONTENT_TYPES,
  EnrolmentId,
  EnrolmentKey,
  EnrolmentState,
  EnrolmentToken,
  EnrolmentTokenRequest,
} from '@bulwark/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import { type Enrolment, EnrolmentError } from './service.ts';

interface Deps {
  readonly enrolment: Enrolment;
}

/** A request is a few hundred bytes. */
const REQUEST_BYTES_MAX = 4096;

/** A rack of machines behind one address may enrol at once; a credential of 128 bits is not guessed at any rate. */
const AGENT_LIMIT = { max: 300, windowSeconds: 60 };

/** Tokens for administrators; the two calls by which an agent gets in. */
export const enrolmentRoutes: FastifyPluginAsyncZod<Deps> = async (app, { enrolment }) => {
  app.post(
    '/api/enrolment-tokens',
    {
      config: { access: 'administrator', limit: { max: 60, windowSeconds: 60 } },
      schema: { body: EnrolmentTokenRequest, response: { 201: EnrolmentToken } },
    },
    async (request, reply) => {
      const { id, token, expiresAt } = await enrolment.createToken(request.body.ttlHours);
      request.log.info({ event: 'enrolment.token_created', enrolment: id }, 'an enrolment token was created');
      return reply.code(201).send({ id, token, command: `bulwark agent enroll ${token}`, expiresAt });
    },
  );

  app.get(
    '/api/enrolment-tokens/:enrolmentId',
    {
      config: { access: 'administrator', limit: { max: 120, windowSeconds: 60 } },
      schema: { params: EnrolmentId, response: { 200: EnrolmentState } },
    },
    async (request) => {
      const state = await enrolment.state(request.params.enrolmentId);
      if (!state) throw new RequestError('ERR_NOT_FOUND');
      return state;
    },
  );

  app.get(
    AGENT_PATHS.enrolmentKey,
    {
      config: { access: 'public', limit: AGENT_LIMIT },
      schema: {
        querystring: z.strictObject({ nonce: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
        response: { 200: EnrolmentKey },
      },
    },
    async (request) => enrolment.proveKey(decodeBase64Url(request.query.nonce)),
  );

  app.register(async (scope) => {
    scope.addContentTypeParser(
      CONTENT_TYPES.enrolment,
      { parseAs: 'buffer', bodyLimit: REQUEST_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    (scope as typeof app).post(
      AGENT_PATHS.enrol,
      {
        config: { access: 'public', limit: AGENT_LIMIT },
        schema: { body: z.instanceof(Buffer), response: { 201: z.instanceof(Buffer) } },
      },
      async (request, reply) => {
        try {
          const { machineId, answer } = await enrolment.enrol(request.body);
          request.log.info({ event: 'machine.enrolled', machine: machineId }, 'a machine was enrolled');
          return await reply.code(201).type(CONTENT_TYPES.enrolment).send(answer);
        } catch (error) {
          if (!(error instanceof EnrolmentError)) throw error;
          const reason = error.cause instanceof Error ? error.cause.message : undefined;
          request.log.warn({ event: 'enrolment.refused', code: error.code, reason }, 'an enrolment was refused');
          throw new RequestError(error.code, { cause: error });
        }
      },
    );
  });
};
