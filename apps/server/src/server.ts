import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { KeyringError, localRoot, openKeys, tenantKeyring } from '@bulwark/keyring';
import { sqlStore } from '@bulwark/keyring/sql';
import { AGENT_PATHS, type ProtectionLayer } from '@bulwark/protocol';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { engineOf, openDatabase } from './db/open.ts';
import { ensureTenant } from './db/tenants.ts';
import { createAccounts } from './features/accounts/accounts.ts';
import { enrolmentRoutes } from './features/enrolment/routes.ts';
import { createEnrolment } from './features/enrolment/service.ts';
import { enrolmentStore } from './features/enrolment/store.ts';
import { createFleetState } from './features/fleet/fleet-state.ts';
import { fleetOverview, intervalOf } from './features/fleet/overview.ts';
import { fleetRoutes } from './features/fleet/routes.ts';
import { healthRoutes } from './features/health/routes.ts';
import { ingestHandler } from './features/ingest/handler.ts';
import { openHotLog } from './features/ingest/hot-log.ts';
import { createIngest } from './features/ingest/service.ts';
import { sqlHotLogWriter } from './features/ingest/sql-writer.ts';
import { sqliteHotLogWriter } from './features/ingest/sqlite-writer.ts';
import { ingestStore } from './features/ingest/store.ts';
import { loadDirectory } from './features/machines/directory.ts';
import { machineStore } from './features/machines/store.ts';
import { createHistory } from './features/metrics/history.ts';
import { metricsRoutes } from './features/metrics/routes.ts';
import { protectionLayers } from './features/protection/layers.ts';
import { protectionRoutes } from './features/protection/routes.ts';
import { createApp } from './http/create-app.ts';
import { createEventStreams } from './http/event-stream.ts';
import { deriveIngestKey } from './ingest-key.ts';
import { keepObjectsYoung } from './keep-objects-young.ts';
import { tlsOptions } from './tls/tls-options.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Where the built console lies; without it only the API is served. */
  readonly consoleDir?: string | undefined;
}

export interface RunningServer {
  /** Where browsers and agents reach it, `https://…`. */
  readonly url: string;
  readonly layers: readonly ProtectionLayer[];
  /** One-time link that creates the first administrator; undefined once there is one. */
  readonly setupUrl: string | undefined;
  createEnrolmentToken(): Promise<string>;
  /** Ends streams, stores what is on its way to the disk, closes the database. */
  close(): Promise<void>;
}

/**
 * The server, wired: configuration → database → keys → features → HTTPS. Read it as the table of contents.
 *
 * @throws ConfigError when `db_encryption_key` is not the one that the database was made with
 */
export async function startServer({ config, log, consoleDir }: ServerOptions): Promise<RunningServer> {
  keepObjectsYoung();
  const now = Date.now;
  const { publicUrl } = config.server;

  const db = await openDatabase(config.database.url);
  const keys = openKeys({
    store: sqlStore(db),
    roots: [localRoot(config.server.dbEncryptionKey)],
    now,
    // The root is at hand all the time, so keys need not be forgotten often; a machine that was suspended goes on at once.
    cache: { maxAgeMs: KEYS_READ_AGAIN_MS },
  });
  try {
    const tenantId = await ensureTenant(db, now);
    const keyring = tenantKeyring(keys);
    const fields = await keyring.fields(tenantId);
    const index = await keyring.index(tenantId);
    const vault = await keyring.vault(tenantId);
    const ingestKey = deriveIngestKey(config.server.encryptionKey, await keyring.ingestSecret(tenantId));
    const onUnreadable = (cell: object) =>
      log.error({ event: 'decrypt.failed', ...cell }, 'a stored value does not open');

    const machines = machineStore(db, fields, onUnreadable);
    const directory = await loadDirectory(machines);
    const history = createHistory(db, vault, onUnreadable);
    const fleet = createFleetState(history, now);
    const overview = fleetOverview({ directory, fleet, now });

    const isSqlite = engineOf(config.database.url) === 'sqlite';
    const hotLog = openHotLog(isSqlite ? sqliteHotLogWriter(config.database.url) : sqlHotLogWriter(db), {
      onFailure: (error) => log.error({ event: 'store.failed', reason: error.message }, 'reports could not be stored'),
    });
    const ingest = createIngest({
      store: ingestStore(db),
      vault,
      ingestKey,
      hotLog,
      now,
      intervalSeconds: config.server.interval,
      onReport(machine, report) {
        fleet.record(machine, report);
        const info = report.batch.states?.machine;
        if (info) directory.saveInfo(machine.id, info).catch((err: unknown) => log.error({ err }, 'machine info'));
      },
    });

    const accounts = await createAccounts({
      db,
      tenantId,
      fields,
      index,
      now,
      publicUrl,
      log,
      config: { ...config.session, ...config.limits },
    });
    const { webUsername, webPassword } = config.server;
    if (webUsername && webPassword) await accounts.ensureConfiguredUser(webUsername, webPassword);
    const layers = async () => protectionLayers({ config, hasUsers: accounts.setupUrl() === undefined });
    const streams = createEventStreams({
      onSessionEnd: accounts.sessions.onEnd,
      isAlive: (session) => session.expiresAt > now(),
    });

    const enrolment = createEnrolment({
      db,
      tenantId,
      tokens: enrolmentStore(db),
      machines,
      directory,
      ingestKey,
      packageKeys: { apiKey: config.server.apiKey, encryptionKey: config.server.encryptionKey },
      publicUrl,
      intervalSeconds: config.server.interval,
      caCertificate: await readAuthority(config),
      now,
    });

    const tls = await tlsOptions(config.ssl);
    const acceptFrame = ingestHandler({ directory, ingest, log });
    const app = await createApp({
      log,
      publicOrigins: [publicUrl],
      sessions: accounts.sessions,
      trustProxy: config.server.trustProxy.length > 0 ? [...config.server.trustProxy] : undefined,
      consoleDir,
      serverFactory: (handler): Server =>
        createServer({ ...tls, ...TIMEOUTS_MS }, (request, response) => {
          if (request.method === 'POST' && request.url === AGENT_PATHS.ingest) acceptFrame(request, response);
          else handler(request, response);
        }),
    });
    await app.register(accounts.routes, { prefix: '/api' });
    await app.register(enrolmentRoutes, { enrolment });
    await app.register(fleetRoutes, { overview, fleet, directory, streams, now });
    await app.register(metricsRoutes, {
      directory,
      history,
      intervalOf: (machine) => intervalOf(machine, fleet.get(machine.id)),
    });
    await app.register(protectionRoutes, { layers });
    await app.register(healthRoutes);

    await app.listen({
      host: config.server.host,
      port: config.server.port,
      listenTextResolver: () => `listening for ${publicUrl}`,
    });
    let isClosing = false;
    const restoring = restoreFleet();
    restoring.catch((err: unknown) => log.error({ err }, 'the last reports could not be read back'));

    /** The last word of machines that are silent now; those that speak are ahead of it. */
    async function restoreFleet(): Promise<void> {
      for (const machine of directory.all()) {
        if (isClosing) return;
        await fleet.restore(machine);
      }
    }

    return {
      url: publicUrl,
      layers: await layers(),
      setupUrl: accounts.setupUrl(),
      createEnrolmentToken: async () => (await enrolment.createToken()).token,
      async close() {
        isClosing = true;
        streams.close();
        app.server.closeIdleConnections();
        await app.close();
        await restoring.catch(() => {});
        accounts.close();
        await ingest.close();
        await keys.close();
        await db.destroy();
      },
    };
  } catch (error) {
    await keys.close();
    await db.destroy();
    throw isWrongRootKey(error) ? wrongRootKey(error) : error;
  }
}

function isWrongRootKey(error: unknown): error is KeyringError {
  return error instanceof KeyringError && error.code === 'ERR_ROOT_KEY_WRONG';
}

function wrongRootKey(cause: KeyringError): ConfigError {
  const message =
    'is not the key that this database was made with; nothing was changed. Give it the key of its first start';
  return new ConfigError([{ setting: 'server.db_encryption_key', message }], { cause });
}

const KEYS_READ_AGAIN_MS = 3_600_000;

/** Of a connection: longer idle than agents pause, and short patience with whoever sends drop by drop. */
const TIMEOUTS_MS = { keepAliveTimeout: 75_000, headersTimeout: 15_000, requestTimeout: 60_000 };

/** What agents are told to trust: the authority of a development certificate. A real one is known to their systems. */
async function readAuthority(config: Config): Promise<string | null> {
  const file = join(config.server.dataDir, 'tls', 'ca.pem');
  const isDevelopment = config.ssl.certFile === join(config.server.dataDir, 'tls', 'server.pem');
  return isDevelopment ? readFile(file, 'utf8') : null;
}
