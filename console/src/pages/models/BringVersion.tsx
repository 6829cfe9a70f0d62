import { useQuery } from '@apollo/client/react';
import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { UPLOAD_RULES } from '../../api/uploadRules.ts';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { Problem } from '../../parts/Problem.tsx';
import type { SeenModel } from './operations.ts';
import { UploadVersion } from './UploadVersion.tsx';

interface BringVersionProps {
  readonly model: SeenModel;
  readonly refresh: () => Promise<void>;
}

/** The ways by which a version comes: from here, by the command, or by a training. */
export function BringVersion({ model, refresh }: BringVersionProps) {
  const { data, error } = useQuery(UPLOAD_RULES);
  const rules = data?.uploadRules;
  const { name, training, versions } = model;
  const next = 1 + Math.max(0, ...versions.map(({ version }) => Number(version)));
  return (
    <Stack gap="sm">
      <Text size="sm">
        A version comes into the registry, from where all workers take it. It answers no tasks until it has a
        share.
      </Text>
      <Problem error={error} />
      {rules?.mustVersionsBeSigned === false && (
        <UploadVersion model={model} maxBytes={rules.artifactMaxBytes} refresh={refresh} />
      )}
      <Stack gap={6} className="push">
        <Text size="sm">
          {rules?.mustVersionsBeSigned
            ? 'Versions must be signed here, which a page cannot do. This command signs with MODEL_SIGNING_KEY_FILE:'
            : 'Larger files, code and signed versions come from a folder of MODELS_DIR by a command:'}
        </Text>
        <CommandLine command={`npm run model -- push ${name} ${next}`} />
        {training !== null && (
          <Text size="sm" c="dimmed">
            A training does the same at its end: see{' '}
            <Anchor
              component={Link}
              href={`/data?model=${encodeURIComponent(name)}`}
              inherit
              underline="always"
            >
              Training
            </Anchor>
            .
          </Text>
        )}
      </Stack>
    </Stack>
  );
}
