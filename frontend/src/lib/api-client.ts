import { exchange, type RequestOptions } from './http';
import { Problem } from './problem';
import { freshAccessToken, renewSession } from './session';

/** One exchange on behalf of whoever is signed in. A 401 renews the session and tries once more. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await authorized<T>(path, options);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    await renewSession();
    return authorized<T>(path, options);
  }
}

async function authorized<T>(path: string, options: RequestOptions): Promise<T> {
  const token = await freshAccessToken();
  if (token === null) {
    throw new Problem({ status: 401, title: 'Your session has ended. Please sign in again.' });
  }
  return exchange<T>(path, {
    ...options,
    headers: { ...options.headers, Authorization: `Bearer ${token}` },
  });
}
