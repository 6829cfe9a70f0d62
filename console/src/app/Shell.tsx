import { AppShell, Burger, Center, Group, Loader, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Link, Redirect, Route, Switch, useLocation, useSearch } from 'wouter';
import { hasRole } from '../api/me.ts';
import { useSignedIn } from '../api/signedIn.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page } from '../parts/Page.tsx';
import { ColorScheme } from './ColorScheme.tsx';
import { ConnectionState } from './ConnectionState.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Logo } from './Logo.tsx';
import { PAGES } from './pages.ts';
import { UserMenu } from './UserMenu.tsx';

const HEADER_PX = 48;
const NAVIGATION_PX = 168;

/** What stands around each page: the name, the navigation, the state of the connection, and who is signed in. */
export function Shell() {
  const { me } = useSignedIn();
  const [isOpen, { toggle, close }] = useDisclosure();
  const [location] = useLocation();
  const search = useSearch();
  const pages = PAGES.filter(({ roles }) => hasRole(me, ...roles));
  const first = pages[0];
  return (
    <AppShell
      header={{ height: HEADER_PX }}
      navbar={{ width: NAVIGATION_PX, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'md' }}
      transitionDuration={0}
    >
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? 'Close the navigation' : 'Open the navigation'}
            />
            <Logo />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ConnectionState />
            <ColorScheme />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {pages.map(({ path, title, icon }) => {
          const isActive = location === path || location.startsWith(`${path}/`);
          return (
            <NavLink
              key={path}
              component={Link}
              href={path}
              label={title}
              leftSection={<Icon name={icon} />}
              active={isActive}
              aria-current={isActive ? 'page' : undefined}
              onClick={close}
            />
          );
        })}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {/* A page that failed does not take the others with it. */}
        <ErrorBoundary key={location.split('/')[1] ?? ''}>
          <Suspense fallback={<Loading />}>
            <Switch>
              {pages.map(({ path, Component }) => (
                <Route key={path} path={`${path}/*?`}>
                  <Component />
                </Route>
              ))}
              {pages.map(
                ({ path, oldPath }) =>
                  oldPath !== undefined && (
                    <Route key={oldPath} path={`${oldPath}/*?`}>
                      <Redirect
                        to={`${path}${location.slice(oldPath.length)}${search && `?${search}`}`}
                        replace
                      />
                    </Route>
                  ),
              )}
              <Route path="/">{first === undefined ? null : <Redirect to={first.path} replace />}</Route>
              <Route>
                <Page title="There is no such page">
                  <Text>Choose one of the navigation.</Text>
                </Page>
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </AppShell.Main>
    </AppShell>
  );
}

function Loading() {
  return (
    <Center h={200}>
      <Loader size="sm" aria-label="Loading the page" />
    </Center>
  );
}
