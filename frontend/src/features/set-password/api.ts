import { exchange } from '@/lib/http';
import type { components } from '@/lib/schema';

export function setPassword(body: components['schemas']['SetPasswordRequest']): Promise<void> {
  return exchange('/api/passwords', { method: 'POST', body });
}
