import { useState } from 'react';
import { Button } from '@/components/button';
import { Field } from '@/components/field';
import { FormFailure } from '@/components/form-failure';
import { SlugField } from '@/components/slug-field';
import { emailMistake, requiredMistake } from '@/lib/rules';
import { slugFrom, slugMistake } from '@/lib/slug';
import { useForm } from '@/lib/use-form';
import { signUp } from './api';
import styles from './sign-up-form.module.css';

interface Props {
  onAccepted: (message: string, email: string) => void;
}

export function SignUpForm({ onAccepted }: Props) {
  const [isSlugOwn, setIsSlugOwn] = useState(false);
  const form = useForm({
    initial: { organization: '', email: '', slug: '' },
    check: (values) => ({
      organization: requiredMistake(values.organization, 'the name of your organization'),
      email: emailMistake(values.email),
      slug: values.organization.trim() ? slugMistake(values.slug) : null,
    }),
    submit: async ({ organization, email, slug }) => {
      const { message } = await signUp({
        organization: organization.trim(),
        email: email.trim(),
        slug,
      });
      onAccepted(message, email.trim());
    },
  });

  function changeOrganization(organization: string) {
    form.change('organization', organization);
    if (!isSlugOwn) form.change('slug', slugFrom(organization));
  }

  return (
    <form {...form.props} noValidate className={styles.form}>
      <Field
        label="Organization"
        name="organization"
        autoComplete="organization"
        value={form.values.organization}
        mistake={form.mistakes.organization}
        onChange={changeOrganization}
      />
      <Field
        label="Work e-mail"
        name="email"
        type="email"
        autoComplete="email"
        value={form.values.email}
        mistake={form.mistakes.email}
        onChange={(email) => form.change('email', email)}
      />
      <SlugField
        label="Short name"
        hint="How your workspace is called in addresses."
        slug={form.values.slug}
        mistake={form.mistakes.slug}
        onChange={(slug) => {
          setIsSlugOwn(slug !== '');
          form.change('slug', slug);
        }}
      />
      <FormFailure message={form.failure} />
      <Button type="submit" look="primary" isBusy={form.isBusy} className={styles.submit ?? ''}>
        Register
      </Button>
    </form>
  );
}
