/** The pages of the console: the first that a client may see is the one that opens. Each is loaded when it is opened. */
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { Role } from '../api/gql/graphql.ts';
import type { IconName } from '../parts/Icon.tsx';

export interface PageEntry {
  /** The first part of its address. */
  readonly path: string;
  /** The first part of the address that it had before. */
  readonly oldPath?: string;
  readonly title: string;
  readonly icon: IconName;
  /** Who sees it. */
  readonly roles: readonly Role[];
  readonly Component: LazyExoticComponent<ComponentType>;
}

export const PAGES: readonly PageEntry[] = [
  {
    path: '/try',
    title: 'Try',
    icon: 'play',
    roles: ['SUBMITTER', 'OPERATOR'],
    Component: lazy(() => import('../pages/try/TryPage.tsx')),
  },
  {
    path: '/tasks',
    title: 'Tasks',
    icon: 'list',
    roles: ['SUBMITTER', 'VIEWER', 'OPERATOR'],
    Component: lazy(() => import('../pages/tasks/TasksPage.tsx')),
  },
  {
    path: '/models',
    title: 'Models',
    icon: 'layers',
    roles: ['SUBMITTER', 'VIEWER', 'OPERATOR'],
    Component: lazy(() => import('../pages/models/ModelsPage.tsx')),
  },
  {
    path: '/training',
    oldPath: '/data',
    title: 'Training',
    icon: 'table',
    roles: ['VIEWER', 'OPERATOR'],
    Component: lazy(() => import('../pages/data/DataPage.tsx')),
  },
  {
    path: '/operate',
    title: 'Operate',
    icon: 'gauge',
    roles: ['VIEWER', 'OPERATOR'],
    Component: lazy(() => import('../pages/operate/OperatePage.tsx')),
  },
];
