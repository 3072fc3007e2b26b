export { type AgentConfig, loadAgentConfig } from './config.ts';
export { type EnrolOptions, enrollAgent } from './enrol.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
export { type RunOptions, runAgent } from './run.ts';
export { type AgentState, hasAgentState, readAgentState } from './state.ts';
