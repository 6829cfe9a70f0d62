import { Alert, Button, Group, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../app/signedIn.ts';
import { ChecksTable } from '../../parts/ChecksTable.tsx';
import { Section } from '../../parts/Section.tsx';
import type { Work } from './operations.ts';

const FIRST_SHARE = 10;

/** What came of a training: the gate, and the version to be given a share. */
export function Outcome({ work: { training, modelName } }: { readonly work: Work }) {
  const isOperator = useIsOperator();
  const model = encodeURIComponent(modelName);
  return (
    <>
      {training !== null && training.version !== null && (
        <Alert
          color="teal"
          p="xs"
          title={`It is version ${training.version} of ${modelName}`}
          aria-label="Outcome"
        >
          <Group gap="sm">
            <Text size="sm">
              {training.reused
                ? 'The same data, recipe, parameters and seed had made it before.'
                : 'It passed the gate. It answers no task until it is given a share.'}
            </Text>
            {isOperator && (
              <Button
                component={Link}
                size="xs"
                href={`/models/${model}?version=${training.version}&share=${FIRST_SHARE}`}
              >
                Give it {FIRST_SHARE} % of the tasks
              </Button>
            )}
          </Group>
        </Alert>
      )}
      {training !== null && training.gates.length > 0 && (
        <Section title="Gate">
          <ChecksTable checks={training.gates} />
        </Section>
      )}
    </>
  );
}
