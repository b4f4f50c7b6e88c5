import { useNavigate } from 'react-router';
import { Button } from '@/components/button';
import { Field } from '@/components/field';
import { FormFailure } from '@/components/form-failure';
import { Notice } from '@/components/notice';
import { PasswordField } from '@/components/password-field';
import { isServerRendered, startPageOf } from '@/lib/paths';
import { emailMistake, requiredMistake } from '@/lib/rules';
import { signIn } from '@/lib/session';
import { useForm } from '@/lib/use-form';
import styles from './sign-in-page.module.css';

interface Props {
  /** Why the person is asked again. */
  reason: string | null;
  returnTo: string | null;
}

export function SignInForm({ reason, returnTo }: Props) {
  const navigate = useNavigate();
  const form = useForm({
    initial: { email: '', password: '' },
    check: (values) => ({
      email: emailMistake(values.email),
      password: requiredMistake(values.password, 'your password'),
    }),
    submit: async ({ email, password }) => {
      const user = await signIn(email.trim(), password);
      const target = returnTo ?? startPageOf(user);
      if (isServerRendered(target)) window.location.assign(target);
      else await navigate(target, { replace: true });
    },
  });

  return (
    <form {...form.props} noValidate className={styles.form}>
      {reason && !form.failure && <Notice tone="info">{reason}</Notice>}
      <FormFailure message={form.failure} />
      <Field
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        value={form.values.email}
        mistake={form.mistakes.email}
        onChange={(email) => form.change('email', email)}
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        value={form.values.password}
        mistake={form.mistakes.password}
        onChange={(password) => form.change('password', password)}
      />
      <Button type="submit" look="primary" isBusy={form.isBusy} className={styles.submit ?? ''}>
        Sign in
      </Button>
    </form>
  );
}
