import { Button, Menu, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useSignedIn } from '../api/signedIn.ts';
import { Icon } from '../parts/Icon.tsx';
import { SignInForm } from './SignIn.tsx';

const ROLE_NAMES = { SUBMITTER: 'submitter', VIEWER: 'viewer', OPERATOR: 'operator' } as const;

/** Who is signed in, and the way to another key. */
export function UserMenu() {
  const { me, token, signIn, signOut } = useSignedIn();
  const [isOpen, { open, close }] = useDisclosure();
  const role = me.roles.map((each) => ROLE_NAMES[each]).join(', ');
  const signInAndClose = async (wanted: string) => {
    const problem = await signIn(wanted);
    if (problem === undefined) close();
    return problem;
  };
  return (
    <>
      <Menu position="bottom-end" width={220} transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button variant="subtle" color="gray" px="xs" aria-label={`Signed in as ${me.owner}, ${role}`}>
            <Icon name="user" />
            <Text span size="sm" visibleFrom="sm" ml={6} maw={200} truncate>
              {me.owner}
            </Text>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <Text size="xs" truncate>
              {me.owner}, {role}
            </Text>
          </Menu.Label>
          <Menu.Item onClick={open}>
            {token === undefined ? 'Sign in with a key or token' : 'Sign in as another'}
          </Menu.Item>
          {token !== undefined && <Menu.Item onClick={signOut}>Sign out</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isOpen} onClose={close} title="Sign in">
        <SignInForm why={undefined} signIn={signInAndClose} />
      </Modal>
    </>
  );
}
