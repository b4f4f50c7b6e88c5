import { useQuery } from '@tanstack/react-query';
import { Copyable } from '@/components/copyable';
import { CheckCircleIcon } from '@/components/icons';
import { LoadingFailure } from '@/components/loading-failure';
import { PageHeading } from '@/components/page-heading';
import { RelativeTime } from '@/components/relative-time';
import { Skeleton } from '@/components/skeleton';
import { fetchHome, type TenantHome } from './api';
import styles from './home-page.module.css';

/** A tenant's own page: what was put into its own database. */
export function HomePage() {
  const home = useQuery({ queryKey: ['home'], queryFn: ({ signal }) => fetchHome(signal) });
  return (
    <>
      <PageHeading
        title={home.data?.tenant.name ?? 'Your workspace'}
        lead="Your workspace, read from its own database."
      />
      {home.isError && <LoadingFailure error={home.error} retry={() => void home.refetch()} />}
      {home.isPending && <Loading />}
      {home.data && <Workspace {...home.data} />}
    </>
  );
}

function Workspace({ tenant, owner, roles, settings, database, createdAt }: TenantHome) {
  return (
    <div className={styles.sections}>
      <section className={styles.section} aria-labelledby="workspace">
        <h2 id="workspace">Workspace</h2>
        <dl className={styles.facts}>
          <dt>Status</dt>
          <dd className={styles.ready}>
            <CheckCircleIcon /> {tenant.status}
          </dd>
          <dt>Short name</dt>
          <dd>
            <Copyable value={tenant.slug} what="short name" />
          </dd>
          <dt>Owner</dt>
          <dd>
            {owner.displayName}
            {owner.displayName !== owner.email && (
              <span className={styles.muted}> {owner.email}</span>
            )}
          </dd>
          <dt>Database</dt>
          <dd>
            {database.engine} <Copyable value={database.name} what="database name" />
          </dd>
          <dt>Created</dt>
          <dd>
            <RelativeTime at={createdAt} />
          </dd>
        </dl>
      </section>

      <section className={styles.section} aria-labelledby="roles">
        <h2 id="roles">
          Roles <span className={styles.count}>{roles.length}</span>
        </h2>
        <dl className={styles.facts}>
          {roles.map((role) => (
            <div key={role.name} className={styles.pair}>
              <dt className={styles.name}>{role.name}</dt>
              <dd>{role.description}</dd>
            </div>
          ))}
        </dl>
      </section>

      <section className={styles.section} aria-labelledby="settings">
        <h2 id="settings">
          Settings <span className={styles.count}>{settings.length}</span>
        </h2>
        <dl className={styles.facts}>
          {settings.map((setting) => (
            <div key={setting.key} className={styles.pair}>
              <dt>
                <code>{setting.key}</code>
              </dt>
              <dd>{setting.value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

function Loading() {
  return (
    <div role="status" className={styles.section}>
      <span className="visually-hidden">Loading your workspace</span>
      <Skeleton width="medium" />
      <Skeleton width="long" />
      <Skeleton width="long" />
    </div>
  );
}
