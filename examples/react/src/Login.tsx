interface LoginProps {
  readonly token: string | undefined;
  readonly onChange: (token: string | undefined) => void;
}

/** Asks for a token. A gateway without a login needs none. */
export function Login({ token, onChange }: LoginProps) {
  if (token !== undefined)
    return (
      <p>
        Logged in.{' '}
        <button type="button" onClick={() => onChange(undefined)}>
          Log out
        </button>
      </p>
    );
  return (
    <form action={(form) => onChange(String(form.get('token')).trim() || undefined)}>
      <label>
        Token <input name="token" type="password" autoComplete="off" />
      </label>
      <button type="submit">Log in</button>
    </form>
  );
}
