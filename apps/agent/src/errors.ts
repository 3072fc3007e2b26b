/** Why an agent cannot go on. Codes are API: add freely, never rename. */
export type AgentErrorCode =
  | 'ERR_AGENT_CONFIG' // the configuration file is not of the wanted form
  | 'ERR_AGENT_STATE' // the agent's own state file is damaged
  | 'ERR_NOT_ENROLLED' // there is neither a state nor what to enrol with
  | 'ERR_ENROLMENT_REFUSED' // the server did not take the token or the key
  | 'ERR_SERVER_UNTRUSTED' // whoever answered could not prove to be the server
  | 'ERR_SERVER_UNREACHABLE' // no answer, or none that an agent understands
  | 'ERR_AGENT_REVOKED'; // the server has revoked this agent: it must enrol again

/** The only error class the agent throws on purpose. Switch on `code`, not on `message`. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
