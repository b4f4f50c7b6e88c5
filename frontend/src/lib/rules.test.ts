import { describe, expect, it } from 'vitest';
import { emailMistake } from '@/lib/rules';

describe('an e-mail address', () => {
  it.each(['ana@example.com', ' ana@mail.example.org ', 'admin@localhost', 'Admin@LocalHost'])(
    'may be %s',
    (address) => {
      expect(emailMistake(address)).toBeNull();
    },
  );

  it.each(['ana', 'ana@', 'ana@server', '@localhost', 'ana@localhost.', 'a na@localhost'])(
    'may not be %s',
    (address) => {
      expect(emailMistake(address)).toBe('Enter an e-mail address such as ana@example.com.');
    },
  );
});
