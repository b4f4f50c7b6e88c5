import { describe, expect, it } from 'vitest';
import css from './tokens.css?raw';

type Theme = 'light' | 'dark';

const BACKGROUNDS = ['surface', 'raised', 'sunken', 'hover'];
const TEXTS = ['text', 'muted', 'accent', 'success', 'danger', 'warning', 'info', 'neutral'];
const THEMES: Theme[] = ['light', 'dark'];

describe.each(THEMES)('the colours of the %s theme', (theme) => {
  it.each(TEXTS.flatMap((text) => BACKGROUNDS.map((background) => [text, background])))(
    '%s can be read on %s',
    (text, background) => {
      expect(contrast(text as string, background as string, theme)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(['accent', 'accent-pressed'])('on-accent can be read on %s', (background) => {
    expect(contrast('on-accent', background, theme)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(BACKGROUNDS)('the border of a control can be seen on %s', (background) => {
    expect(contrast('control-line', background, theme)).toBeGreaterThanOrEqual(3);
  });
});

function contrast(one: string, other: string, theme: Theme): number {
  const [darker, lighter] = [luminance(one, theme), luminance(other, theme)].sort((a, b) => a - b);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(token: string, theme: Theme): number {
  const [red = 0, green = 0, blue = 0] = channels(token, theme).map((channel) =>
    channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(token: string, theme: Theme): number[] {
  const pair = css.match(new RegExp(`--${token}: light-dark\\((#\\w{6}), (#\\w{6})\\)`));
  const colour = pair?.[theme === 'light' ? 1 : 2];
  if (!colour) throw new Error(`tokens.css has no --${token}`);
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255);
}
