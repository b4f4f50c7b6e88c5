import { signIn, visitor } from './api.js';

export const ownersPassword = 'a delta full of quiet spheres';

/** Signs an organisation up as a script would, follows the link in the mail, and signs its owner in. */
export async function signUpAndSignIn(url, mailbox, organization, email) {
  const caller = visitor(url);
  const answer = await caller.post('/api/sign-up', { organization, email });
  if (answer.status !== 202) throw new Error(`sign-up answered ${answer.status}`);

  const token = linkIn(await mailbox.first(email)).hash.replace('#token=', '');
  const set = await caller.post('/api/passwords', { token, password: ownersPassword });
  if (set.status !== 204) throw new Error(`setting the password answered ${set.status}`);

  return signIn(url, { email, password: ownersPassword });
}

/** The set-password link of a welcome mail. */
export function linkIn(mail) {
  const [address] = mail.text.match(/https?:\/\/\S*\/set-password#token=[\w-]+/) ?? [];
  if (!address) throw new Error(`no link in this mail:\n${mail.text}`);
  return new URL(address);
}
