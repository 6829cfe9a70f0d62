import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/api/gql/**'],
  generates: {
    'src/api/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { DateTime: 'string', LocalDateTime: 'string', BigInt: 'number | string' },
        // Types that Vite can erase.
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
