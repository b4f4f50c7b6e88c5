const LONGEST = 63;

/** The slug a name suggests: "Café Ñandú & Co." becomes "cafe-nandu-co". */
export function slugFrom(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '');
}

/** What is wrong with a slug, or null when nothing is. */
export function slugMistake(slug: string): string | null {
  if (slug.length < 2 || slug.length > LONGEST) return `Use 2 to ${LONGEST} characters.`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug)) {
    return 'Use lower-case letters, digits and single hyphens between them.';
  }
  return null;
}
