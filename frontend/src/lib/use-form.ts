import { type SubmitEvent, useEffect, useRef, useState } from 'react';
import { explain, Problem } from './problem';

type Mistakes<Values> = Partial<Record<keyof Values, string | null>>;

interface FormOptions<Values> {
  initial: Values;
  /** What is wrong, field by field, before anything is sent. */
  check: (values: Values) => Mistakes<Values>;
  submit: (values: Values) => Promise<void>;
}

/**
 * The state of a form: values, what is wrong with each, and one submission at a time.
 * Mistakes named by the server land on their fields; the first wrong field gets the focus.
 */
export function useForm<Values extends Record<string, string>>(options: FormOptions<Values>) {
  const [values, setValues] = useState(options.initial);
  const [mistakes, setMistakes] = useState<Mistakes<Values>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const refusals = useRefusalFocus(form);

  function change<Field extends keyof Values>(field: Field, value: Values[Field]) {
    setValues((before) => ({ ...before, [field]: value }));
    setMistakes((before) => ({ ...before, [field]: null }));
  }

  function refuse(found: Mistakes<Values>, message: string | null) {
    setMistakes(found);
    setFailure(message);
    refusals.add();
  }

  async function onSubmit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isBusy) return;

    const found = options.check(values);
    if (Object.values(found).some(Boolean)) return refuse(found, null);

    setFailure(null);
    setIsBusy(true);
    try {
      await options.submit(values);
    } catch (error) {
      const { byField, rest } = sortOut(error, values);
      refuse(byField, rest);
    } finally {
      setIsBusy(false);
    }
  }

  return { values, mistakes, failure, isBusy, change, refuse, props: { ref: form, onSubmit } };
}

function useRefusalFocus(form: React.RefObject<HTMLFormElement | null>) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (count === 0) return;
    const first = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    first?.focus();
  }, [count, form]);
  return { add: () => setCount((before) => before + 1) };
}

function sortOut<Values extends Record<string, string>>(error: unknown, values: Values) {
  const byField: Mistakes<Values> = {};
  if (!(error instanceof Problem)) return { byField, rest: explain(error) };

  const strays: string[] = [];
  for (const [field, messages] of Object.entries(error.errors)) {
    if (field in values) byField[field as keyof Values] = messages.join(' ');
    else strays.push(...messages);
  }
  const isFullyPlaced = Object.keys(byField).length > 0 && strays.length === 0;
  return { byField, rest: isFullyPlaced ? null : strays.join(' ') || explain(error) };
}
