import { Stack, Text } from '@mantine/core';
import { fetchBytes } from '../api/files.ts';
import { useSignedIn } from '../api/signedIn.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { shownCount, shownNumber } from './figures.ts';
import { Sparkline } from './Sparkline.tsx';

export interface TensorValue {
  readonly shape: readonly number[];
  readonly values?: readonly (number | null)[] | null;
  readonly integers?: readonly (number | string)[] | null;
  readonly booleans?: readonly boolean[] | null;
  readonly texts?: readonly string[] | null;
  readonly url?: string | null;
}

/** The shape of a tensor, its first elements, and all of its bytes as a file. */
export function TensorView({ tensor }: { readonly tensor: TensorValue }) {
  const { token } = useSignedIn();
  const { shape, values, integers, booleans, texts, url } = tensor;
  const shown = values ?? integers ?? booleans ?? texts ?? [];
  const count = shape.reduce((product, size) => product * size, 1);
  const numbers = (values ?? []).filter((value) => value !== null);
  return (
    <Stack gap={4}>
      {shape.length === 1 && <Sparkline values={numbers} />}
      <CodeBlock label="Elements" text={textOf(shown, count)} />
      <Text size="xs" c="dimmed">
        {shape.length === 0 ? 'A single element' : `Shape ${shape.join(' × ')}`}
        {url != null && (
          <>
            {' · '}
            <button type="button" className="link" onClick={() => void save(`${url}?format=npy`, token)}>
              Download for NumPy
            </button>
          </>
        )}
      </Text>
    </Stack>
  );
}

function textOf(shown: readonly unknown[], count: number): string {
  const elements = shown.map((value) => (typeof value === 'number' ? shownNumber(value) : String(value)));
  const rest = count > shown.length ? ` … (${shownCount(count)} in all)` : '';
  return elements.join(', ') + rest;
}

async function save(path: string, token: string | undefined): Promise<void> {
  const url = URL.createObjectURL(await fetchBytes(path, token));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${path.split('/').at(-1)?.split('?')[0]}.npy`;
  link.click();
  URL.revokeObjectURL(url);
}
