import { Link } from '@tanstack/react-router';
import { Gate } from '../../ui/gate.tsx';
import { useTitle } from '../../ui/title.ts';

/** An address that leads nowhere. */
export function NotFoundPage() {
  useTitle('Not found');
  return (
    <Gate title="Nothing here" intro="This address leads to no page. A machine that was removed leaves none behind.">
      <p>
        <Link to="/">Go to the fleet</Link>
      </p>
    </Gate>
  );
}
