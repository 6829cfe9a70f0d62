import { Card, SegmentedControl, Stack } from '@mantine/core';
import { useState } from 'react';
import type { Model } from '../../api/models.ts';
import { OneInput } from './OneInput.tsx';
import { Outcome } from './Outcome.tsx';
import { RowsFile } from './RowsFile.tsx';
import { useSubmission } from './useSubmission.ts';

/** The form of one model beside what came of it. */
export function TryModel({ model }: { readonly model: Model }) {
  const [isForRows, setForRows] = useState(false);
  const { present, submit, forget } = useSubmission();
  return (
    <div className="try">
      <Card withBorder p="md">
        <Stack gap="md">
          <SegmentedControl
            size="xs"
            data={[
              { value: 'one', label: 'One input' },
              { value: 'rows', label: 'Many rows from a file' },
            ]}
            value={isForRows ? 'rows' : 'one'}
            onChange={(value) => {
              setForRows(value === 'rows');
              forget();
            }}
            aria-label="How much is submitted"
            transitionDuration={0}
            style={{ alignSelf: 'start' }}
          />
          {isForRows ? (
            <RowsFile model={model} present={present} submit={(inputs) => submit(model, { inputs }, true)} />
          ) : (
            <OneInput model={model} present={present} submit={(input) => submit(model, { input }, false)} />
          )}
        </Stack>
      </Card>
      <Outcome present={present} />
    </div>
  );
}
