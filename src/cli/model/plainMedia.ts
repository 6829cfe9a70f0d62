/** The smallest files for trials of a model with pictures, sounds or texts. */
import type { Value } from '../../contract/values.ts';
import type { MediaInput } from '../../models/mediaInput.ts';

/** 8 × 8 black pixels. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42mNgoA4AAABIAAEQRe/SAAAAAElFTkSuQmCC';
/** 8 samples of silence, 8,000 a second. */
const WAV = 'UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA==';

export function plainMedia({ kind }: MediaInput): Value {
  switch (kind) {
    case 'image':
      return { base64: PNG };
    case 'audio':
      return { base64: WAV };
    case 'text':
      return 'a text';
  }
}
