import { describe, expect, it } from 'vitest';
import { slugFrom, slugMistake } from './slug';

describe('the slug of a name', () => {
  it.each([
    ['Café Ñandú & Co.', 'cafe-nandu-co'],
    ['  --Acme--  ', 'acme'],
    ['Müller & Søn’s Straße', 'mueller-soens-strasse'],
    ['Łódź İstanbul', 'lodz-istanbul'],
    ['株式会社', ''],
    ['a'.repeat(80), 'a'.repeat(63)],
  ])('of %j is %j', (name, slug) => {
    expect(slugFrom(name)).toBe(slug);
  });
});

describe('a slug', () => {
  it.each(['ab', 'a-b', 'a1-2-b', 'a'.repeat(63)])('may be %j', (slug) => {
    expect(slugMistake(slug)).toBeNull();
  });

  it.each(['a', 'a'.repeat(64), '-ab', 'ab-', 'a--b', 'Ab', 'a b', 'ä1'])(
    'may not be %j',
    (slug) => {
      expect(slugMistake(slug)).not.toBeNull();
    },
  );
});
