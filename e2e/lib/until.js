import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until the answer is a yes, and returns it; gives up after a bounded time. */
export async function until(what, ask, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  let lastError;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      lastError = error;
    }
    await pause(50);
  }
  throw new Error(`waited ${seconds} s in vain until ${what}`, { cause: lastError });
}

/** A promise that fails by itself after a bounded time. */
export function within(seconds, what, promise) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${seconds} s in vain for ${what}`)),
      seconds * 1000,
    );
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
