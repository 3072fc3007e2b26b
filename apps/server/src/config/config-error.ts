/** One thing wrong with the configuration. `message` names the wanted form, never the value. */
export interface ConfigProblem {
  /** Setting such as `server.port`, or the file where the whole file is the problem. */
  readonly setting: string;
  readonly message: string;
}

/** The configuration cannot be used. Lists everything that is wrong, so that it can be mended in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(({ setting, message }) => `${setting} ${message}`).join('\n'), options);
    this.problems = problems;
  }
}
