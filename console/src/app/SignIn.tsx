import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useActionState } from 'react';
import { Problem } from '../parts/Problem.tsx';
import { Logo } from './Logo.tsx';

interface SignInProps {
  /** Why the gateway does not take the key or token that was used before. */
  readonly why: string | undefined;
  readonly signIn: (token: string) => Promise<string | undefined>;
}

/** The page of a gateway that must know who asks. */
export function SignIn({ why, signIn }: SignInProps) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="lg" w="100%" maw={400}>
        <Stack gap="md">
          <Logo />
          <Title order={1}>Sign in</Title>
          <Text size="sm" c="dimmed">
            With an API key, a token of your identity provider, or the operator token. It stays in this tab,
            and is forgotten when the tab is closed.
          </Text>
          <SignInForm why={why} signIn={signIn} />
        </Stack>
      </Paper>
    </Center>
  );
}

/** The field for a key or token. What the gateway says about a wrong one stands beside it at once. */
export function SignInForm({ why, signIn }: SignInProps) {
  const [problem, action, isPending] = useActionState<string | undefined, FormData>((_before, form) => {
    const token = String(form.get('token')).trim();
    return token === '' ? Promise.resolve('Enter a key or token.') : signIn(token);
  }, why);
  return (
    <form action={action}>
      <Stack gap="sm">
        <PasswordInput
          name="token"
          label="Key or token"
          autoComplete="off"
          data-autofocus
          autoFocus
          error={problem !== undefined}
        />
        <Problem error={problem} />
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
