import { Button } from '@/components/button';
import { FormFailure } from '@/components/form-failure';
import { PasswordField } from '@/components/password-field';
import { newPasswordMistake } from '@/lib/rules';
import { useForm } from '@/lib/use-form';
import { setPassword } from './api';
import styles from './set-password-page.module.css';

interface Props {
  token: string;
  onSet: () => void;
}

export function SetPasswordForm({ token, onSet }: Props) {
  const form = useForm({
    initial: { password: '' },
    check: (values) => ({ password: newPasswordMistake(values.password) }),
    submit: async ({ password }) => {
      await setPassword({ token, password });
      onSet();
    },
  });

  return (
    <form {...form.props} noValidate className={styles.form}>
      <FormFailure message={form.failure} />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="new-password"
        hint="8 to 128 characters, all are allowed. A few words in a row are strong and easy to keep."
        value={form.values.password}
        mistake={form.mistakes.password}
        onChange={(password) => form.change('password', password)}
      />
      <Button type="submit" look="primary" isBusy={form.isBusy} className={styles.submit ?? ''}>
        Set password
      </Button>
    </form>
  );
}
