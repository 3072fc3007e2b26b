export type { Config } from './config/config.ts';
export { ConfigError, type ConfigProblem } from './config/config-error.ts';
export {
  DEVELOPMENT_CONFIG_FILE,
  ensureConfiguredDevelopmentCertificate,
  type PreparedDirectory,
  prepareDataDirectory,
} from './config/development.ts';
export { generateKeyText } from './config/key-encoding.ts';
export { type ConfigSources, loadConfig, type SettingTexts } from './config/load-config.ts';
export type { Check, CheckState } from './doctor/check.ts';
export { runDoctor } from './doctor/run-doctor.ts';
export { type DataLock, lockDataDirectory } from './files/data-lock.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
