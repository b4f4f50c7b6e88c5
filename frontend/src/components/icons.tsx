import type { SVGProps } from 'react';

type IconProps = Omit<SVGProps<SVGSVGElement>, 'children'>;

/** Drawn on 16 by 16, in the colour of the text. */
function Drawing(props: SVGProps<SVGSVGElement>) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...props}
    />
  );
}

export function CheckIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="m3.5 8.5 3 3 6-7" />
    </Drawing>
  );
}

export function CrossIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="m4 4 8 8m0-8-8 8" />
    </Drawing>
  );
}

export function PlusIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M8 3v10M3 8h10" />
    </Drawing>
  );
}

export function SearchIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm3.3-1.2 3.2 3.2" />
    </Drawing>
  );
}

export function ChevronLeftIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="m10 3.5-4.5 4.5 4.5 4.5" />
    </Drawing>
  );
}

export function ChevronRightIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="m6 3.5 4.5 4.5-4.5 4.5" />
    </Drawing>
  );
}

export function ArrowRightIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M3 8h10m-4-4 4 4-4 4" />
    </Drawing>
  );
}

export function ExternalIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M9 3h4v4m0-4L7.5 8.5M6.5 4H3v9h9V9.5" />
    </Drawing>
  );
}

export function RetryIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M13 3v3.5H9.5M12.7 6.4A5.2 5.2 0 1 0 13 9.5" />
    </Drawing>
  );
}

export function SignOutIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M6.5 2.5h-4v11h4M6 8h7.5m-3-3 3 3-3 3" />
    </Drawing>
  );
}

export function CopyIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
    </Drawing>
  );
}

export function BellIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M8 2a4 4 0 0 0-4 4c0 3.2-1.2 4.5-1.2 4.5h10.4S12 9.2 12 6a4 4 0 0 0-4-4ZM6.6 13a1.5 1.5 0 0 0 2.8 0" />
    </Drawing>
  );
}

export function CheckCircleIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.5 8.2 1.8 1.8L10.7 6.2" />
    </Drawing>
  );
}

export function CrossCircleIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" />
      <path d="m6 6 4 4m0-4-4 4" />
    </Drawing>
  );
}

export function ClockIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.8V8l2 1.7" />
    </Drawing>
  );
}

export function InfoIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.5v3.3M8 5.2v.1" />
    </Drawing>
  );
}

export function WarningIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M8 2.5 14 13H2L8 2.5Zm0 4v3m0 1.7v.1" />
    </Drawing>
  );
}

export function CircleIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" />
    </Drawing>
  );
}

export function RingIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="6" opacity="0.25" />
      <path d="M8 2a6 6 0 0 1 6 6" />
    </Drawing>
  );
}

export function SunIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.5v1m0 11v1M1.5 8h1m11 0h1M3.4 3.4l.7.7m7.8 7.8.7.7m0-9.2-.7.7M4.1 11.9l-.7.7" />
    </Drawing>
  );
}

export function MoonIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z" />
    </Drawing>
  );
}

export function ScreenIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M2 3h12v8H2zM6 13.5h4" />
    </Drawing>
  );
}

export function DatabaseIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M13 4c0 1.1-2.2 2-5 2S3 5.1 3 4s2.2-2 5-2 5 .9 5 2Zm0 0v8c0 1.1-2.2 2-5 2s-5-.9-5-2V4m10 4c0 1.1-2.2 2-5 2s-5-.9-5-2" />
    </Drawing>
  );
}

export function KeyIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M10 9.5a3.5 3.5 0 1 0-3.3-2.4L2.5 11.3v2.2h2.3v-1.7h1.7v-1.7l.9-.8c.8.2 1.7.2 2.6.2ZM10.8 5.2v.1" />
    </Drawing>
  );
}

export function PulseIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M1.5 8h3l2-5 3 10 2-5h3" />
    </Drawing>
  );
}

export function MailIcon(props: IconProps) {
  return (
    <Drawing {...props}>
      <path d="M2 3.5h12v9H2zm.3.4L8 8.8l5.7-4.9" />
    </Drawing>
  );
}
