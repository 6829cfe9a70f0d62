import { Alert, Button, Code, FileInput, List, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Model } from '../../api/models.ts';
import { Icon } from '../../parts/Icon.tsx';
import { MAX_ROWS, type Rows, readRows } from './readRows.ts';
import type { Submission } from './useSubmission.ts';

interface RowsFileProps {
  readonly model: Model;
  readonly present: Submission | undefined;
  readonly submit: (inputs: Rows['inputs']) => Promise<void>;
}

const SHOWN_PROBLEMS = 5;

/** A file of many rows, which becomes one task. */
export function RowsFile({ model, present, submit }: RowsFileProps) {
  const [file, setFile] = useState<File | null>(null);
  const [rows, setRows] = useState<Rows>();

  async function choose(chosen: File | null): Promise<void> {
    setFile(chosen);
    setRows(chosen === null ? undefined : readRows(chosen.name, await chosen.text(), model));
  }

  const refused = present?.isSending ? [] : (present?.fieldProblems ?? []);
  const problems = [
    ...(rows?.problems ?? []),
    ...refused.map(({ row, field, message }) => `Row ${(row ?? 0) + 1}, ${field}: ${message}`),
  ].slice(0, SHOWN_PROBLEMS);
  const columns = model.inputs.map(({ name }) => name).join(',');
  const canSend = rows !== undefined && rows.problems.length === 0;
  return (
    <Stack gap="sm">
      <FileInput
        label="File with the rows"
        description={`CSV with a header, or JSON: a list of objects, or one object a line. ${MAX_ROWS.toLocaleString('en')} rows at most.`}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="Choose a file"
        leftSection={<Icon name="upload" />}
        accept=".csv,.json,.jsonl,.ndjson,text/csv,application/json"
        value={file}
        onChange={(chosen) => void choose(chosen)}
        clearable
      />
      <Text size="xs" c="dimmed">
        The header of a CSV file:
      </Text>
      <Code block className="wrapped">
        {columns}
      </Code>
      {problems.length > 0 && (
        <Alert color="red" role="alert" title="The rows are not sent" p="xs">
          <List size="sm">
            {problems.map((problem) => (
              <List.Item key={problem}>{problem}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {canSend && (
        <Text size="sm">
          {rows.inputs.length.toLocaleString('en')} rows are ready.
          {rows.unused.length > 0 && ` Not used: ${rows.unused.join(', ')}.`}
        </Text>
      )}
      <Button
        onClick={() => canSend && void submit(rows.inputs)}
        disabled={!canSend}
        loading={present?.isSending ?? false}
        style={{ alignSelf: 'start' }}
      >
        Submit the rows
      </Button>
    </Stack>
  );
}
