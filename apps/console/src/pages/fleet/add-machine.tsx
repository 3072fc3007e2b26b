import type { EnrolmentToken } from '@bulwark/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { messageOf } from '../../api/errors.ts';
import { enrolmentQuery } from '../../api/queries.ts';
import { formatDuration } from '../../format/time.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useNow } from '../../ui/now.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import css from './add-machine.module.css';

interface Adding {
  start: () => void;
  /** Belongs where it stays when the first machine comes in and the page around it changes. */
  dialog: ReactNode;
}

/** The dialog that shows the command and waits for the machine. */
export function useAddMachine(onConnected: () => void): Adding {
  const client = useClient();
  const [open, setOpen] = useState(false);
  // gcTime: the answer holds a token, shown this once and kept nowhere.
  const creation = useMutation({ mutationFn: () => client.createEnrolmentToken(), gcTime: 0 });

  const start = () => {
    creation.mutate();
    setOpen(true);
  };
  const close = () => {
    setOpen(false);
    creation.reset();
  };
  const dialog = open && (
    <Dialog title="Add a machine" onClose={close}>
      {creation.isError ? (
        <Notice look="danger">No token could be made. {messageOf(creation.error)}</Notice>
      ) : creation.data ? (
        <Enrolment key={creation.data.id} token={creation.data} onRenew={start} onConnected={onConnected} />
      ) : (
        <Skeleton height="9rem" />
      )}
      <DialogActions>
        <Button onClick={close}>Done</Button>
      </DialogActions>
    </Dialog>
  );
  return { start, dialog };
}

interface EnrolmentProps {
  token: EnrolmentToken;
  onRenew: () => void;
  onConnected: () => void;
}

function Enrolment({ token, onRenew, onConnected }: EnrolmentProps) {
  const { data } = useQuery(enrolmentQuery(useClient(), token.id));
  const now = useNow();
  const state = data?.state === 'used' ? 'used' : now >= token.expiresAt ? 'expired' : (data?.state ?? 'waiting');
  const tellConnected = useEffectEvent(onConnected);
  useEffect(() => {
    if (state === 'used') tellConnected();
  }, [state]);

  return (
    <>
      <p>Run this on the machine. It enrols it, once, and it starts to report.</p>
      <div className={css.command}>
        <pre>
          <code>{token.command}</code>
        </pre>
        <CopyButton text={token.command} />
      </div>
      <div className={css.progress} role="status">
        {state === 'waiting' && <span className={`${css.state} ${css.waiting}`}>Waiting for the machine…</span>}
        {state === 'used' && (
          <>
            <span className={`${css.state} ${css.connected}`}>
              <CheckMark /> Connected
            </span>
            {data?.machineId && (
              <Link to="/machines/$machineId" params={{ machineId: data.machineId }}>
                Open the machine
              </Link>
            )}
          </>
        )}
        {state === 'expired' && (
          <>
            <span className={css.state}>This token has expired.</span>
            <Button onClick={onRenew}>Make another</Button>
          </>
        )}
      </div>
      {state === 'waiting' && (
        <p className={css.left}>
          Works for another {formatDuration(token.expiresAt - now)}. The token is not shown again.
        </p>
      )}
    </>
  );
}

function CheckMark() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" aria-hidden="true">
      <path d="m3 8.5 3.5 3.5L13 4.5" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
