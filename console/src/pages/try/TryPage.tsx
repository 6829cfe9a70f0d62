import { Page } from '../../parts/Page.tsx';

export default function TryPage() {
  return <Page title="Try">x</Page>;
}
