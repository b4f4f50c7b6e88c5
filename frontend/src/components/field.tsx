import { type InputHTMLAttributes, type ReactNode, useId } from 'react';
import styles from './field.module.css';
import { WarningIcon } from './icons';

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> {
  label: string;
  hint?: ReactNode;
  mistake?: string | null | undefined;
  onChange: (value: string) => void;
  /** Sits at the right inside the box, for example a "Show" button. */
  adornment?: ReactNode;
}

/** A labelled text box with its hint and what is wrong with its value. */
export function Field({ label, hint, mistake, onChange, adornment, ...input }: Props) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <div className={styles.box}>
        <input
          id={id}
          className={styles.input}
          aria-invalid={mistake ? true : undefined}
          aria-describedby={`${id}-mistake ${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
          {...input}
        />
        {adornment}
      </div>
      <p id={`${id}-mistake`} className={styles.mistake}>
        {mistake && (
          <>
            <WarningIcon /> {mistake}
          </>
        )}
      </p>
      <p id={`${id}-hint`} className={styles.hint}>
        {hint}
      </p>
    </div>
  );
}
