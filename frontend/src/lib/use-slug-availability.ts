import { useEffect, useState } from 'react';
import { exchange } from './http';
import type { components } from './schema';
import { slugMistake } from './slug';

const TYPING_PAUSE_MS = 300;

export type SlugVerdict = 'none' | 'asking' | 'available' | 'taken';

/** Whether a slug is free, asked once the typing pauses; "none" when there is nothing to say. */
export function useSlugAvailability(slug: string): SlugVerdict {
  const [answer, setAnswer] = useState<{ slug: string; verdict: SlugVerdict } | null>(null);
  const isAskable = slugMistake(slug) === null;

  useEffect(() => {
    if (!isAskable) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(slug, abort.signal).then(
        (verdict) => setAnswer({ slug, verdict }),
        // The server looks again when the form is sent.
        () => setAnswer({ slug, verdict: 'none' }),
      );
    }, TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [slug, isAskable]);

  if (!isAskable) return 'none';
  return answer?.slug === slug ? answer.verdict : 'asking';
}

async function ask(slug: string, signal: AbortSignal): Promise<SlugVerdict> {
  const path = `/api/slugs/${encodeURIComponent(slug)}`;
  const { available } = await exchange<components['schemas']['Slug']>(path, { signal });
  return available ? 'available' : 'taken';
}
