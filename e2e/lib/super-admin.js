import { randomUUID } from 'node:crypto';
import { admin } from './diquis.js';

/** A second Super Admin, with the password of the first. */
export async function addSuperAdmin(diquis, database) {
  const email = 'bo@diquis.test';
  await database.execute(
    diquis,
    `insert into users (id, email, display_name, is_super_admin, password_hash, created_at)
     select '${randomUUID()}', '${email}', 'Bo', is_super_admin, password_hash, created_at
     from users where email = '${admin.email}'`,
  );
  return { email, password: admin.password };
}
