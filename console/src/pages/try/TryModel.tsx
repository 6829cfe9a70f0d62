import { Card, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Model } from '../../api/models.ts';
import { OneInput } from './OneInput.tsx';
import { Outcome } from './Outcome.tsx';
import { RowsFile } from './RowsFile.tsx';
import { useSubmission } from './useSubmission.ts';

/** The form of one model beside what came of it. */
export function TryModel({ model }: { readonly model: Model }) {
  const [isForRows, setForRows] = useState(false);
  const [version, setVersion] = useState<string>();
  const { present, submit, forget } = useSubmission();
  const options = version === undefined ? {} : { options: { modelVersion: version } };
  return (
    <div className="try">
      <Card withBorder p="md">
        <Stack gap="md">
          <Group gap="xs" justify="space-between">
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
            />
            <VersionChoice model={model} version={version} onChange={setVersion} />
          </Group>
          <Text size="sm">{model.description}</Text>
          {model.live.length === 0 && (
            <Text size="sm" role="status">
              No version of this model answers yet. Its page tells why:{' '}
              <Link href={`/models/${encodeURIComponent(model.name)}`}>{model.name}</Link>
            </Text>
          )}
          {isForRows ? (
            <RowsFile
              model={model}
              present={present}
              submit={(inputs) => submit(model, { inputs, ...options }, true)}
              forget={forget}
            />
          ) : (
            <OneInput
              model={model}
              present={present}
              submit={(input) => submit(model, { input, ...options }, false)}
            />
          )}
        </Stack>
      </Card>
      <Outcome present={present} />
    </div>
  );
}

interface VersionChoiceProps {
  readonly model: Model;
  /** Undefined: the rollout decides. */
  readonly version: string | undefined;
  readonly onChange: (version: string | undefined) => void;
}

/** Which of several versions must answer. */
function VersionChoice({ model, version, onChange }: VersionChoiceProps) {
  const served = model.versions.filter(({ state }) => state === 'SERVED');
  if (served.length < 2) return null;
  return (
    <Select
      aria-label="Version that answers"
      size="xs"
      w={190}
      data={[
        { value: '', label: 'Version: by the shares' },
        ...served.map((each) => ({ value: each.version, label: `Version ${each.version}` })),
      ]}
      value={version ?? ''}
      onChange={(chosen) => onChange(chosen || undefined)}
      allowDeselect={false}
    />
  );
}
