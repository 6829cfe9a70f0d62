import { Button, Group, Stack } from '@mantine/core';
import { useState } from 'react';
import { storeBytes } from '../../api/files.ts';
import type { Model } from '../../api/models.ts';
import { messageOf } from '../../api/refusal.ts';
import { useSignedIn } from '../../api/signedIn.ts';
import { Problem } from '../../parts/Problem.tsx';
import { type Draft, readDraft } from './draft.ts';
import { exampleDrafts } from './exampleDrafts.ts';
import { InputField, ZONE_UNIT } from './fields/InputField.tsx';
import type { Submission } from './useSubmission.ts';
import { DistanceHint } from './zones/DistanceHint.tsx';
import { ZoneMap } from './zones/ZoneMap.tsx';

interface OneInputProps {
  readonly model: Model;
  readonly present: Submission | undefined;
  readonly submit: (input: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** A field for each input of the model. It begins with the model's example. */
export function OneInput({ model, present, submit }: OneInputProps) {
  const { token } = useSignedIn();
  const [drafts, setDrafts] = useState(() => exampleDrafts(model));
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [failure, setFailure] = useState<string>();
  const zoneFields = model.inputs.filter(({ unit, size }) => unit === ZONE_UNIT && size === null);
  const distance = model.inputs.find(({ unit }) => unit === 'miles');

  function change(name: string, draft: Draft): void {
    setDrafts((before) => ({ ...before, [name]: draft }));
    setProblems(({ [name]: _mended, ...others }) => others);
  }

  async function send(): Promise<void> {
    setFailure(undefined);
    try {
      const input: Record<string, unknown> = {};
      const found: Record<string, string> = {};
      for (const field of model.inputs) {
        const read = await readDraft(field, drafts[field.name], (bytes) => storeBytes(bytes, token));
        if ('problem' in read) found[field.name] = read.problem;
        else if (read.value !== undefined) input[field.name] = read.value;
      }
      setProblems(found);
      if (Object.keys(found).length === 0) await submit(input);
    } catch (error) {
      setFailure(messageOf(error));
    }
  }

  const refused = new Map(present?.fieldProblems.map(({ field, message }) => [field, message]));
  // Problems of the gateway that belong to no field that is shown.
  const others = [...refused].filter(([name]) => !model.inputs.some((field) => field.name === name));
  const failures = [failure, ...others.map(([, message]) => message)].filter((text) => text !== undefined);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack gap="md">
        {zoneFields.length > 0 && <ZoneMap fields={zoneFields} drafts={drafts} onChange={change} />}
        {zoneFields.length === 2 && distance !== undefined && (
          <DistanceHint zones={zoneFields} distance={distance} drafts={drafts} onChange={change} />
        )}
        <div className="fields">
          {model.inputs.map((field) => (
            <InputField
              key={field.name}
              field={field}
              draft={drafts[field.name]}
              onChange={(draft) => change(field.name, draft)}
              problem={problems[field.name] ?? (present?.isSending ? undefined : refused.get(field.name))}
            />
          ))}
        </div>
        {failures.map((text) => (
          <Problem key={text} error={text} />
        ))}
        <Group gap="xs">
          <Button type="submit" loading={present?.isSending ?? false}>
            Submit
          </Button>
          <Button
            variant="default"
            onClick={() => {
              setDrafts(exampleDrafts(model));
              setProblems({});
            }}
          >
            Back to the example
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
