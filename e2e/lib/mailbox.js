import { EventEmitter, once } from 'node:events';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { within } from './until.js';

/** A real SMTP server that keeps what it gets. */
export async function openMailbox(t) {
  const mailbox = new Mailbox();
  await mailbox.listen();
  t.after(() => mailbox.close());
  return mailbox;
}

class Mailbox extends EventEmitter {
  mails = [];

  async listen() {
    this.server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, session, done) => this.#receive(stream, session).then(() => done(), done),
    });
    // A client that is killed in the middle of a mail; it comes again.
    this.server.on('error', () => {});
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
    this.url = `smtp://127.0.0.1:${this.server.server.address().port}`;
  }

  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** The first mail to this address, whether it is here already or still to come. */
  first(address, seconds = 30) {
    const find = () => this.mails.find((mail) => mail.to.some((to) => to.address === address));
    const arrival = new Promise((resolve) => {
      const look = () => {
        const mail = find();
        if (!mail) return;
        this.off('mail', look);
        resolve(mail);
      };
      this.on('mail', look);
      look();
    });
    return within(seconds, `a mail to ${address}`, arrival);
  }

  async #receive(stream, session) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString('utf8');
    const mail = await PostalMime.parse(raw);
    this.mails.push({ ...mail, raw, recipients: session.envelope.rcptTo.map((to) => to.address) });
    this.emit('mail');
  }
}
