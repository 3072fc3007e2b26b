import { Button } from '../../ui/button.tsx';
import css from './empty.module.css';

/** A fleet without machines: how to get the first one in. */
export function EmptyFleet({ mayEnrol, onAdd }: { mayEnrol: boolean; onAdd: () => void }) {
  if (!mayEnrol) {
    return (
      <div className={css.empty}>
        <h2>No machine reports here yet</h2>
        <p>An administrator can add the first one.</p>
      </div>
    );
  }
  return (
    <div className={css.empty}>
      <h2>No machine reports here yet</h2>
      <ol className={css.steps}>
        <li>Get a command with a token that lets one machine in, once.</li>
        <li>Run it on the machine you want to watch. It agrees on keys with this server that nobody else has.</li>
        <li>Its first numbers appear here within seconds.</li>
      </ol>
      <Button look="primary" onClick={onAdd}>
        Add machine
      </Button>
    </div>
  );
}

/** A search that found nothing. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <div className={css.empty}>
      <h2>No machine matches</h2>
      <Button onClick={onClear}>Show all machines</Button>
    </div>
  );
}
