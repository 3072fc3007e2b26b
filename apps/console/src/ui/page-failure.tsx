import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { messageOf } from '../api/errors.ts';
import { Button } from './button.tsx';
import { Gate } from './gate.tsx';

/** In place of a page that could not start, as when the server is away. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Gate title="This page could not start" intro={messageOf(error)}>
      <p>
        <Button look="primary" onClick={retry}>
          Try again
        </Button>
      </p>
    </Gate>
  );
}
