import { messageOf } from '../api/errors.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

interface LoadFailureProps {
  /** Subject of the sentence: "The fleet". */
  what: string;
  error: unknown;
  onRetry: () => void;
}

/** In place of something that could not be loaded at all. */
export function LoadFailure({ what, error, onRetry }: LoadFailureProps) {
  return (
    <Notice look="danger">
      <span>
        {what} could not be loaded. {messageOf(error)}
      </span>
      <Button look="plain" onClick={onRetry}>
        Try again
      </Button>
    </Notice>
  );
}
