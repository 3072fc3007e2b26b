export * from './api.ts';
export * from './enrolment.ts';
export * from './metrics.ts';
export * from './states.ts';
export * from './uuid.ts';
