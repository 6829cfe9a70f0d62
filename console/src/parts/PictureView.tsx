import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { fetchBytes } from '../api/files.ts';
import { messageOf } from '../api/refusal.ts';
import { useSignedIn } from '../api/signedIn.ts';
import { useObjectUrl } from './useObjectUrl.ts';

export interface PictureValue {
  readonly width: number;
  readonly height: number;
  readonly url: string;
}

/** A picture that a model has made. It is read with the login of the page, which an `<img>` would not send. */
export function PictureView({ picture: { width, height, url: path } }: { readonly picture: PictureValue }) {
  const { token } = useSignedIn();
  const [bytes, setBytes] = useState<Blob>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    fetchBytes(path, token).then(setBytes, (error) => setProblem(messageOf(error)));
  }, [path, token]);
  const url = useObjectUrl(bytes);
  if (problem !== undefined) return <Text size="sm">{problem}</Text>;
  return (
    <figure className="made-picture">
      {url !== undefined && <img src={url} alt="Made by the model" className="picture" />}
      <Text component="figcaption" size="xs" c="dimmed">
        {width} × {height} pixels
      </Text>
    </figure>
  );
}
