import './styles/tokens.css';
import './styles/base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Client } from './api/client.ts';
import { ClientContext } from './api/client-context.ts';
import { ApiFailure } from './api/errors.ts';
import { takeSetupToken } from './pages/setup/setup-token.ts';
import { PreferencesProvider } from './preferences/preferences.tsx';
import { makeRouter } from './router.tsx';

const setupToken = takeSetupToken(window);
const client = new Client();
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // An answer of the server will be the same the second time; a lost connection may not.
      retry: (failures, error) => failures < 1 && !(error instanceof ApiFailure && error.status >= 400),
      networkMode: 'always', // "offline" says nothing about a server in the same network
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
const router = makeRouter({ client, queries, setupToken });

client.onSignedOut = async () => {
  const { pathname, href } = router.state.location;
  if (pathname === '/sign-in') return;
  await router.navigate({ to: '/sign-in', search: { return: href }, replace: true });
  queries.clear();
};

// A page out of the back-forward cache would show what a signed-out person must not see.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ClientContext value={client}>
        <PreferencesProvider>
          <RouterProvider router={router} />
        </PreferencesProvider>
      </ClientContext>
    </QueryClientProvider>
  </StrictMode>,
);
