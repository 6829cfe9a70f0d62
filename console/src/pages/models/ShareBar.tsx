import type { Shares } from './shares.ts';
import { colorOf } from './versionLook.ts';

/** Shares as one bar. The numbers stand beside it as text. */
export function ShareBar({ shares }: { readonly shares: Shares }) {
  return (
    <div className="share-bar" aria-hidden="true">
      {[...shares].map(
        ([version, percent], i) =>
          percent > 0 && (
            <span key={version} style={{ flexGrow: percent, flexBasis: 0, background: colorOf(i) }} />
          ),
      )}
    </div>
  );
}
