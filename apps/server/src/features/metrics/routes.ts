import { MachineId, MetricsQuery, MetricsResult } from '@bulwark/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { RequestError } from '../../http/errors.ts';
import type { MachineDirectory } from '../machines/directory.ts';
import type { Machine } from '../machines/store.ts';
import type { History } from './history.ts';
import { queryMetrics } from './query.ts';

interface Deps {
  readonly directory: MachineDirectory;
  readonly history: History;
  /** ms between two reports of a machine. */
  readonly intervalOf: (machine: Machine) => number;
}

/** Longest range of one answer: what can be opened report by report in about a second. */
const RANGE_MAX_MS = 7 * 24 * 3_600_000;

/** A machine's history, opened for whoever is signed in. */
export const metricsRoutes: FastifyPluginAsyncZod<Deps> = async (app, { directory, history, intervalOf }) => {
  app.get(
    '/api/machines/:machineId/metrics',
    {
      config: { access: 'session', limit: { max: 300, windowSeconds: 60 } },
      schema: { params: MachineId, querystring: MetricsQuery, response: { 200: MetricsResult } },
    },
    async (request) => {
      const machine = directory.byId(request.params.machineId);
      if (!machine) throw new RequestError('ERR_NOT_FOUND');
      const { from, to } = request.query;
      if (to <= from || to - from > RANGE_MAX_MS) {
        throw new RequestError('ERR_INPUT', {
          message: 'querystring: a range is longer than nothing and at most 7 days',
        });
      }
      return queryMetrics(history, machine, { ...request.query, intervalMs: intervalOf(machine) });
    },
  );
};
