import type { SignInRequest } from '@bulwark/protocol';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { ApiFailure, messageOf } from '../../api/errors.ts';
import { setupQuery } from '../../api/queries.ts';
import { useEntrance } from '../../api/sign-in.ts';
import { Button } from '../../ui/button.tsx';
import { PasswordField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Gate } from '../../ui/gate.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useTitle } from '../../ui/title.ts';
import { returnPath } from './return-path.ts';

const route = getRouteApi('/sign-in');

/** Name and password. A refusal says the same whichever of them was wrong. */
export function SignInPage() {
  useTitle('Sign in');
  const client = useClient();
  const search = route.useSearch();
  const { data: setup } = useQuery(setupQuery(client));
  const entrance = useEntrance(
    (request: SignInRequest) => client.signIn(request),
    returnPath(search.return, location.origin),
  );
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');

  return (
    <Gate
      title="Sign in"
      foot="Machine data is stored encrypted, and nothing of it is shown to anybody who is not signed in."
    >
      {setup?.needed && (
        <Notice>Nobody can sign in yet. Open the set-up link that the server printed when it started.</Notice>
      )}
      {entrance.isError && <Notice look="danger">{wordsFor(entrance.error)}</Notice>}
      <Form onSubmit={() => entrance.mutate({ username: username.trim(), password })}>
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          required
          maxLength={128}
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          maxLength={128}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={entrance.isPending}>
          {entrance.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </Form>
    </Gate>
  );
}

function wordsFor(error: Error): string {
  if (error instanceof ApiFailure && error.status === 401) return 'User name or password is wrong.';
  if (error instanceof ApiFailure && error.status === 429) return 'Too many attempts. Wait a minute and try again.';
  return messageOf(error);
}
