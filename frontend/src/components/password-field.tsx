import { type ComponentProps, useState } from 'react';
import { Button } from './button';
import { Field } from './field';
import styles from './password-field.module.css';

type Props = Omit<ComponentProps<typeof Field>, 'type' | 'adornment' | 'hint'> & { hint?: string };

/** A password box that can show what was typed and warns about caps lock. */
export function PasswordField({ hint, ...props }: Props) {
  const [isShown, setIsShown] = useState(false);
  const [isCapsLock, setIsCapsLock] = useState(false);
  return (
    <Field
      {...props}
      type={isShown ? 'text' : 'password'}
      spellCheck={false}
      autoCapitalize="none"
      onKeyUp={(event) => setIsCapsLock(event.getModifierState('CapsLock'))}
      hint={isCapsLock ? 'Caps lock is on.' : hint}
      adornment={
        <Button
          look="quiet"
          className={styles.show ?? ''}
          aria-pressed={isShown}
          onClick={() => setIsShown(!isShown)}
        >
          {isShown ? 'Hide' : 'Show'}
        </Button>
      }
    />
  );
}
