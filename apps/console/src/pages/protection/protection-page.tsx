import type { ProtectionLayer } from '@bulwark/protocol';
import { useQuery } from '@tanstack/react-query';
import { useClient } from '../../api/client-context.ts';
import { protectionQuery } from '../../api/queries.ts';
import { LoadFailure } from '../../ui/load-failure.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StatusShape } from '../../ui/status.tsx';
import { useTitle } from '../../ui/title.ts';
import css from './protection-page.module.css';

const STATES = {
  on: { name: 'On', shape: 'online' },
  weak: { name: 'Weak', shape: 'warning' },
  off: { name: 'Off', shape: 'offline' },
} as const;

/** The layers between a sensor's value and somebody who should not read it. */
export function ProtectionPage() {
  useTitle('Protection');
  const protection = useQuery(protectionQuery(useClient()));
  return (
    <>
      <PageHead title="Protection">{protection.data && <Verdict layers={protection.data.layers} />}</PageHead>
      <p className={css.intro}>
        Reports are encrypted on the machine that sends them and stay encrypted in the database; the server opens them
        in memory only. Each layer is there for the day another one fails.
      </p>
      {protection.data ? (
        <ol className={css.layers}>
          {protection.data.layers.map((layer, index) => (
            <Layer key={layer.id} layer={layer} number={index + 1} />
          ))}
        </ol>
      ) : protection.isError ? (
        <LoadFailure what="The state of protection" error={protection.error} onRetry={() => protection.refetch()} />
      ) : (
        <Skeleton height="20rem" width="min(56rem, 100%)" />
      )}
    </>
  );
}

/** All of them in one sentence; the weakest decides the look. */
function Verdict({ layers }: { layers: readonly ProtectionLayer[] }) {
  const lacking = layers.filter((layer) => layer.state !== 'on');
  const worst = lacking.find((layer) => layer.state === 'off') ?? lacking[0];
  return (
    <span className={`${css.state} ${css[worst?.state ?? 'on']}`}>
      <StatusShape status={STATES[worst?.state ?? 'on'].shape} />
      {worst === undefined
        ? `All ${layers.length} layers are on`
        : `${layers.length - lacking.length} of ${layers.length} layers are fully on`}
    </span>
  );
}

function Layer({ layer, number }: { layer: ProtectionLayer; number: number }) {
  const { name, shape } = STATES[layer.state];
  return (
    <li className={css.layer}>
      <span className={css.number} aria-hidden="true">
        {number}
      </span>
      <h2>{layer.name}</h2>
      <p className={css.detail}>{layer.detail}</p>
      <span className={`${css.state} ${css[layer.state]}`}>
        <StatusShape status={shape} />
        {name}
      </span>
    </li>
  );
}
