import { ensureDataDirectory } from '@bulwark/private-files';
import type { Command } from 'commander';
import type { Action } from '../action.ts';
import { findConsole } from '../console-files.ts';
import type { Context } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { explainListenError } from '../listen-error.ts';
import { createLog } from '../log.ts';
import { addSettingOptions, settingTexts } from '../setting-options.ts';
import { startScreen } from '../start-screen.ts';
import { aborted } from '../stop-signal.ts';

interface Options extends Record<string, unknown> {
  readonly config?: string;
}

/** `bulwark server` */
export function addServerCommand(program: Command, action: Action): void {
  const command = program
    .command('server')
    .description('run the server with a configuration of your own')
    .option('--config <file>', 'YAML file, mode 0600; without it, environment and flags must say everything')
    .action(action(runServer));
  addSettingOptions(command);
}

async function runServer(options: Options, context: Context): Promise<Outcome> {
  const server = await import('@bulwark/server');
  const { env, output } = context;
  const production = env.NODE_ENV === 'production';
  const config = await server.loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    env,
    flags: settingTexts(options),
    production,
  });
  await ensureDataDirectory(config.server.dataDir);
  const lock = await server.lockDataDirectory(config.server.dataDir);
  try {
    // Production has named its own certificate, or loadConfig would have refused.
    const certificate = production ? undefined : await server.ensureConfiguredDevelopmentCertificate(config);
    const log = createLog('server', config.log.level, context.stderr);
    const consoleDir = await findConsole();
    const stop = context.stopSignal();
    const running = await server
      .startServer({ config, log, ...(consoleDir === undefined ? {} : { consoleDir }) })
      .catch((error: unknown) => {
        throw explainListenError(error, config);
      });
    const { layers, setupUrl } = running;
    const { publicUrl: url, dataDir } = config.server;
    const facts = { url, dataDir, layers, setupUrl, caFile: certificate?.caFile };
    output.say({ event: 'started', ...facts }, startScreen(facts));
    await aborted(stop);
    await running.close();
    output.say({ event: 'stopped' }, 'Stopped.');
    return 'ok';
  } finally {
    await lock.release();
  }
}
