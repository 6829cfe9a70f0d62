import { expect, test } from 'vitest';
import { requestedDateFormats } from '../../../../src/cli/score/dateFormats.ts';

test('a date format for an input without a column of texts is refused', () => {
  expect(() => requestedDateFormats(new Map([['at', 'dd/mm/yyyy']]), [])).toThrow(
    '--date-format must name an input whose column has times as texts (there is none), got at',
  );
});
