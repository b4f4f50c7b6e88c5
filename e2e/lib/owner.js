import { signIn, visitor } from './api.js';
import { until } from './until.js';

export const ownersPassword = 'a delta full of quiet spheres';

/** Signs an organisation up as a script would, follows the link in the mail, and signs its owner in. */
export async function signUpAndSignIn(url, mailbox, organization, email) {
  const answer = await visitor(url).post('/api/sign-up', { organization, email });
  if (answer.status !== 202) throw new Error(`sign-up answered ${answer.status}`);
  await setPassword(url, await mailbox.first(email));
  return signIn(url, { email, password: ownersPassword });
}

export async function setPassword(url, mail) {
  const token = linkIn(mail).hash.replace('#token=', '');
  const answer = await visitor(url).post('/api/passwords', { token, password: ownersPassword });
  if (answer.status !== 204) throw new Error(`setting the password answered ${answer.status}`);
}

/** The set-password link of a welcome mail. */
export function linkIn(mail) {
  const [address] = mail.text.match(/https?:\/\/\S*\/set-password#token=[\w-]+/) ?? [];
  if (!address) throw new Error(`no link in this mail:\n${mail.text}`);
  return new URL(address);
}

/** The mail to this address, as a Super Admin reads it in the app when no SMTP server is set. */
export async function mailInApp(superAdmin, address) {
  const { id } = await until(`a mail to ${address} is in the app`, async () => {
    const { body } = await superAdmin.get('/api/mails');
    return body.items.find(({ to }) => to.includes(address));
  });
  return (await superAdmin.get(`/api/mails/${id}`)).body;
}
