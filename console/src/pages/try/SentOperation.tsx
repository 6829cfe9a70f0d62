import { Button, Group, Stack, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useSignedIn } from '../../api/signedIn.ts';
import { CodeBlock } from '../../parts/CodeBlock.tsx';
import { CopyText } from '../../parts/CopyText.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { CODE_FORMS } from './codeForms.ts';
import type { Submission } from './useSubmission.ts';

/** The GraphQL that was sent, for use elsewhere. */
export function SentOperation({ present }: { readonly present: Submission }) {
  const { token } = useSignedIn();
  const [isOpen, { toggle }] = useDisclosure();
  const forms = isOpen
    ? CODE_FORMS.map(({ name, write }) => ({ name, text: write(present, token !== undefined) }))
    : [];
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="code" />}
        onClick={toggle}
        aria-expanded={isOpen}
        style={{ alignSelf: 'start' }}
      >
        {isOpen ? 'Hide the GraphQL that was sent' : 'Show the GraphQL that was sent'}
      </Button>
      {isOpen && (
        <Tabs defaultValue={CODE_FORMS[0]?.name ?? null}>
          <Tabs.List aria-label="The language of the code">
            {forms.map(({ name }) => (
              <Tabs.Tab key={name} value={name}>
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {forms.map(({ name, text }) => (
            <Tabs.Panel key={name} value={name} pt="xs">
              <CodeBlock label={`${name}: code`} text={text} />
              <Group mt={6}>
                <CopyText text={text} what={`the code for ${name}`} />
              </Group>
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
    </Stack>
  );
}
