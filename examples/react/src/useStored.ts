import { type Dispatch, type SetStateAction, useEffect, useState } from 'react';

/** State that outlives a reload, and ends with the tab: other pages must not see tokens and ids of tasks. */
export function useStored<T>(name: string, initial: T): [T, Dispatch<SetStateAction<T>>] {
  const [value, setValue] = useState<T>(() => {
    const stored = sessionStorage.getItem(name);
    return stored === null ? initial : (JSON.parse(stored) as T);
  });
  useEffect(() => {
    if (value === undefined) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  }, [name, value]);
  return [value, setValue];
}
