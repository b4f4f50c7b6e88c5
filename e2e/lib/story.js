import { test } from 'node:test';
import { within } from './until.js';

/** What a failure that takes all the time leaves for its keepsakes and the endings. */
const secondsToEnd = 120;

/**
 * A test that begins things which have an end: what began last ends first, whatever happens. Its
 * teller gets a scope: `after` for endings, `ifItFails` for what is worth keeping of a failure.
 */
export function story(title, tell, seconds = 180) {
  test(title, { timeout: (seconds + secondsToEnd) * 1000 }, async (t) => {
    const scope = openScope(t.name, (text) => t.diagnostic(text));
    try {
      await within(seconds, 'the end of the story', tell(scope));
    } catch (error) {
      await scope.fail();
      throw error;
    } finally {
      await scope.close();
    }
  });
}

/** A scope for what outlives a test; whoever opens it closes it. */
export function openScope(name, diagnostic = console.log) {
  const endings = [];
  const keepsakes = [];
  return {
    name,
    diagnostic,
    after: (ending) => endings.push(ending),
    ifItFails: (keep) => keepsakes.push(keep),
    fail: () => Promise.allSettled(keepsakes.map((keep) => keep())),
    close: () => endAll(endings.reverse()),
  };
}

/** An ending that fails keeps no other from its turn. */
async function endAll(endings) {
  const failures = [];
  for (const ending of endings) {
    try {
      await ending();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
