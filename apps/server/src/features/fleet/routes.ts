import {
  FleetEventsQuery,
  FleetSummary,
  MachineDetail,
  MachineId,
  MachineList,
  MachineQuery,
  type SampleEvent,
} from '@bulwark/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { RequestError } from '../../http/errors.ts';
import type { EventStreams } from '../../http/event-stream.ts';
import type { MachineDirectory } from '../machines/directory.ts';
import type { FleetState } from './fleet-state.ts';
import { type FleetOverview, latestValues, statusOf } from './overview.ts';

interface Deps {
  readonly overview: FleetOverview;
  readonly fleet: FleetState;
  readonly directory: MachineDirectory;
  readonly streams: EventStreams;
  readonly now: () => number;
}

/** How often an open fleet page is told what changed. */
const FLEET_EVENT_MS = 2000;

const reading = { access: 'session', limit: { max: 600, windowSeconds: 60 } } as const;

/** The fleet's table and a machine's page, once and live. */
export const fleetRoutes: FastifyPluginAsyncZod<Deps> = async (app, { overview, fleet, directory, streams, now }) => {
  app.get('/api/fleet', { config: reading, schema: { response: { 200: FleetSummary } } }, async () =>
    overview.summary(),
  );

  app.get(
    '/api/machines',
    { config: reading, schema: { querystring: MachineQuery, response: { 200: MachineList } } },
    async (request) => ({ ...(await overview.list(request.query)), serverTime: now() }),
  );

  app.get(
    '/api/fleet/events',
    { config: reading, schema: { querystring: FleetEventsQuery, response: { 200: z.string() } } },
    (request, reply) => {
      const ids = new Set(request.query.ids);
      const stream = streams.open(request, reply);
      const changed = new Set<string>(ids);
      const stop = fleet.onReport((machineId) => {
        if (ids.has(machineId)) changed.add(machineId);
      });
      let isSending = false;
      const tick = async () => {
        if (isSending) return;
        isSending = true;
        // Status depends on the time as well, so that rows of machines that fell silent are sent too.
        for (const id of ids) {
          const machine = directory.byId(id);
          if (machine && statusOf(machine, fleet.get(id), now()) !== 'online') changed.add(id);
        }
        const rows = await overview.rows([...changed]);
        changed.clear();
        stream.send('fleet', { summary: overview.summary(), rows });
        isSending = false;
      };
      const fail = (error: unknown) => request.log.error({ err: error }, 'a fleet event could not be made');
      const timer = setInterval(() => tick().catch(fail), FLEET_EVENT_MS);
      tick().catch(fail);
      stream.onClose(() => {
        clearInterval(timer);
        stop();
      });
    },
  );

  app.get(
    '/api/machines/:machineId',
    { config: reading, schema: { params: MachineId, response: { 200: MachineDetail } } },
    async (request) => {
      const detail = overview.detail(request.params.machineId);
      if (!detail) throw new RequestError('ERR_NOT_FOUND');
      return detail;
    },
  );

  app.get(
    '/api/machines/:machineId/events',
    { config: reading, schema: { params: MachineId, response: { 200: z.string() } } },
    (request, reply) => {
      const { machineId } = request.params;
      if (!directory.byId(machineId)) throw new RequestError('ERR_NOT_FOUND');
      const stream = streams.open(request, reply);
      const stop = fleet.onReport((id, state) => {
        const machine = directory.byId(machineId);
        if (id !== machineId || !machine) return;
        const event: SampleEvent = {
          time: state.time,
          status: statusOf(machine, state, now()),
          values: latestValues(state),
          processes: state.states.processes ?? null,
        };
        stream.send('sample', event);
      });
      stream.onClose(stop);
    },
  );

  app.post(
    '/api/machines/:machineId/revoke',
    {
      config: { access: 'administrator', limit: { max: 60, windowSeconds: 60 } },
      schema: { params: MachineId, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const { machineId } = request.params;
      if (!directory.byId(machineId)) throw new RequestError('ERR_NOT_FOUND');
      await directory.revoke(machineId, now());
      request.log.warn({ event: 'machine.revoked', machine: machineId, user: request.session.user.id }, 'revoked');
      return reply.code(204).send(null);
    },
  );
};
