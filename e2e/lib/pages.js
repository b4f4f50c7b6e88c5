import assert from 'node:assert/strict';
import AxeBuilder from '@axe-core/playwright';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** The narrowest and a wide one, at which a page has to be usable. */
export const widths = [320, 1280];

/** Asserts that everyone can use the page at this width: or a part of it, when that lies over the rest. */
export async function assertUsable(page, name, width, part = 'body') {
  await page.setViewportSize({ width, height: 900 });
  const { violations } = await new AxeBuilder({ page }).include(part).withTags(rules).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
  );
  assert.deepEqual(found, [], `${name} at ${width}`);
  const contentWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(contentWidth <= width, `${name} scrolls sideways: ${contentWidth} wide at ${width}`);
}

/** As if another tab lay before it. */
export function lookAway(page) {
  return setHidden(page, true);
}

export function lookAgain(page) {
  return setHidden(page, false);
}

function setHidden(page, hidden) {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
