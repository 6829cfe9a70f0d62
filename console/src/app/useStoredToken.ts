import { useEffect, useState } from 'react';

const NAME = 'tidings-token';

/** The key or token of the sign-in. It outlives a reload and ends with the tab: other pages must not see it. */
export function useStoredToken() {
  const [token, setToken] = useState(() => sessionStorage.getItem(NAME) ?? undefined);
  useEffect(() => {
    if (token === undefined) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, token);
  }, [token]);
  return [token, setToken] as const;
}
