import { Alert, Button, FileInput, List, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Model } from '../../api/models.ts';
import { countOf, shownCount } from '../../parts/figures.ts';
import { Icon } from '../../parts/Icon.tsx';
import { RowFormat } from './RowFormat.tsx';
import { MAX_PROBLEMS, MAX_ROWS, type Rows, readRows } from './readRows.ts';
import type { Submission } from './useSubmission.ts';

interface RowsFileProps {
  readonly model: Model;
  readonly present: Submission | undefined;
  readonly submit: (inputs: Rows['inputs']) => Promise<void>;
  /** The result of another file is no result of this one. */
  readonly forget: () => void;
}

/** A file of many rows, which becomes one task. */
export function RowsFile({ model, present, submit, forget }: RowsFileProps) {
  const [file, setFile] = useState<File | null>(null);
  const [rows, setRows] = useState<Rows>();

  async function choose(chosen: File | null): Promise<void> {
    forget();
    setFile(chosen);
    setRows(chosen === null ? undefined : readRows(chosen.name, await chosen.text(), model));
  }

  const refused = present?.isSending ? [] : (present?.fieldProblems ?? []);
  const problems = [
    ...(rows?.problems ?? []),
    ...refused.map(({ row, field, message }) => `Row ${(row ?? 0) + 1}, ${field}: ${message}`),
  ].slice(0, MAX_PROBLEMS);
  const more = (rows?.problemCount ?? 0) + refused.length - problems.length;
  const canSend = rows !== undefined && rows.problems.length === 0;
  return (
    <Stack gap="sm">
      <FileInput
        label="File with the rows"
        description={`CSV with a header, or JSON: a list of objects, or one object a line. ${shownCount(MAX_ROWS)} rows at most.`}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="Choose a file"
        leftSection={<Icon name="upload" />}
        accept=".csv,.json,.jsonl,.ndjson,text/csv,application/json"
        value={file}
        onChange={(chosen) => void choose(chosen)}
        clearable
      />
      <RowFormat model={model} />
      {problems.length > 0 && (
        <Alert color="red" role="alert" title="The rows are not sent" p="xs">
          <List size="sm">
            {problems.map((problem) => (
              <List.Item key={problem}>{problem}</List.Item>
            ))}
            {more > 0 && <List.Item>and {shownCount(more)} more</List.Item>}
          </List>
        </Alert>
      )}
      {canSend && (
        <Text size="sm">
          {countOf(rows.inputs.length, 'row')} {rows.inputs.length === 1 ? 'is' : 'are'} ready.
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
