import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { Action } from './action.ts';
import { addAgentCommands } from './commands/agent.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addFieldsCommands } from './commands/fields/fields-commands.ts';
import { addFilesCommands } from './commands/files/files-commands.ts';
import { addKeysCommands } from './commands/keys/keys-commands.ts';
import { addServerCommand } from './commands/server.ts';
import { addUpCommand } from './commands/up.ts';
import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';

/**
 * All commands. What they run is loaded when they run, so that an agent does not carry the server's code.
 *
 * @param finish Gets the outcome of the command that was run.
 * @param writeHelp Gets the text of --help and --version.
 */
export function createProgram(
  context: Context,
  finish: (outcome: Outcome) => void,
  writeHelp: (text: string) => void,
): Command {
  const program = new Command('bulwark')
    .description('Self-hosted fleet monitor, encrypted from sensor to screen')
    .version(packageJson.version)
    .exitOverride()
    // Commands made from here on inherit both. Errors are written by run-cli.ts, in the form that was asked for.
    .configureOutput({ writeOut: writeHelp, writeErr: () => {} })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit codes and all settings: docs/cli.md, docs/configuration.md');

  const action: Action =
    (run) =>
    async (...given) => {
      // commander passes the arguments, then the options, then the command.
      finish(await run(given.at(-2) as never, context, ...(given.slice(0, -2) as never)));
    };
  addUpCommand(program, action);
  addServerCommand(program, action);
  addAgentCommands(program, action);
  addKeysCommands(program, action);
  addFilesCommands(program, action);
  addFieldsCommands(program, action);
  addDoctorCommand(program, action);
  for (const command of [program, ...commandsBelow(program)]) {
    command
      .option('--json', 'one JSON object a line on standard output')
      .option('--debug', 'show where an error arose');
  }
  return program;
}

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((below) => [below, ...commandsBelow(below)]);
}
