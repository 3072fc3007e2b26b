import { useEffect, useState } from 'react';
import { Button } from './button.tsx';

const SHOWN_MS = 2000;

/** Copies a text and says so for two seconds. */
export function CopyButton({ text }: { text: string }) {
  const [said, setSaid] = useState<string>();

  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Select and copy by hand'),
    );
  return (
    <Button onClick={copy}>
      <span aria-live="polite">{said ?? 'Copy'}</span>
    </Button>
  );
}
