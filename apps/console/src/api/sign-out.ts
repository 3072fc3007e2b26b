import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useClient } from './client-context.ts';

/** Ends the session and forgets everything it brought. `failed` while the server does not know of it. */
export function useSignOut(): { signOut: () => void; failed: boolean } {
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { mutate, isError } = useMutation({
    mutationFn: () => client.signOut(),
    onSuccess: async () => {
      // In this order: a page still in view would ask again for what was forgotten.
      await navigate({ to: '/sign-in' });
      queries.clear();
    },
  });
  return { signOut: () => mutate(), failed: isError };
}
