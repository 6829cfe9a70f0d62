/** What the gateway asks of files and versions that are uploaded. */
import { graphql } from './gql/gql.ts';

export const UPLOAD_RULES = graphql(`
  query UploadRules {
    uploadRules {
      artifactMaxBytes
      mustVersionsBeSigned
    }
  }
`);
