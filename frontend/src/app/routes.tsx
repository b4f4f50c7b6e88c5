import { lazy, Suspense } from 'react';
import { Route, Routes } from 'react-router';
import { SignUpPage } from '@/features/sign-up/sign-up-page';
import { paths } from '@/lib/paths';
import { NotFoundPage } from './not-found-page';
import { PublicLayout } from './public-layout';
import { RequireSession } from './require-session';
import { Waiting } from './waiting';

// The public page is in the first file; everything else is loaded when it is needed.
const SignInPage = lazy(async () => ({
  default: (await import('@/features/sign-in/sign-in-page')).SignInPage,
}));
const SetPasswordPage = lazy(async () => ({
  default: (await import('@/features/set-password/set-password-page')).SetPasswordPage,
}));
const SignedInLayout = lazy(async () => ({
  default: (await import('./signed-in-layout')).SignedInLayout,
}));
const TenantsPage = lazy(async () => ({
  default: (await import('@/features/tenants/tenants-page')).TenantsPage,
}));
const MailsPage = lazy(async () => ({
  default: (await import('@/features/mails/mails-page')).MailsPage,
}));
const HomePage = lazy(async () => ({
  default: (await import('@/features/home/home-page')).HomePage,
}));

/** Every page, in one table. */
export function Pages() {
  return (
    <Suspense fallback={<Waiting />}>
      <Routes>
        <Route element={<PublicLayout />}>
          <Route path={paths.landing} element={<SignUpPage />} />
          <Route path={paths.signIn} element={<SignInPage />} />
          <Route path="/set-password" element={<SetPasswordPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
        <Route element={<RequireSession as="SuperAdmin" />}>
          <Route element={<SignedInLayout />}>
            <Route path={paths.tenants} element={<TenantsPage />} />
            <Route path={paths.mails} element={<MailsPage />} />
          </Route>
        </Route>
        <Route element={<RequireSession as="TenantOwner" />}>
          <Route element={<SignedInLayout />}>
            <Route path={paths.home} element={<HomePage />} />
          </Route>
        </Route>
      </Routes>
    </Suspense>
  );
}
