import { type SlugVerdict, useSlugAvailability } from '@/lib/use-slug-availability';
import { Field } from './field';
import { CheckIcon, WarningIcon } from './icons';
import styles from './slug-field.module.css';

interface Props {
  label: string;
  hint: string;
  slug: string;
  mistake?: string | null | undefined;
  onChange: (slug: string) => void;
}

/** The box for a slug, which says while one types whether it is still free. */
export function SlugField({ label, hint, slug, mistake, onChange }: Props) {
  const verdict = useSlugAvailability(slug);
  return (
    <div>
      <Field
        label={label}
        hint={verdict === 'available' || verdict === 'taken' ? null : hint}
        value={slug}
        mistake={mistake}
        onChange={(typed) => onChange(typed.toLowerCase())}
        name="slug"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <p role="status" className={styles.verdict}>
        {!mistake && <Verdict slug={slug} verdict={verdict} />}
      </p>
    </div>
  );
}

function Verdict({ slug, verdict }: { slug: string; verdict: SlugVerdict }) {
  if (verdict === 'available') {
    return (
      <span className={styles.available}>
        <CheckIcon /> {slug} is available
      </span>
    );
  }
  if (verdict === 'taken') {
    return (
      <span className={styles.taken}>
        <WarningIcon /> {slug} is taken
      </span>
    );
  }
  return null;
}
