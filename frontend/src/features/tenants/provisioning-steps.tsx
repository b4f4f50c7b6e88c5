import { CheckIcon, CrossIcon } from '@/components/icons';
import { useNow } from '@/lib/use-now';
import type { Step } from './api';
import { durationOf } from './progress';
import styles from './provisioning-steps.module.css';

/** The steps of a set-up from top to bottom, each with its state and how long it took. */
export function ProvisioningSteps({ steps }: { steps: Step[] }) {
  const isRunning = steps.some((step) => step.state === 'Running');
  const now = useNow(isRunning ? 250 : 60_000);
  return (
    <ol className={styles.steps}>
      {steps.map((step) => (
        <li key={step.key} className={styles.step} data-state={step.state}>
          <span className={styles.sphere}>
            {step.state === 'Done' && <CheckIcon />}
            {step.state === 'Failed' && <CrossIcon />}
          </span>
          <span className={styles.title}>{step.title}</span>
          <span className={styles.state}>{step.state}</span>
          <span className={styles.duration}>{durationOf(step, now) ?? ''}</span>
        </li>
      ))}
    </ol>
  );
}
