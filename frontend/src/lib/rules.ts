/** Each rule answers what is wrong with a value, or null when nothing is. */

export function requiredMistake(value: string, what: string): string | null {
  return value.trim() === '' ? `Enter ${what}.` : null;
}

// The first Super Admin of a new installation is admin@localhost.
const emailAddress = /^[^\s@]+@(localhost|[^\s@]+\.[^\s@]+)$/i;

export function emailMistake(value: string): string | null {
  if (value.trim() === '') return 'Enter an e-mail address.';
  if (!emailAddress.test(value.trim())) {
    return 'Enter an e-mail address such as ana@example.com.';
  }
  return null;
}

export function newPasswordMistake(value: string): string | null {
  const length = [...value].length;
  if (length < 8) return 'Use at least 8 characters.';
  if (length > 128) return 'Use at most 128 characters.';
  return null;
}
