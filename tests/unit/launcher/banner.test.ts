import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { banner } from '../../../src/launcher/banner.ts';
import { MADE_MODELS } from '../../support/madeModels.ts';

const LIMITS = { maxTokens: 2_000, maxComplexity: 1_000 };

test('the banner proposes a small model, or the first tab of GraphiQL if all models are large, and says if none is served', () => {
  const shown = banner('http://x', MADE_MODELS, LIMITS);
  expect(shown).toContain("with that id (GraphiQL's tab Result needs no id)");
  expect(shown).toContain('mutation { predictMany0(input: { input0: -1.25 }) { id state } }');
  expect(() => parse(/subscription .*/.exec(shown)?.[0] ?? '')).not.toThrow();
  expect(shown).not.toContain('npm run key');
  expect(banner('http://x', MADE_MODELS, { ...LIMITS, auth: ['keys'] })).toContain(
    'npm run key -- create --owner',
  );
  const large = MADE_MODELS.filter(({ manifest }) => ['huge', 'wide'].includes(manifest.name));
  expect(banner('http://x', large, LIMITS)).toContain('its first tab has what to begin with');
  expect(banner('http://x', [], LIMITS)).toContain('serves nothing yet');
});
