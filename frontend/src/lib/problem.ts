/** An answer that says no, as RFC 9457 problem details. Status 0: no answer came at all. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly errors: Record<string, string[]>;
  readonly retryAfterSeconds: number | null;

  constructor(facts: {
    status: number;
    title: string;
    detail?: string | undefined;
    errors?: Record<string, string[]> | undefined;
    retryAfterSeconds?: number | null;
  }) {
    super(facts.detail || facts.title);
    this.name = 'Problem';
    this.status = facts.status;
    this.title = facts.title;
    this.errors = facts.errors ?? {};
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  static unreachable(): Problem {
    return new Problem({
      status: 0,
      title: 'The server could not be reached',
      detail: 'The server could not be reached. Nothing is lost; please try again in a moment.',
    });
  }

  static async from(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    const facts = isObject(body) ? body : {};
    return new Problem({
      status: response.status,
      title: text(facts.title) ?? `The server answered ${response.status}`,
      detail: text(facts.detail),
      errors: fieldErrors(facts.errors),
      retryAfterSeconds: seconds(response.headers.get('Retry-After')),
    });
  }

  /** Whether the same request may well succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** What to tell the person, whatever went wrong. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return 'Something went wrong on this page. Please try again.';
  if (error.status === 429) return tooMany(error.retryAfterSeconds);
  if (error.status >= 500) return `${error.message} Nothing is lost; please try again in a moment.`;
  return error.message;
}

function tooMany(retryAfterSeconds: number | null): string {
  if (retryAfterSeconds === null) return 'Too many attempts. Please wait a little and try again.';
  const unit = retryAfterSeconds === 1 ? 'second' : 'seconds';
  return `Too many attempts. Please try again in ${retryAfterSeconds} ${unit}.`;
}

function fieldErrors(value: unknown): Record<string, string[]> {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string[]] =>
      Array.isArray(entry[1]) && entry[1].every((message) => typeof message === 'string'),
  );
  return Object.fromEntries(entries);
}

function seconds(header: string | null): number | null {
  const value = Number(header);
  return header !== null && Number.isFinite(value) ? Math.ceil(value) : null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
