import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { Button } from '../button';
import { CrossIcon } from '../icons';
import styles from './dialog.module.css';

interface Props {
  isOpen: boolean;
  close: () => void;
  title: ReactNode;
  lead?: ReactNode;
  /** In the middle, or as a panel at the right edge. */
  place?: 'middle' | 'side';
  /** A press outside closes it: not for forms, where it would lose what was typed. */
  closesOutside?: boolean;
  initialFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

/** A modal dialog: the focus stays inside, Escape closes it, and the focus returns. */
export function Dialog({ isOpen, close, place = 'middle', closesOutside = true, ...props }: Props) {
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open) => !open && close()}
      disablePointerDismissal={!closesOutside}
    >
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          className={styles.popup}
          data-place={place}
          {...(props.initialFocus && { initialFocus: props.initialFocus })}
        >
          <header className={styles.header}>
            <div className={styles.titles}>
              <Base.Title className={styles.title}>{props.title}</Base.Title>
              {props.lead && (
                <Base.Description className={styles.lead} render={<div />}>
                  {props.lead}
                </Base.Description>
              )}
            </div>
            <Base.Close render={<Button look="quiet" isIcon aria-label="Close" />}>
              <CrossIcon />
            </Base.Close>
          </header>
          {props.children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
