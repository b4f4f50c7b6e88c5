import { Notice } from './notice';

/** Why a form as a whole was refused; the region is there before the message, so that it is read out. */
export function FormFailure({ message }: { message: string | null }) {
  return <div role="alert">{message && <Notice tone="danger">{message}</Notice>}</div>;
}
