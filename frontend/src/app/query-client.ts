import { QueryClient } from '@tanstack/react-query';
import { Problem } from '@/lib/problem';

const RETRIES = 2;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < RETRIES && error instanceof Problem && error.isPassing,
      },
    },
  });
}
