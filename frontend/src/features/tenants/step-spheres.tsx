import type { Step } from './api';
import styles from './step-spheres.module.css';

/** The steps of a set-up as a row of stone spheres, one after the other made solid. */
export function StepSpheres({ steps }: { steps: Step[] }) {
  const done = steps.filter((step) => step.state === 'Done').length;
  return (
    <span className={styles.row} role="img" aria-label={`${done} of ${steps.length} steps done`}>
      {steps.map((step) => (
        <span key={step.key} className={styles.sphere} data-state={step.state} title={step.title} />
      ))}
    </span>
  );
}
