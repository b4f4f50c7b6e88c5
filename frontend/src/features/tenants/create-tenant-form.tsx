import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Button } from '@/components/button';
import { Field } from '@/components/field';
import { FormFailure } from '@/components/form-failure';
import { SlugField } from '@/components/slug-field';
import { useToasts } from '@/components/toaster/toast-context';
import { idempotencyKey } from '@/lib/idempotency-key';
import { emailMistake, requiredMistake } from '@/lib/rules';
import { slugFrom, slugMistake } from '@/lib/slug';
import { useForm } from '@/lib/use-form';
import { createTenant } from './api';
import styles from './create-tenant-form.module.css';
import { addAccepted } from './tenant-cache';
import { tenantsKey } from './use-tenants';

export function CreateTenantForm({ close }: { close: () => void }) {
  const cache = useQueryClient();
  const toasts = useToasts();
  const keyOf = useKeyPerBody();
  const [isSlugOwn, setIsSlugOwn] = useState(false);

  const form = useForm({
    initial: { name: '', slug: '', adminEmail: '' },
    check: (values) => ({
      name: requiredMistake(values.name, 'the name of the tenant'),
      slug: values.name.trim() ? slugMistake(values.slug) : null,
      adminEmail: emailMistake(values.adminEmail),
    }),
    submit: async (values) => {
      const body = {
        name: values.name.trim(),
        slug: values.slug,
        adminEmail: values.adminEmail.trim(),
      };
      const accepted = await createTenant(body, keyOf(body));
      addAccepted(cache, accepted, body.adminEmail);
      void cache.invalidateQueries({ queryKey: tenantsKey });
      toasts.show({
        tone: 'info',
        message: 'Tenant creation started. You will be notified when complete.',
      });
      close();
    },
  });

  function changeName(name: string) {
    form.change('name', name);
    if (!isSlugOwn) form.change('slug', slugFrom(name));
  }

  return (
    <form {...form.props} noValidate className={styles.form}>
      <FormFailure message={form.failure} />
      <Field
        label="Name"
        name="name"
        autoComplete="off"
        value={form.values.name}
        mistake={form.mistakes.name}
        onChange={changeName}
      />
      <SlugField
        label="Slug"
        hint="Made from the name. It cannot be changed later."
        slug={form.values.slug}
        mistake={form.mistakes.slug}
        onChange={(slug) => {
          setIsSlugOwn(slug !== '');
          form.change('slug', slug);
        }}
      />
      <Field
        label="Administrator e-mail"
        name="adminEmail"
        type="email"
        autoComplete="off"
        hint="Becomes the owner and gets the welcome mail."
        value={form.values.adminEmail}
        mistake={form.mistakes.adminEmail}
        onChange={(adminEmail) => form.change('adminEmail', adminEmail)}
      />
      <div className={styles.actions}>
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" look="primary" isBusy={form.isBusy}>
          Submit
        </Button>
      </div>
    </form>
  );
}

/** The same key for the same body, so that sending it twice is harmless; another one when it differs. */
function useKeyPerBody(): (body: object) => string {
  const last = useRef({ body: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, key: idempotencyKey() };
    return last.current.key;
  };
}
