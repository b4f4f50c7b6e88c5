import type { SVGProps } from 'react';

/** The mark of Diquis: one stone sphere, lit from the upper left. One colour; works from 16 px up. */
export function StoneMark({ size = 20, ...props }: { size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      viewBox="0 0 32 32"
      width={size}
      height={size}
      fill="currentColor"
      aria-hidden="true"
      {...props}
    >
      <circle cx="16" cy="16" r="14" opacity="0.5" />
      <path d="M20.5 2.7A14 14 0 1 1 2.7 20.5 15 15 0 0 0 20.5 2.7Z" />
    </svg>
  );
}
