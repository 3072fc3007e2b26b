import type { Session } from '@bulwark/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useClient } from './client-context.ts';
import { sessionQuery } from './queries.ts';

/** Something that ends in a session, and the page to go to then. */
export function useEntrance<Request>(enter: (request: Request) => Promise<Session>, goTo: string) {
  const client = useClient();
  const queries = useQueryClient();
  const { history } = useRouter();
  return useMutation({
    mutationFn: enter,
    onSuccess: (session) => {
      queries.setQueryData(sessionQuery(client).queryKey, session);
      history.replace(goTo);
    },
    gcTime: 0, // the request holds a password
  });
}
