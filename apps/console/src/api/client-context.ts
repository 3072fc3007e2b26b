import { createContext, useContext } from 'react';
import type { Client } from './client.ts';

/** Gives every hook the one client of the page. */
export const ClientContext = createContext<Client | null>(null);

/** The one client of the page. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('useClient is called outside ClientContext');
  return client;
}
