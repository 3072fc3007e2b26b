/** What the exit codes mean. Scripts rely on them: add, never change one. Also the table in docs/cli.md. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done; for `up` and `server`: stopped as asked' },
  failed: {
    code: 1,
    meaning: 'Failed while running: port in use, server or keys not reached, token refused, file not opened',
  },
  usage: { code: 2, meaning: 'Unknown command or option, or an argument is missing' },
  configuration: {
    code: 3,
    meaning:
      'Configuration, file modes, the root of the keys or the state of a migration are wrong; every problem is listed',
  },
  checksFailed: { code: 4, meaning: '`doctor` found a failure, or a command of `fields` values that are not right' },
  busy: { code: 5, meaning: 'Another process is at the same job; try again later' },
  interrupted: {
    code: 130,
    meaning: 'Ended by Ctrl-C before it was done; `up`, `server` and `agent run` by a second one',
  },
} as const;

/** Name of an outcome. */
export type Outcome = keyof typeof EXIT_CODES;
