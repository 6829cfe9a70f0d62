import { useApolloClient } from '@apollo/client/react';
import { Button, Group, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { ConfirmButton } from '../../parts/ConfirmButton.tsx';
import { Empty } from '../../parts/Empty.tsx';
import { shownTime } from '../../parts/figures.ts';
import { Problem } from '../../parts/Problem.tsx';
import { Section } from '../../parts/Section.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import { DeadLetterDrawer } from './DeadLetterDrawer.tsx';
import { type DeadLetter, REDRIVE_ALL } from './operations.ts';
import { useDeadLetters } from './useDeadLetters.ts';

const COLUMNS = [
  { title: 'Task' },
  { title: 'Failed' },
  { title: 'Version' },
  { title: 'Code' },
  { title: 'Tries', isNumber: true },
  { title: 'Reason' },
];

/** The ids of a model begin alike, so their ends are shown. */
const ID_END = 12;

/** The dead letters of each model. @param count how many there are, as far as it is known. */
export function DeadLetterList({ count }: { readonly count: number | undefined }) {
  const { found, problem, reload, showMore } = useDeadLetters(count);
  const [openId, setOpenId] = useState<string>();
  const letters = found?.letters ?? [];
  const byModel = Map.groupBy(letters, ({ modelName }) => modelName);
  const open = letters.find(({ taskId }) => taskId === openId);
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        Tasks that no worker could bring to an end. Mend the cause, then submit them again or discard them.
      </Text>
      <Problem error={problem} />
      {found === undefined && problem === undefined && <Skeleton h={120} />}
      {found !== undefined && letters.length === 0 && <Empty>There are no dead letters.</Empty>}
      {[...byModel].map(([model, ofModel]) => (
        <LettersOfModel key={model} model={model} letters={ofModel} open={setOpenId} reload={reload} />
      ))}
      {found?.areMore && (
        <Group gap="sm">
          <Text size="sm">These are the oldest {letters.length}.</Text>
          <Button variant="default" size="xs" onClick={showMore}>
            Show more
          </Button>
        </Group>
      )}
      {open !== undefined && (
        <DeadLetterDrawer letter={open} close={() => setOpenId(undefined)} reload={reload} />
      )}
    </Stack>
  );
}

interface LettersOfModelProps {
  readonly model: string;
  readonly letters: readonly DeadLetter[];
  readonly open: (taskId: string) => void;
  readonly reload: () => Promise<void>;
}

function LettersOfModel({ model, letters, open, reload }: LettersOfModelProps) {
  const apollo = useApolloClient();
  const [outcome, setOutcome] = useState<string>();
  const redriveAll = async () => {
    const { data } = await apollo.mutate({ mutation: REDRIVE_ALL, variables: { model } });
    if (data == null) return;
    const { redriven, kept, stoppedBy } = data.redriveDeadLetters;
    const stopped = stoppedBy === null ? '' : ` It stopped with ${stoppedBy}: try again later.`;
    setOutcome(`${redriven} became tasks again, ${kept} stay because they cannot be run.${stopped}`);
    await reload();
  };
  return (
    <Section
      title={model}
      aside={
        <ConfirmButton label="Redrive all" confirm="Redrive all of them" run={redriveAll}>
          Each dead letter of {model} becomes a new task with the same input and time limit, and leaves this
          list.
        </ConfirmButton>
      }
    >
      <Text size="sm" role="status">
        {outcome}
      </Text>
      <WideTable label={`Dead letters of ${model}`} columns={COLUMNS}>
        {letters.map(({ taskId, diedAt, modelVersion, code, attempts, reason }) => (
          <Table.Tr key={taskId}>
            <Table.Td>
              <button type="button" className="link id-end" title={taskId} onClick={() => open(taskId)}>
                …{taskId.slice(-ID_END)}
              </button>
            </Table.Td>
            <Table.Td>{shownTime(diedAt)}</Table.Td>
            <Table.Td>{modelVersion}</Table.Td>
            <Table.Td>{code}</Table.Td>
            <Table.Td data-number="true">{attempts}</Table.Td>
            <Table.Td className="reason" title={reason}>
              {reason}
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </Section>
  );
}
