const LONGEST = 63;

/** Letters that are written with others when there is only ASCII, as the server writes them. */
const WRITTEN: Record<string, string> = {
  ä: 'ae',
  æ: 'ae',
  å: 'aa',
  ö: 'oe',
  ø: 'oe',
  œ: 'oe',
  ü: 'ue',
  ß: 'ss',
  þ: 'th',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ı: 'i',
};

/** The slug a name suggests: "Café Müller & Co." becomes "cafe-mueller-co". */
export function slugFrom(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[äæåöøœüßþđðłı]/g, (letter) => WRITTEN[letter] ?? '')
    .normalize('NFD')
    .replace(/[\p{Mark}'’‘]/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '');
}

/** What is wrong with a slug, or null when nothing is. */
export function slugMistake(slug: string): string | null {
  if (slug.length < 2 || slug.length > LONGEST) return `Use 2 to ${LONGEST} characters.`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug)) {
    return 'Use lower-case letters, digits and single hyphens between them.';
  }
  return null;
}
