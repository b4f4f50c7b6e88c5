import { useNow } from '@/lib/use-now';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const ABSOLUTE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment as "5 min. ago", with the exact one on hover and for screen readers. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow(30_000);
  const absolute = ABSOLUTE.format(new Date(at));
  return (
    <time dateTime={at} title={absolute}>
      {relative(at, now)}
      <span className="visually-hidden">, {absolute}</span>
    </time>
  );
}

export function relative(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? RELATIVE.format(Math.trunc(seconds / step[1]), step[0]) : 'just now';
}
