import { exchange } from '@/lib/http';
import type { components } from '@/lib/schema';

type SignUpRequest = components['schemas']['SignUpRequest'];
type SignUpAccepted = components['schemas']['SignUpAccepted'];

export function signUp(body: SignUpRequest): Promise<SignUpAccepted> {
  return exchange('/api/sign-up', { method: 'POST', body });
}
