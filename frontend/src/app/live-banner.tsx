import { useEffect, useState } from 'react';
import { Button } from '@/components/button';
import { useSignalR } from '@/lib/signalr/use-signalr';
import styles from './live-banner.module.css';

const PATIENCE_MS = 5_000;

/** Says that live updates are away, once they have been for a while. */
export function LiveBanner() {
  const { state, reconnect } = useSignalR();
  const [isLate, setIsLate] = useState(false);
  const isAway = state === 'connecting' || state === 'reconnecting';

  useEffect(() => {
    if (!isAway) return;
    const timer = setTimeout(() => setIsLate(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setIsLate(false);
    };
  }, [isAway]);

  return (
    <div className={styles.region} data-shown={isLate}>
      <div role="status">{isLate && 'Live updates paused – reconnecting'}</div>
      {isLate && (
        <Button look="quiet" onClick={reconnect}>
          Try now
        </Button>
      )}
    </div>
  );
}
