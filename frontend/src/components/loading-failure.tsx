import { explain } from '@/lib/problem';
import { Button } from './button';
import { Notice } from './notice';

/** A part of the page could not be loaded: why, and a way to try again. */
export function LoadingFailure({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div role="alert">
      <Notice tone="danger" action={<Button onClick={retry}>Try again</Button>}>
        {explain(error)}
      </Notice>
    </div>
  );
}
