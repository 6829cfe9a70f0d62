import { Skeleton, Tabs } from '@mantine/core';
import { useLocation } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { shownCount, shownTime } from '../../parts/figures.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import '../../parts/parts.css';
import { AuditLog } from './AuditLog.tsx';
import { DeadLetterList } from './DeadLetterList.tsx';
import { Overview } from './Overview.tsx';
import './operate.css';
import { useSystemStats } from './useSystemStats.ts';

/** The stream of dead letters. When its number of messages changes, the list is asked for again. */
const DEAD_LETTER_STREAM = 'DEAD';

/** What runs now. Viewers see the figures; dead letters and the audit log are for operators. */
export default function OperatePage() {
  const isOperator = useIsOperator();
  const [location, navigate] = useLocation();
  const { stats, samples, problem } = useSystemStats();
  const part = location.split('/')[2] ?? 'now';
  const deadCount = stats?.stores.find(({ name }) => name === DEAD_LETTER_STREAM)?.messages;
  return (
    <Page
      title="Operate"
      about="What runs now, a second apart, in all gateways, workers and trainers."
      aside={stats !== undefined && <span className="number dimmed">Figures of {shownTime(stats.at)}</span>}
    >
      <Problem error={problem} />
      <Tabs
        value={isOperator ? part : 'now'}
        onChange={(next) => navigate(next === 'now' ? '/operate' : `/operate/${next}`)}
        keepMounted={false}
      >
        {isOperator && (
          <Tabs.List mb="md" aria-label="Parts of the page">
            <Tabs.Tab value="now">Now</Tabs.Tab>
            <Tabs.Tab value="dead-letters">
              {deadCount ? `Dead letters (${shownCount(deadCount)})` : 'Dead letters'}
            </Tabs.Tab>
            <Tabs.Tab value="audit">Audit</Tabs.Tab>
          </Tabs.List>
        )}
        <Tabs.Panel value="now">
          {stats === undefined ? <Skeleton h={320} /> : <Overview stats={stats} samples={samples} />}
        </Tabs.Panel>
        <Tabs.Panel value="dead-letters">
          <DeadLetterList count={deadCount} />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <AuditLog />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
