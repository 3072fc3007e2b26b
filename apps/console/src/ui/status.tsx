import type { MachineStatus } from '@bulwark/protocol';
import css from './status.module.css';

/** What a machine's row and page call its state. A revoked machine is no longer part of the fleet. */
export type ShownStatus = MachineStatus | 'revoked';

export const STATUS_NAMES: Record<ShownStatus, string> = {
  online: 'Online',
  warning: 'Warning',
  offline: 'Offline',
  revoked: 'Revoked',
};

// One shape each, so that nobody has to tell the colours apart: disc, triangle, hollow square, crossed circle.
const SHAPES: Record<ShownStatus, string> = {
  online: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z',
  warning: 'M6 1 11.5 10.5H.5Z',
  offline: 'M1.5 1.5h9v9h-9Zm2 2v5h5v-5Z',
  revoked: 'M6 .5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Zm0 1.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM3 5.25h6v1.5H3Z',
};

/** The state a row or page shows. */
export function shownStatus(machine: { status: MachineStatus; revokedAt: number | null }): ShownStatus {
  return machine.revokedAt === null ? machine.status : 'revoked';
}

/** A shape in the colour of the status. Put its name beside it. */
export function StatusShape({ status }: { status: ShownStatus }) {
  return (
    <svg className={`${css.shape} ${css[status]}`} viewBox="0 0 12 12" aria-hidden="true">
      <path d={SHAPES[status]} fill="currentColor" fillRule="evenodd" />
    </svg>
  );
}

/** Shape and name. */
export function Status({ status }: { status: ShownStatus }) {
  return (
    <span className={css.status}>
      <StatusShape status={status} />
      {STATUS_NAMES[status]}
    </span>
  );
}
