import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, Outlet, redirect } from '@tanstack/react-router';
import type { Client } from './api/client.ts';
import { sessionQuery } from './api/queries.ts';
import { FleetPage } from './pages/fleet/fleet-page.tsx';
import { parseFleetSearch } from './pages/fleet/fleet-search.ts';
import { MachinePage } from './pages/machine/machine-page.tsx';
import { parseMachineSearch } from './pages/machine/machine-search.ts';
import { NotFoundPage } from './pages/not-found/not-found-page.tsx';
import { ProtectionPage } from './pages/protection/protection-page.tsx';
import { SetupPage } from './pages/setup/setup-page.tsx';
import { SignInPage } from './pages/sign-in/sign-in-page.tsx';
import { parseSearch, stringifySearch } from './search-params.ts';
import { PageFailure } from './ui/page-failure.tsx';
import { Shell } from './ui/shell.tsx';

interface RouterContext {
  client: Client;
  queries: QueryClient;
  /** From the set-up link that opened this page, if one did. */
  setupToken: string | undefined;
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: PageFailure,
});

const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: SetupPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { return?: string } =>
    typeof search.return === 'string' ? { return: search.return } : {},
  component: SignInPage,
});

/** Everything below it needs a session; without one the way leads over the sign-in page and back. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context: { client, queries }, location }) => {
    const session = await queries.ensureQueryData(sessionQuery(client));
    if (session === null) throw redirect({ to: '/sign-in', search: { return: location.href }, replace: true });
  },
  component: Shell,
});

const fleet = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  validateSearch: parseFleetSearch,
  component: FleetPage,
});

const machine = createRoute({
  getParentRoute: () => signedIn,
  path: '/machines/$machineId',
  validateSearch: parseMachineSearch,
  component: MachinePage,
});

const protection = createRoute({ getParentRoute: () => signedIn, path: '/protection', component: ProtectionPage });

const routeTree = root.addChildren([setup, signIn, signedIn.addChildren([fleet, machine, protection])]);

/** The pages and their addresses. */
export function makeRouter(context: RouterContext) {
  return createRouter({ routeTree, context, parseSearch, stringifySearch, scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
