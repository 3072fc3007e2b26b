import type { SetupRequest } from '@bulwark/protocol';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { messageOf } from '../../api/errors.ts';
import { setupQuery } from '../../api/queries.ts';
import { useEntrance } from '../../api/sign-in.ts';
import { Button } from '../../ui/button.tsx';
import { PasswordField, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Gate } from '../../ui/gate.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useTitle } from '../../ui/title.ts';
import { type PasswordHint, passwordHint } from './password-hint.ts';
import { tokenFromText } from './setup-token.ts';
import css from './strength.module.css';

const route = getRouteApi('/setup');

/** Makes the first administrator, once, with the token that the server printed. */
export function SetupPage() {
  useTitle('Set up');
  const { data: setup } = useQuery(setupQuery(useClient()));
  if (setup?.needed === false) {
    return (
      <Gate title="Already set up" intro="The first administrator exists, so this link has done its work.">
        <p>
          <Link to="/sign-in">Sign in</Link>
        </p>
      </Gate>
    );
  }
  return (
    <Gate
      title="Create the administrator"
      intro="The first account of this server. It can enrol machines and revoke them."
      foot="The set-up link works once. Your password is stored only as an Argon2id hash."
    >
      <SetupForm />
    </Gate>
  );
}

function SetupForm() {
  const client = useClient();
  const { setupToken } = route.useRouteContext();
  const entrance = useEntrance((request: SetupRequest) => client.setUp(request), '/');
  const [pasted, setPasted] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const hint = passwordHint(password, username);

  const submit = () => {
    if (hint.level === 0) return;
    entrance.mutate({ token: setupToken ?? tokenFromText(pasted), username: username.trim(), password });
  };

  return (
    <Form onSubmit={submit}>
      {entrance.isError && <Notice look="danger">{messageOf(entrance.error)}</Notice>}
      {setupToken === undefined && (
        <TextField
          label="Set-up link"
          name="token"
          autoComplete="off"
          spellCheck={false}
          required
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
          hint="The server printed it when it started. Paste it whole."
        />
      )}
      <TextField
        label="User name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
        maxLength={64}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="new-password"
        required
        maxLength={128}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        hint={<Strength hint={hint} />}
      />
      <Button type="submit" look="primary" disabled={entrance.isPending || hint.level === 0}>
        {entrance.isPending ? 'Creating…' : 'Create administrator'}
      </Button>
    </Form>
  );
}

function Strength({ hint }: { hint: PasswordHint }) {
  return (
    <span className={css.strength}>
      {[1, 2, 3].map((step) => (
        <span key={step} className={`${css.step} ${step <= hint.level ? css.on : ''}`} aria-hidden="true" />
      ))}
      <span className={css.text} role="status">
        {hint.text}
      </span>
    </span>
  );
}
