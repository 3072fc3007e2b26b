import type { MachineDetail } from '@bulwark/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { messageOf } from '../../api/errors.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';

/** The button, and the dialog that wants the machine's name typed: revoking cannot be taken back. */
export function Revoke({ machine }: { machine: MachineDetail }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Revoke machine…
      </Button>
      {open && <RevokeDialog machine={machine} onClose={() => setOpen(false)} />}
    </>
  );
}

function RevokeDialog({ machine, onClose }: { machine: MachineDetail; onClose: () => void }) {
  const client = useClient();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const revocation = useMutation({
    mutationFn: () => client.revokeMachine(machine.id),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries();
    },
  });
  const matches = typed.trim() === machine.name;

  return (
    <Dialog title="Revoke this machine?" onClose={onClose}>
      <p>
        From now on the server refuses everything that {machine.name} sends. What it has reported stays. To watch it
        again, it must be enrolled anew.
      </p>
      {revocation.isError && <Notice look="danger">It was not revoked. {messageOf(revocation.error)}</Notice>}
      <Form onSubmit={() => matches && revocation.mutate()}>
        <TextField
          label={`Type ${machine.name} to confirm`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" look="danger" disabled={!matches || revocation.isPending}>
            {revocation.isPending ? 'Revoking…' : 'Revoke'}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
