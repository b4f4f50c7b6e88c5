import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useOnConnected, useSignalREvent } from '@/lib/signalr/use-signalr';
import { fetchTenant, type TenantStatus } from './api';
import { knownVersion, putTenant } from './tenant-cache';
import { tenantKey, tenantsKey } from './use-tenants';

interface TenantChanged {
  id: string;
  version: number;
  status: TenantStatus;
}

/** Lists are asked for again at most this often, however many tenants change. */
const LIST_PAUSE_MS = 1_000;

/** Keeps the tenants on the page as the hub tells of their changes, in whatever order. */
export function useTenantChanges(): void {
  const cache = useQueryClient();
  const announced = useRef(new Map<string, number>());
  const refreshLists = useThrottled(
    () => void cache.invalidateQueries({ queryKey: tenantsKey }),
    LIST_PAUSE_MS,
  );

  useSignalREvent('TenantChanged', ({ id, version }: TenantChanged) => {
    const known = knownVersion(cache, id);
    if (known === null) return refreshLists();
    if (version <= known) return;

    const isFetching = announced.current.has(id);
    announced.current.set(id, Math.max(version, announced.current.get(id) ?? 0));
    if (!isFetching) void fetchUntilNewest(id);
  });

  useOnConnected(() => {
    void cache.invalidateQueries({ queryKey: tenantsKey });
    void cache.invalidateQueries({ queryKey: tenantKey('').slice(0, 1) });
  });

  async function fetchUntilNewest(id: string) {
    try {
      let version = -1;
      while (version < (announced.current.get(id) ?? 0)) {
        const tenant = await fetchTenant(id);
        // A server that has not caught up with its own announcement is asked by the list later.
        if (tenant.version <= version) return refreshLists();
        version = tenant.version;
        putTenant(cache, tenant);
      }
    } catch {
      refreshLists();
    } finally {
      announced.current.delete(id);
    }
  }
}

/** Runs `work` now or, when it ran within `pauseMs`, once at the end of the pause. */
function useThrottled(work: () => void, pauseMs: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const lastRun = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);

  return () => {
    if (timer.current !== undefined) return;
    const wait = Math.max(0, lastRun.current + pauseMs - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      lastRun.current = Date.now();
      work();
    }, wait);
  };
}
