import { Alert, Button, List, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { ChecksTable } from '../../parts/ChecksTable.tsx';
import { worseFigures, worseThanLive } from '../../parts/gateChecks.ts';
import { Section } from '../../parts/Section.tsx';
import { useGateChecks } from '../../parts/useGateChecks.ts';
import type { Work, WorkTraining } from './operations.ts';

const FIRST_SHARE = 10;

interface OutcomeProps {
  readonly work: Work;
  readonly training: WorkTraining;
}

/** What came of a training: the version to be given a share, whether it is worse than the live one, and the gate. */
export function Outcome({ work: { modelName }, training: { version, reused, gates } }: OutcomeProps) {
  const isOperator = useIsOperator();
  const checks = useGateChecks(modelName, gates);
  const worse = worseFigures(checks);
  const verdict = worseThanLive(checks);
  const isWorse = verdict !== null;
  return (
    <>
      {version !== null && (
        <Alert
          color={isWorse ? 'orange' : 'teal'}
          p="xs"
          title={`It is version ${version} of ${modelName}${isWorse ? `, ${verdict}` : ''}`}
          aria-label="Outcome"
        >
          <Stack gap="xs" align="start">
            <Text size="sm">
              {reused && 'The same data, recipe, parameters and seed had made it before. '}
              It passed the gate. It answers no task until it is given a share.
            </Text>
            {isWorse && (
              <>
                <Text size="sm">Over the same rows, it is worse than the version that was live then:</Text>
                <List size="sm">
                  {worse.map(({ label, unit, observed, live, worseBy, shown }) => (
                    <List.Item key={label}>
                      {label}: {shown(observed ?? 0)}, live {shown(live ?? 0)}. It is worse by{' '}
                      {shown(worseBy ?? 0)} {unit}.
                    </List.Item>
                  ))}
                </List>
                <Text size="sm">
                  If the live version has seen these rows when it was trained, its figures flatter it: judge
                  both by data that are newer. If it has not, the new version is no gain there.
                </Text>
              </>
            )}
            {isOperator && (
              <Button
                component={Link}
                size="xs"
                variant={isWorse ? 'default' : 'filled'}
                href={`/models/${encodeURIComponent(modelName)}?version=${version}&share=${FIRST_SHARE}`}
              >
                Give it a share of the tasks
              </Button>
            )}
          </Stack>
        </Alert>
      )}
      {checks.length > 0 && (
        <Section title="Gate">
          <ChecksTable checks={checks} />
        </Section>
      )}
    </>
  );
}
