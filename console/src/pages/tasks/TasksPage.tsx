import { Page } from '../../parts/Page.tsx';

export default function TasksPage() {
  return <Page title="Tasks">x</Page>;
}
