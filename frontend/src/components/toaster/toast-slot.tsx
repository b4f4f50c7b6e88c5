import { useEffect, useEffectEvent, useRef } from 'react';
import { Link } from 'react-router';
import { Button } from '../button';
import { CheckCircleIcon, CrossCircleIcon, CrossIcon, InfoIcon } from '../icons';
import { lifetimeOf, type Toast, type ToastTone } from './toast-store';
import styles from './toaster.module.css';

const TONES: Record<ToastTone, { Icon: typeof InfoIcon; word: string }> = {
  success: { Icon: CheckCircleIcon, word: 'Success' },
  info: { Icon: InfoIcon, word: 'For your information' },
  error: { Icon: CrossCircleIcon, word: 'Error' },
};

interface Props {
  toast: Toast | null;
  /** Somebody is reading: its time does not pass. */
  isHeld: boolean;
  dismiss: (id: number) => void;
}

/**
 * A place for one toast. Its two live regions are always there, or screen readers would miss the
 * message; only the text is inside them, link and button come after.
 */
export function ToastSlot({ toast, isHeld, dismiss }: Props) {
  useLifetime(toast, isHeld, dismiss);
  const isError = toast?.tone === 'error';
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape from the link or button inside
    <div
      className={styles.toast}
      data-tone={toast?.tone}
      onKeyDown={(event) => {
        if (toast && event.key === 'Escape') dismiss(toast.id);
      }}
    >
      <div role="status" aria-live="polite" className={styles.message}>
        {toast && !isError && <Message toast={toast} />}
      </div>
      <div role="alert" aria-live="assertive" className={styles.message}>
        {toast && isError && <Message toast={toast} />}
      </div>
      {toast?.link && (
        <Link to={toast.link.to} className={styles.link} onClick={() => dismiss(toast.id)}>
          {toast.link.text}
        </Link>
      )}
      {toast && (
        <Button
          look="quiet"
          isIcon
          className={styles.close ?? ''}
          aria-label="Dismiss message"
          onClick={() => dismiss(toast.id)}
        >
          <CrossIcon />
        </Button>
      )}
    </div>
  );
}

function Message({ toast }: { toast: Toast }) {
  const { Icon, word } = TONES[toast.tone];
  return (
    <>
      <Icon className={styles.icon} />
      <span className="visually-hidden">{word}: </span>
      <span className={styles.text}>{toast.message}</span>
      {toast.count > 1 && <span className={styles.count}>×{toast.count}</span>}
    </>
  );
}

function useLifetime(toast: Toast | null, isHeld: boolean, dismiss: (id: number) => void) {
  const id = toast?.id;
  const count = toast?.count;
  const lifetime = toast && lifetimeOf(toast);
  const left = useRef<number | null>(null);
  const dismissLater = useEffectEvent(dismiss);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each toast, and each repeat of it, lives anew
  useEffect(() => {
    left.current = lifetime;
  }, [id, count, lifetime]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a repeat starts the time again
  useEffect(() => {
    if (id === undefined || left.current === null || isHeld) return;
    const startedAt = Date.now();
    const timer = setTimeout(() => dismissLater(id), left.current);
    return () => {
      clearTimeout(timer);
      left.current = Math.max(0, (left.current ?? 0) - (Date.now() - startedAt));
    };
  }, [id, count, isHeld]);
}
